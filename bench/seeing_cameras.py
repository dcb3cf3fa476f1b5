"""How many cameras fit on two cores: Throng beside the peer, which has a process for each."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.report import paragraph
from bench.seeing_rounds import described, verdict
from bench.seeing_system import CORES, QUIET, RATE_HZ, Start, System, films, looked_at, start_peers, start_throng, wait_until

WINDOW_S = 30.0
WARM_UP_S = 10.0
ENOUGH = 0.95
"""Share of the frames that are due at which a camera counts as looked at."""
GOAL = 5.0
PROBED = 8
"""Cameras from whose cost the search begins."""
STEP = 0.04
"""The numbers that are tried lie so far apart, in shares of the number."""


class Trial(NamedTuple):
    """So many cameras for half a minute.

    Attributes
    ----------
    cameras : int
    worst, mean : float
        Share of the frames due that were looked at, of the camera that got least and over all.
    cpu_s : float
        Processor time a second of a camera.
    """

    cameras: int
    worst: float
    mean: float
    cpu_s: float

    @property
    def fits(self) -> bool:
        """Whether every camera was looked at."""
        return self.worst >= ENOUGH


def table(data: Path, model: Path) -> list[str]:
    """The table of how many fit, as Markdown."""
    peer = search(lambda count: trial(data, model, count, start_peers))
    ours = search(lambda count: trial(data, model, count, start_throng), first=3 * PROBED)
    most = [max((each.cameras for each in trials if each.fits), default=0) for trials in (peer, ours)]
    ratio = most[1] / most[0] if most[0] else float("nan")
    return [
        _about(),
        "",
        "| what | cameras that fit | frames looked at: worst camera, mean | processor time a second of a camera |",
        "| --- | --- | --- | --- |",
        *(_row(name, trials) for name, trials in {"**Throng**": ours, "the peer, a process each": peer}.items()),
        "",
        f"Throng's over the peer's: {ratio:.1f} (goal {GOAL:g}, {verdict(ratio, GOAL)}).",
        "",
        *_tried("Throng", ours),
        *_tried("The peer", peer),
    ]


def search(attempt: Callable[[int], Trial], *, first: int = PROBED) -> list[Trial]:
    """Try numbers of cameras until the most that fit and the fewest that do not lie next to each other.

    Parameters
    ----------
    attempt : callable
        Tries a number of cameras.
    first : int
        The number that is tried first; from what it costs the next is worked out.
    """
    trials = [attempt(first)]
    wanted = int(CORES / trials[0].cpu_s)
    while True:
        fitting = max((each.cameras for each in trials if each.fits), default=0)
        failing = min((each.cameras for each in trials if not each.fits and each.cameras > fitting), default=None)
        if failing is not None and failing - fitting <= max(1, round(STEP * fitting)):
            return trials
        trials.append(attempt(_between(wanted, fitting, failing)))
        # From the estimate in steps to where it changes, then by halves.
        wanted = trials[-1].cameras + (1 if trials[-1].fits else -1) * max(1, round(2 * STEP * trials[-1].cameras))


def _between(wanted: int, fitting: int, failing: int | None) -> int:
    """The wanted number if it lies between one that fits and one that does not, else the middle."""
    if failing is None:
        return max(wanted, fitting + 1)
    return wanted if fitting < wanted < failing else (fitting + failing) // 2


def trial(data: Path, model: Path, count: int, start: Start) -> Trial:
    """So many cameras, watched for half a minute when all have begun."""
    print(f"bench: {count} cameras by {start.__name__}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="throng-bench-") as name, System() as system:
        folder = Path(name)
        logs = start(system, films(data, folder, count), model, folder)
        wait_until(lambda: all(log.exists() and log.stat().st_size for log in logs), system)
        time.sleep(WARM_UP_S)
        cpu_s, since_s = system.cpu_s(), time.monotonic()
        time.sleep(WINDOW_S)
        cpu_s, until_s = system.cpu_s() - cpu_s, time.monotonic()
        # What was due at the end may be under way still.
        time.sleep(1 / RATE_HZ)
        shares = [looked_at(log, since_s, until_s) for log in logs]
    done = Trial(count, min(shares), sum(shares) / count, cpu_s / count / (until_s - since_s))
    print(f"bench: {done}", file=sys.stderr, flush=True)
    return done


def _about() -> str:
    return paragraph(
        f"""
        Cameras of 768 x 432 at {RATE_HZ:g} frames a second, nobody in view for {QUIET:.0%} of the time, each at another moment
        of the same minute; YOLOX-nano, one line, one zone. A number of cameras fits when every one of them is looked at for at
        least {ENOUGH:.0%} of the frames that are due over {WINDOW_S:g} s, {WARM_UP_S:g} s after the last has begun. Throng is
        `throng run` with a site file: workers, wall, store and hub. The peer has no more than its loop in a process for each
        camera; a frame that is due while it still looks at the one before is decoded and left. Numbers were tried until the
        most that fit and the fewest that do not were no more than {STEP:.0%} apart. The peer: {described()}.
        """
    )


def _row(name: str, trials: list[Trial]) -> str:
    best = max((each for each in trials if each.fits), default=trials[0])
    return f"| {name} | {best.cameras if best.fits else 0} | {best.worst:.0%}, {best.mean:.0%} | {1000 * best.cpu_s:.1f} ms |"


def _tried(name: str, trials: list[Trial]) -> list[str]:
    told = "; ".join(f"{each.cameras}: {each.worst:.0%}" for each in sorted(trials))
    return [f"- {name}, cameras tried and what the worst of them got: {told}."]
