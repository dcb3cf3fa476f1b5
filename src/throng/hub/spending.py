"""What was spent of the cameras' privacy budgets, as far as the hub was told, kept for some weeks."""

import math
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from throng.store.records import Change, Records

KEPT_DAYS = 35
_COST = re.compile(r"\b(rho|epsilon)=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one passage may have cost.

    Attributes
    ----------
    rho : float
        Zero-concentrated differential privacy under Gaussian noise.
    epsilon : float
        Under noise with a delta of zero, beside it.
    """

    rho: float = 0.0
    epsilon: float = 0.0

    @property
    def total_rho(self) -> float:
        """Both as zero-concentrated differential privacy: an epsilon costs epsilon^2 / 2 (Bun and Steinke 2016, prop. 1.4)."""
        return self.rho + self.epsilon**2 / 2


@dataclass(frozen=True, slots=True)
class Day:
    """What a camera's day cost.

    Attributes
    ----------
    epochs : tuple of Cost
        Of each accounted stretch of the camera's own noise, in their order.
    checks : tuple of Cost
        Of each count that somebody made by hand.
    """

    epochs: tuple[Cost, ...] = ()
    checks: tuple[Cost, ...] = ()


NOTHING = Day()


class Spending:
    """Remembers which epochs and checks each camera's days had; safe to use from many threads.

    Parameters
    ----------
    records : Records
        Open. A camera's day is a record.
    clock : callable
        Unix time, UTC.

    Raises
    ------
    StoreError
        The records cannot be read.
    """

    def __init__(self, records: Records, *, clock: Callable[[], float] = time.time) -> None:
        self._records, self._clock = records, clock
        self._lock = threading.Lock()
        self._days: dict[tuple[str, str], dict[str, Cost]] = {}
        for record in records.all("spend"):
            day, _, camera = record.key.partition("/")
            self._days[day, camera] = {name: Cost(*cost) for name, cost in record.body.items()}

    def add(self, spends: Iterable[tuple[str, str, str]]) -> None:
        """Remember stretches: of each its camera, its epoch ("2026-11-24/1") and the description of its mechanism.

        Raises
        ------
        StoreError
            The records cannot be written.
        """
        self._add((camera, *_parted(epoch), cost_of(mechanism)) for camera, epoch, mechanism in spends)

    def add_check(self, camera: str, name: str, cost: Cost) -> None:
        """Remember that people were counted by hand today, under a name of this check's own.

        Raises
        ------
        StoreError
            The records cannot be written.
        """
        self._add([(camera, self.today().isoformat(), f"check {name}", cost)])

    def today(self) -> date:
        """The UTC day."""
        return datetime.fromtimestamp(self._clock(), UTC).date()

    def of(self, camera: str, day: date) -> Day:
        """What a camera's day cost, as far as is known."""
        named = self._days.get((day.isoformat(), camera))
        if named is None:
            return NOTHING
        checks = tuple(cost for name, cost in named.items() if name.startswith("check "))
        return Day(tuple(cost for name, cost in sorted(named.items()) if not name.startswith("check ")), checks)

    def _add(self, spends: Iterable[tuple[str, str, str, Cost]]) -> None:
        with self._lock:
            changed: dict[tuple[str, str], dict[str, Cost]] = {}
            for camera, day, name, cost in spends:
                known = changed.get((day, camera)) or self._days.get((day, camera), {})
                if name not in known:
                    changed[day, camera] = {**known, name: cost}
            if not changed:
                return
            oldest = (self.today() - timedelta(days=KEPT_DAYS)).isoformat()
            gone = [key for key in self._days if key[0] < oldest]
            changes = [Change("spend", f"{day}/{camera}", None) for day, camera in gone]
            changes += [
                Change("spend", f"{day}/{camera}", {name: [cost.rho, cost.epsilon] for name, cost in named.items()})
                for (day, camera), named in changed.items()
            ]
            self._records.change(changes)
            self._days = {key: named for key, named in self._days.items() if key[0] >= oldest} | changed


def cost_of(mechanism: str) -> Cost:
    """The cost that the description of a mechanism tells, of all its parts together."""
    costs = {"rho": 0.0, "epsilon": 0.0}
    for name, number in _COST.findall(mechanism):
        cost = float(number)
        costs[name] += cost if math.isfinite(cost) else 0.0
    return Cost(**costs)


def _parted(epoch: str) -> tuple[str, str]:
    day, _, number = epoch.partition("/")
    return day, number.zfill(3)
