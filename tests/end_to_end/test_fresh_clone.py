"""A newcomer's path: a fresh clone, an empty home, `make demo`."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SETUP_S = 900


def _environment(home: Path) -> dict[str, str]:
    # The way to the package registries is the machine's own affair; nothing else is handed on.
    kept = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "NPM_", "npm_", "SSL_", "NODE_EXTRA"))}
    return {**kept, "HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run_demo(clone: Path, home: Path) -> list[str]:
    """Start `make demo`, see that it answers, press Ctrl-C; what it said."""
    port = _free_port()
    demo = subprocess.Popen(
        ["make", "demo", f"PORT={port}"],
        cwd=clone,
        env=_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    assert demo.stdout is not None
    try:
        for line in demo.stdout:
            said.append(line.rstrip())
            if "stop with Ctrl-C" in line:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=20) as answer:
                    assert answer.read() == b'{"status":"ok"}'
                break
        assert any(f"http://127.0.0.1:{port}/sign-in?code=" in line for line in said), said
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait(60)
        demo.stdout.close()
    return said


@pytest.mark.slow
@pytest.mark.timeout(SETUP_S + 120)
def test_make_demo_in_a_fresh_clone_with_an_empty_home(tmp_path: Path) -> None:
    assert shutil.which("git")
    clone, home = tmp_path / "throng", tmp_path / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, timeout=60)
    first = _run_demo(clone, home)
    assert any("making a virtual environment" in line for line in first)
    assert any("building the page" in line for line in first)
    started = time.monotonic()
    second = _run_demo(clone, home)
    print(f"second start and stop: {time.monotonic() - started:.1f} s")
    assert not any(line.startswith("setup:") for line in second), second
    assert subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, check=True).stdout == b""
