"""A `throng` that really runs."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

THRONG = str(Path(sys.executable).parent / "throng")
WITHOUT_ORACLES = Path(__file__).resolve().parent / "without_oracles"
"""Hides what only the tests bring, so that what runs is what a user runs."""
START_S = 60.0
STARTED: "list[Running]" = []


@dataclass
class Running:
    """A `throng` that serves, with what it said so far."""

    process: "subprocess.Popen[str]"
    said: list[str]
    listener: threading.Thread

    def wait_for(self, pattern: str) -> "re.Match[str]":
        """The first line that matches, as soon as it was said."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            for line in list(self.said):
                if found := re.search(pattern, line):
                    return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"never said {pattern!r}: {self.said}")

    def stop(self) -> int:
        """Ctrl-C, as a person would; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(30)
        self.listener.join(10)
        return status


def start(*arguments: str, folder: Path) -> Running:
    """Start `throng` in a folder with an empty home."""
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(WITHOUT_ORACLES)}
    process = subprocess.Popen(
        [THRONG, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ, cwd=folder
    )
    said: list[str] = []

    def listen() -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            said.extend(line.rstrip() for line in lines)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    running = Running(process, said, listener)
    STARTED.append(running)
    return running
