"""Cameras: the newest frame, the outages between, and nothing secret in what is told."""

import itertools
import logging
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from throng.capture import stream
from throng.capture.live import retry_after_s
from throng.capture.mailbox import Mailbox
from throng.capture.source import Source, SourceInfo, open_source
from throng.data.errors import SourceError
from throng.data.frame import Frame
from throng.data.outage import Outage

FilmMaker = Callable[..., Path]

EVEN = [i * 0.04 for i in range(10)]


def take_until(items: Iterator[Frame | Outage], wanted: Callable[[Frame | Outage], bool]) -> list[Frame | Outage]:
    taken = []
    for item in items:
        taken.append(item)
        if wanted(item):
            return taken
    raise AssertionError("the source ended")


def is_frame(item: Frame | Outage) -> bool:
    return isinstance(item, Frame)


def is_outage(item: Frame | Outage) -> bool:
    return isinstance(item, Outage)


def test_a_camera_that_goes_and_comes_back(
    camera: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with open_source(camera.url, camera="north", live=True, user=camera.user, password=camera.password) as source:
        items = iter(source)
        frames = [item for item in itertools.islice(items, 5) if isinstance(item, Frame)]
        assert len(frames) == 5
        assert abs(frames[-1].time_s - time.time()) < 5.0
        assert source.info == SourceInfo(64, 48, source.info.frame_rate_hz if source.info else None, None, None)

        camera.on.clear()
        outages = take_until(items, is_outage)[-1:] + list(itertools.islice(items, 2))
        assert all(isinstance(item, Outage) for item in outages)
        told_s = [item.time_s for item in outages]
        assert all(later > earlier for earlier, later in itertools.pairwise(told_s))

        camera.on.set()
        back = take_until(items, is_frame)[-1]
        assert isinstance(back, Frame)
        assert back.time_s > frames[-1].time_s
        assert back.index > frames[-1].index
    told = " ".join([caplog.text, *capfd.readouterr(), repr(source), *(str(item) for item in outages)])
    assert not any(secret in told for secret in (camera.user, camera.password, "p%40ss", "127.0.0.1"))


def test_a_wrong_password_is_an_outage_that_says_so(camera: Any) -> None:
    with open_source(camera.url, camera="north", live=True, user=camera.user, password="hidden") as source:
        first = next(iter(source))
        assert isinstance(first, Outage)
        assert first.reason == "the camera cannot be read: it refuses the user name or the password"
        assert source.info is None


@pytest.mark.parametrize(
    "address", ["rtsp://u:hidden@127.0.0.1:{port}/main", "http://127.0.0.1:{port}/x", "/dev/video97", "absent.mp4"]
)
def test_a_camera_that_is_not_there_is_an_outage_again_and_again(address: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        with open_source(address.format(port=free.getsockname()[1]), camera="north", live=True) as source:
            outages = list(itertools.islice(source, 2))
    assert all(isinstance(item, Outage) and item.reason.startswith("the camera cannot be read: it ") for item in outages)
    assert "hidden" not in str(outages)
    assert source.info is None


def test_a_camera_that_takes_the_call_and_says_nothing_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for scheme in ("rtsp", "http"):
            address = f"{scheme}://u:hidden@127.0.0.1:{silent.getsockname()[1]}/main"
            with open_source(address, camera="north", live=True) as source:
                first = next(iter(source))
            assert isinstance(first, Outage)
            assert "did not answer" in first.reason
            with pytest.raises(SourceError, match='cannot read camera "north": it did not answer') as caught:
                open_source(address, camera="north")
            error: BaseException | None = caught.value
            while error is not None:  # not even in the chain that a debugger or crash report would show
                assert "hidden" not in f"{error}{vars(error)}"
                error = error.__context__


def looped(film: FilmMaker, **options: float) -> Source:
    return open_source(str(film("film.mp4", EVEN)), camera="north", live=True, loop=True, **options)  # type: ignore[arg-type]


def test_a_file_in_a_loop_goes_on_at_its_own_pace(film: FilmMaker) -> None:
    begun_s = time.monotonic()
    with looped(film) as source:
        frames = [item for item in itertools.islice(source, 26) if isinstance(item, Frame)]
    assert len(frames) == 26
    assert source.info == SourceInfo(64, 48, 25.0, None, None)
    assert abs(frames[-1].time_s - time.time()) < 5.0
    for earlier, later in itertools.pairwise(frames):
        assert later.time_s - earlier.time_s == pytest.approx(0.04 * (later.index - earlier.index), abs=1e-3)
    assert time.monotonic() - begun_s >= frames[-1].time_s - frames[0].time_s - 0.1


def test_a_slow_consumer_gets_the_newest_frame_and_the_rest_are_counted(film: FilmMaker) -> None:
    with looped(film) as source:
        items, last, missed = iter(source), -1, 0
        for _ in range(4):
            item = next(items)
            assert isinstance(item, Frame)
            missed += item.index - last - 1
            last = item.index
            assert source.dropped >= missed
            time.sleep(0.3)
    assert missed > 0
    assert source.dropped - missed <= 50


def test_frames_beyond_max_rate_are_not_drops(film: FilmMaker) -> None:
    with looped(film, max_rate_hz=5.0) as source:
        frames = [item for item in itertools.islice(source, 5) if isinstance(item, Frame)]
        assert source.dropped == 0
    assert [later.index - earlier.index for earlier, later in itertools.pairwise(frames)] == [5] * 4


def test_a_file_replayed_once_ends(film: FilmMaker) -> None:
    with open_source(str(film("film.mp4", EVEN)), camera="north", live=True) as source:
        frames = [item for item in source if isinstance(item, Frame)]
    assert len(frames) + source.dropped == len(EVEN)
    assert frames[-1].index == len(EVEN) - 1


def test_closing_ends_the_iteration_and_the_thread(film: FilmMaker) -> None:
    source = looped(film)
    items = iter(source)
    next(items)
    source.close()
    assert len(list(items)) <= 1
    source.close()


def test_pauses_double_to_half_a_minute_and_are_not_in_step() -> None:
    for failures, base_s in ((1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (5000, 30.0)):
        pauses_s = [retry_after_s(failures) for _ in range(50)]
        assert min(pauses_s) >= 0.75 * base_s
        assert max(pauses_s) <= 1.25 * base_s
        assert len(set(pauses_s)) > 40


@pytest.mark.parametrize(("wanted_hz", "at_most"), [(5.0, 45), (10.0, 60), (25.0, 75)])
def test_frames_that_are_not_looked_at_are_left_undecoded_where_no_other_needs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted_hz: float, at_most: int
) -> None:
    """Two B-frames between others, 25 a second: a third of the frames must be decoded anyway."""
    path = tmp_path / "film.mp4"
    with av.open(path, "w") as container:
        encoder = container.add_stream("mpeg4", rate=25, options={"bf": "2"})
        encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
        for number in range(75):
            picture = np.full((48, 64, 3), 20 + 2 * number, np.uint8)
            container.mux(encoder.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(encoder.encode())
    decoded = 0

    def heard(mailbox: Mailbox) -> None:
        nonlocal decoded
        decoded += 1
        genuine(mailbox)

    genuine = Mailbox.heard
    monkeypatch.setattr(Mailbox, "heard", heard)
    with open_source(str(path), camera="north", live=True, max_rate_hz=wanted_hz) as source:
        frames = [item for item in source if isinstance(item, Frame)]
    assert 25 < decoded <= at_most
    assert len(frames) + source.dropped == pytest.approx(3 * wanted_hz, abs=1)
    # The numbers go on counting what came, decoded or not.
    first, last = frames[0], frames[-1]
    assert (last.index - first.index) / (last.time_s - first.time_s) == pytest.approx(25, abs=3)
    for frame in frames:
        brighter = int(frame.luma[0, 0]) - int(first.luma[0, 0])
        assert brighter == pytest.approx(219 / 255 * 2 * 25 * (frame.time_s - first.time_s), abs=6)
