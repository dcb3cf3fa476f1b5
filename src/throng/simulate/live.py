"""A simulated camera as a stream of pictures."""

from collections.abc import Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

from throng.simulate.render import Renderer
from throng.simulate.scenario import load


class SimulatedStream:
    """The pictures of one simulated camera.

    Parameters
    ----------
    renderer : Renderer
    live : bool
        Whether it is watched as it happens: then it has no known length.
    loop : bool
        Whether it starts over after the scenario's duration.
    """

    def __init__(self, renderer: Renderer, *, live: bool, loop: bool) -> None:
        self._renderer = renderer
        self._live = live
        self._loop = loop

    @property
    def frame_times_s(self) -> Iterator[float]:
        """When each picture is, seconds since the start."""
        rate_hz = self._renderer.camera.frame_rate_hz
        numbers = count() if self._loop else range(self._frames)
        return (number / rate_hz for number in numbers)

    @property
    def info_tuple(self) -> tuple[int, int, float | None, int | None, float | None]:
        """Width and height in pixels, rate in Hz, frames and duration in s; the last two None where it has no end."""
        camera = self._renderer.camera
        endless = self._live or self._loop
        frames = None if endless else self._frames
        return (*camera.size_px, camera.frame_rate_hz, frames, None if endless else self._renderer.scenario.duration_s)

    def images(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Seconds since the start, and the picture (height, width, 3) BGR, frame after frame, as fast as they can be drawn."""
        for time_s in self.frame_times_s:
            yield time_s, self.image_at(time_s)

    def image_at(self, time_s: float) -> NDArray[np.uint8]:
        """The picture at one moment, seconds since the start."""
        return self._renderer.image_at(time_s)

    @property
    def _frames(self) -> int:
        return int(np.ceil(self._renderer.scenario.duration_s * self._renderer.camera.frame_rate_hz - 1e-9))


def stream(scenario: str, camera: str, *, live: bool, loop: bool) -> SimulatedStream:
    """The stream of one camera of one scenario.

    Raises
    ------
    SourceError
        There is no such scenario or camera; the message names the nearest.
    """
    scene = load(scenario)
    return SimulatedStream(Renderer(scene, scene.camera(camera)), live=live, loop=loop)
