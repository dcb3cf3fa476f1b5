"""Decoding on a card: where there is none, or it does not take the stream, nothing is lost and it is said.

No machine of these tests has a card. What one would give is tested with pictures in its format (test_pixels.py), and a card
that fails with a decoder that gives no picture; that a card decodes was never tested.
"""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.codec.hwaccel import HWAccel

from throng.capture import card, live, recorded, stream
from throng.capture.address import Address
from throng.capture.card import NONE_OPENS, NOT_TAKEN, Decoding, decodes_on_card, first_card
from throng.capture.source import open_source
from throng.capture.stream import Video, open_video
from throng.data.errors import SourceError
from throng.data.frame import Frame
from throng.data.outage import Outage

FilmMaker = Callable[..., Path]

EVEN = [i * 0.04 for i in range(10)]


def frames_of(path: Path, decoding: Decoding) -> tuple[list[Frame], str]:
    with open_source(str(path), camera="north", decoding=decoding) as source:
        frames = [item for item in source if isinstance(item, Frame)]
        assert not source.truncated
        return frames, source.note


def assert_same(found: list[Frame], expected: list[Frame]) -> None:
    assert [(frame.time_s, frame.index) for frame in found] == [(frame.time_s, frame.index) for frame in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.image_bgr, other.image_bgr)


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "hwdevices_available", list)


def decoder_that_gives_nothing(address: Address, *, threads: int, decoding: Decoding) -> Video:
    """Stands for a card that opens, is given packets and makes no picture of them."""
    video = open_video(address, threads=threads)
    if decoding == "card":
        video.has_card = True
        video.container.streams.video[0].codec_context.skip_frame = "ALL"
    return video


@pytest.mark.usefixtures("no_card")
def test_without_a_card_the_processor_decodes_all_of_a_film_and_says_so(film: FilmMaker) -> None:
    path = film("film.mp4", EVEN)
    expected, nothing = frames_of(path, "processor")
    found, note = frames_of(path, "card")
    assert (nothing, note) == ("", NONE_OPENS)
    assert len(found) == len(EVEN)
    assert_same(found, expected)


def test_devices_that_do_not_open_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg finds no card with the number 99 anywhere, and decodes H.264 on none of the last two kinds."""
    tried: list[str] = []

    def absent(device_type: str, allow_software_fallback: bool) -> HWAccel:
        tried.append(device_type)
        return HWAccel(device_type, "99", allow_software_fallback)

    monkeypatch.setattr(card, "HWAccel", absent)
    monkeypatch.setattr(card, "hwdevices_available", lambda: ["cuda", "drm", "qsv"])
    assert first_card() is None
    assert tried == ["cuda", "drm", "qsv"]


def test_a_codec_that_the_card_does_not_know_is_decoded_by_the_processor(
    film: FilmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFV1 is decoded by no card, and FFmpeg asks for none, so that this is what happens on a machine with one."""
    monkeypatch.setattr(stream, "first_card", lambda: HWAccel(device_type="cuda", allow_software_fallback=True))
    path = film("film.mkv", EVEN, codec="ffv1")
    expected, _ = frames_of(path, "processor")
    found, note = frames_of(path, "card")
    assert note == NOT_TAKEN
    assert_same(found, expected)


def test_a_film_of_which_a_card_makes_nothing_is_decoded_by_the_processor(
    film: FilmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film("film.mp4", EVEN)
    expected, _ = frames_of(path, "processor")
    monkeypatch.setattr(recorded, "open_video", decoder_that_gives_nothing)
    found, note = frames_of(path, "card")
    assert note == NOT_TAKEN
    assert_same(found, expected)


def test_a_camera_of_which_a_card_makes_nothing_comes_back_on_the_processor(
    film: FilmMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "open_video", decoder_that_gives_nothing)
    monkeypatch.setattr(live, "FIRST_RETRY_S", 0.05)
    with open_source(str(film("film.mp4", EVEN)), camera="north", live=True, loop=True, decoding="card") as source:
        items = list(itertools.islice(source, 25))
        assert source.note == NOT_TAKEN
    assert isinstance(items[0], Outage)
    assert all(isinstance(item, Frame) for item in items[1:])


@pytest.mark.usefixtures("no_card")
def test_a_camera_that_comes_back_is_still_asked_of_a_card(camera: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Decoding] = []

    def counted(address: Address, *, threads: int, decoding: Decoding) -> Video:
        asked.append(decoding)
        return open_video(address, threads=threads, decoding=decoding)

    monkeypatch.setattr(live, "open_video", counted)
    login = {"user": camera.user, "password": camera.password}
    with open_source(camera.url, camera="north", live=True, decoding="card", **login) as source:
        items = iter(source)
        assert isinstance(next(items), Frame)
        assert source.note == NONE_OPENS
        camera.on.clear()
        next(item for item in items if isinstance(item, Outage))
        camera.on.set()
        next(item for item in items if isinstance(item, Frame))
        assert source.note == NONE_OPENS
    assert len(asked) >= 2
    assert set(asked) == {"card"}


def test_a_source_that_is_not_there_says_so_and_not_that_there_is_no_card(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="it is not there"):
        open_source(str(tmp_path / "missing.mp4"), camera="north", decoding="card")


def test_a_decoder_without_a_card_is_not_taken_for_one(film: FilmMaker) -> None:
    with av.open(str(film("film.mp4", EVEN))) as container:
        next(container.decode(video=0))
        assert not decodes_on_card(container.streams.video[0].codec_context)
