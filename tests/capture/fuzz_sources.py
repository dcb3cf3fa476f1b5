"""Opens broken films, one after another, in a process of its own: `python -m tests.capture.fuzz_sources SEED COUNT`.

Whatever the bytes, a source gives frames or a `SourceError`; anything else ends this process with another exit status than 0,
after the line that names the case. A case that takes more than twenty seconds ends it too.
"""

import faulthandler
import itertools
import math
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from throng.capture.source import open_source
from throng.data.errors import SourceError
from throng.data.frame import Frame

FRAMES = 12
LONGEST_S = 20.0
MEMORY_BYTES = 6_000_000_000

PLAYLISTS = (
    b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    b"#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/x.ts\n",
    b"ffconcat version 1.0\nfile film.mp4\nfile /etc/passwd\n",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    b"[playlist]\nFile1=film.mp4\n",
    b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period><AdaptationSet/></Period></MPD>",
    b"",
    b"\x00" * 5000,
    b"RIFF\xff\xff\xff\xffAVI LIST",
    b"\x00\x00\x00\x18ftypmp42" + b"\xff" * 300,
    b"\x1aE\xdf\xa3" + b"\xff" * 300,
    b"\xff\xd8\xff\xe0" + bytes(300),
    b"P6 65535 65535 255\n" + bytes(100),
    b"P5 60000 60000 255\n" + bytes(100),
)
"""Small files that are hostile as they are: playlists that reach for other files and hosts, headers without a body."""


def seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Sound films in many containers, and the playlists."""
    made = []
    for name, codec, pixel_format in (
        ("film.mp4", "mpeg4", "yuv420p"),
        ("fragments.mp4", "mpeg4", "yuv420p"),
        ("film.mkv", "mjpeg", "yuvj420p"),
        ("film.ts", "mpeg2video", "yuv420p"),
        ("film.avi", "mjpeg", "yuvj420p"),
        ("film.webm", "libvpx", "yuv420p"),
        ("film.mpg", "mpeg1video", "yuv420p"),
        ("film.flv", "flv", "yuv420p"),
        ("film.gif", "gif", "rgb8"),
        ("film.nut", "ffv1", "yuv420p"),
        ("film.mjpeg", "mjpeg", "yuvj420p"),
    ):
        path = folder / name
        options = {"movflags": "frag_keyframe+empty_moov"} if name == "fragments.mp4" else {}
        with av.open(str(path), "w", options=options) as container:
            stream = cast(VideoStream, container.add_stream(codec, rate=25))
            stream.width, stream.height, stream.pix_fmt = 64, 48, pixel_format
            for i in range(FRAMES):
                image = np.random.default_rng(i).integers(0, 255, (48, 64, 3), dtype=np.uint8) // 4 + 15 * i
                picture = av.VideoFrame.from_ndarray(image.astype(np.uint8), format="bgr24")
                picture.pts, picture.time_base = i, Fraction(1, 25)
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        made.append((path.suffix, path.read_bytes()))
    picture_bytes = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    png_bytes = cv2.imencode(".png", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    return [*made, (".jpg", picture_bytes), (".png", png_bytes)]


def _flip(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 4, 40))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _overwrite(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    length = rng.choice((1, 2, 4, 8, 200))
    value = rng.choice((b"\x00", b"\xff", b"\x7f", None))
    data[start : start + length] = rng.randbytes(length) if value is None else value * length


def _header(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randrange(1, 6)):
        data[rng.randrange(min(len(data), 600))] = rng.randrange(256)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _leave_out(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randrange(1, 400)]


def _repeat(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    data[start:start] = data[start : start + rng.randrange(1, 2000)] * rng.randrange(1, 5)


def _noise(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    data[start:start] = rng.randbytes(rng.randrange(1, 5000))


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _overwrite,
    _header,
    _cut,
    _leave_out,
    _repeat,
    _noise,
)


def broken(films: list[tuple[str, bytes]], rng: random.Random) -> tuple[str, bytes]:
    """A file's ending and its content."""
    kind = rng.random()
    suffix, content = rng.choice(films)
    if kind < 0.05:
        return rng.choice((suffix, ".m3u8", ".sdp", ".txt")), rng.randbytes(rng.randrange(3000))
    if kind < 0.15:
        return rng.choice((suffix, ".m3u8", ".sdp", ".txt")), rng.choice(PLAYLISTS)
    data = bytearray(content)
    if kind < 0.25:  # the head of one film and the tail of another
        other = rng.choice(films)[1]
        data = data[: rng.randrange(len(data))] + bytearray(other[rng.randrange(len(other)) :])
    for _ in range(rng.randrange(1, 4)):
        if data:
            rng.choice(MUTATIONS)(data, rng)
    return suffix, bytes(data)


def read(path: Path, *, live: bool) -> str:
    """Open and read a few frames; what came of it."""
    try:
        with open_source(str(path), camera="north", live=live) as source:
            seen, last_s = 0, -math.inf
            for item in itertools.islice(source, 1 if live else 4 * FRAMES):
                if isinstance(item, Frame):
                    seen += 1
                    width, height = item.size_px
                    assert last_s < item.time_s < math.inf
                    last_s = item.time_s
                    assert item.luma.shape == (height, width)
                    assert item.image_bgr.shape == (height, width, 3)
            assert isinstance(source.truncated, str)
            return f"{seen} frames"
    except SourceError as error:
        sentence = str(error)
    assert sentence
    assert "\n" not in sentence
    return "SourceError"


def main(seed: int, count: int, folder: Path) -> None:
    """Try `count` cases that follow from the seed."""
    films = seeds(folder)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    outcomes: dict[str, int] = {}
    for case in range(count):
        rng = random.Random(f"{seed}/{case}")
        suffix, content = broken(films, rng)
        path = folder / f"broken{suffix}"
        path.write_bytes(content)
        os.write(1, f"seed {seed} case {case} {suffix}\n".encode())  # at once, so that a crash leaves it behind
        faulthandler.dump_traceback_later(LONGEST_S, exit=True)
        begun_s = time.monotonic()
        outcome = read(path, live=case % 10 == 9)
        faulthandler.cancel_dump_traceback_later()
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if time.monotonic() - begun_s > 2.0:
            os.write(1, f"slow: {time.monotonic() - begun_s:.1f} s\n".encode())
    os.write(1, f"{sorted(outcomes.items())}\n".encode())


if __name__ == "__main__":
    faulthandler.enable()
    with tempfile.TemporaryDirectory() as temporary:
        main(int(sys.argv[1]), int(sys.argv[2]), Path(temporary))
