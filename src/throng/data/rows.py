"""Released numbers as columns: what travels from a sensor to the hub and into the store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from throng.data.release import Release

_Text = TypeVar("_Text")
_SMALL = 1_000_000
_COLUMNS: dict[str, type[np.generic]] = {
    "series_of": np.int32,
    "part_of": np.int32,
    "reason_of": np.int32,
    "tick_start_us": np.int64,
    "values": np.float64,
    "standard_errors": np.float64,
}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Many protected numbers, their texts told once. Made of releases, or read off the wire; never of anything exact.

    Attributes
    ----------
    series : tuple of (camera, place, quantity)
        What rows are about.
    parts : tuple of (mechanism, epoch, tick_s)
        How they were made private, the accounted stretch, and the tick's length in seconds.
    reasons : tuple of str
        Why rows are unknown; the first is empty.
    series_of, part_of, reason_of : (n,) int32
        Of each row, its place in `series`, `parts` and `reasons`.
    tick_start_us : (n,) int64
        Unix time, UTC, microseconds.
    values, standard_errors : (n,) float64
        In the quantity's unit; NaN exactly where there is a reason.

    Raises
    ------
    ValueError
        The columns differ in length, point to no text, or a number and its reason do not agree.
    """

    series: tuple[tuple[str, str, str], ...]
    parts: tuple[tuple[str, str, float], ...]
    reasons: tuple[str, ...]
    series_of: NDArray[np.int32]
    part_of: NDArray[np.int32]
    reason_of: NDArray[np.int32]
    tick_start_us: NDArray[np.int64]
    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.values)
        for name, kind in _COLUMNS.items():
            column = np.ascontiguousarray(getattr(self, name), dtype=kind)
            if column.shape != (n,):
                raise ValueError(f"{name} must have shape ({n},), not {column.shape}")
            column = column.view()
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        for name, texts in (("series_of", self.series), ("part_of", self.parts), ("reason_of", self.reasons)):
            codes = getattr(self, name)
            if n and not (codes.min() >= 0 and codes.max() < len(texts)):
                raise ValueError(f"{name} must be from 0 to {len(texts) - 1}")
        if self.reasons[:1] != ("",) or "" in self.reasons[1:]:
            raise ValueError("the first reason must be empty, and no other")
        known = self.reason_of == 0
        for name in ("values", "standard_errors"):
            column = getattr(self, name)
            if not (np.isfinite(column) == known).all() or not np.isnan(column[~known]).all():
                raise ValueError(f"{name} must be finite in a known row and NaN in an unknown one")

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(cls, releases: Sequence[Release]) -> Self:
        """The rows of some releases, in their order."""
        series: dict[tuple[str, str, str], int] = {}
        parts: dict[tuple[str, str, float], int] = {}
        reasons: dict[str, int] = {"": 0}
        codes: tuple[list[int], list[int], list[int], list[int]] = ([], [], [], [])
        for release in releases:
            if not isinstance(release, Release):
                raise TypeError(f"only releases leave a sensor, not {type(release).__name__}")
            n = len(release.places)
            for place, quantity, reason in zip(release.places, release.quantities, release.reasons, strict=True):
                codes[0].append(series.setdefault((release.camera, place, quantity), len(series)))
                codes[2].append(reasons.setdefault(reason, len(reasons)))
            part = parts.setdefault((release.mechanism, release.epoch, float(release.tick_s)), len(parts))
            codes[1].extend([part] * n)
            codes[3].extend([round(release.tick_start_s * 1e6)] * n)
        return cls(
            tuple(series),
            tuple(parts),
            tuple(reasons),
            series_of=np.array(codes[0], np.int32),
            part_of=np.array(codes[1], np.int32),
            reason_of=np.array(codes[2], np.int32),
            tick_start_us=np.array(codes[3], np.int64),
            values=np.concatenate([np.empty(0), *(release.values for release in releases)]),
            standard_errors=np.concatenate([np.empty(0), *(release.standard_errors for release in releases)]),
        )

    @classmethod
    def joined(cls, many: "Sequence[Self]") -> Self:
        """Several as one, in their order."""
        if len(many) == 1:
            return many[0]
        series: dict[tuple[str, str, str], int] = {}
        parts: dict[tuple[str, str, float], int] = {}
        reasons: dict[str, int] = {"": 0}
        columns: dict[str, list[NDArray[Any]]] = {name: [] for name in _COLUMNS}
        for rows in many:
            columns["series_of"].append(_recoded(rows.series, series)[rows.series_of])
            columns["part_of"].append(_recoded(rows.parts, parts)[rows.part_of])
            columns["reason_of"].append(_recoded(rows.reasons, reasons)[rows.reason_of])
            for name in ("tick_start_us", "values", "standard_errors"):
                columns[name].append(getattr(rows, name))
        whole = {name: np.concatenate([np.empty(0, kind), *columns[name]]) for name, kind in _COLUMNS.items()}
        return cls(tuple(series), tuple(parts), tuple(reasons), **whole)

    def of_cameras(self, cameras: frozenset[str]) -> Self:
        """The rows of some cameras."""
        wanted = np.array([camera in cameras for camera, _, _ in self.series], dtype=bool)[self.series_of]
        return self.taken(np.flatnonzero(wanted))

    def without_unused(self) -> Self:
        """The same rows, without the texts that are of none of them."""
        columns = (
            (self.series, self.series_of),
            (self.parts, self.part_of),
            (self.reasons[1:], self.reason_of[self.reason_of > 0]),
        )
        if all(len(used_of(codes)) == len(texts) for texts, codes in columns):
            return self
        series, series_of = _used(self.series, self.series_of)
        parts, part_of = _used(self.parts, self.part_of)
        reasons, reason_of = _used(self.reasons, self.reason_of, always=(0,))
        return replace(
            self, series=series, parts=parts, reasons=reasons, series_of=series_of, part_of=part_of, reason_of=reason_of
        )

    def taken(self, places: NDArray[np.intp]) -> Self:
        """The rows at some places, in that order; the texts stay as they are."""
        columns = {name: getattr(self, name)[places] for name in _COLUMNS}
        return type(self)(self.series, self.parts, self.reasons, **columns)


def used_of(codes: "NDArray[np.signedinteger[Any]]") -> NDArray[np.intp]:
    """The different ones of some codes, in order; quick where they are small."""
    if not len(codes) or int(codes.max()) > _SMALL:
        return np.unique(codes).astype(np.intp)
    used = np.zeros(int(codes.max()) + 1, dtype=bool)
    used[codes] = True
    return np.flatnonzero(used)


def _used(
    texts: Sequence[_Text], codes: NDArray[np.int32], *, always: Sequence[int] = ()
) -> tuple[tuple[_Text, ...], NDArray[np.int32]]:
    used = np.union1d(used_of(codes), np.array(always, np.intp))
    places = np.zeros(len(texts), np.int32)
    places[used] = np.arange(len(used))
    return tuple(texts[code] for code in used.tolist()), places[codes]


def _recoded(texts: Sequence[_Text], known: dict[_Text, int]) -> NDArray[np.int32]:
    return np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int32)
