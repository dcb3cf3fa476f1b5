"""A system-call trace of a sensor on marked footage: no picture, box or track id is in any file or socket."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from throng.capture.source import open_source
from throng.data.frame import Frame

SCRIPT = Path(__file__).parent / "traced_sensor.py"
SITE = """name = "Traced"
tick_s = 1
[budget]
rho_per_day = 8.0
[[camera]]
name = "north"
address = "film.mp4"
rate_hz = 30
[[camera.line]]
name = "door"
from = [10, 100]
to = [150, 100]
[[camera.zone]]
name = "hall"
corners = [[0, 0], [160, 0], [160, 240], [0, 240]]
"""
CALLS = "connect,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice,copy_file_range,"
CALLS += "msync,mmap,io_uring_setup"
LEFT = 41.123456789
FIRST_ID = 0x5A17_C0DE_5A17_0000


def _film(path: Path) -> None:
    generator = np.random.default_rng(7)
    with av.open(path, "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 240, "yuv420p"
        for _ in range(45):
            noise = generator.integers(0, 256, (240, 160, 3), dtype=np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="bgr24")))
        film.mux(stream.encode())


def _pixels(path: Path) -> list[bytes]:
    """Runs of decoded pixels from every frame, in colour and as brightness, long enough to be no accident."""
    with open_source(str(path), camera="north") as source:
        return [
            run.tobytes()
            for item in source
            if isinstance(item, Frame)
            for row in (5, 120, 230)
            for run in (item.image_bgr[row, 40:48], item.luma[row, 40:64])
        ]


def _traced(folder: Path, *options: str) -> tuple[bytes, str]:
    """All that the sensor gave to the system, and what it printed."""
    trace = folder / "trace.txt"
    home = folder / "home"
    home.mkdir(exist_ok=True)
    # Without the variables of continuous integration, which make some libraries behave.
    environ = {"HOME": str(home), "PATH": os.environ["PATH"]}
    strace = ["strace", "-f", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(trace)]
    done = subprocess.run(
        [*strace, sys.executable, str(SCRIPT), str(folder), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
        env=environ,
    )
    assert done.returncode == 0, done.stderr
    text = trace.read_text()
    shared = [line for line in text.splitlines() if " mmap(" in line and "MAP_SHARED" in line and "PROT_WRITE" in line]
    assert not [line for line in shared if "MAP_ANONYMOUS" not in line], (
        "a file was mapped for writing: the trace cannot see it"
    )
    assert "io_uring_setup" not in text
    assert "AF_INET" not in text, "the sensor of a film tried to reach a network"
    assert not list(home.rglob("*")), "something was left in the home folder"
    strings = re.findall(r'"((?:\\x[0-9a-f]{2})*)"', text)
    return b"\0".join(bytes.fromhex(part.replace("\\x", "")) for part in strings), done.stdout


def _marks(film: Path) -> list[bytes]:
    ids = [FIRST_ID + number for number in range(4)]
    as_text = [str(key).encode() for key in ids] + [f"{key:x}".encode() for key in ids] + [str(LEFT)[:9].encode()]
    return [*as_text, *(struct.pack("<Q", key) for key in ids), struct.pack("<d", LEFT), *_pixels(film)]


@pytest.mark.slow
def test_no_picture_box_or_track_id_leaves_the_sensor(tmp_path: Path) -> None:
    _film(tmp_path / "film.mp4")
    (tmp_path / "site.toml").write_text(SITE)
    sent, printed = _traced(tmp_path)
    releases, tracks = map(int, re.findall(r"\d+", printed))
    assert releases >= 2
    assert tracks >= 1
    assert b"north" in sent, "the trace did not see the releases"
    marks = _marks(tmp_path / "film.mp4")
    assert not [mark for mark in marks if mark in sent]
    # The same search does find them when a detector leaks.
    leaked, _ = _traced(tmp_path, "leak")
    found = [mark for mark in marks if mark in leaked]
    assert struct.pack("<d", LEFT) in found
    assert str(FIRST_ID).encode() in found
    assert len([mark for mark in _pixels(tmp_path / "film.mp4") if mark in leaked]) > 100
