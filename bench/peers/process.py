"""Peers that stay alive between requests, so that rounds of timing can take turns."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from bench.peers.environment import python_of
from numpy.typing import NDArray

RUNNER = Path(__file__).resolve().parent / "runner.py"
PEERS = {
    "SORT": "trackers",
    "ByteTrack": "trackers",
    "OC-SORT": "trackers",
    "C-BIoU": "trackers",
    "BoT-SORT": "trackers",
    "norfair, iou": "norfair",
    "norfair, centres": "norfair",
}
"""Trackers that need no picture, and the package each comes from. McByte needs masks cut from pictures and is left out;
BoT-SORT does without its compensation of camera motion, which needs pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What a peer's tracker said of each frame, and how long each update took.

    Attributes
    ----------
    ids : tuple of (n,) int64
    boxes_px : tuple of (n, 4) float64
        Left, top, right, bottom.
    seconds : (frames,) float64
    """

    ids: tuple[NDArray[np.int64], ...]
    boxes_px: tuple[NDArray[np.float64], ...]
    seconds: NDArray[np.float64]


class Peers:
    """The processes of all peers; a context manager that ends them."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="throng-bench-")
        self._answer = Path(self._folder.name) / "answer.npz"
        self._processes = {package: _start(python_of(package)) for package in sorted(set(PEERS.values()))}

    def __enter__(self) -> "Peers":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._processes.values():
            process.communicate()
        self._folder.cleanup()

    def load(self, boxes_px: Sequence[NDArray[np.float64]], scores: Sequence[NDArray[np.float64]]) -> None:
        """Hand the detections of a film, frame by frame, to every peer; scores in any scale."""
        path = Path(self._folder.name) / "frames.npz"
        np.savez(
            path,
            boxes=np.concatenate(boxes_px),
            scores=np.concatenate(scores),
            counts=np.array([len(each) for each in scores]),
        )
        for package in self._processes:
            self._ask(package, {"do": "load", "frames": str(path)})

    def run(self, tracker: str, *, rate_hz: float) -> Followed:
        """A fresh tracker over the loaded film, one of `PEERS`."""
        self._ask(PEERS[tracker], {"do": "run", "tracker": tracker, "rate_hz": rate_hz, "to": str(self._answer)})
        with np.load(self._answer) as said:
            ends = np.cumsum(said["counts"])[:-1]
            return Followed(tuple(np.split(said["ids"], ends)), tuple(np.split(said["boxes"], ends)), said["seconds"])

    def _ask(self, package: str, request: dict[str, Any]) -> None:
        process = self._processes[package]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        if not process.stdout.readline():
            raise RuntimeError(f"{package} ended while it was asked to {request['do']}")


def _start(python: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([str(python), str(RUNNER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
