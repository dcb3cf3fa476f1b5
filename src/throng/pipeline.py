"""One camera from pictures to measurements: capture, detect, track, ground, measure."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import cv2
import numpy as np

from throng.data.errors import GeometryError
from throng.data.frame import Frame
from throng.data.measurement import Measurement
from throng.data.outage import Outage
from throng.data.place import Anchor, Extras, Line, Zone, check_inside
from throng.data.scale import PersonScale
from throng.data.tracks import Tracks
from throng.detect.attention import Attention
from throng.detect.choose import choose_detector
from throng.detect.detector import Detector, what_runs
from throng.detect.openvino import Precision
from throng.ground.apply import on_ground
from throng.ground.calibration import Calibration
from throng.ground.camera import person_scale
from throng.measure.measurer import Measurer
from throng.track.tracker import Tracker


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one camera is asked to measure.

    Attributes
    ----------
    lines, zones : tuples of Line, Zone
    extras : Extras
        What is measured beside counts; speeds only where the ground is known.
    anchor : {"foot", "centre"}
    detector : str
        As `throng.detect.choose.choose_detector` takes it.
    calibrate : callable or None
        Gives the camera's calibration for pictures of a width and height, pixels; None where the ground is not known.
    threads : int
        Threads of the detector's model.
    tiles, precision
        As `choose_detector` takes them.
    """

    lines: tuple[Line, ...]
    zones: tuple[Zone, ...]
    extras: Extras = field(default_factory=Extras)
    anchor: Anchor = "foot"
    detector: str = "auto"
    calibrate: Callable[[int, int], Calibration] | None = None
    threads: int = 1
    tiles: str | None = None
    precision: Precision = "full"


class Pipeline:
    """Frames in, measurements out, for one camera; everything between stays in memory.

    Parameters
    ----------
    plan : Plan
    on_frame : callable, optional
        Sees every frame before it is measured, for a progress bar or a plate.
    on_tracks : callable, optional
        Sees the tracks of every frame, on the ground where it is known.
    detector : Detector, optional
        In place of the one the plan names.
    turns : context manager, optional
        Held while the detector looks.

    Attributes
    ----------
    size_px : tuple of int, or None
        Width and height of the picture, once a frame was seen.
    calibration : Calibration or None
        That of these pictures, from then on.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        on_frame: Callable[[Frame], None] | None = None,
        on_tracks: Callable[[Tracks], None] | None = None,
        detector: Detector | None = None,
        turns: AbstractContextManager[None] | None = None,
    ) -> None:
        self.plan = plan
        self.detector = detector
        self._on_frame, self._on_tracks = on_frame, on_tracks
        self._turns = turns
        self._attention: Attention | None = None
        self.size_px: tuple[int, int] | None = None
        self.calibration: Calibration | None = None
        self._tracker = Tracker(anchor=plan.anchor)
        # Before the first picture nobody is followed, and there is nothing beside the counts to end.
        self._measurer = Measurer(plan.lines, plan.zones)
        self._time_s = 0.0
        # One camera, one core: OpenCV's own threads would fight those of the other cameras.
        cv2.setNumThreads(1)

    @property
    def runs_on(self) -> str:
        """Which model looks and what runs it, for people; empty before the first picture, and where no model is."""
        return "" if self.detector is None else what_runs(self.detector)

    def run(self, source: Iterable[Frame | Outage]) -> Iterator[Measurement | Outage]:
        """Measure frames to their end; an outage is handed on, and after it the ends of the tracks that it cut off.

        Raises
        ------
        SourceError, ModelError, GeometryError
            The source or the detector cannot be used, or a line or zone lies outside the picture.
        """
        for item in source:
            if isinstance(item, Outage):
                yield item
                yield self._end(self._time_s)
            else:
                yield self.measure(item)
        yield self._end(self._time_s)

    def measure(self, frame: Frame) -> Measurement:
        """The measurement of one frame."""
        if self._on_frame is not None:
            self._on_frame(frame)
        detector = self._ready(frame)
        self._time_s = max(self._time_s, frame.time_s)
        tracks = self._tracker.update(detector.detect(frame))
        if self.calibration is not None:
            tracks = on_ground(tracks, self.calibration)
        if self._on_tracks is not None:
            self._on_tracks(tracks)
        return self._measurer.update(tracks)

    def _ready(self, frame: Frame) -> Detector:
        """The detector, once the size of the picture is known and the places lie inside it."""
        if frame.size_px != self.size_px:
            if self.size_px is not None:
                raise GeometryError(
                    f"the picture changes from {_size(self.size_px)} to {_size(frame.size_px)} pixels, and lines and zones are "
                    "drawn for one size: read each part of the footage by itself"
                )
            check_inside(self.plan.lines, self.plan.zones, *frame.size_px)
            if self.plan.calibrate is not None:
                self.calibration = self.plan.calibrate(*frame.size_px)
                self._tracker = Tracker(anchor=self.plan.anchor, ground=self.calibration)
            self.size_px = frame.size_px
            self._measurer = self._measuring(frame.size_px)
        if self.detector is None:
            plan = self.plan
            self.detector = choose_detector(
                plan.detector, scale=self._scale(frame), threads=plan.threads, tiles=plan.tiles, precision=plan.precision
            )
        if self._attention is None:
            self._attention = Attention(self.detector, turns=self._turns)
        return self._attention

    def _measuring(self, size_px: tuple[int, int]) -> Measurer:
        plan = self.plan
        return Measurer(plan.lines, plan.zones, extras=plan.extras, in_metres=plan.calibrate is not None, size_px=size_px)

    def _scale(self, frame: Frame) -> PersonScale | None:
        # A lens that bends moves people in the picture, and hardly changes how large they look.
        return None if self.calibration is None else person_scale(self.calibration.homography, *frame.size_px)

    def _end(self, time_s: float) -> Measurement:
        return self._measurer.end(self._tracker.finish(), time_s)


def _size(size_px: tuple[int, int]) -> str:
    return f"{size_px[0]}x{size_px[1]}"


@dataclass(slots=True)
class Totals:
    """Exact sums over measurements, for the person who holds the footage.

    Attributes
    ----------
    counts : (counters,) int64
    occupancy_seconds : (zones,) float64
        People times seconds.
    peak : (zones,) int64
    seconds : float
        Time measured.
    """

    counts: np.ndarray[tuple[int], np.dtype[np.int64]]
    occupancy_seconds: np.ndarray[tuple[int], np.dtype[np.float64]]
    peak: np.ndarray[tuple[int], np.dtype[np.int64]]
    seconds: float = 0.0

    @classmethod
    def of(cls, plan: Plan) -> "Totals":
        """Nothing yet, for the lines and zones of a plan."""
        zones = len(plan.zones)
        return cls(np.zeros(2 * (len(plan.lines) + zones), np.int64), np.zeros(zones), np.zeros(zones, np.int64))

    def add(self, measurement: Measurement) -> None:
        """Take in one measurement."""
        step_s = max(0.0, measurement.time_s - self.seconds)
        self.seconds = max(self.seconds, measurement.time_s)
        self.occupancy_seconds += measurement.occupancy * step_s
        self.peak = np.maximum(self.peak, measurement.occupancy)
        # After the counters of people come those of speeds, stays, levels and cells.
        np.add.at(self.counts, measurement.counters[measurement.counters < len(self.counts)], 1)
