"""A camera by RTSP, over a real connection on loopback: another size in mid-stream, and a connection that is lost.

The same for longer, with more faults and a whole site around it, is `make soak`.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
import pytest
from tests.soak.encoded import RtspCamera
from tests.soak.scene import HEIGHT_PX, OTHER_SIZE_PX, WIDTH_PX, Scene

from throng.capture.source import open_source
from throng.data.frame import Frame
from throng.data.outage import Outage

Item = Frame | Outage
SIZE_PX = (WIDTH_PX, HEIGHT_PX)


def _until(items: Iterator[Item], met: Callable[[Item], bool], *, most: int = 60) -> list[Item]:
    taken: list[Item] = []
    for item in items:
        taken.append(item)
        if met(item):
            return taken
        assert len(taken) < most, taken
    raise AssertionError("the source ended")


def _of_size(size_px: tuple[int, int]) -> Callable[[Item], bool]:
    return lambda item: isinstance(item, Frame) and item.size_px == size_px


@pytest.mark.timeout(60)
def test_an_rtsp_camera_may_change_its_size_and_be_lost_and_comes_back() -> None:
    with closing(RtspCamera(1)) as camera, open_source(camera.url, camera="north", live=True) as source:
        items = iter(source)
        (first,) = _until(items, _of_size(SIZE_PX))
        assert isinstance(first, Frame)
        place = Scene(1).picture("").astype(float)
        assert np.corrcoef(first.luma.ravel(), place.ravel())[0, 1] > 0.8

        for fault, size_px in (("size", OTHER_SIZE_PX), ("", SIZE_PX)):
            camera.begin(fault)
            taken = _until(items, _of_size(size_px))
            assert all(isinstance(item, Frame) for item in taken), "another size is no outage here"

        camera.begin("refused")
        told = _until(items, lambda item: isinstance(item, Outage))[-1]
        assert isinstance(told, Outage)
        assert told.reason.startswith("the camera cannot be read: it ")
        camera.mend()
        back = _until(items, _of_size(SIZE_PX))[-1]
        assert isinstance(back, Frame)
        assert back.time_s > first.time_s
        assert back.index > first.index
        assert np.corrcoef(back.luma.ravel(), place.ravel())[0, 1] > 0.8
        assert source.info is not None
