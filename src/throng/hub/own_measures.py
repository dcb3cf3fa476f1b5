"""What a sensor may send: numbers of its own cameras' measures, at times and with texts that make sense."""

import threading
from collections.abc import Collection, Iterable

import numpy as np

from throng.data.errors import WireError
from throng.data.rows import Rows, used_of
from throng.data.texts import CELL, EPOCH, LONGEST_TEXT, MECHANISM, is_reason
from throng.hub.cameras import CameraEntry, Cameras
from throng.hub.models import measures_of

AHEAD_S = 60.0
"""A sensor's clock may be ahead by so much."""
_FIRST_US = 1_546_300_800_000_000
"""2019 began; whatever is older comes of a clock that was never set."""
_DAY_US = 86_400_000_000
_LARGEST = 1e9
_MOST_REASONS = 20_000
_MOST_STRETCHES = 64
"""Of a camera's day: the ledger halves what is left with every start, so that an honest sensor comes to a tenth of them."""
_MOST_DAYS = 50_000


class FutureError(WireError):
    """The numbers are of a time that has not come: one of the two clocks is wrong."""


class OwnMeasures:
    """Checks sensors' rows against the registry.

    Parameters
    ----------
    cameras : Cameras
    """

    def __init__(self, cameras: Cameras) -> None:
        self._cameras = cameras
        self._known: dict[str, tuple[CameraEntry, frozenset[tuple[str, str]]]] = {}
        self._told = _Told()

    def check(self, sensor: str, rows: Rows, *, now_s: float) -> None:
        """Refuse what is not the sensor's to say.

        Parameters
        ----------
        sensor : str
            Its identity, as cameras of the registry name it.
        rows : Rows
            As they came.
        now_s : float
            Unix time.

        Raises
        ------
        FutureError
            A tick ends more than a minute ahead.
        WireError
            A camera is not the sensor's, a place is not measured so, a time, text or number makes no sense, or there are more
            different texts than an honest sensor has.
        """
        for series in rows.series:
            self._check_series(sensor, series)
        for part in rows.parts:
            _check_part(part)
        cameras = frozenset(camera for camera, _, _ in rows.series)
        if not all(is_plain_reason(reason, cameras) for reason in rows.reasons):
            raise WireError("a reason must be a short sentence without numbers: update the sensor")
        _check_columns(rows, now_s)
        if len(rows):
            self._check_use(sensor, rows, now_s)

    def _check_use(self, sensor: str, rows: Rows, now_s: float) -> None:
        """Texts stay in the store for good: nobody may fill it with them."""
        pairs = used_of(rows.series_of.astype(np.int64) * len(rows.parts) + rows.part_of).tolist()
        spent = ((rows.series[pair // len(rows.parts)][0], rows.parts[pair % len(rows.parts)]) for pair in pairs)
        self._told.add_parts(sensor, spent)
        self._told.add_reasons(sensor, rows.reasons[1:], day=int(now_s * 1e6) // _DAY_US)

    def _check_series(self, sensor: str, series: tuple[str, str, str]) -> None:
        camera, place, quantity = series
        entry = self._cameras.entry(camera)
        if entry is None or not sensor or entry.sensor != sensor:
            raise WireError(f'the camera "{camera[:200]}" is not this sensor\'s: give it to the sensor in the registry')
        if (place, quantity) in self._measures(entry):
            return
        if not (quantity == "heat" and entry.extras.heat and CELL.fullmatch(place)):
            raise WireError(f'the camera "{camera}" has no measure {quantity[:50]} of "{place[:200]}": start the sensor again')

    def _measures(self, entry: CameraEntry) -> frozenset[tuple[str, str]]:
        known = self._known.get(entry.name)
        if known is None or known[0] is not entry:
            pairs = frozenset((measure.place, quantity) for measure in measures_of([entry]) for quantity in measure.quantities)
            known = self._known[entry.name] = (entry, pairs)
        return known[1]


class _Told:
    """The different texts that each sensor has told: so many at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # long messages are checked in threads of their own
        self._parts: dict[tuple[str, str, str], set[tuple[str, str, float]]] = {}
        self._reasons: dict[str, tuple[int, set[str]]] = {}

    def add_parts(self, sensor: str, told: Iterable[tuple[str, tuple[str, str, float]]]) -> None:
        """The parts of a sensor's cameras."""
        with self._lock:
            for camera, part in told:
                parts = self._parts.setdefault((sensor, camera, part[1][:10]), set())
                if part not in parts and len(parts) >= _MOST_STRETCHES:
                    raise WireError(f'a day of the camera "{camera}" has too many epochs: look at the ledger of the sensor')
                parts.add(part)
            while len(self._parts) > _MOST_DAYS:
                del self._parts[next(iter(self._parts))]

    def add_reasons(self, sensor: str, told: Collection[str], *, day: int) -> None:
        """The reasons that a sensor told on a day."""
        if not told:
            return
        with self._lock:
            known_day, reasons = self._reasons.get(sensor, (day, set()))
            reasons = reasons.union(told) if known_day == day else set(told)
            if len(reasons) > _MOST_REASONS:
                raise WireError(f"a sensor must have at most {_MOST_REASONS:,} different reasons a day: update the sensor")
            self._reasons[sensor] = day, reasons


def is_plain_reason(reason: str, cameras: Collection[str]) -> bool:
    """Whether a sensor's reason is a short line without a number that could be of people."""
    return len(reason) <= LONGEST_TEXT and reason.isprintable() and is_reason(reason, cameras)


def _check_part(part: tuple[str, str, float]) -> None:
    mechanism, epoch, tick_s = part
    if not EPOCH.fullmatch(epoch):
        raise WireError('an epoch must be a UTC day and a number, as in "2026-11-24/1": update the sensor')
    if len(mechanism) > LONGEST_TEXT or not MECHANISM.fullmatch(mechanism):
        raise WireError("a mechanism must be described as Throng's wall does: update the sensor")
    if not (1 <= tick_s <= 3600 and tick_s == int(tick_s) and 86_400 % tick_s == 0):
        raise WireError("a tick must be 1 to 3,600 whole seconds that divide a day: update the sensor")


def _check_columns(rows: Rows, now_s: float) -> None:
    if not len(rows):
        return
    tick_us = np.array([round(tick_s * 1e6) for _, _, tick_s in rows.parts], dtype=np.int64)[rows.part_of]
    if int(rows.tick_start_us.min()) < _FIRST_US:
        raise WireError("a tick is older than 2019: set the sensor's clock")
    if (
        int(rows.tick_start_us.max()) > (now_s + AHEAD_S) * 1e6
        or int((rows.tick_start_us + tick_us).max()) > (now_s + AHEAD_S) * 1e6
    ):
        raise FutureError("a tick ends in the future: set the clocks of the sensor and of the hub, both by NTP")
    if (rows.tick_start_us % tick_us).any():
        raise WireError("a tick must begin at a whole multiple of its length since midnight UTC: update the sensor")
    day_us = np.array([_day_us(epoch) for _, epoch, _ in rows.parts], dtype=np.int64)[rows.part_of]
    if (rows.tick_start_us // _DAY_US * _DAY_US != day_us).any():
        raise WireError("a tick must lie in the day that its epoch names: update the sensor")
    known = rows.reason_of == 0
    if (
        (np.abs(rows.values[known]) > _LARGEST).any()
        or (rows.standard_errors[known] < 0).any()
        or (rows.standard_errors[known] > _LARGEST).any()
    ):
        raise WireError("a number is out of all proportion, or its standard error negative: update the sensor")


def _day_us(epoch: str) -> int:
    try:
        return int(np.datetime64(epoch[:10], "us").astype(np.int64))
    except ValueError:
        raise WireError("an epoch must name a day of the calendar: update the sensor") from None
