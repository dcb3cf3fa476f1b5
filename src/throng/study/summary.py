"""A study as a few tables that people read."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console, Group
from rich.table import Table

from throng.data.level_of_service import LEVELS

if TYPE_CHECKING:
    from throng.study.study import Study

WIDTH = 110
UNKNOWN = "-"


def summary(study: "Study") -> Group:
    """What a study found over the whole recording; a dash is what cannot be known."""
    facts = f"{study.people} people, {study.frames} frames at {study.rate_hz:g} frames/s, {study.seconds:.1f} s"
    spans = "single frames" if study.interval_s == "frame" else f"intervals of {study.interval_s:g} s"
    facts += f"; means over all of it, greatest of {spans}"
    tables = [made for made in (_lines(study), _stays(study), _densities(study), _capacities(study)) if made.row_count]
    unknown = [f"capacity of {row['zone']}: {row['reason']}" for row in study.capacity.to_pylist() if row["reason"]]
    return Group(facts, *tables, *(f"note: {note}" for note in (*study.notes, *unknown)))


def as_text(study: "Study") -> str:
    """The same as plain text."""
    console = Console(width=WIDTH, color_system=None, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(summary(study))
    return captured.get()


def _lines(study: "Study") -> Table:
    table = _table("line", "in", "out", "people/s", "greatest", "people/(m s)", "greatest")
    for name, rows in _places(study.lines, "line"):
        table.add_row(
            name,
            f"{rows['in'].sum():.0f}",
            f"{rows['out'].sum():.0f}",
            *(
                _number(value)
                for key in ("flow_per_s", "specific_flow_per_m_s")
                for value in (_mean(rows, key), _max(rows, key))
            ),
        )
    return table


def _stays(study: "Study") -> Table:
    table = _table("zone", "people", "most", "entries", "exits", "stay s", "9 in 10 s")
    stays = {row["zone"]: row for row in study.dwell.to_pylist()}
    for name, rows in _places(study.zones, "zone"):
        table.add_row(
            name,
            _number(_mean(rows, "occupancy_mean")),
            _number(_max(rows, "occupancy_max"), 0),
            f"{rows['entries'].sum():.0f}",
            f"{rows['exits'].sum():.0f}",
            _number(stays[name]["mean_s"], 1),
            _number(stays[name]["p90_s"], 1),
        )
    return table


def _densities(study: "Study") -> Table:
    table = _table("zone", "people/m2", "greatest", "Voronoi", "greatest", "m/s", "worst level")
    for name, rows in _places(study.zones, "zone"):
        classic, voronoi = "density_classic_per_m2", "density_voronoi_per_m2"
        table.add_row(
            name,
            *(_number(value) for key in (classic, voronoi) for value in (_mean(rows, key), _max(rows, key))),
            _number(_mean(rows, "speed_mean_mps")),
            max((level for level in rows["level_of_service"] if level in LEVELS), default=UNKNOWN),
        )
    return table


def _capacities(study: "Study") -> Table:
    table = _table("zone", "free m/s", "capacity people/(m s)", "at people/m2")
    for row in study.capacity.to_pylist():
        table.add_row(
            row["zone"],
            _with_error(row["free_speed_mps"], row["free_speed_error_mps"]),
            _with_error(row["capacity_per_m_s"], row["capacity_error_per_m_s"]),
            _number(row["critical_density_per_m2"]),
        )
    return table


def _table(first: str, *rest: str) -> Table:
    table = Table(first)
    for name in rest:
        table.add_column(name, justify="right")
    return table


def _places(table: pa.Table, key: str) -> list[tuple[str, dict[str, NDArray[Any]]]]:
    """The rows of each line or zone, in the order in which they were given."""
    if not table.num_rows:
        return []
    columns = {name: table[name].to_numpy() for name in table.column_names}
    names = list(dict.fromkeys(columns[key]))
    return [(name, {column: values[columns[key] == name] for column, values in columns.items()}) for name in names]


def _mean(rows: dict[str, NDArray[Any]], key: str) -> float:
    """The mean over time of what is known."""
    values, lasted = rows[key].astype(np.float64), rows["end_s"] - rows["start_s"]
    known = np.isfinite(values)
    return float(np.average(values[known], weights=lasted[known])) if known.any() else np.nan


def _max(rows: dict[str, NDArray[Any]], key: str) -> float:
    values = rows[key].astype(np.float64)
    return float(np.nanmax(values)) if np.isfinite(values).any() else np.nan


def _number(value: float, places: int = 2) -> str:
    return f"{value:.{places}f}" if np.isfinite(value) else UNKNOWN


def _with_error(value: float, error: float) -> str:
    return f"{value:.2f} ± {error:.2f}" if np.isfinite(value) and np.isfinite(error) else _number(value)
