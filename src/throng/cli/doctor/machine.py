"""The machine as this process may use it."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from throng.data.secret_memory import locked
from throng.detect.threads import GROUPS, OWN_GROUP, cpu_quota, group_folders, usable_cores

_UNLIMITED_BYTES = 1 << 60
"""What version 1 of control groups says where it means no limit."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Processors and memory.

    Attributes
    ----------
    processor : str
    cores : int
        That this process may keep busy.
    cores_present : int
    cpu_quota : float or None
        Processors' worth of time that a control group grants; None where there is no limit.
    memory_bytes : int or None
        That this process may use, None where it cannot be told.
    memory_present_bytes : int or None
    secrets_locked : bool
        Whether the memory of exact counts and noise can be locked from swap.
    """

    processor: str
    cores: int
    cores_present: int
    cpu_quota: float | None
    memory_bytes: int | None
    memory_present_bytes: int | None
    secrets_locked: bool


def machine() -> Machine:
    """What this process runs on."""
    present = _memory_bytes()
    limit = memory_limit_bytes()
    return Machine(
        processor=_processor(),
        cores=usable_cores(),
        cores_present=os.cpu_count() or 1,
        cpu_quota=cpu_quota(),
        memory_bytes=min((size for size in (present, limit) if size is not None), default=None),
        memory_present_bytes=present,
        secrets_locked=locked(),
    )


def versions() -> dict[str, str | None]:
    """Versions of what does the work; None for what is absent."""
    import av

    found: dict[str, str | None] = {"python": platform.python_version(), "ffmpeg": av.ffmpeg_version_info}
    for package in ("av", "onnxruntime", "opencv-python-headless", "openvino"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def memory_limit_bytes(*, groups: Path = GROUPS, own: Path = OWN_GROUP) -> int | None:
    """Memory that Linux grants the process's control groups; None where there is no limit."""
    limits = []
    for folder in group_folders("memory", groups=groups, own=own):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _text(folder / name).strip()
            if text.isdigit() and int(text) < _UNLIMITED_BYTES:
                limits.append(int(text))
    return min(limits, default=None)


def _memory_bytes() -> int | None:
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return None
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return size if size > 0 else None


def _processor() -> str:
    for line in _text(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.processor() or platform.machine() or "unknown"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
