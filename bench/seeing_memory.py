"""What one more camera takes in memory: Throng's whole system beside the peer's."""

import sys
import tempfile
import time
from pathlib import Path

from bench.report import paragraph
from bench.seeing_rounds import described
from bench.seeing_system import RATE_HZ, Start, System, films, start_peers, start_throng, wait_until

FEW, MANY = 4, 12
SETTLE_S = 65.0
"""The film's length: every camera has seen somebody come and go."""
GOAL_MB = 60.0


def table(data: Path, model: Path) -> list[str]:
    """The table of proportional set sizes, as Markdown."""
    lines = [
        paragraph(
            f"""
            Cameras of 768 x 432 at {RATE_HZ:g} frames a second on two cores, YOLOX-nano, each at another moment of the same
            minute, {SETTLE_S:g} s after the last has begun. Proportional set size of all processes: memory that several share
            is divided among them. Throng is `throng run` with a site file: workers, wall, store and hub; the peer has its loop
            in a process for each camera. The peer: {described()}.
            """
        ),
        "",
        f"| what | {FEW} cameras, MB | {MANY} cameras, MB | a further camera, MB | goal | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, start, goal_mb in (("**Throng**", start_throng, GOAL_MB), ("the peer", start_peers, None)):
        few_mb, many_mb = (memory_mb(data, model, count, start) for count in (FEW, MANY))
        further_mb = (many_mb - few_mb) / (MANY - FEW)
        told = "|" if goal_mb is None else f"{goal_mb:g} | {'met' if further_mb <= goal_mb else 'missed'}"
        lines.append(f"| {name} | {few_mb:.0f} | {many_mb:.0f} | {further_mb:.1f} | {told} |")
    return lines


def memory_mb(data: Path, model: Path, count: int, start: Start) -> float:
    """The whole system's memory with so many cameras."""
    print(f"bench: memory of {count} cameras by {start.__name__}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="throng-bench-") as name, System() as system:
        folder = Path(name)
        logs = start(system, films(data, folder, count), model, folder)
        wait_until(lambda: all(log.exists() and log.stat().st_size for log in logs), system)
        time.sleep(SETTLE_S)
        return system.memory_mb()
