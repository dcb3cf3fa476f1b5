"""Simulated scenes, read as a film or rendered live at the moment they are asked for."""

import math
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from throng.capture.clock import RateGate
from throng.capture.info import SourceInfo
from throng.data.errors import SourceError
from throng.data.frame import Frame

_DEFAULT_RATE_HZ = 10.0


class Scene(Protocol):
    """What `throng.simulate.live.stream` returns."""

    @property
    def info_tuple(self) -> tuple[int, int, float | None, int | None, float | None]:
        """Width and height in pixels, rate in Hz, frames, duration in s."""

    def images(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Seconds since the start, and the picture (height, width, 3), for every frame."""

    def image_at(self, time_s: float) -> NDArray[np.uint8]:
        """The picture at one moment."""


def open_simulated(text: str, *, camera: str, live: bool, loop: bool, max_rate_hz: float | None) -> "SimulatedSource":
    """Open SCENARIO/CAMERA.

    Raises
    ------
    SourceError
        The address lacks the scenario or the camera.
    """
    from throng.simulate.live import stream  # noqa: PLC0415  (rendering is loaded only where a scene is asked for)

    scenario, separator, scene_camera = text.rpartition("/")
    if not (separator and scenario and scene_camera):
        raise SourceError(f'a simulated source is written simulate:SCENARIO/CAMERA, not "simulate:{text}"')
    scene = stream(scenario, scene_camera, live=live, loop=loop)
    return SimulatedSource(scene, camera=camera, live=live, loop=loop, max_rate_hz=max_rate_hz)


class SimulatedSource:
    """A rendered scene as a source.

    Live, each picture is rendered when it is asked for, at the newest frame time that is due; those that were missed are
    counted as dropped and cost nothing.
    """

    truncated = ""
    note = ""

    def __init__(self, scene: Scene, *, camera: str, live: bool, loop: bool, max_rate_hz: float | None) -> None:
        self.info: SourceInfo | None = SourceInfo(*scene.info_tuple)
        self.dropped = 0
        self._scene = scene
        self._camera = camera
        self._max_rate_hz = max_rate_hz
        self._duration_s = math.inf if loop else (self.info.duration_s or math.inf)
        self._stop = threading.Event()
        self._frames = self._live(self.info.frame_rate_hz or _DEFAULT_RATE_HZ) if live else self._recorded()

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order; a second call goes on where the first stopped."""
        return self._frames

    def close(self) -> None:
        """End the iteration."""
        self._stop.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _recorded(self) -> Iterator[Frame]:
        gate = RateGate(self._max_rate_hz)
        for index, (time_s, image) in enumerate(self._scene.images()):
            if self._stop.is_set():
                return
            if gate.passes(time_s):
                yield Frame(pixels=image, time_s=time_s, index=index, camera=self._camera)

    def _live(self, rate_hz: float) -> Iterator[Frame]:
        gate = RateGate(self._max_rate_hz)
        start_unix_s, start_s = time.time(), time.monotonic()
        index = -1
        while not self._stop.is_set():
            due = math.floor((time.monotonic() - start_s) * rate_hz)
            if due <= index:
                self._stop.wait(start_s + (index + 1) / rate_hz - time.monotonic())
                continue
            wanted = sum(gate.passes(number / rate_hz) for number in range(index + 1, due + 1))
            self.dropped += max(0, wanted - 1)
            index, time_s = due, due / rate_hz
            if time_s >= self._duration_s:
                return
            if wanted:
                image = self._scene.image_at(time_s)
                yield Frame(pixels=image, time_s=start_unix_s + time_s, index=index, camera=self._camera)
