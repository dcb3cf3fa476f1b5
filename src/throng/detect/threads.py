"""How many threads a model call may take, so that cameras on one machine do not fight for its cores."""

import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUP = Path("/proc/self/cgroup")


def threads_for(workers: int, cores: int) -> int:
    """Threads of one model call where some processes look at cameras at the same time.

    Processes times threads never exceed the cores, except that each process has one.

    Parameters
    ----------
    workers : int
        Processes that may call a model at one time.
    cores : int
        Processors that they share, as `usable_cores` tells.
    """
    return max(1, cores // max(1, workers))


def threads_for_one(cores: int) -> int:
    """Threads of one model call where a command looks at a single camera: no more than its cores, and two at most.

    Parameters
    ----------
    cores : int
        Processors that it may keep busy, as `usable_cores` tells.
    """
    return max(1, min(2, cores))


def usable_cores() -> int:
    """Processors that this process may keep busy: those it may run on, and no more than its control group's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    quota = cpu_quota()
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def cpu_quota(*, groups: Path = GROUPS, own: Path = OWN_GROUP) -> float | None:
    """Processors' worth of time that Linux grants the process's control groups; None where there is no limit."""
    quotas = []
    for folder in group_folders("cpu", groups=groups, own=own):
        period = _number(folder / "cpu.cfs_period_us")
        runtime = _number(folder / "cpu.cfs_quota_us")
        words = _words(folder / "cpu.max")
        if len(words) == 2 and words[0].isdigit():
            runtime, period = int(words[0]), int(words[1])
        if runtime is not None and period and runtime > 0:
            quotas.append(runtime / period)
    return min(quotas, default=None)


def group_folders(controller: str, *, groups: Path = GROUPS, own: Path = OWN_GROUP) -> Iterator[Path]:
    """The folders that limit a process, its own control group's and those above; version 1 and 2.

    Inside a container the own group is often the root of what is shown; both places are looked at.
    """
    for line in _lines(own):
        _, names, path = [*line.split(":", 2), "", ""][:3]
        if names and controller not in names.split(","):
            continue
        root = groups / names if names else groups
        for part in (Path(path.lstrip("/")), *Path(path.lstrip("/")).parents):
            yield root / part
        if names:
            yield groups / controller


def _number(path: Path) -> int | None:
    words = _words(path)
    return int(words[0]) if words and words[0].lstrip("-").isdigit() else None


def _words(path: Path) -> list[str]:
    return [word for line in _lines(path) for word in line.split()]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
