"""Simulated scenes as sources, with a scene of one grey level per frame."""

import itertools
import sys
import time
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.capture.source import SourceInfo, open_source
from throng.data.errors import SourceError
from throng.data.frame import Frame


class GreyScene:
    """Two seconds at 20 Hz; the level of a picture is its frame number."""

    info_tuple = (8, 6, 20.0, 40, 2.0)

    def images(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        for i in range(40):
            yield i / 20, self.image_at(i / 20)

    def image_at(self, time_s: float) -> NDArray[np.uint8]:
        return np.full((6, 8, 3), round(time_s * 20) % 40, np.uint8)


@pytest.fixture(autouse=True)
def scene(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    asked: list[tuple[object, ...]] = []
    module = ModuleType("throng.simulate.live")

    def stream(scenario: str, camera: str, *, live: bool, loop: bool) -> GreyScene:
        asked.append((scenario, camera, live, loop))
        return GreyScene()

    module.stream = stream  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "throng.simulate.live", module)
    return asked


def test_recorded_every_frame_comes_as_rendered(scene: list[tuple[object, ...]]) -> None:
    with open_source("simulate:concourse/north", camera="hall", max_rate_hz=10.0) as source:
        assert source.info == SourceInfo(8, 6, 20.0, 40, 2.0)
        frames = [item for item in source if isinstance(item, Frame)]
    assert scene == [("concourse", "north", False, False)]
    assert [frame.index for frame in frames] == list(range(0, 40, 2))
    assert all(frame.image_bgr[0, 0, 0] == frame.index for frame in frames)
    assert [frame.time_s for frame in frames] == [frame.index / 20 for frame in frames]


def test_live_each_picture_is_of_the_moment_and_missed_ones_are_drops() -> None:
    with open_source("simulate:concourse/north", camera="hall", live=True, loop=True) as source:
        frames = [item for item in itertools.islice(source, 6) if isinstance(item, Frame)]
    assert frames[-1].index == 5 + source.dropped
    for frame in frames:
        assert frame.image_bgr[0, 0, 0] == frame.index
        assert frame.time_s - frames[0].time_s == pytest.approx((frame.index - frames[0].index) / 20, abs=1e-5)


def test_live_without_a_loop_the_scene_ends() -> None:
    with open_source("simulate:concourse/north", camera="hall", live=True) as source:
        frames = list(source)
    assert len(frames) + source.dropped in (39, 40)  # the last one may be missed on a busy machine


@pytest.mark.parametrize("address", ["simulate:concourse", "simulate:", "simulate:/north", "simulate:concourse/"])
def test_a_scene_needs_scenario_and_camera(address: str) -> None:
    with pytest.raises(SourceError, match="simulate:SCENARIO/CAMERA"):
        open_source(address, camera="hall")


def test_live_frames_beyond_max_rate_are_not_drops() -> None:
    with open_source("simulate:concourse/north", camera="north", live=True, loop=True, max_rate_hz=2.0) as source:
        for _ in zip(range(3), source, strict=False):
            # Slower than the scene, and not slower than what is wanted of it.
            time.sleep(0.3)
        assert source.dropped == 0
