"""What real streams do: other sizes, clocks that jump, reordered and interlaced frames, sound, and garbage for a while."""

import contextlib
import io
import itertools
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from throng.capture import live, stream
from throng.capture.source import SourceInfo, open_source
from throng.data.errors import SourceError
from throng.data.frame import Frame
from throng.data.outage import Outage

if TYPE_CHECKING:
    from av.container import InputContainer

ROOT = Path(__file__).resolve().parents[2]
RATE_HZ = 25
FilmMaker = Callable[..., Path]


def picture(number: int, width: int, height: int) -> av.VideoFrame:
    """Flat grey of level 20 + 8 * (number % 28)."""
    return av.VideoFrame.from_ndarray(np.full((height, width, 3), 20 + 8 * (number % 28), np.uint8), format="bgr24")


def encoded(
    frames: int,
    *,
    codec: str = "mpeg2video",
    container_format: str = "mpegts",
    size_px: tuple[int, int] = (64, 48),
    start_s: float = 0.0,
    options: dict[str, str] | None = None,
    b_frames: int = 0,
) -> bytes:
    """A film of flat greys, 25 a second, with a key frame every fifth where there are no B-frames."""
    target = io.BytesIO()
    with av.open(target, "w", format=container_format) as container:
        video = cast(VideoStream, container.add_stream(codec, rate=RATE_HZ, options=options or {}))
        video.width, video.height = size_px
        video.pix_fmt = "yuv420p"
        video.codec_context.gop_size = 12 if b_frames else 5
        video.codec_context.max_b_frames = b_frames
        for number in range(frames):
            shown = picture(number, *size_px)
            shown.pts, shown.time_base = number + round(start_s * RATE_HZ), Fraction(1, RATE_HZ)
            container.mux(video.encode(shown))
        container.mux(video.encode())
    return target.getvalue()


def frames_of(path: Path) -> tuple[list[Frame], str]:
    with open_source(str(path), camera="north") as source:
        return [item for item in source if isinstance(item, Frame)], source.truncated


@pytest.mark.parametrize(("name", "codec"), [("mp4", "mpeg4"), ("mpegts", "mpeg2video"), ("matroska", "mpeg4")])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_reordered_frames_come_in_the_order_in_which_they_are_shown(
    tmp_path: Path, name: str, codec: str, b_frames: int
) -> None:
    path = tmp_path / "film"
    path.write_bytes(encoded(50, codec=codec, container_format=name, b_frames=b_frames))
    with av.open(str(path)) as container:
        packets = [(packet.pts, packet.dts) for packet in container.demux(video=0) if packet.pts is not None]
    assert (sorted(packets) != packets) == (b_frames > 0)  # the film has what the test is about
    frames, truncated = frames_of(path)
    levels = np.array([frame.image_bgr.mean() for frame in frames])
    assert np.abs(levels - [20 + 8 * (i % 28) for i in range(50)]).max() < 13
    assert (np.diff(levels)[np.arange(49) != 27] >= 0).all()
    assert [frame.time_s for frame in frames] == pytest.approx([i / RATE_HZ for i in range(50)], abs=0.002)
    assert not truncated


def test_interlaced_frames_are_whole_frames_each_once(tmp_path: Path) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(encoded(50, options={"flags": "+ildct+ilme"}))
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    frames, _ = frames_of(path)
    assert len(frames) == 50
    assert {frame.size_px for frame in frames} == {(64, 48)}
    assert [frame.time_s for frame in frames] == pytest.approx([i / RATE_HZ for i in range(50)], abs=0.002)


def test_a_size_that_changes_in_mid_stream_is_that_of_the_frames(tmp_path: Path) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(encoded(25) + encoded(25, size_px=(96, 64), start_s=1.0) + encoded(25, start_s=2.0))
    frames, _ = frames_of(path)
    sizes = [size for size, _ in itertools.groupby(frame.size_px for frame in frames)]
    assert sizes == [(64, 48), (96, 64), (64, 48)]
    assert len(frames) >= 72
    for frame in frames:
        assert frame.luma.shape == frame.size_px[::-1]
        assert frame.image_bgr.shape == (*frame.size_px[::-1], 3)


def test_times_always_advance_though_the_clock_jumps(tmp_path: Path) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(b"".join(encoded(25, start_s=start_s) for start_s in (500.0, 0.0, 90000.0, 3.0, 2.9)))
    frames, _ = frames_of(path)
    steps_s = np.diff([frame.time_s for frame in frames])
    assert len(frames) >= 120
    assert steps_s.min() > 0
    assert np.sort(steps_s)[-2] < 0.2  # back and a little back: the stream goes on
    assert steps_s.max() == pytest.approx(90000.0, abs=2.0)  # far ahead: a pause, as the film says


def test_a_clock_that_runs_over_goes_on(tmp_path: Path) -> None:
    """An MPEG clock has 33 bits of 90 kHz and starts over after 26.5 hours."""
    path = tmp_path / "film.ts"
    path.write_bytes(encoded(50, start_s=2**33 / 90000 - 2.4))  # the muxer adds 1.4 s of its own
    with av.open(str(path)) as container:
        raw = [packet.pts for packet in container.demux(video=0) if packet.pts is not None]
    frames, _ = frames_of(path)
    assert len(raw) == len(frames) == 50
    assert np.diff([frame.time_s for frame in frames]).max() < 0.1


def video_of(container: SimpleNamespace, *, patience_s: float | None = None) -> stream.Video:
    """An open video whose container is made up."""
    info = SourceInfo(64, 48, 25.0, None, None)
    opened = cast("InputContainer", container)
    return stream.Video(opened, info, has_times=True, nominal_interval_s=0.04, patience_s=patience_s)


def with_sound(path: Path, *, codecs: Sequence[str], start_s: float = 0.0) -> Path:
    """A second of silence, and of greys where a codec of pictures is named too, as streams in this order."""
    with av.open(str(path), "w") as container:
        tracks = [container.add_stream(codec, rate=8000 if codec == "aac" else RATE_HZ) for codec in codecs]
        for track in tracks:
            if isinstance(track, VideoStream):
                track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        first = round(start_s * RATE_HZ)
        for number, track in itertools.product(range(25), tracks):
            if isinstance(track, VideoStream):
                shown = picture(number, 64, 48)
                shown.pts, shown.time_base = first + number, Fraction(1, RATE_HZ)
                container.mux(track.encode(shown))
            elif isinstance(track, AudioStream):
                samples = av.AudioFrame.from_ndarray(np.zeros((1, 320), np.float32), format="fltp", layout="mono")
                samples.sample_rate, samples.pts = 8000, 320 * (first + number)
                container.mux(track.encode(samples))
        for track in tracks:
            container.mux(track.encode())  # type: ignore[union-attr]
    return path


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_sound_beside_the_picture_is_left_alone(tmp_path: Path, name: str) -> None:
    frames, truncated = frames_of(with_sound(tmp_path / name, codecs=("aac", "mpeg4")))
    assert [frame.time_s for frame in frames] == pytest.approx([i / RATE_HZ for i in range(25)], abs=0.002)
    assert not truncated


def test_sound_that_is_switched_on_in_mid_stream_ends_nothing() -> None:
    """At a packet of a stream that is new PyAV's generator fails, because it knows only those that were there at the start."""
    pictures = [SimpleNamespace(is_corrupt=False, pts=None), SimpleNamespace(is_corrupt=False, pts=None)]
    before, after = (SimpleNamespace(size=100, is_corrupt=False, decode=lambda shown=shown: [shown]) for shown in pictures)

    def demux(of: Iterator[SimpleNamespace | None]) -> Iterator[SimpleNamespace]:
        for packet in of:
            if packet is None:
                raise IndexError("list index out of range")
            yield packet

    packets = iter([before, None, None, after])
    container = SimpleNamespace(streams=SimpleNamespace(video=[None]), demux=lambda _: demux(packets))
    assert list(video_of(container).frames()) == cast("list[av.VideoFrame]", pictures)


def test_sound_alone_is_no_camera(tmp_path: Path) -> None:
    path = with_sound(tmp_path / "sound.mp4", codecs=("aac",))
    with pytest.raises(SourceError, match="it holds no video, only sound or data"):
        open_source(str(path), camera="north")
    with open_source(str(path), camera="north", live=True) as source:
        first = next(iter(source))
    assert isinstance(first, Outage)
    assert first.reason == "the camera cannot be read: it holds no video, only sound or data"


def test_a_title_in_another_encoding_is_no_reason_not_to_read_the_film(film: FilmMaker) -> None:
    path = film("film.mkv", [i / RATE_HZ for i in range(25)], codec="mjpeg")
    content = path.read_bytes()
    assert b"Lavf" in content
    path.write_bytes(content.replace(b"Lavf", b"L\xe4vf"))
    assert len(frames_of(path)[0]) == 25


def test_a_codec_that_nobody_knows_is_told(film: FilmMaker) -> None:
    path = film("film.mkv", [i / RATE_HZ for i in range(25)], codec="mjpeg")
    path.write_bytes(path.read_bytes().replace(b"V_MJPEG", b"V_UNKNO"))
    with pytest.raises(SourceError, match="its video codec is not known"):
        open_source(str(path), camera="north")


def test_garbage_within_a_film_costs_what_it_hits(tmp_path: Path) -> None:
    path = tmp_path / "film.ts"
    garbage = random.Random(1).randbytes(188 * 400)
    path.write_bytes(encoded(25) + garbage + encoded(25, start_s=3.0))
    frames, truncated = frames_of(path)
    assert 45 <= len(frames) <= 51
    assert "damaged packet" in truncated
    assert frames[-1].time_s == pytest.approx(3.96, abs=0.1)


class TransportStream:
    """An HTTP camera that sends an MPEG transport stream at its own pace; what it sends can be spoilt for a while."""

    def __init__(self) -> None:
        self.spoil: Callable[[bytes], bytes] = bytes
        self.connections = 0
        self._on = threading.Event()
        self._on.set()
        self._number = itertools.count()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.connections += 1
                self.send_response(200)
                self.send_header("Content-Type", "video/mp2t")
                self.end_headers()
                with contextlib.suppress(OSError):  # the client has gone
                    camera.send(self.wfile.write)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/live.ts"

    def send(self, write: Callable[[bytes], object]) -> None:
        """Encode and send, 25 frames a second, until the camera is closed."""
        camera = self

        class Pipe(io.RawIOBase):
            def writable(self) -> bool:
                return True

            def write(self, data: object) -> int:
                content = bytes(cast(bytes, data))
                write(camera.spoil(content))
                return len(content)

        with av.open(Pipe(), "w", format="mpegts") as container:
            video = container.add_stream("mpeg2video", rate=RATE_HZ)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            video.codec_context.gop_size = 5
            video.codec_context.max_b_frames = 0
            while self._on.is_set():
                number = next(self._number)
                shown = picture(number, 64, 48)
                shown.pts, shown.time_base = number, Fraction(1, RATE_HZ)
                container.mux(video.encode(shown))
                time.sleep(1 / RATE_HZ)

    def close(self) -> None:
        self._on.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def transport_stream() -> Iterator[TransportStream]:
    made = TransportStream()
    yield made
    made.close()


def random_bytes(content: bytes) -> bytes:
    return os.urandom(len(content))


def undecodable(content: bytes) -> bytes:
    """Whole packets of the transport stream with nothing in them that a decoder knows."""
    packets = [bytearray(content[i : i + 188]) for i in range(0, len(content), 188)]
    for packet in packets:
        identifier = (packet[1] & 0x1F) << 8 | packet[2]
        if identifier == 0x100:
            packet[40:] = bytes(len(packet) - 40)
    return b"".join(packets)


@pytest.mark.parametrize("spoil", [random_bytes, undecodable])
def test_a_camera_that_sends_garbage_for_a_while_is_out_and_comes_back(
    transport_stream: TransportStream, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(live, "SILENCE_S", 1.0)
    with open_source(transport_stream.url, camera="north", live=True) as source:
        items = iter(source)
        begun_s = time.monotonic()
        assert isinstance(next(item for item in items if isinstance(item, Frame)), Frame)
        transport_stream.spoil = spoil
        outages = list(itertools.islice((item for item in items if isinstance(item, Outage)), 3))
        transport_stream.spoil = bytes
        assert all(outage.reason.startswith("the camera ") for outage in outages)
        back = next(item for item in items if isinstance(item, Frame))
        assert abs(back.time_s - time.time()) < 5.0
        assert time.monotonic() - begun_s < 30.0


def test_a_camera_that_sends_nothing_but_garbage_is_called_again(
    transport_stream: TransportStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TIMEOUT_S", 1.5)
    monkeypatch.setattr(stream, "PATIENCE_S", 1.5)
    with open_source(transport_stream.url, camera="north", live=True) as source:
        items = iter(source)
        assert isinstance(next(item for item in items if isinstance(item, Frame)), Frame)
        transport_stream.spoil = undecodable
        told = (item.reason for item in items if isinstance(item, Outage))
        assert next(reason for reason in told if reason.startswith("the camera cannot be read: it "))
        transport_stream.spoil = bytes
        assert isinstance(next(item for item in items if isinstance(item, Frame)), Frame)
    assert transport_stream.connections >= 2


def test_packets_that_never_become_pictures_end_the_patience() -> None:
    def empty() -> list[av.VideoFrame]:
        time.sleep(0.01)
        return []

    packet = SimpleNamespace(size=100, is_corrupt=False, decode=empty)
    container = SimpleNamespace(streams=SimpleNamespace(video=[None]), demux=lambda _: itertools.repeat(packet))
    video = video_of(container, patience_s=0.2)
    with pytest.raises(SourceError, match=r"it sent nothing for 0\.2 s that can be decoded"):
        next(video.frames())


def fuzz(seed: int, count: int, *, limit_s: float) -> None:
    """Run the fuzzer in a process of its own, so that a crash is a failing test."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    command = [sys.executable, "-W", "error", "-m", "tests.capture.fuzz_sources", str(seed), str(count)]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as error:
        told = (error.stdout or b"").decode()[-400:]
        pytest.fail(f"not done after {limit_s:g} s; the last cases were\n{told}")
    told = done.stdout.decode()
    assert done.returncode == 0, f"exit status {done.returncode} after\n{told[-400:]}\n{done.stderr.decode()[-2000:]}"
    assert "12 frames" in told
    assert "SourceError" in told


def test_whatever_the_bytes_a_source_gives_frames_or_one_clear_error() -> None:
    fuzz(random.SystemRandom().randrange(10**6), 400, limit_s=60.0)


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_whatever_the_bytes_for_longer() -> None:
    for seed in range(int(os.environ.get("THRONG_FUZZ_SEEDS", "2"))):  # `make fuzz` takes eight
        fuzz(seed, 5000, limit_s=250.0)
