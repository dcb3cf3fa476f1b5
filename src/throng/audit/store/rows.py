"""Presence and times of rows, one answer to a question, totals that add up, and errors that tell nothing."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from throng.audit.finding import Finding, judged
from throng.audit.store.copied import Copied
from throng.audit.store.epoch import DAY_US, Epoch

HOUR_US = 3_600_000_000
_ROUNDING = 1e-3
"""People: totals are sums of doubles."""
_SUMS = {f"{way}_total": (way, None) for way in ("in", "out", "entries", "exits")} | {"occupancy": ("entries", "exits")}
_ALIKE = (
    ("in", "out", "entries", "exits"),
    ("in_total", "out_total", "entries_total", "exits_total", "occupancy"),
)
"""Quantities of which the errors of a camera keep one ratio through an epoch, whatever was counted."""


def once(store: Copied) -> list[Finding]:
    """Every question has one answer."""
    twice = store.connection.execute(
        "SELECT camera, count(*) FROM (SELECT camera FROM released GROUP BY camera, place, quantity, tick_start "
        "HAVING count(*) > 1) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    wrong = [f'{count} numbers of camera "{camera}" stand there more than once' for camera, count in twice]
    return judged("one answer", wrong, "every number stands there once")


def times(epochs: Iterable[Epoch]) -> list[Finding]:
    """Ticks begin where the clock says, and no time is finer than a tick."""
    wrong = [_named(epoch, "has ticks that begin between two ticks") for epoch in epochs if not _on_grid(epoch)]
    return judged("times", wrong, "every tick begins where the clock says")


def presence(epochs: Iterable[Epoch]) -> list[Finding]:
    """Which rows are there follows from the clock alone, never from what was counted."""
    wrong = []
    for epoch in epochs:
        tick_us = round(1e6 * epoch.tick_s[0])
        ends_hour = (epoch.tick_us + tick_us) // HOUR_US > epoch.tick_us // HOUR_US
        if not all(row.all() or (row == ends_hour).all() for row in epoch.present):
            wrong.append(_named(epoch, "has ticks that lack some rows"))
        # A machine that slept starts again with ticks that are unknown.
        after = np.flatnonzero(np.diff(epoch.tick_us) != tick_us) + 1
        if not epoch.unknown[:, after].any(axis=0).all():
            wrong.append(_named(epoch, "lacks ticks altogether in the midst of known ones"))
    return judged("presence", wrong, "which rows are there follows from the clock alone")


def sums(epochs: Iterable[Epoch]) -> list[Finding]:
    """A total grows by what its ticks say, so that no two numbers answer one question in two ways."""
    wrong = []
    for epoch in filter(Epoch.whole, epochs):
        for row, (place, quantity) in enumerate(epoch.series):
            if quantity in _SUMS and not _adds_up(epoch, row, place, *_SUMS[quantity]):
                wrong.append(_named(epoch, f'has a {quantity} of "{place}" that does not grow by what its ticks say'))
    return judged("sums", wrong, "totals grow by what their ticks say")


def errors(epochs: Iterable[Epoch]) -> list[Finding]:
    """Every known number states its error, and the errors of counts say nothing of the counts."""
    wrong = []
    for epoch in epochs:
        known = epoch.present & ~epoch.unknown
        stated = np.isfinite(epoch.errors) & (epoch.errors > 0)
        if (np.isfinite(epoch.values) != known).any():
            wrong.append(_named(epoch, "has numbers without a value, or with a value and a reason why it is unknown"))
        if (known & ~stated).any():
            wrong.append(_named(epoch, "has numbers without a standard error"))
        for alike in _ALIKE:
            rows = [row for row, (_, quantity) in enumerate(epoch.series) if quantity in alike]
            if not _keep_one_ratio(epoch.errors[rows]):
                wrong.append(_named(epoch, f"has errors of {', '.join(alike)} that vary with what was counted"))
    return judged("errors", wrong, "every known number states its error, and the errors of counts follow from the clock alone")


def _on_grid(epoch: Epoch) -> bool:
    tick_us = 1e6 * epoch.tick_s[0]
    of_day = epoch.tick_us % DAY_US
    return len(epoch.tick_s) == 1 and bool((np.abs(of_day - np.rint(of_day / tick_us) * tick_us) <= 1).all())


def _adds_up(epoch: Epoch, row: int, place: str, added: str, taken: str | None) -> bool:
    rows = [epoch.of(place, name) for name in (added, taken) if name is not None]
    if any(each is None for each in rows):
        return True
    grows = epoch.values[rows[0]] - (epoch.values[rows[1]] if taken else 0.0)
    totals = epoch.values[row]
    known = np.isfinite(grows) & np.isfinite(totals)
    gaps = np.diff(totals[known]) - grows[known][1:]
    return bool((np.abs(gaps) < _ROUNDING).all())


def _keep_one_ratio(errors: NDArray[np.float64]) -> bool:
    """Whether all rows are multiples of the first, where known."""
    known = np.isfinite(errors).all(axis=0)
    if len(errors) < 2 or not known.any():
        return True
    ratios = errors[:, known] / errors[0, known]
    return bool((np.abs(ratios / ratios[:, :1] - 1) < 1e-6).all())


def _named(epoch: Epoch, what: str) -> str:
    return f'camera "{epoch.camera}", epoch {epoch.name}, {what}'
