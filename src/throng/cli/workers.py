"""The worker processes of a site's cameras: started, watched, started again, stopped."""

import multiprocessing
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any

from throng.data.release import Release
from throng.detect.threads import threads_for, usable_cores
from throng.site.model import Camera, Site

if TYPE_CHECKING:
    from throng.hub.ingest import Ingest

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
STOP_S = 5.0


@dataclass(slots=True)
class _Worker:
    cameras: list[Camera]
    process: SpawnProcess
    messages: "Connection[Any, Any]"
    pause_s: float = FIRST_PAUSE_S
    again_s: float = float("inf")


class Workers:
    """A process for each processor core, the cameras dealt out among them, sending what has passed each camera's wall.

    A process that dies is started again after a pause that doubles; a camera that ended by a mistake nobody can retry away
    stays down and says why. Every start opens a new, accounted epoch of its cameras' budgets.

    Parameters
    ----------
    site : Site
    ingest : Ingest
        Takes releases and camera states.
    """

    def __init__(self, site: Site, ingest: "Ingest") -> None:
        self._site = site
        self._ingest = ingest
        self._workers: list[_Worker] = []
        self._threads = 1
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)

    def start(self) -> None:
        """Start the cameras' processes and the thread that listens to them."""
        groups = dealt(self._site.camera, usable_cores())
        self._threads = threads_for(len(groups), usable_cores())
        self._workers = [_Worker(group, *self._spawn(group)) for group in groups]
        self._thread.start()

    def stop(self) -> None:
        """Stop every process; what they had sent has been handed on."""
        self._stopping.set()
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(STOP_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._thread.join(STOP_S)

    def _spawn(self, cameras: Sequence[Camera]) -> "tuple[SpawnProcess, Connection[Any, Any]]":
        # A camera has one core: the threads of small matrix products would only wait for each other.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        context = multiprocessing.get_context("spawn")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(
            target=_work, args=(self._site, tuple(cameras), sending, self._threads), name="throng cameras", daemon=True
        )
        process.start()
        sending.close()
        return process, receiving

    def _watch(self) -> None:
        while not self._stopping.is_set():
            open_ends = {worker.messages: worker for worker in self._workers if not worker.messages.closed}
            for ready in wait(list(open_ends), timeout=0.5):
                self._listen(open_ends[ready])  # type: ignore[index]
            for worker in self._workers:
                if time.monotonic() >= worker.again_s:
                    worker.process, worker.messages = self._spawn(worker.cameras)
                    worker.again_s = float("inf")

    def _listen(self, worker: _Worker) -> None:
        try:
            message = worker.messages.recv()
        except (EOFError, OSError):
            self._ended(worker)
            return
        if isinstance(message, Release):
            worker.pause_s = FIRST_PAUSE_S
            self._ingest.put(message)
        elif message.state == "failed":
            worker.cameras = [camera for camera in worker.cameras if camera.name != message.camera]
            self._ingest.camera_state(message.camera, "unknown", message.reason)
        else:
            self._ingest.camera_state(message.camera, message.state, message.reason)

    def _ended(self, worker: _Worker) -> None:
        worker.messages.close()
        if not worker.cameras or self._stopping.is_set():
            return
        for camera in worker.cameras:
            self._ingest.camera_state(camera.name, "unknown", "the camera's process ended and is started again")
        worker.again_s = time.monotonic() + worker.pause_s
        worker.pause_s = min(2 * worker.pause_s, LONGEST_PAUSE_S)


def dealt(cameras: Sequence[Camera], hands: int) -> list[list[Camera]]:
    """The cameras dealt out evenly, like cards; no hand is empty."""
    return [list(cameras[first::hands]) for first in range(min(hands, len(cameras)))]


def _work(site: Site, cameras: tuple[Camera, ...], messages: "Connection[Any, Any]", threads: int) -> None:
    # Only the workers load decoder and detector, so that the hub stays small.
    from throng.sensor import run_sensor

    run_sensor(site, cameras, messages, threads=threads)
