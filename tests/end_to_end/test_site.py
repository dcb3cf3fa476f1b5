"""`throng run`: a site whose cameras fail in different ways goes on, and nothing stored is lost."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import duckdb
import httpx
import numpy as np
import pytest
from tests.end_to_end.running import Running, start

SITE = """name = "Mixed"
tick_s = 1
port = 0
[budget]
rho_per_day = 8.0

[[camera]]
name = "good"
address = "film.mp4"
loop = true
detector = "foreground"
[[camera.zone]]
name = "all"
corners = [[0, 0], [160, 0], [160, 120], [0, 120]]

[[camera]]
name = "gone"
address = "rtsp://127.0.0.1:9/stream"
[[camera.line]]
name = "door"
from = [10, 10]
to = [100, 100]

[[camera]]
name = "misdrawn"
address = "film.mp4"
loop = true
detector = "foreground"
[[camera.line]]
name = "door"
from = [1000, 1000]
to = [1100, 1100]

[[camera]]
name = "no model"
address = "film.mp4"
loop = true
detector = "film.onnx"
[[camera.line]]
name = "door"
from = [10, 10]
to = [100, 100]

[[camera]]
name = "no film"
address = "text.mp4"
loop = true
detector = "foreground"
[[camera.line]]
name = "door"
from = [10, 10]
to = [100, 100]
"""


def _film(path: Path) -> None:
    with av.open(path, "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(60):
            picture = np.full((120, 160, 3), 90, np.uint8)
            picture[30:90, 2 * number : 2 * number + 20] = 200
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        film.mux(stream.encode())


@contextmanager
def _signed_in(running: Running) -> Iterator[httpx.Client]:
    link = running.wait_for(r"(http://\S+)/sign-in\?code=(\S+)")
    with httpx.Client(base_url=link.group(1), headers={"Origin": link.group(1)}) as client:
        assert client.post("/sign-in", data={"code": link.group(2)}).status_code == 303
        yield client


def _wait(client: httpx.Client, good: int) -> tuple[dict[str, dict[str, str]], list[dict[str, object]]]:
    """Wait until the good camera has so many known ticks; the cameras' states and its rows."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        cameras = {camera["name"]: camera for camera in client.get("/api/v1/cameras").json()}
        series = client.get("/api/v1/series", params={"camera": "good", "place": "all", "quantity": "occupancy"}).json()
        known = [row for row in series["rows"] if row["value"] is not None]
        settled = all(camera["state"] != "starting" for camera in cameras.values())
        if len(known) >= good and settled:
            return cameras, series["rows"]
        time.sleep(0.3)
    raise AssertionError("the good camera never released enough")


@pytest.mark.slow
def test_broken_cameras_are_unknown_and_the_rest_go_on(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "text.mp4").write_text("no film")
    (tmp_path / "film.onnx").write_text("no model")
    _film(tmp_path / "film.mp4")
    running = start("run", "site.toml", folder=tmp_path)
    with _signed_in(running) as client:
        cameras, rows = _wait(client, good=3)
    assert cameras["good"]["state"] == "live"
    for name, words in (("gone", "refuses"), ("misdrawn", "outside the picture"), ("no model", "film.onnx"), ("no film", "")):
        assert cameras[name]["state"] == "unknown", cameras[name]
        assert words in cameras[name]["reason"]
        assert "Traceback" not in cameras[name]["reason"]
    assert running.stop() == 0
    # A restart loses nothing that was stored, and opens a new epoch that the ledger accounts for.
    again = start("run", "site.toml", folder=tmp_path)
    with _signed_in(again) as client:
        _, later = _wait(client, good=6)
    assert later[: len(rows)] == rows
    assert again.stop() == 0
    (ledger,) = (tmp_path / "data" / "ledger").glob("good*.jsonl")
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert len(lines) >= 2
    assert sum(line["rho"] for line in lines) <= 8.0
    assert not any("Traceback" in line for line in running.said + again.said)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_started_again(tmp_path: Path) -> None:
    import os
    import signal
    import subprocess

    (tmp_path / "site.toml").write_text(SITE.split('[[camera]]\nname = "gone"', maxsplit=1)[0])
    _film(tmp_path / "film.mp4")
    running = start("run", "site.toml", folder=tmp_path)
    with _signed_in(running) as client:
        _, before = _wait(client, good=2)
        workers = subprocess.run(
            ["pgrep", "-P", str(running.process.pid), "-f", "spawn_main"], capture_output=True, text=True, check=True
        )
        os.kill(int(workers.stdout.split()[0]), signal.SIGKILL)
        _, after = _wait(client, good=len([row for row in before if row["value"] is not None]) + 3)
    assert after[: len(before)] == before
    assert running.stop() == 0
    with duckdb.connect(tmp_path / "data" / "throng.duckdb", read_only=True) as store:
        tables = [name for (name,) in store.execute("SELECT table_name FROM information_schema.tables").fetchall()]
        assert sorted(tables) == ["fresh", "part", "reason", "released", "schema_version", "series", "settled"]
        (epochs,) = store.execute("SELECT count(DISTINCT epoch) FROM released WHERE value IS NOT NULL").fetchall()
    assert epochs[0] == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'name = "caf\xe9"\n', "UTF-8"),
        (b'name = "x"\ntick = 60\n[[camera]]\nname = "a"\naddress = "b.mp4"\n', "did you mean"),
        (b"name = \n", ":1"),
    ],
)
def test_a_wrong_site_file_is_said_with_its_line(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "site.toml").write_bytes(content)
    running = start("run", "site.toml", folder=tmp_path)
    assert running.process.wait(30) == 2
    running.listener.join(10)
    text = "\n".join(running.said)
    assert "site.toml" in text
    assert words in text
    assert "Traceback" not in text
