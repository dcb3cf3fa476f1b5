"""Films: times, order, and what is said about those that cannot be read whole."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.capture.clock import RateGate
from throng.capture.source import SourceInfo, open_source
from throng.data.errors import SourceError
from throng.data.frame import Frame
from throng.data.planes import Planes

FilmMaker = Callable[..., Path]

EVEN = [i * 0.04 for i in range(50)]


def frames_of(path: Path | str, **options: float) -> tuple[list[Frame], str]:
    with open_source(str(path), camera="north", **options) as source:  # type: ignore[arg-type]
        frames = [frame for frame in source if isinstance(frame, Frame)]
        assert source.dropped == 0
        return frames, source.truncated


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_every_frame_comes_once_in_order_at_the_time_of_its_stream(film: FilmMaker, name: str) -> None:
    times_s = [5.0, 5.04, 5.2, 5.21, 6.0, 7.5, 7.54, 9.0]
    frames, truncated = frames_of(film(name, times_s))
    assert [frame.time_s for frame in frames] == pytest.approx([t - 5.0 for t in times_s], abs=0.002)
    assert [frame.index for frame in frames] == list(range(8))
    assert [int(frame.image_bgr.mean()) for frame in frames] == pytest.approx([20 + 8 * i for i in range(8)], abs=7)
    assert frames[0].camera == "north"
    assert not truncated


@given(steps_ms=st.lists(st.integers(1, 900), min_size=1, max_size=20))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_times_are_those_of_the_stream_whatever_its_rate_does(film: FilmMaker, steps_ms: list[int]) -> None:
    times_s = np.cumsum([0, *steps_ms]) / 1000
    frames, _ = frames_of(film("any.mkv", times_s.tolist()))
    assert [frame.time_s for frame in frames] == pytest.approx(times_s.tolist(), abs=1e-9)


def test_the_info_is_known_at_once(film: FilmMaker) -> None:
    with open_source(str(film("film.mp4", EVEN)), camera="north") as source:
        assert source.info == SourceInfo(64, 48, 25.0, 50, 2.0)


def test_a_film_held_upright_is_shown_upright(film: FilmMaker) -> None:
    path = film("upright.mp4", EVEN, rotation=90)
    with open_source(str(path), camera="north") as source:
        frame = next(iter(source))
        assert source.info is not None
        assert (source.info.width_px, source.info.height_px) == (48, 64)
        assert isinstance(frame, Frame)
        assert frame.size_px == (48, 64)


@pytest.mark.parametrize("rate_hz", [1.0, 5.0, 10.0, 24.0, 100.0])
def test_max_rate_keeps_the_mean_rate_and_the_true_times_and_numbers(film: FilmMaker, rate_hz: float) -> None:
    frames, _ = frames_of(film("film.mp4", EVEN), max_rate_hz=rate_hz)
    assert len(frames) == pytest.approx(min(50, 2.0 * rate_hz), abs=1)
    assert [frame.time_s for frame in frames] == pytest.approx([frame.index * 0.04 for frame in frames])
    slots = [int(frame.time_s * rate_hz + 1e-6) for frame in frames]
    assert slots == sorted(set(slots))


def test_frames_left_out_are_never_converted(film: FilmMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    import av

    from throng.capture import pixels, recorded

    converted = []

    def counted(picture: av.VideoFrame) -> NDArray[np.uint8] | Planes:
        converted.append(picture.pts)
        return pixels.pixels_of(picture)

    monkeypatch.setattr(recorded, "pixels_of", counted)
    frames, _ = frames_of(film("film.mp4", EVEN), max_rate_hz=5.0)
    assert len(converted) == len(frames) == 10


@pytest.mark.parametrize(("name", "options"), [("cut.mp4", {"movflags": "faststart"}), ("cut.mkv", {})])
def test_a_film_cut_off_is_read_to_the_cut_and_says_so(film: FilmMaker, name: str, options: dict[str, str]) -> None:
    path = film(name, EVEN, codec="mjpeg", options=options)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    frames, truncated = frames_of(path)
    assert 10 < len(frames) < 45
    assert "although it says that it lasts 2.0 s" in truncated


def test_a_damaged_packet_is_left_out_and_told(film: FilmMaker) -> None:
    path = film("damaged.mkv", EVEN, codec="mjpeg")
    content = bytearray(path.read_bytes())
    images = [i for i in range(len(content) - 2) if content[i : i + 3] == b"\xff\xd8\xff"]
    content[images[20] : images[21] - 40] = bytes(images[21] - 40 - images[20])
    path.write_bytes(content)
    frames, truncated = frames_of(path)
    assert len(images) == 50
    assert [frame.index for frame in frames] == list(range(49))
    assert frames[-1].time_s == pytest.approx(49 * 0.04)
    assert truncated == "1 damaged packet could not be decoded whole"


def test_a_film_whose_index_is_cut_off_is_told_from_a_file_that_is_none(film: FilmMaker) -> None:
    path = film("cut.mp4", EVEN)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(SourceError, match="cut off and its index is missing"):
        open_source(str(path), camera="north")


def test_bad_files_get_one_clear_sentence(film: FilmMaker, tmp_path: Path) -> None:
    text, empty, sound = tmp_path / "text.mp4", tmp_path / "empty.mp4", tmp_path / "sound.wav"
    text.write_text("this is a letter, not a film\n" * 100)
    empty.touch()
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    none = film("none.mp4", [])
    raw = film("raw.mjpeg", EVEN, codec="mjpeg")
    expected = {
        text: "it holds no video that can be read",
        empty: "it is empty",
        sound: "it holds no video, only sound or data",
        none: "it holds no frames",
        film("none.avi", []): "it holds no frames",
        raw: "its frames carry no times",
        tmp_path: "it is a folder",
        tmp_path / "absent.mp4": "it is not there",
        Path("/dev/video97"): "it is not there",
    }
    for path, reason in expected.items():
        with pytest.raises(SourceError) as caught:
            open_source(str(path), camera="north")
        assert str(caught.value).startswith(f'cannot read "{path}": {reason}')
        assert "\n" not in str(caught.value)


def test_loop_needs_live(film: FilmMaker) -> None:
    with pytest.raises(ValueError, match="loop needs live"):
        open_source(str(film("film.mp4", EVEN)), camera="north", loop=True)


def test_a_rate_of_nothing_is_refused(film: FilmMaker) -> None:
    with pytest.raises(ValueError, match="max_rate_hz must be greater than 0"):
        open_source(str(film("film.mp4", EVEN)), camera="north", max_rate_hz=0.0)


@pytest.mark.realdata
def test_real_footage_is_read_whole(shared_data: Path) -> None:
    frames, truncated = frames_of(shared_data / "video/intel_one_by_one/one-by-one-person-detection.mp4", max_rate_hz=1.0)
    assert len(frames) == 140
    assert frames[-1].time_s == pytest.approx(139.0, abs=0.1)
    assert not truncated


def test_leaving_frames_undecoded_gives_the_same_pictures_times_and_numbers(film: FilmMaker) -> None:
    times_s = [0.04 * k + 0.004 * (k % 3) for k in range(100)]
    path = film("film.mp4", times_s, codec="libx264")
    every, _ = frames_of(path)
    kept, told = frames_of(path, max_rate_hz=5.0)
    gate = RateGate(5.0)
    wanted = [frame for frame in every if gate.passes(frame.time_s)]
    assert len(wanted) == 20
    assert [frame.time_s for frame in kept] == [frame.time_s for frame in wanted]
    assert all((one.luma == other.luma).all() for one, other in zip(kept, wanted, strict=True))
    assert [frame.index for frame in kept] == [frame.index for frame in wanted]
    assert not told


def test_frames_that_nobody_wants_are_not_decoded(film: FilmMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film("film.mp4", [0.04 * k for k in range(100)], codec="libx264")
    passed = 0

    def counted(gate: RateGate, stream_s: float) -> bool:
        nonlocal passed
        passed += 1
        return genuine(gate, stream_s)

    genuine = RateGate.passes
    monkeypatch.setattr(RateGate, "passes", counted)
    frames_of(path, max_rate_hz=5.0)
    assert passed < 70
