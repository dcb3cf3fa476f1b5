"""The cameras of the soak test do what it says of them, whoever looks."""

from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice

import av
import numpy as np
import pytest
from tests.soak.cameras import HOUR_S, Camera, JpegCamera
from tests.soak.encoded import RtspCamera, TransportCamera
from tests.soak.scene import HEIGHT_PX, OTHER_SIZE_PX, WIDTH_PX, Scene


def _frames(camera: Camera) -> Iterator[av.VideoFrame]:
    options = {"rtsp_transport": "tcp", "correct_ts_overflow": "0"} if camera.scheme == "rtsp" else {"correct_ts_overflow": "0"}
    with suppress(av.error.FFmpegError), av.open(camera.url, options=options, timeout=(5.0, 2.0)) as container:
        yield from container.decode(video=0)


@pytest.mark.parametrize("kind", [TransportCamera, JpegCamera, RtspCamera])
def test_a_camera_shows_its_scene_and_another_size_for_a_while(kind: type[Camera]) -> None:
    with closing(kind(1)) as camera:
        frames = _frames(camera)
        scene = Scene(1).picture("").astype(float)
        for frame in islice(frames, 5):
            seen = frame.to_ndarray(format="gray").astype(float)
            assert np.corrcoef(seen.ravel(), scene.ravel())[0, 1] > 0.8
        sizes = [(WIDTH_PX, HEIGHT_PX)]
        for fault in ("size", ""):
            camera.begin(fault)
            other = next(frame for frame in islice(frames, 40) if (frame.width, frame.height) != sizes[-1])
            sizes.append((other.width, other.height))
        assert sizes == [(WIDTH_PX, HEIGHT_PX), OTHER_SIZE_PX, (WIDTH_PX, HEIGHT_PX)]


@pytest.mark.parametrize("kind", [TransportCamera, RtspCamera])
@pytest.mark.parametrize(("fault", "step_s"), [("clock ahead", HOUR_S), ("clock back", -HOUR_S)])
def test_its_clock_jumps_by_an_hour(kind: type[Camera], fault: str, step_s: float) -> None:
    with closing(kind(1)) as camera:
        times_s = []
        for number, frame in enumerate(islice(_frames(camera), 30)):
            if number == 5:
                camera.begin(fault)
            times_s.append(frame.time)
        steps_s = np.diff(np.array(times_s, dtype=float))
        assert steps_s[np.abs(steps_s).argmax()] == pytest.approx(step_s, abs=5.0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [TransportCamera, JpegCamera, RtspCamera])
@pytest.mark.parametrize("fault", ["closed", "refused", "error", "stall", "garbage"])
def test_it_ends_or_withholds_its_pictures(kind: type[Camera], fault: str) -> None:
    with closing(kind(1)) as camera:
        frames = _frames(camera)
        assert len(list(islice(frames, 5))) == 5
        camera.begin(fault)
        assert len(list(islice(frames, 25))) < 25
        camera.mend()
        assert len(list(islice(_frames(camera), 5))) == 5
