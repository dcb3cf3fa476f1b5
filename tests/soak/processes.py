"""What a tree of processes holds: memory, file descriptors, threads."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_OWN = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")
_KB = 1024
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """What each process of a tree holds, by its number: memory of its own in MB, open files, threads.

    The memory is the anonymous and the shared part of the proportional set size, and what of it is swapped out. Pages of files
    are left out: how many of them count to a process depends on which others have the same libraries open.
    """

    memory_mb: dict[int, float]
    files: dict[int, int]
    threads: dict[int, int]

    @property
    def total_mb(self) -> float:
        return sum(self.memory_mb.values())


def held(root: int) -> Held:
    """What the process with this number and all that came from it hold now."""
    numbers = sorted(_tree(root))
    folders = {number: Path("/proc") / str(number) for number in numbers}
    return Held(
        {number: _memory_mb(folder) for number, folder in folders.items()},
        {number: len(list((folder / "fd").iterdir())) for number, folder in folders.items()},
        {number: len(list((folder / "task").iterdir())) for number, folder in folders.items()},
    )


def _memory_mb(folder: Path) -> float:
    lines = (folder / "smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(_OWN)) * _KB / _MB


def _tree(root: int) -> set[int]:
    found, waiting = set(), [root]
    while waiting:
        number = waiting.pop()
        found.add(number)
        for task in (Path("/proc") / str(number) / "task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since
                waiting += [int(child) for child in (task / "children").read_text().split()]
    return found
