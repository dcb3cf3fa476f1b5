"""A virtual environment for each peer: installed together, `trackers` and `norfair` silently give old versions of both."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = Path(__file__).resolve().parent
FOLDER = ROOT / ".venv-peers"


def python_of(peer: str) -> Path:
    """The Python that has exactly what `bench/peers/PEER.txt` names; made the first time, and when the lock has changed."""
    lock = LOCKS / f"{peer}.txt"
    home = FOLDER / peer
    python, stamp = home / "bin" / "python", home / ".throng-lock"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"bench: installing {peer} into .venv-peers/{peer} (hashes checked; a minute, once)", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(home)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    _run([*pip, "-r", str(lock)])
    stamp.write_text(wanted, encoding="utf-8")
    return python


def version_of(peer: str) -> str:
    """The version that the lock names."""
    lines = (LOCKS / f"{peer}.txt").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix(f"{peer}==").split()[0] for line in lines if line.startswith(f"{peer}=="))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nbench: a peer's environment could not be made: is the network there?")
