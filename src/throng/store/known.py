"""What a store knows by heart: its texts, the newest row of every series, and where nothing is stored yet."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from throng.data.rows import Rows
from throng.store.store import StoredRow

_Text = TypeVar("_Text")
SeriesName = tuple[str, str, str]
Part = tuple[str, str, float]
Ints = NDArray[np.int64]

QUANTITY_IDS = 1 << 20
"""So many series of one quantity have ids in a row, so that rows sorted by id hold each quantity together."""
_NEVER = np.iinfo(np.int64).min
_LEAST_SPACE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A batch in the store's own codes.

    Attributes
    ----------
    index : (n,) int64
        Of each row, the place of its series in `Known.series`.
    id, part, reason : (n,) int32
    tick_start_us : (n,) int64
        Unix time, UTC, microseconds.
    values, standard_errors : (n,) float64
        NaN when unknown.
    """

    index: Ints
    id: NDArray[np.int32]
    part: NDArray[np.int32]
    reason: NDArray[np.int32]
    tick_start_us: Ints
    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def taken(self, places: NDArray[np.intp]) -> "Coded":
        """The rows at some places, in that order."""
        return Coded(*(getattr(self, name)[places] for name in self.__slots__))


@dataclass(slots=True, eq=False)
class _Columns:
    """Numbers of each series, with room to grow."""

    id: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    highest_us: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    gap_begin_us: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    gap_end_us: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    newest_us: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    part: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    reason: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    value: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    standard_error: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def hold(self, count: int) -> None:
        if count > len(self.id):
            for name in self.__slots__:
                old = getattr(self, name)
                new = np.full(max(2 * count, _LEAST_SPACE), _NEVER if old.dtype == np.int64 else 0, old.dtype)
                new[: len(old)] = old
                setattr(self, name, new)


class Known:
    """Texts and their codes, and what is newest; the writer changes it, readers ask it.

    Texts are known before they are stored: those after `stored` go into the file with the next batch, whatever became of the
    last one. A tick above a series' highest one, or inside its gap, is not stored for certain: what may have been stored by a
    batch that failed counts as stored here.
    """

    def __init__(self) -> None:
        self.series: list[SeriesName] = []
        self.parts: list[Part] = []
        self.reasons: list[str] = [""]
        self.stored = (0, 0, 1)
        self._lock = threading.Lock()
        self._index: dict[SeriesName, int] = {}
        self._part: dict[Part, int] = {}
        self._reason: dict[str, int] = {"": 0}
        self._of_camera: dict[str, list[int]] = {}
        self._quantities: dict[str, int] = {}
        self._in_quantity: dict[str, int] = {}
        self._columns = _Columns()
        self._latest: list[StoredRow | None] = []
        self._changed: set[int] = set()
        self._order: list[int] | None = None
        self._by_id: tuple[NDArray[np.int32], list[SeriesName], Ints] | None = None
        self._pairs: tuple[NDArray[np.int32], Ints, NDArray[np.object_], NDArray[np.object_]] | None = None

    @classmethod
    def of(
        cls,
        series: Sequence[tuple[int, str, str, str]],
        parts: Sequence[tuple[int, Part]],
        reasons: Sequence[tuple[int, str]],
    ) -> "Known":
        """From what a file holds, each with its code. Codes of what was forgotten are missing and not given again."""
        known = cls()
        for number, *name in series:
            quantity = name[2]
            known._quantities[quantity] = number // QUANTITY_IDS
            known._in_quantity[quantity] = max(known._in_quantity.get(quantity, 0), number % QUANTITY_IDS + 1)
            known._add_series((name[0], name[1], quantity), number)
        known.parts, known._part = _by_code(parts, ("", "", 0.0))
        known.reasons, known._reason = _by_code(reasons, "")
        known.stored = (len(known.series), len(known.parts), len(known.reasons))
        return known

    def unstored(self) -> dict[str, list[tuple[Any, ...]]]:
        """Series, parts and reasons that the file does not hold yet, each with its code, by the name of their table."""
        series, parts, reasons = self.stored
        ids = self._columns.id
        return {
            "series": [(int(ids[index]), *self.series[index]) for index in range(series, len(self.series))],
            "part": [(code, *self.parts[code]) for code in range(parts, len(self.parts))],
            "reason": [(code, self.reasons[code]) for code in range(reasons, len(self.reasons))],
        }

    def all_stored(self) -> None:
        """The file holds every text."""
        self.stored = (len(self.series), len(self.parts), len(self.reasons))

    def coded(self, rows: Rows) -> Coded:
        """A batch in this store's codes; texts that are new get one."""
        with self._lock:
            index = np.array([self._index_of(name) for name in rows.series], np.int64)
            parts = np.array([self._code(part, self._part, self.parts) for part in rows.parts], np.int32)
            reasons = np.array([self._code(reason, self._reason, self.reasons) for reason in rows.reasons], np.int32)
        of_series = index[rows.series_of]
        return Coded(
            index=of_series,
            id=self._columns.id[of_series],
            part=parts[rows.part_of],
            reason=reasons[rows.reason_of],
            tick_start_us=rows.tick_start_us,
            values=rows.values,
            standard_errors=rows.standard_errors,
        )

    def maybe_stored(self, batch: Coded) -> NDArray[np.bool_]:
        """Which rows may be stored already; the others are not."""
        of, tick = self._columns, batch.tick_start_us
        in_gap = (tick > of.gap_begin_us[batch.index]) & (tick < of.gap_end_us[batch.index])
        return (tick <= of.highest_us[batch.index]) & ~in_gap

    def reserve(self, batch: Coded) -> None:
        """From now on these ticks may be stored."""
        of = self._columns
        index, first, last = _spans(batch)
        begin, end, highest = of.gap_begin_us[index], of.gap_end_us[index], of.highest_us[index]
        # What was passed over is a gap, if it is wider than the one that is known: what an outage leaves.
        passed = (highest != _NEVER) & (first > highest)
        wider = passed & (first - np.where(passed, highest, first) > end - begin)
        # A gap that is being filled keeps the wider of what is left on either side.
        touched = ~wider & (last > begin) & (first < end)
        below, above = np.minimum(first, end), np.maximum(last, begin)
        keep_below = below - begin > end - above
        of.gap_begin_us[index] = np.where(wider, highest, np.where(touched & ~keep_below, above, begin))
        of.gap_end_us[index] = np.where(wider, first, np.where(touched & keep_below, below, end))
        of.highest_us[index] = np.maximum(highest, last)

    def take(self, batch: Coded) -> None:
        """These rows are stored."""
        of = self._columns
        order = np.argsort(batch.tick_start_us, kind="stable")
        newest = batch.taken(order)
        with self._lock:
            newer = newest.tick_start_us > of.newest_us[newest.index]
            newest = newest.taken(np.flatnonzero(newer))
            # Of several rows of one series numpy keeps the last assigned, which is the newest.
            of.newest_us[newest.index] = newest.tick_start_us
            of.part[newest.index] = newest.part
            of.reason[newest.index] = newest.reason
            of.value[newest.index] = newest.values
            of.standard_error[newest.index] = newest.standard_errors
            self._changed.update(newest.index.tolist())

    def found_newest(self, rows: Coded) -> None:
        """These are the newest stored rows of their series, as the file was opened."""
        self.take(rows)
        self._columns.highest_us[rows.index] = rows.tick_start_us

    def latest(self) -> list[StoredRow]:
        """The newest row of every series but those of heat maps, sorted."""
        with self._lock:
            of = self._columns
            self._latest.extend([None] * (len(self.series) - len(self._latest)))
            for index in self._changed:
                part = self.parts[of.part[index]]
                reason = self.reasons[of.reason[index]]
                numbers = (None, None) if reason else (float(of.value[index]), float(of.standard_error[index]))
                told = (*self.series[index], int(of.newest_us[index]), part[2], *numbers, part[0], part[1], reason)
                self._latest[index] = StoredRow(*told)
            self._changed.clear()
            if self._order is None:
                listed = (index for index, name in enumerate(self.series) if name[2] != "heat")
                self._order = sorted(listed, key=self.series.__getitem__)
            return [row for index in self._order if (row := self._latest[index]) is not None]

    def id_of(self, camera: str, place: str, quantity: str) -> int | None:
        """The id of a series; None when there is none."""
        index = self._index.get((camera, place, quantity))
        return None if index is None else int(self._columns.id[index])

    def ids_of_camera(self, camera: str, *, quantity: str | None = None) -> dict[int, SeriesName]:
        """The series of a camera by id, in the order in which they were first stored."""
        with self._lock:
            indices = tuple(self._of_camera.get(camera, ()))
        found = {int(self._columns.id[index]): self.series[index] for index in indices}
        return {number: name for number, name in found.items() if quantity in (None, name[2])}

    def ids_of_quantity(self, quantity: str) -> tuple[int, int] | None:
        """The lowest and highest id that series of a quantity may have; None when there are none."""
        number = self._quantities.get(quantity)
        return None if number is None else (number * QUANTITY_IDS, (number + 1) * QUANTITY_IDS - 1)

    def by_id(self) -> tuple[NDArray[np.int32], list[SeriesName], Ints]:
        """The ids of all series in ascending order, the names beside them, and their places in `series`."""
        with self._lock:
            if self._by_id is None:
                ids = self._columns.id[: len(self.series)]
                order = np.argsort(ids)
                self._by_id = ids[order], [self.series[index] for index in order.tolist()], order
            return self._by_id

    def pairs_of(self, ids: NDArray[np.int32]) -> tuple[Ints, NDArray[np.object_], NDArray[np.object_]]:
        """Camera and quantity of rows, by the ids of their series: codes that sort as the two do, and the two by code.

        The code is the camera's place among the cameras, times the number of quantities, plus the place of the quantity.
        """
        sorted_ids, names, _ = self.by_id()
        pairs = self._pairs
        if pairs is None or pairs[0] is not sorted_ids:
            cameras, camera_of = _places([name[0] for name in names])
            quantities, quantity_of = _places([name[2] for name in names])
            pairs = self._pairs = sorted_ids, camera_of * len(quantities) + quantity_of, cameras, quantities
        _, codes, cameras, quantities = pairs
        return codes[np.searchsorted(sorted_ids, ids)], cameras, quantities

    def _index_of(self, name: SeriesName) -> int:
        index = self._index.get(name)
        if index is None:
            quantity = name[2]
            rank = self._quantities.setdefault(quantity, max(self._quantities.values(), default=-1) + 1)
            number = self._in_quantity.get(quantity, 0)
            self._in_quantity[quantity] = number + 1
            index = self._add_series(name, rank * QUANTITY_IDS + number)
        return index

    def _add_series(self, name: SeriesName, number: int) -> int:
        index = len(self.series)
        self._columns.hold(index + 1)
        self._columns.id[index] = number
        self._of_camera.setdefault(name[0], []).append(index)
        self._order = self._by_id = None
        self.series.append(name)
        self._index[name] = index
        return index

    def tick_s_of(self, parts: NDArray[np.int32]) -> NDArray[np.float64]:
        """The tick's length (n,) of rows, by the codes of their parts."""
        used, which = np.unique(parts, return_inverse=True)
        return np.array([self.parts[code][2] for code in used.tolist()], np.float64)[which]

    def texts_of_reasons(self, reasons: NDArray[np.int32]) -> NDArray[np.object_]:
        """Why rows are unknown (n,), by the codes of their reasons."""
        used, which = np.unique(reasons, return_inverse=True)
        return np.array([self.reasons[code] for code in used.tolist()], object)[which]

    @staticmethod
    def _code(text: _Text, codes: dict[_Text, int], texts: list[_Text]) -> int:
        code = codes.setdefault(text, len(texts))
        if code == len(texts):
            texts.append(text)
        return code


def _spans(batch: Coded) -> tuple[Ints, Ints, Ints]:
    """The series of a batch, and the first and last tick of each."""
    order = np.argsort(batch.index, kind="stable")
    index, tick = batch.index[order], batch.tick_start_us[order]
    begins = np.flatnonzero(np.diff(index, prepend=-1))
    return index[begins], np.minimum.reduceat(tick, begins), np.maximum.reduceat(tick, begins)


def _places(texts: Sequence[str]) -> tuple[NDArray[np.object_], Ints]:
    """The different texts in order, and the place of each among them."""
    listed = sorted(set(texts))
    place = {text: number for number, text in enumerate(listed)}
    return np.array(listed, object), np.array([place[text] for text in texts], np.int64)


def _by_code(texts: Sequence[tuple[int, _Text]], missing: _Text) -> tuple[list[_Text], dict[_Text, int]]:
    listed = [missing] * (max((code for code, _ in texts), default=-1) + 1)
    for code, text in texts:
        listed[code] = text
    return listed, {text: code for code, text in texts}
