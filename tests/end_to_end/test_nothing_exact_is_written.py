"""All that a running site writes is searched for pictures, boxes, tracks, exact counts and noise, also after crashes.

The site is real, its marks are those of `marked_site.py`. A number is found where it is right to 1e-8. The noise has a standard
error above 50, so a released number is that near to one of the few exact counts about it with a probability below 1e-9, and
there are some hundred of them: a false failure is rarer than one in a million.
"""

import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import duckdb
import httpx
import numpy as np
import pytest
from tests.end_to_end import running, test_trace

SCRIPT = Path(__file__).with_name("marked_site.py")
SITE = """name = "Marked"
tick_s = 1
port = 0
[budget]
rho_per_day = 0.001
[[camera]]
name = "north"
address = "film.mp4"
loop = true
[[camera.line]]
name = "door"
from = [10, 100]
to = [150, 100]
[[camera.zone]]
name = "hall"
corners = [[0, 0], [160, 0], [160, 240], [0, 240]]
[[camera.zone]]
name = "empty"
corners = [[120, 0], [160, 0], [160, 30], [120, 30]]
[[alarm]]
name = "full"
camera = "north"
place = "empty"
quantity = "occupancy"
above = 100
clear = 50
"""
LEAST = 10_000
"""Smaller numbers occur by chance."""
NEAR = 1e-8
Key = tuple[object, ...]
Row = tuple[float | None, str]


@dataclass
class Site:
    """A folder in which a marked site runs, and all that was seen of what it wrote."""

    folder: Path
    secrets: Path
    options: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @contextmanager
    def running(self, name: str) -> Iterator[tuple[httpx.Client, running.Running]]:
        """The site from its start to Ctrl-C; what it wrote meanwhile is kept under this name."""
        site = running.start(str(SCRIPT), str(self.secrets), *self.options, folder=self.folder)
        link = site.wait_for(r"(http://\S+)/sign-in\?code=(\S+)")
        with httpx.Client(base_url=link.group(1), headers={"Origin": link.group(1)}) as client:
            assert client.post("/sign-in", data={"code": link.group(2)}).status_code == 303
            yield client, site
        assert site.stop() == 0
        self.texts[f"{name}/said"] = "\n".join(site.said)
        self.look(name)

    def look(self, name: str) -> None:
        """Keep all that is in the folder at this moment."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name not in ("film.mp4", "site.toml") and not path.name.startswith("core"):
                self.files[f"{name}/{path.relative_to(self.folder)}"] = path.read_bytes()

    def epochs(self) -> list[dict[str, Any]]:
        """The lines of the ledger."""
        paths = (self.data / "ledger").glob("*.jsonl")
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    def told(self) -> list[dict[str, Any]]:
        """What the marked site told the test."""
        whole = [path.read_text().rpartition("\n")[0] for path in self.secrets.glob("*.jsonl")]
        return [json.loads(line) for text in whole for line in text.splitlines()]

    def ticks(self) -> list[tuple[str, int]]:
        """Every tick that was noised, and in which epoch."""
        return [(each["epoch"], each["tick"]) for each in self.told() if "tick" in each]


def _rows(store: Path) -> dict[Key, Row]:
    """Value and epoch by camera, place, quantity and tick."""
    with duckdb.connect(store, read_only=True) as connection:
        rows = connection.execute("SELECT camera, place, quantity, tick_start, value, epoch FROM released").fetchall()
    assert len({row[:4] for row in rows}) == len(rows)
    return {row[:4]: row[4:] for row in rows}


def _answers(client: httpx.Client) -> str:
    said = [
        client.get(path) for path in ("/", "/health", *(f"/api/v1/{name}" for name in ("site", "cameras", "latest", "alarms")))
    ]
    for measure in client.get("/api/v1/measures").json():
        for quantity in measure["quantities"]:
            about = {"camera": measure["camera"], "place": measure["place"], "quantity": quantity}
            said.append(client.get("/api/v1/series", params=about))
    assert {answer.status_code for answer in said} == {200}
    live = ""
    with client.stream("GET", "/api/v1/live", timeout=20) as feed:
        for line in feed.iter_lines():
            live += line + "\n"
            if live.count("event: tick") >= 2 and "event: alarms" in live:
                break
    return "\n".join(answer.text for answer in said) + live


def _wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "it did not happen within a minute"
        time.sleep(0.2)


def _known(client: httpx.Client) -> int:
    """How many known ticks can be seen."""
    about = {"camera": "north", "place": "hall", "quantity": "occupancy"}
    return sum(row["value"] is not None for row in client.get("/api/v1/series", params=about).json()["rows"])


def _wait_for_ticks(client: httpx.Client, more: int) -> None:
    wanted = _known(client) + more
    _wait_until(lambda: _known(client) >= wanted)


def _back_up(site: Site, process: running.Running, backup: Path) -> None:
    """Copy the store and its log of one moment."""
    os.kill(process.process.pid, signal.SIGSTOP)
    try:
        shutil.copytree(site.data, backup, ignore=shutil.ignore_patterns("ledger"))
        site.look("running")
    finally:
        os.kill(process.process.pid, signal.SIGCONT)


def _crash(process: running.Running) -> None:
    found = subprocess.run(
        ["pgrep", "-P", str(process.process.pid), "-f", "spawn_main"], capture_output=True, text=True, check=True
    )
    for pid in found.stdout.split():
        os.kill(int(pid), signal.SIGABRT)


def _film(path: Path) -> None:
    """Blocks, so that the camera does not pass for covered, and noise, so that no two runs of pixels are alike."""
    generator = np.random.default_rng(7)
    blocks = generator.integers(60, 200, (12, 8, 3)).repeat(20, axis=0).repeat(20, axis=1)
    with av.open(path, "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 160, 240, "yuv420p", 8_000_000
        for _ in range(45):
            picture = (blocks + generator.integers(-40, 40, blocks.shape)).astype(np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        film.mux(stream.encode())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A marked site that has not been started."""
    monkeypatch.setattr(running, "THRONG", sys.executable)
    made = Site(tmp_path / "site", tmp_path / "secrets")
    made.folder.mkdir()
    made.secrets.mkdir()
    _film(made.folder / "film.mp4")
    (made.folder / "site.toml").write_text(SITE)
    return made


def _marks(site: Site) -> tuple[list[bytes], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """What must be nowhere: bytes, and numbers in text or in a table."""
    marks = test_trace._marks(site.folder / "film.mp4")
    numbers: set[int] = set()
    totals: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
    for told in site.told():
        if "noise" in told:
            marks += [struct.pack("<qq", *pair) for pair in pairwise(told["noise"])]
            numbers.update(map(abs, told["noise"]))
            continue
        people = np.array(told["people"])
        epoch = told["epoch"]
        totals[epoch] = totals.get(epoch, np.zeros(4, np.int64)) + people
        for counts in (people, totals[epoch]):
            for form in (counts, 256 * counts, counts.astype(np.float64)):
                marks += [form[:2].tobytes(), form[2:].tobytes()]
            numbers.update(counts.tolist())
            numbers.add(int(counts[2] - counts[3]))
    return marks, np.array(sorted(number for number in numbers if number >= LEAST), dtype=np.float64)


def _near(values: list[float], numbers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    given = np.array(values, dtype=np.float64)
    places = np.clip(np.searchsorted(numbers, given), 1, len(numbers) - 1)
    return bool((np.minimum(abs(numbers[places] - given), abs(numbers[places - 1] - given)) < NEAR).any())


def _found(site: Site, rows: dict[Key, Row]) -> set[tuple[str, str]]:
    """Where which kind of mark was found."""
    marks, numbers = _marks(site)
    texts = dict(site.texts)
    for name, content in site.files.items():
        if content.isascii():
            texts[name] = content.decode()
    everything = site.files | {name: text.encode() for name, text in texts.items()}
    marked = {content for content in set(everything.values()) if any(mark in content for mark in marks)}
    found = {(name, "bytes") for name, content in everything.items() if content in marked}
    for name, text in texts.items():
        # Not the port, which may be any number.
        tokens = re.findall(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.sub(r"127\.0\.0\.1:\d+", "", text))
        if _near([float(token) for token in tokens], numbers):
            found.add((name, "number"))
    if _near([value for value, _ in rows.values() if value is not None], numbers):
        found.add(("rows", "number"))
    return found


def _cores(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith("core")]


@pytest.mark.slow
def test_nothing_exact_is_written_and_no_tick_is_noised_twice(site: Site, tmp_path: Path) -> None:
    with site.running("first") as (client, process):
        _wait_for_ticks(client, 3)
        _back_up(site, process, tmp_path / "backup")
        # The detector breaks, and then the process.
        _wait_until(lambda: len(site.epochs()) == 2)
        _wait_for_ticks(client, 2)
        _crash(process)
        _wait_until(lambda: len(site.epochs()) == 3)
        _wait_for_ticks(client, 2)
        site.look("crashed")
        site.texts["answers"] = _answers(client)
    assert "ZeroDivisionError" in site.texts["first/said"]
    assert "running/data/throng.duckdb.wal" in site.files
    assert _cores(site.folder) == []
    kept = _rows(site.data / "throng.duckdb")
    for path in site.data.glob("throng.duckdb*"):
        path.unlink()
    shutil.copytree(tmp_path / "backup", site.data, dirs_exist_ok=True)
    with site.running("restored") as (client, _):
        _wait_until(lambda: len(site.epochs()) == 4)
        _wait_for_ticks(client, 2)
    restored = _rows(site.data / "throng.duckdb")
    in_both = kept.keys() & restored.keys()
    assert in_both
    assert kept.keys() - in_both
    assert restored.keys() - in_both
    assert {key: kept[key] for key in in_both} == {key: restored[key] for key in in_both}
    again = next(each["tick"] for each in site.told() if each.get("epoch", "").endswith("/4"))
    (site.secrets / "clock").write_text(str(again - 8))
    with site.running("set back"):
        _wait_until(lambda: len(site.ticks()) > len({tick for _, tick in site.ticks()}))
    set_back = _rows(site.data / "throng.duckdb")
    assert {key: set_back[key] for key in restored} == restored
    assert len(set(site.ticks())) == len(site.ticks())
    epochs = site.epochs()
    assert len({epoch["epoch"] for epoch in epochs}) == len(epochs) == 5
    assert sum(epoch["rho"] for epoch in epochs) <= 0.001
    assert _found(site, kept | set_back) == set()


@pytest.mark.slow
def test_the_search_finds_what_leaks(site: Site) -> None:
    site.options = ("leak",)
    with site.running("leaking") as (client, process):
        _wait_for_ticks(client, 2)
        _wait_until(lambda: len(site.epochs()) == 2)
        site.texts["answers"] = _answers(client)
        _crash(process)
    found = _found(site, _rows(site.data / "throng.duckdb"))
    assert {
        ("leaking/said", "bytes"),
        ("leaking/said", "number"),
        ("answers", "number"),
        ("leaking/data/ledger/leak", "number"),
        ("leaking/tmp/seen", "bytes"),
        ("leaking/tmp/counted", "bytes"),
        ("rows", "number"),
    } <= found
    assert "people, the first of them" in site.texts["leaking/said"]
    # Elsewhere the test cannot see dumps, and `test_secret_memory.py` asks the system whether there was one.
    if Path("/proc/sys/kernel/core_pattern").read_text().startswith("core"):
        (core,) = _cores(site.folder)
        core.unlink()
