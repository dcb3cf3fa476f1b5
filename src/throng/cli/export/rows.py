"""Stored numbers by the tick, hour or day, and the rules for showing small ones outside. All of it is made from releases."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from throng.data.release import UNITS, Kind, hourly_quantities_of
from throng.store.store import Series

SUMMED = {
    **{way: (f"{way}_hour", f"{way}_total") for way in ("in", "out", "entries", "exits")},
    "heat": (),
}
"""What is added up over an hour or a day, and where a released number may be the same sum, with its error."""
LAST = ("in_total", "out_total", "entries_total", "exits_total", "occupancy")
"""Of these the last that is known counts."""
HOURLY = frozenset(quantity for kind in get_args(Kind) for quantity in hourly_quantities_of(kind))
HOUR_S, DAY_S = 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Row:
    """One number of one place.

    Attributes
    ----------
    quantity : str
    start_s : float
        Unix time.
    seconds : float
        How long a time it is of.
    value, standard_error : float
        In the quantity's unit; NaN where it is not known. The error of a sum is NaN where none was released.
    known_share : float
        Share of that time in which the number is known.
    unknown : str
        Why it is not known; else empty.
    """

    quantity: str
    start_s: float
    seconds: float
    value: float
    standard_error: float
    known_share: float
    unknown: str


Place = Mapping[str, list[Row]]
"""The rows of one place by quantity, oldest first."""


def rows_of(quantity: str, series: Series) -> list[Row]:
    """The rows of a quantity's ticks; what is of an hour stands in the tick that ends it, and is given the hour's beginning."""
    starts_s, seconds = series.tick_start_us / 1e6, series.tick_s
    if quantity in HOURLY:
        starts_s, seconds = starts_s // HOUR_S * HOUR_S, np.maximum(seconds, HOUR_S)
    numbers = (starts_s.tolist(), seconds.tolist(), series.values.tolist(), series.standard_errors.tolist())
    return [
        Row(quantity, start_s, each_s, value, error, float(not unknown), unknown)
        for start_s, each_s, value, error, unknown in zip(*numbers, series.unknown.tolist(), strict=True)
    ]


def by_step(place: Place, seconds: int) -> dict[str, list[Row]]:
    """The rows of a place by steps of an hour or a day, UTC: what is `SUMMED` and `LAST`. A tick belongs where it begins."""
    groups = {quantity: _groups(rows, seconds) for quantity, rows in place.items()}
    steps: dict[str, list[Row]] = {}
    for quantity in (*SUMMED, *LAST):
        for start_s, ticks in groups.get(quantity, {}).items():
            same = [row for name in SUMMED.get(quantity, ()) for row in groups.get(name, {}).get(start_s, [])]
            steps.setdefault(quantity, []).append(_step(start_s, seconds, ticks, same))
    return steps


def suppressed(place: Place, least: float) -> dict[str, list[Row]]:
    """A place's rows without numbers of people below `least`, and without what is said of so few at the same time."""
    why = f"suppressed: fewer than {least:g}"
    few = {row.start_s for rows in place.values() for row in rows if _of_people(row) and row.value < least}
    hidden = {"value": math.nan, "standard_error": math.nan, "unknown": why}

    def shown(row: Row) -> Row:
        hide = row.value < least if _of_people(row) else row.start_s in few and not row.unknown
        return replace(row, **hidden) if hide else row  # type: ignore[arg-type]

    return {quantity: [shown(row) for row in rows] for quantity, rows in place.items()}


def rounded(place: Place, to: float) -> dict[str, list[Row]]:
    """A place's rows with numbers of people rounded to multiples of `to`; the error of rounding is added."""

    def shown(row: Row) -> Row:
        if not _of_people(row):
            return row
        return replace(row, value=to * round(row.value / to), standard_error=math.hypot(row.standard_error, to / 12**0.5))

    return {quantity: [shown(row) for row in rows] for quantity, rows in place.items()}


def _of_people(row: Row) -> bool:
    return UNITS[row.quantity] == "people" and not row.unknown


def _groups(rows: list[Row], seconds: int) -> dict[float, list[Row]]:
    groups: dict[float, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.start_s // seconds * seconds, []).append(row)
    return groups


def _step(start_s: float, seconds: int, ticks: list[Row], same: list[Row]) -> Row:
    """One row of the rows of a quantity in a step; `same` are released numbers that may be their sum."""
    known, quantity = [row for row in ticks if not row.unknown], ticks[0].quantity
    share = sum(row.seconds for row in known) / seconds
    if not known:
        return Row(quantity, start_s, seconds, math.nan, math.nan, 0.0, ticks[-1].unknown)
    if quantity in LAST:
        return Row(quantity, start_s, seconds, known[-1].value, known[-1].standard_error, share, "")
    value = math.fsum(row.value for row in known)
    # A number that was released is this sum where the two agree to the last digits; noise makes chance agree in none.
    errors = [row.standard_error for row in (*known, *same) if math.isclose(row.value, value, rel_tol=1e-9, abs_tol=1e-6)]
    return Row(quantity, start_s, seconds, value, errors[0] if errors else math.nan, share, "")
