"""`throng calibrate --auto`: watches people walk by until their heads and feet tell how the camera hangs."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from throng.capture.address import Address
from throng.cli.calibrate.place import Place
from throng.cli.doctor.command import progress
from throng.data.errors import CalibrationError, SourceError
from throng.data.frame import Frame
from throng.data.outage import Outage
from throng.data.tracks import Tracks
from throng.detect.threads import threads_for_one, usable_cores
from throng.ground.people_watch import Watcher
from throng.ground.self_calibrate import FEWEST, SelfCalibration, calibrate_from_people
from throng.pipeline import Pipeline, Plan

LOOKS_HZ = 5.0
LOOK_AGAIN_S = 5.0
"""Seconds of the camera's time between two looks at how many people there were."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the people who walked by told.

    Attributes
    ----------
    size_px : (width, height)
    view : dict
        As a [camera.calibration.view] table has it.
    told : dict
        The documented JSON form.
    """

    size_px: tuple[int, int]
    view: dict[str, float]
    told: dict[str, Any]


def watch(place: Place, *, minutes: float, mean_height_m: float) -> Watched:
    """Watch until the view is well known, for so many minutes of the camera's time at most.

    Raises
    ------
    SourceError
        The camera cannot be watched.
    CalibrationError
        What was seen does not tell how the camera hangs; the message says what would help.
    """
    if not place.address:
        raise SourceError("--auto watches people walk by: name the footage or the camera to watch")
    watching = _Watching(mean_height_m)
    threads = threads_for_one(usable_cores())
    pipeline = Pipeline(Plan(lines=(), zones=(), detector=place.detector, threads=threads), on_tracks=watching.take)
    live = Address.parse(place.address).kind in ("url", "device")
    with place.open(live=live, max_rate_hz=LOOKS_HZ) as source, progress() as shown:
        task = shown.add_task("watching")
        for item in pipeline.run(watching.until(source, seconds=60 * minutes)):
            told = item.reason if isinstance(item, Outage) else watching.so_far
            shown.update(task, description=f"watched for {watching.seconds:.0f} s: {told}")
    if pipeline.size_px is None:
        raise SourceError(f"no picture came from {place.shown} in {minutes:g} minutes: check it with `throng doctor --camera`")
    return _outcome(watching.result(), pipeline.size_px, watching.seconds)


class _Watching:
    """Takes what is seen, and asks now and then whether it is enough."""

    def __init__(self, mean_height_m: float) -> None:
        self.seconds = 0.0
        self.so_far = "too few people walked by yet"
        self._mean_height_m = mean_height_m
        self._watcher: Watcher | None = None
        self._look_s = float("-inf")
        self._asked_of = 0
        self._good = False

    def until(self, items: Iterable[Frame | Outage], *, seconds: float) -> Iterator[Frame | Outage]:
        """The items until enough was seen or the time is over."""
        begun_s: float | None = None
        for item in items:
            begun_s = item.time_s if begun_s is None else begun_s
            self.seconds = item.time_s - begun_s
            if self.seconds > seconds or self._good:
                return
            if isinstance(item, Frame) and self._watcher is None:
                self._watcher = Watcher(*item.size_px, mean_height_m=self._mean_height_m)
            yield item

    def take(self, tracks: Tracks) -> None:
        """See one moment; ask once a quarter more people have been seen than when it was last asked."""
        assert self._watcher is not None
        self._watcher.take(tracks)
        if tracks.time_s < self._look_s:
            return
        self._look_s = tracks.time_s + LOOK_AGAIN_S
        people = len(self._watcher.walkers())
        if people < max(FEWEST, 1.25 * self._asked_of):
            return
        self._asked_of = people
        try:
            found = self.result()
        except CalibrationError as error:
            self.so_far = str(error).partition(":")[0]
        else:
            self.so_far = f"lengths are known to {100 * found.scale_error:.1f} per cent"
            self._good = found.confidence == "good"

    def result(self) -> SelfCalibration:
        """What is known now.

        Raises
        ------
        CalibrationError
            It is not enough.
        """
        assert self._watcher is not None
        return calibrate_from_people(self._watcher.walkers())


def _outcome(found: SelfCalibration, size_px: tuple[int, int], seconds: float) -> Watched:
    view = found.view
    table = {
        "focal_px": round(view.focal_px, 2),
        "tilt_deg": round(math.degrees(view.tilt_rad), 3),
        "roll_deg": round(math.degrees(view.roll_rad), 3),
        "height_m": round(view.height_m, 3),
        "k1": round(view.k1, 5),
        "scale_error": round(found.scale_error, 4),
    }
    told = {
        "seconds": round(seconds, 1),
        "mean_height_m": found.walkers.mean_height_m,
        "scale_error": table["scale_error"],
        "confidence": found.confidence,
    }
    return Watched(size_px, table, told)
