"""`throng export`: what a store holds as a table, with rules for small numbers where it is published."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from throng.data.errors import StoreError
from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, cell_name
from throng.data.release import UNITS

if TYPE_CHECKING:
    import pyarrow as pa

    from throng.cli.export.rows import Place
    from throng.store.store import Series, Store

EXAMPLES = """Write a store's numbers to a CSV or Parquet file. The site must not be running: only one process opens a store.

Examples:

    throng export data/throng.duckdb --out march.parquet --from 2026-03-01 --to 2026-04-01

    throng export data/throng.duckdb --out public.csv --step hour --suppress-below 10 --round-to 5

Every number was made private before it was stored, and keeps its noise. --suppress-below and --round-to come on top where
a rule of publishing asks for them, and never instead: they protect nobody by themselves, and a suppressed number may be worked
out from others, within the noise. Times are UTC. An hour or a day adds up the ticks that are known, and says in known_share how
much of it that is."""

COLUMNS = ("camera", "place", "quantity", "unit", "time", "seconds", "value", "standard_error", "known_share", "unknown")
SUFFIXES = (".csv", ".parquet")
STEPS_S = {"tick": 0, "hour": 3_600, "day": 86_400}
_EVER = (0.0, 4e9)
_MOST_ROWS = 2**31 - 1


def export(
    store: Annotated[Path, typer.Argument(help="The store, a .duckdb file in a site's data folder.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The file to write, name.csv or name.parquet.", show_default=False)],
    suppress_below: Annotated[
        int | None, typer.Option(min=1, help="Leave out numbers of people below this, and say so.", show_default=False)
    ] = None,
    round_to: Annotated[
        int | None, typer.Option(min=1, help="Round numbers of people to multiples of this.", show_default=False)
    ] = None,
    camera: Annotated[list[str], typer.Option(help="Only this camera; may be given again.", show_default=False)] = [],  # noqa: B006
    begin: Annotated[str | None, typer.Option("--from", help="Begin at this time, ISO 8601.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option("--to", help="End before this time, ISO 8601.", show_default=False)] = None,
    step: Annotated[Literal["tick", "hour", "day"], typer.Option(help="Of how long each number is.")] = "tick",
) -> None:
    from throng.store.duck import DuckStore

    if out.suffix.lower() not in SUFFIXES:
        raise StoreError(f"--out must end in {' or '.join(SUFFIXES)}, not {out.name}")
    span = _EVER[0] if begin is None else _time_s("--from", begin), _EVER[1] if end is None else _time_s("--to", end)
    if span[0] >= span[1]:
        raise StoreError(f"--from must be before --to, not {begin} and {end}")
    if not store.is_file():
        raise StoreError(f"there is no store {store}: name the .duckdb file in the site's data folder")
    with DuckStore(store) as opened:
        places = _places(opened, camera, span)
        rows = _write(_tables(places, STEPS_S[step], suppress_below, round_to), out)
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"written: {out}, {rows:,} rows")


export.__doc__ = EXAMPLES


def _time_s(option: str, text: str) -> float:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise StoreError(f'{option} must be a date or time such as 2026-03-01 or 2026-03-01T08:00, UTC, not "{text}"') from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _places(store: "Store", cameras: list[str], span: tuple[float, float]) -> "Iterator[tuple[str, str, Place]]":
    """Each camera's places with their rows."""
    from throng.cli.export.rows import rows_of

    def series(camera: str, place: str, quantity: str, *, most: int = _MOST_ROWS) -> "Series":
        return store.series(camera, place, quantity, start_s=span[0], end_s=span[1], max_rows=most)

    quantities: dict[str, dict[str, list[str]]] = {}
    for row in store.latest():
        quantities.setdefault(row.camera, {}).setdefault(row.place, []).append(row.quantity)
    for name in cameras:
        if name not in quantities:
            raise StoreError(f'the store has no camera "{name}": take one of {", ".join(quantities) or "none"}')
    for camera in dict.fromkeys(cameras or quantities):
        places = quantities[camera]
        # The cells of a heat map are released together, and not listed among the latest.
        if len(series(camera, cell_name(0), "heat", most=1)):
            places |= {cell_name(number): ["heat"] for number in range(HEAT_COLUMNS * HEAT_ROWS)}
        for place, names in places.items():
            yield camera, place, {name: rows_of(name, series(camera, place, name)) for name in names}


def _tables(
    places: "Iterator[tuple[str, str, Place]]", step_s: int, suppress_below: int | None, round_to: int | None
) -> "Iterator[pa.Table]":
    """A table for each place, by quantity and time."""
    import pyarrow as pa

    from throng.cli.export.rows import by_step, rounded, suppressed

    kinds = (pa.string(),) * 4 + (pa.timestamp("us", "UTC"),) + (pa.float64(),) * 4 + (pa.string(),)
    schema = pa.schema(list(zip(COLUMNS, kinds, strict=True)))
    yield schema.empty_table()
    for camera, place, ticks in places:
        shown = by_step(ticks, step_s) if step_s else ticks
        shown = suppressed(shown, suppress_below) if suppress_below else shown
        shown = rounded(shown, round_to) if round_to else shown
        rows = [row for each in shown.values() for row in each]
        columns: list[list[Any]] = [
            [camera] * len(rows),
            [place] * len(rows),
            [row.quantity for row in rows],
            [UNITS[row.quantity] for row in rows],
            [round(row.start_s * 1e6) for row in rows],
            [row.seconds for row in rows],
            [_known(row.value) for row in rows],
            [_known(row.standard_error) for row in rows],
            [row.known_share for row in rows],
            [row.unknown for row in rows],
        ]
        arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
        yield pa.Table.from_arrays(arrays, schema=schema)


def _write(tables: "Iterator[pa.Table]", out: Path) -> int:
    """Write the tables as one file, a place at a time; how many rows that is."""
    from pyarrow import csv, parquet

    first, rows = next(tables), 0
    make: Any = parquet.ParquetWriter if out.suffix.lower() == ".parquet" else csv.CSVWriter
    try:
        with make(str(out), first.schema) as writer:
            for table in tables:
                writer.write_table(table)
                rows += table.num_rows
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return rows


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
