"""The worker processes of a site's cameras: started, watched, started again, stopped."""

import multiprocessing
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any

from throng.data.release import Release
from throng.site.model import Camera, Site

if TYPE_CHECKING:
    from throng.hub.ingest import Ingest

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
STOP_S = 5.0


@dataclass(slots=True)
class _Worker:
    camera: Camera
    process: SpawnProcess
    messages: "Connection[Any, Any]"
    pause_s: float = FIRST_PAUSE_S
    again_s: float = float("inf")
    failed: bool = False


class Workers:
    """One process per camera, each sending what has passed its wall.

    A process that dies is started again after a pause that doubles; one that ended by a mistake nobody can retry away stays
    down and its camera says why. Every start opens a new, accounted epoch of the camera's budget.

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
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)

    def start(self) -> None:
        """Start every camera's process and the thread that listens to them."""
        self._workers = [_Worker(camera, *self._spawn(camera)) for camera in self._site.camera]
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

    def pids(self) -> dict[str, int | None]:
        """Process id of every camera's worker."""
        return {worker.camera.name: worker.process.pid for worker in self._workers}

    def _spawn(self, camera: Camera) -> "tuple[SpawnProcess, Connection[Any, Any]]":
        context = multiprocessing.get_context("spawn")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(self._site, camera, sending), name=f"throng {camera.name}", daemon=True)
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
                    worker.process, worker.messages = self._spawn(worker.camera)
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
            worker.failed = True
            self._ingest.camera_state(message.camera, "unknown", message.reason)
        else:
            self._ingest.camera_state(message.camera, message.state, message.reason)

    def _ended(self, worker: _Worker) -> None:
        worker.messages.close()
        if worker.failed or self._stopping.is_set():
            return
        self._ingest.camera_state(worker.camera.name, "unknown", "the camera's process ended and is started again")
        worker.again_s = time.monotonic() + worker.pause_s
        worker.pause_s = min(2 * worker.pause_s, LONGEST_PAUSE_S)


def _work(site: Site, camera: Camera, messages: "Connection[Any, Any]") -> None:
    # Only the workers load decoder and detector, so that the hub stays small.
    from throng.sensor import run_sensor

    run_sensor(site, camera, messages)
