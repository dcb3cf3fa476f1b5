"""BENCHMARKS.md: a section for every part, each of which can be written anew alone."""

import os
import platform
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("av", "numpy", "onnxruntime", "opencv-python-headless", "scipy")
OPENING = """# Benchmarks

Written by `make bench`; `make bench ARGS="tracking-speed tracking-counts"` writes those sections anew and leaves the others.
Times drift on shared machines; the ratios come from rounds run in turn.
"""


def merged(report: str, sections: Mapping[str, str], titles: Sequence[str]) -> str:
    """A report with some of its sections replaced or added.

    Parameters
    ----------
    report : str
        As it was; may be empty. Sections whose title is not among `titles` are dropped.
    sections : mapping of str to str
        New text by title, without the heading.
    titles : sequence of str
        All titles there are, in order.
    """
    parts = re.split(r"^## (.*)\n", report, flags=re.MULTILINE)
    kept = dict(zip(parts[1::2], parts[2::2], strict=True)) | dict(sections)
    return "\n".join([OPENING, *(f"## {title}\n\n{kept[title].strip()}\n" for title in titles if title in kept)])


def provenance(*, used: str = "one") -> str:
    """What ran, on what and how many of its cores, when: the first line of a section."""
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    machine = f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, {used} used"
    when = f"{datetime.now(UTC):%Y-%m-%d}, commit {_commit()}"
    return paragraph(f"{when}; {machine}; Python {platform.python_version()}; {packages}.")


def printed(module: str, *arguments: str) -> list[str]:
    """What a benchmark prints that has no table of its own."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return ["```", *done.stdout.rstrip().splitlines(), "```"]


def paragraph(text: str) -> str:
    """Text broken into lines."""
    return textwrap.fill(" ".join(text.split()), 128, break_long_words=False, break_on_hyphens=False)


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=ROOT)
        return done.stdout.strip()

    changed = " and what was changed since" if git("status", "--porcelain", "--", "src", "bench") else ""
    return (git("rev-parse", "--short", "HEAD") or "none") + changed
