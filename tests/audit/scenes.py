"""Real walls over known passages, and what their releases say, for attacks to be compared with the truth."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throng.audit.attacks.commuter import tick_covariance
from throng.data.measurement import Measurement
from throng.data.place import Line, Zone, counters_of
from throng.data.release import Release
from throng.privacy.budget import Budget
from throng.privacy.choose import make_mechanism
from throng.privacy.ledger import Epoch, Ledger
from throng.privacy.streams import streams_of
from throng.privacy.wall import Wall

MIDNIGHT_S = datetime(2026, 11, 25, tzinfo=UTC).timestamp()
TICK_S = 2.0
Events = Mapping[int, Sequence[tuple[int, int]]]
"""By tick, (passage, counter) in order; counters as `throng.data.place.counters_of` has them."""


def lines(number: int) -> list[Line]:
    return [Line(f"door {i}", np.array([[0.0, i], [100.0, i]])) for i in range(number)]


def zones(number: int) -> list[Zone]:
    corners = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]])
    return [Zone(f"square {i}", corners + i) for i in range(number)]


def wall(
    folder: Path,
    budget: Budget,
    *,
    camera: str = "gate",
    number_of_lines: int = 0,
    number_of_zones: int = 0,
    tick_s: float = TICK_S,
) -> Wall:
    """With a ledger of its own for each folder and camera."""
    return Wall(
        camera=camera,
        lines=lines(number_of_lines),
        zones=zones(number_of_zones),
        tick_s=tick_s,
        budget=budget,
        ledger=Ledger(folder / f"{camera}.jsonl"),
    )


def watch(through: Wall, events: Events, *, begin_s: float, ticks: int, tick_s: float = TICK_S) -> list[Release]:
    """Frames two seconds apart, the events in the first of their tick, and every tick closed."""
    releases: list[Release] = []
    for tick in range(ticks):
        for frame in range(max(1, round(tick_s / 2))):
            time_s = begin_s + tick * tick_s + 2 * frame
            releases += through.advance(time_s)
            through.observe(measured(time_s, events.get(tick, []) if frame == 0 else []))
    return releases + through.advance(begin_s + ticks * tick_s)


def last_of_day(through: Wall, events: Events, *, ticks: int) -> list[Release]:
    """As `watch`, in the last ticks of a day: the mechanism is made for so many."""
    return watch(through, events, begin_s=MIDNIGHT_S - ticks * TICK_S, ticks=ticks)


def events_of(counts: NDArray[Any]) -> dict[int, list[tuple[int, int]]]:
    """Counts (k, n) of k counters in n ticks, each by a passage of its own: the wall admits them all."""
    events: dict[int, list[tuple[int, int]]] = {}
    passages = itertools.count()
    for tick, column in enumerate(np.asarray(counts).astype(int).T.tolist()):
        events[tick] = [(next(passages), counter) for counter, number in enumerate(column) for _ in range(number)]
    return events


def measured(time_s: float, events: Iterable[tuple[int, int]]) -> Measurement:
    pairs = list(events)
    return Measurement(
        np.array([passage for passage, _ in pairs], dtype=np.uint64),
        np.array([counter for _, counter in pairs], dtype=np.intp),
        np.ones(len(pairs)),
        np.zeros(0, dtype=np.uint64),
        np.zeros(1, dtype=np.int64),
        time_s,
    )


def series(releases: Sequence[Release], *quantities: str) -> NDArray[np.float64]:
    """The values (k, n) of some quantities, places in order and for each the quantities in the given one."""
    first = releases[0]
    places = list(dict.fromkeys(first.places))
    where = {pair: i for i, pair in enumerate(zip(first.places, first.quantities, strict=True))}
    rows = [where[place, quantity] for place in places for quantity in quantities if (place, quantity) in where]
    # An hour's rows come after those of the tick.
    return np.array([release.values[rows] for release in releases]).T


def first_epoch(budget: Budget) -> Epoch:
    """What the first start of a day may spend: half of it."""
    return Epoch("2026-11-24/1", budget.rho_per_day / 2, budget.epsilon_per_day / 2)


def noise_covariance(budget: Budget, *, ticks: int, number_of_lines: int = 0, number_of_zones: int = 0) -> NDArray[np.float64]:
    """Of the ticks of each counter in the last so many of a day, (ticks, ticks); public, like its parameters."""
    counters = counters_of(tuple(lines(number_of_lines)), tuple(zones(number_of_zones)))
    (stream,) = streams_of(counters, budget)
    mechanism = make_mechanism(budget.mechanism, stream, ticks, first_epoch(budget))
    for _ in range(ticks):
        mechanism.step(np.zeros(len(counters), dtype=np.int64))
    return tick_covariance(mechanism.covariance(range(ticks, -1, -1)))
