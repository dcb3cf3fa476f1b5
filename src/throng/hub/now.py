"""What every camera tells at present: its newest tick in short, kept in memory, and one answer for the whole network."""

import gzip
import json
import math
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import numpy as np
from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.data.rows import Rows
from throng.hub.access import Sites, visible
from throng.hub.api import NUMBERS
from throng.hub.cameras import CameraEntry, Cameras, CameraStatus
from throng.hub.models import utc
from throng.hub.now_models import NowAnswer, SiteNow
from throng.hub.registry.models import plan_facts
from throng.hub.registry.registry import Registry
from throng.store.store import StoredRow

OVER_S = 300.0
"""Rates are over so long, or over the newest tick where that is longer."""
_LEAST_S = 60.0
_APART_S = 30.0
"""Of a line's totals one is kept so often: what short ticks would add is nothing but memory."""
_STALE_TICKS, _STALE_S = 2, 5.0
_STALE = "no new numbers have come since then"
_ZONE, _LINE = ("occupancy", "density"), ("in", "out", "in_total", "out_total")
_QUANTITIES = frozenset(_ZONE + _LINE)
_COMPRESSED_BYTES = 10_000
_Row = tuple[str, int, float, str, str, str, float, float, str]
"""Camera, tick start in microseconds, tick's length, epoch, place, quantity, value, standard error, reason."""
_Numbers = dict[str, tuple[float, float]]
_UNKNOWN = (math.nan, math.nan)


class Passing:
    """The running totals of one line over the last five minutes, and how fast they grow.

    All of them are of one epoch. The noise of running totals is not negatively correlated, whatever the mechanism, so that the
    standard error of a difference of two is at most the root of the sum of their squares.
    """

    __slots__ = ("_epoch", "_kept")

    def __init__(self) -> None:
        self._epoch = ""
        self._kept = array("d")  # time, in, out, standard error; oldest first

    def rate(self, time_s: float, epoch: str, totals: tuple[float, float], error: float) -> tuple[float, float, float] | None:
        """Take a line's newest totals; people a minute in and out, and their standard error at most, or None.

        Parameters
        ----------
        time_s : float
            Unix time of the tick.
        epoch : str
            The accounted stretch of the totals; with another one they begin anew.
        totals : (in, out)
            People; NaN when unknown, as those are who came since: then it begins anew, too.
        error : float
            Standard error of either.
        """
        kept = self._kept
        if epoch != self._epoch or not math.isfinite(sum(totals) + error):
            self._epoch = epoch
            del kept[:]
            if not math.isfinite(sum(totals) + error):
                return None
        while kept and kept[0] < time_s - OVER_S:
            del kept[:4]
        rate = None
        if kept and time_s - kept[0] >= _LEAST_S:
            minutes = (time_s - kept[0]) / 60
            rate = (totals[0] - kept[1]) / minutes, (totals[1] - kept[2]) / minutes, math.hypot(error, kept[3]) / minutes
        if not kept or time_s - kept[-4] >= _APART_S:
            kept.extend((time_s, *totals, error))
        return rate


@dataclass(slots=True, eq=False)
class _Newest:
    """A camera's newest tick: of each place its JSON, and all of it as made for the camera as it then was."""

    start_us: int = -(2**63)
    tick_s: float = 0.0
    unknown: str = ""
    zones: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    passing: dict[str, Passing] = field(default_factory=dict)
    entry: CameraEntry | None = None
    made: str = ""

    @property
    def stale_s(self) -> float:
        """When nobody may take it for the present any more, Unix time."""
        return self.start_us / 1e6 + (1 + _STALE_TICKS) * self.tick_s + _STALE_S


class Now:
    """The newest tick of every camera, fed with what was stored; safe to use from many threads.

    Parameters
    ----------
    cameras : Cameras
        Only what is theirs is told.
    clock : callable
        Unix time, UTC.
    """

    def __init__(self, cameras: Cameras, *, clock: Callable[[], float] = time.time) -> None:
        self._cameras = cameras
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: dict[str, _Newest] = {}
        self._heads: dict[str, tuple[CameraStatus, str]] = {}

    def fill(self, latest: Iterable[StoredRow]) -> None:
        """Take the newest rows of a store, sorted by camera; lines have rates again a minute later."""
        with self._lock:
            for _, rows in groupby(latest, key=itemgetter(0)):
                self._take(_of_stored(rows))

    def take(self, rows: Rows, ticks: Sequence[tuple[str, int]]) -> list[str]:
        """Take some ticks of what was stored, each by camera and start (microseconds); the cameras that tell something new."""
        wanted = {tick for tick in ticks if self._cameras.entry(tick[0]) is not None}
        with self._lock:
            return self._take(row for row in _of_rows(rows) if row[:2] in wanted)

    def take_stored(self, stored: Sequence[StoredRow]) -> list[str]:
        """Take one tick as it is stored; the camera, if it tells something new."""
        with self._lock:
            return self._take(_of_stored(row for row in stored if self._cameras.entry(row.camera) is not None))

    def forget_removed(self) -> None:
        """Forget the cameras that are no longer there."""
        with self._lock:
            for known in (self._newest, self._heads):
                for camera in [camera for camera in known if self._cameras.entry(camera) is None]:
                    del known[camera]

    def ticks(self, cameras: Iterable[str]) -> list[tuple[str, str, str]]:
        """The newest ticks of some cameras: name, site, and the tick as JSON."""
        with self._lock:
            found = ((name, self._cameras.entry(name), self._newest.get(name)) for name in cameras)
            return [
                (name, entry.site, self._json(entry, newest))
                for name, entry, newest in found
                if entry is not None and newest is not None
            ]

    def answer(self, sites: Sequence[SiteNow], seen: Sites) -> bytes:
        """The JSON of a `NowAnswer`: some sites, and the cameras of those that somebody may see."""
        statuses = [status for status in self._cameras.all() if status.camera.site in seen]
        now_s = self._clock()
        with self._lock:
            cameras = ",".join([self._camera(status, now_s) for status in statuses])
        told = ",".join(site.model_dump_json() for site in sites)
        return f'{{"time":"{_iso(round(now_s * 1e6))}","sites":[{told}],"cameras":[{cameras}]}}'.encode()

    def _take(self, rows: Iterable[_Row]) -> list[str]:
        """Take ticks that are newer than what is known, oldest first."""
        changed: dict[str, None] = {}
        for (camera, start_us), tick in groupby(sorted(rows, key=itemgetter(0, 1)), key=itemgetter(0, 1)):
            newest = self._newest.setdefault(camera, _Newest())
            if start_us > newest.start_us:
                _read(newest, start_us, list(tick))
                changed[camera] = None
        return list(changed)

    def _camera(self, status: CameraStatus, now_s: float) -> str:
        name = status.camera.name
        head = self._heads.get(name)
        if head is None or head[0] != status:
            head = self._heads[name] = status, _head(status)
        newest = self._newest.get(name)
        if newest is None:
            told = "null"
        elif newest.stale_s < now_s:
            told = _tick_json(name, newest, _STALE)
        else:
            told = self._json(status.camera, newest)
        return f"{head[1]}{told}}}"

    @staticmethod
    def _json(entry: CameraEntry, newest: _Newest) -> str:
        if newest.entry is not entry or not newest.made:
            for kind, known in (("zone", newest.zones), ("line", newest.lines), ("line", newest.passing)):
                places = {place.name for place in entry.places if place.kind == kind}
                for gone in [place for place in known if place not in places]:
                    del known[gone]
            newest.entry = entry
            newest.made = _tick_json(
                entry.name, newest, newest.unknown, zones=newest.zones.values(), lines=newest.lines.values()
            )
        return newest.made


def _read(newest: _Newest, start_us: int, rows: Sequence[_Row]) -> None:
    """Make a tick's rows the newest that is known of a camera."""
    of_place: dict[str, _Numbers] = {}
    for *_, place, quantity, value, error, _reason in rows:
        of_place.setdefault(place, {})[quantity] = value, error
    tick_s, epoch, reason = rows[0][2], rows[0][3], rows[0][8]
    newest.start_us, newest.tick_s, newest.made = start_us, tick_s, ""
    newest.unknown = reason if all(row[8] for row in rows) else ""
    newest.zones, newest.lines = {}, {}
    for place, numbers in of_place.items():
        people, people_se = numbers.get("occupancy", _UNKNOWN)
        if math.isfinite(people):
            density, density_se = numbers.get("density", _UNKNOWN)
            newest.zones[place] = (
                f'{{"place":{json.dumps(place)},"people":{people:.6g},"people_se":{people_se:.6g},'
                f'"density":{_number(density)},"density_se":{_number(density_se)}}}'
            )
        elif not numbers.keys().isdisjoint(_LINE):
            passing = newest.passing.setdefault(place, Passing())
            inward, outward, error = _rate(passing, start_us / 1e6, tick_s, epoch, numbers) or (math.nan,) * 3
            newest.lines[place] = (
                f'{{"place":{json.dumps(place)},"in_per_min":{_number(inward)},"out_per_min":{_number(outward)},'
                f'"per_min_se":{_number(error)}}}'
            )


def _rate(passing: Passing, start_s: float, tick_s: float, epoch: str, numbers: _Numbers) -> tuple[float, float, float] | None:
    (inward, error_in), (outward, error_out) = (numbers.get(name, _UNKNOWN) for name in ("in_total", "out_total"))
    rate = passing.rate(start_s, epoch, (inward, outward), max(error_in, error_out)) if tick_s < OVER_S else None
    # Until there are totals apart, and where one tick is long enough, what was counted in it alone: right away, and less exact.
    return _rate_of_tick(tick_s, numbers) if rate is None and tick_s >= _LEAST_S else rate


def _rate_of_tick(tick_s: float, numbers: _Numbers) -> tuple[float, float, float] | None:
    (inward, error_in), (outward, error_out) = (numbers.get(name, _UNKNOWN) for name in ("in", "out"))
    minutes = tick_s / 60
    known = math.isfinite(inward + outward)
    return (inward / minutes, outward / minutes, max(error_in, error_out) / minutes) if known else None


def _of_rows(rows: Rows) -> Iterable[_Row]:
    """The rows that the present is made of."""
    wanted = np.array([quantity in _QUANTITIES for _, _, quantity in rows.series], dtype=bool)[rows.series_of]
    places = np.flatnonzero(wanted)
    columns = (rows.series_of, rows.part_of, rows.reason_of, rows.tick_start_us, rows.values, rows.standard_errors)
    for series, part, reason, start_us, value, error in zip(*(column[places].tolist() for column in columns), strict=True):
        camera, place, quantity = rows.series[series]
        _, epoch, tick_s = rows.parts[part]
        yield camera, start_us, tick_s, epoch, place, quantity, value, error, rows.reasons[reason]


def _of_stored(rows: Iterable[StoredRow]) -> Iterable[_Row]:
    for row in rows:
        if row.quantity in _QUANTITIES:
            value, error = (math.nan if number is None else number for number in (row.value, row.standard_error))
            yield (
                *(row.camera, row.tick_start_us, row.tick_s, row.epoch, row.place, row.quantity),
                *(value, error, row.unknown),
            )


def _head(status: CameraStatus) -> str:
    """A camera's JSON, up to its tick."""
    camera, where = status.camera, status.camera.where
    told = {
        "camera": camera.name,
        "site": camera.site,
        **{name: getattr(where, name, None) for name in ("lat", "lon", "x", "y")},
        "state": status.state,
        "reason": status.reason,
        "since": _iso(round(status.since_s) * 1_000_000),
        "tick_s": camera.tick_s,
        "places": [{"place": place.name, "kind": place.kind, "in_metres": place.in_metres} for place in camera.places],
    }
    return json.dumps(told, separators=(",", ":"))[:-1] + ',"now":'


def _tick_json(name: str, tick: _Newest, unknown: str, *, zones: Iterable[str] = (), lines: Iterable[str] = ()) -> str:
    return (
        f'{{"camera":{json.dumps(name)},"time":"{_iso(tick.start_us)}","tick_s":{tick.tick_s:g},'
        f'"unknown":{json.dumps(unknown)},"zones":[{",".join(zones)}],"lines":[{",".join(lines)}]}}'
    )


def _number(value: float) -> str:
    return "null" if math.isnan(value) else f"{value:.6g}"


def _iso(time_us: int) -> str:
    return utc(time_us).isoformat().replace("+00:00", "Z")


def add_now(app: FastAPI, *, now: Now, registry: Registry) -> None:
    """Add the present of the whole network."""

    @app.get("/api/v1/now", response_model=NowAnswer, openapi_extra=NUMBERS)
    def present(request: Request) -> Response:
        """Every camera, where it hangs, whether it sees, and the newest of its numbers that a map shows."""
        seen = visible(request)
        sites = [
            SiteNow(name=site.name, title=site.title, plan=None if site.plan is None else plan_facts(site.plan))
            for site in registry.state.sites.values()
            if site.name in seen
        ]
        content, headers = now.answer(sites, seen), {"vary": "accept-encoding"}
        if len(content) >= _COMPRESSED_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
            content = gzip.compress(content, 1, mtime=0)
            headers["content-encoding"] = "gzip"
        return Response(content, media_type="application/json", headers=headers)
