"""A demo that really runs."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

THRONG = str(Path(sys.executable).parent / "throng")
START_S = 60.0


@dataclass
class Running:
    """A `throng` that serves, with what it said so far."""

    process: "subprocess.Popen[str]"
    said: list[str]

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
        return self.process.wait(30)


def start(*arguments: str, folder: Path) -> Running:
    """Start `throng` in a folder with an empty home."""
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [THRONG, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ, cwd=folder
    )
    running = Running(process, [])

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            running.said.append(line.rstrip())

    threading.Thread(target=listen, daemon=True).start()
    return running


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The real demo, on a free port, with its data kept in a folder."""
    folder = tmp_path_factory.mktemp("demo")
    running = start("demo", "--port", "0", "--data", str(folder / "kept"), folder=folder)
    yield running
    running.stop()
