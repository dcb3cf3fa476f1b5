"""Many cameras on two cores: the peer's processes, one a camera, or `throng run` with a site file, watched from outside."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from bench import seeing_throng
from bench.peers.environment import python_of
from bench.report import ROOT
from bench.seeing_film import FOOTAGE, LINE, VISITS, ZONE, Film, order, splice
from bench.seeing_rounds import PEER, job

from throng.data.place import Line, Zone
from throng.pipeline import Plan

CORES = 2
QUIET = 0.8
RATE_HZ = 5.0
STARTING_S = 300.0
"""How long all cameras together may take to begin."""
ENDING_S = 20.0

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


Start = Callable[["System", Sequence[Film], Path, Path], list[Path]]
"""Starts a camera for each film with a model and a folder of its own; the files in which they say what they looked at."""


def films(footage: Path, folder: Path, count: int) -> list[Film]:
    """As many films of one quiet camera at five frames a second, each beginning elsewhere in the same minute."""
    visits = VISITS[-1:]
    seconds = order(visits, quiet=QUIET)
    starts = [len(seconds) * k // count for k in range(count)]
    return [
        splice(footage / FOOTAGE, folder / f"film-{k}.mp4", seconds[start:] + seconds[:start], visits=visits, every=2)
        for k, start in enumerate(starts)
    ]


class System:
    """Processes on two cores, with all that they start; a context manager that ends them."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "System":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            # Whatever it has left behind.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def start(self, command: Sequence[str], *, output: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start one process; what it prints goes to a file."""
        bound, settings = os.sched_getaffinity(0), os.environ | dict(environment or {})
        os.sched_setaffinity(0, two_cores())
        with output.open("wb") as file:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=ROOT, env=settings, start_new_session=True
            )
        self._processes.append(process)
        os.sched_setaffinity(0, bound)

    def pids(self) -> list[int]:
        """Every process there is, children and their children included."""
        found, at = [process.pid for process in self._processes], 0
        while at < len(found):
            found += _children(found[at])
            at += 1
        return found

    def alive(self) -> bool:
        """Whether none of those that were started has ended."""
        return all(process.poll() is None for process in self._processes)

    def cpu_s(self) -> float:
        """Processor time so far."""
        return sum(_cpu_s(pid) for pid in self.pids())

    def memory_mb(self) -> float:
        """Proportional set size: a page that several share is divided among them, so that the sum is what is used."""
        return sum(_proportional_kb(pid) for pid in self.pids()) * 1024 / 1e6


def start_peers(system: System, films: Sequence[Film], model: Path, folder: Path) -> list[Path]:
    """A process for each camera, as the peer's pages have it; the files in which they say what they looked at."""
    plan = asked(model)
    logs = []
    for k, film in enumerate(films):
        settings, log = folder / f"peer-{k}.json", folder / f"peer-{k}.log"
        settings.write_text(json.dumps(job(plan, film.path)), encoding="utf-8")
        log.touch()
        system.start([str(python_of("seeing")), str(PEER), str(settings), str(log)], output=folder / f"peer-{k}.txt")
        logs.append(log)
    return logs


def start_throng(system: System, films: Sequence[Film], model: Path, folder: Path) -> list[Path]:
    """`throng run` with a camera for each film; the files in which its workers say what they looked at."""
    site = folder / "site.toml"
    site.write_text(site_file([film.path for film in films], model), encoding="utf-8")
    command = [sys.executable, "-m", "bench.seeing_throng", str(site)]
    system.start(command, output=folder / "throng.txt", environment={seeing_throng.FOLDER: str(folder)})
    return [folder / f"{_name(k)}.log" for k in range(len(films))]


def asked(model: Path) -> Plan:
    """What each camera is asked."""
    return Plan(lines=(Line("way out", LINE),), zones=(Zone("table", ZONE),), detector=str(model))


def site_file(paths: Sequence[Path], model: Path) -> str:
    """A site of these films."""
    cameras = (
        f"""
[[camera]]
name = "{_name(k)}"
address = "{path}"
loop = true
rate_hz = {RATE_HZ:g}
detector = "{model}"
line = [{{ name = "way out", from = {LINE[0].tolist()}, to = {LINE[1].tolist()} }}]
zone = [{{ name = "table", corners = {ZONE.tolist()} }}]
"""
        for k, path in enumerate(paths)
    )
    return f'name = "bench"\ndata = "data"\n{"".join(cameras)}'


def _name(number: int) -> str:
    return f"camera {number}"


def wait_until(ready: Callable[[], bool], system: System) -> None:
    """Wait for the cameras to begin.

    Raises
    ------
    RuntimeError
        A process has ended, or it takes too long.
    """
    end_s = time.monotonic() + STARTING_S
    while not ready():
        if not system.alive() or time.monotonic() > end_s:
            raise RuntimeError("not all cameras have begun")
        time.sleep(0.5)


def two_cores() -> set[int]:
    """The first two cores that this process may ask for, whatever it is bound to now."""
    bound = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or CORES))
    cores = set(sorted(os.sched_getaffinity(0))[:CORES])
    os.sched_setaffinity(0, bound)
    return cores


def looked_at(log: Path, since_s: float, until_s: float) -> float:
    """The share of the frames due in this time that a peer looked at; a frame it has not come to yet is one it missed."""
    text = log.read_text(encoding="ascii")
    rows = np.array([line.split() for line in text[: text.rfind("\n") + 1].splitlines()], dtype=np.float64).reshape(-1, 2)
    due = (rows[:, 0] >= since_s) & (rows[:, 0] < until_s)
    return min(1.0, float(np.isfinite(rows[due, 1]).sum() / round((until_s - since_s) * RATE_HZ)))


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _cpu_s(pid: int) -> float:
    try:
        # The name, in brackets, may hold blanks.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _proportional_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
