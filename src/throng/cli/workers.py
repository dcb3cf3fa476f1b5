"""The worker processes of a site's cameras: started, watched, given other cameras, started again, stopped."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Literal, Protocol, Self

from throng.data.detector_news import DetectorNews
from throng.data.plate_picture import PlateNews, PlatePicture, Why
from throng.data.release import Release
from throng.detect.threads import threads_for, usable_cores
from throng.site.model import Camera, Site

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
STOP_S = 5.0
LOOK_EVERY_S = 0.5


class Sink(Protocol):
    """Takes what has passed the wall, and how the cameras are; from one thread."""

    def put(self, release: Release) -> None:
        """Hand over a release; returns at once."""

    def camera_state(self, name: str, state: Literal["starting", "live", "unknown"], reason: str = "") -> None:
        """Say whether a camera is starting, live or unknown, and why."""


class PlateSink(Protocol):
    """Takes the plates that were asked for; from one thread."""

    def put(self, picture: PlatePicture) -> None:
        """Hand over a plate; raises nothing."""

    def tell(self, camera: str, why: Why) -> None:
        """Say why there is none yet."""


@dataclass(frozen=True, slots=True)
class Task:
    """What one process is to measure.

    Attributes
    ----------
    site : Site
        With the cameras of this process alone.
    passwords : mapping of str to str
        By the environment variables that these cameras name; for the process itself, and nobody who looks at it from outside.
    plates : mapping of str to int
        Cameras whose plate somebody waits for, and the number of that request.
    """

    site: Site
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    plates: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, site: Site, cameras: Sequence[Camera], passwords: Mapping[str, str], plates: Mapping[str, int] | None = None
    ) -> Self:
        """Some cameras of a site."""
        own, names = {camera.password_env for camera in cameras}, {camera.name for camera in cameras}
        return cls(
            site.model_copy(update={"camera": tuple(cameras), "alarm": ()}),
            {name: password for name, password in passwords.items() if name in own},
            {name: ask for name, ask in (plates or {}).items() if name in names},
        )

    @property
    def names(self) -> frozenset[str]:
        """The cameras' names."""
        return frozenset(camera.name for camera in self.site.camera)

    def without(self, names: Collection[str]) -> Self:
        """The same without some cameras."""
        left = [camera for camera in self.site.camera if camera.name not in names]
        return type(self).of(self.site, left, self.passwords, self.plates)

    def of_camera(self, name: str) -> object:
        """Whatever a camera's numbers depend on: where it is equal, a camera need not be started anew."""
        camera = next((camera for camera in self.site.camera if camera.name == name), None)
        password = self.passwords.get(camera.password_env or "") if camera else None
        return camera, password, self.site.data_folder, self.site.model_dump(exclude={"camera", "alarm", "hub", "port", "name"})


@dataclass(slots=True, eq=False)
class _Worker:
    task: Task
    process: SpawnProcess
    messages: "Connection[Any, Any]"
    failed: set[str] = field(default_factory=set)
    pause_s: float = FIRST_PAUSE_S
    again_s: float = float("inf")


class Workers:
    """A process for each processor core, the cameras dealt out among them, sending what has passed each camera's wall.

    A process that dies is started again after a pause that doubles; a camera that ended by a mistake nobody can retry away
    stays down and says why, until its table changes. Every start of a camera opens a new, accounted epoch of its budget, which
    is why cameras that did not change are left alone when others do.

    Parameters
    ----------
    site : Site or None
        None where there are no cameras yet.
    sink : Sink
        Takes releases and camera states.
    plates : PlateSink, optional
        Takes plates; without it nobody can ask for one.
    passwords : mapping of str to str
        Of cameras whose `password_env` is in it.
    tell : callable, optional
        Gets a sentence on what runs the cameras' detectors, the same one once only, whatever number of cameras have it.
    work : callable
        What a process does; by default it measures.
    """

    def __init__(
        self,
        site: Site | None,
        sink: Sink,
        *,
        plates: PlateSink | None = None,
        passwords: Mapping[str, str] | None = None,
        tell: Callable[[str], None] | None = None,
        work: "Callable[[Task, Connection[Any, Any], int], None] | None" = None,
    ) -> None:
        self._sink, self._plate_sink = sink, plates
        self._workers: list[_Worker] = []
        self._work = work or _work
        self._tell = tell
        self._told: set[str] = set()
        self._threads = 1
        self._lock = threading.Lock()
        self._wanted: tuple[Site | None, Mapping[str, str]] = (site, passwords or {})
        self._plates: Mapping[str, int] = {}
        self._has_changed = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)

    def start(self) -> None:
        """Start the cameras' processes and the thread that listens to them."""
        self._change()
        self._thread.start()

    def set_site(self, site: Site | None, *, passwords: Mapping[str, str] | None = None) -> None:
        """Stop the cameras that went or changed, start those that came or changed, leave the others alone; returns at once.

        Parameters
        ----------
        site : Site or None
            None where there are no cameras any more.
        passwords : mapping of str to str
            As for the class.
        """
        with self._lock:
            self._wanted, self._has_changed = (site, passwords or {}), True

    def set_plates(self, plates: Mapping[str, int]) -> None:
        """Say whose plates are asked for, with the numbers of the requests; returns at once."""
        with self._lock:
            self._plates, self._has_changed = plates, True

    def stop(self) -> None:
        """Stop every process; what they had sent has been handed on."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            self._finish(worker)

    def _change(self) -> None:
        with self._lock:
            has_changed, self._has_changed = self._has_changed, False
            (site, passwords), plates = self._wanted, self._plates
        if not has_changed or self._stopping.is_set():
            return
        dealt_out = dealt(site.camera if site else (), usable_cores(), held=[worker.task.names for worker in self._workers])
        self._threads = threads_for(max(len(dealt_out), 1), usable_cores())
        known = len(self._workers)
        for worker, cameras in zip(self._workers, dealt_out[:known], strict=True):
            if site and cameras:
                self._give(worker, Task.of(site, cameras, passwords, plates))
            else:
                worker.task = worker.task.without(worker.task.names)
                self._finish(worker)
        self._workers = [worker for worker in self._workers if worker.task.names]
        for cameras in dealt_out[known:]:
            if site:
                task = Task.of(site, cameras, passwords, plates)
                self._workers.append(_Worker(task, *self._spawn(task)))

    def _give(self, worker: _Worker, task: Task) -> None:
        changed = {name for name in task.names | worker.task.names if task.of_camera(name) != worker.task.of_camera(name)}
        if not changed and task.plates == worker.task.plates:
            return
        worker.task = task
        worker.failed -= changed
        worker.failed &= task.names
        if worker.messages.closed:
            if changed:
                worker.again_s = min(worker.again_s, time.monotonic())
            return
        try:
            worker.messages.send(task)
        except OSError:
            # It has just died: it will be seen to have, and started again with the new task.
            return

    def _spawn(self, task: Task) -> "tuple[SpawnProcess, Connection[Any, Any]]":
        # A camera has one core: the threads of small matrix products would only wait for each other.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(target=self._work, args=(task, theirs, self._threads), name="throng cameras", daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._change()
            open_ends = {worker.messages: worker for worker in self._workers if not worker.messages.closed}
            if not open_ends:
                self._stopping.wait(LOOK_EVERY_S)
            for ready in wait(list(open_ends), timeout=LOOK_EVERY_S):
                self._listen(open_ends[ready])  # type: ignore[index]
            for worker in self._workers:
                if time.monotonic() >= worker.again_s:
                    worker.again_s = float("inf")
                    worker.process, worker.messages = self._spawn(worker.task.without(worker.failed))

    def _listen(self, worker: _Worker) -> bool:
        """Hand on one message; False where the process has ended."""
        try:
            message = worker.messages.recv()
        except (EOFError, OSError):
            self._ended(worker)
            return False
        if message.camera not in worker.task.names:
            return True
        if isinstance(message, PlatePicture | PlateNews):
            self._hand_on(message)
        elif isinstance(message, DetectorNews):
            self._tell_once(message.told)
        elif isinstance(message, Release):
            worker.pause_s = FIRST_PAUSE_S
            self._sink.put(message)
        elif message.state == "failed":
            worker.failed.add(message.camera)
            self._sink.camera_state(message.camera, "unknown", message.reason)
        else:
            self._sink.camera_state(message.camera, message.state, message.reason)
        return True

    def _hand_on(self, message: PlatePicture | PlateNews) -> None:
        if self._plate_sink is None:
            return
        if isinstance(message, PlatePicture):
            self._plate_sink.put(message)
        else:
            self._plate_sink.tell(message.camera, message.why)

    def _tell_once(self, sentence: str) -> None:
        if self._tell is not None and sentence not in self._told:
            self._told.add(sentence)
            self._tell(sentence)

    def _ended(self, worker: _Worker) -> None:
        worker.messages.close()
        if self._stopping.is_set():
            return
        for name in worker.task.names - worker.failed:
            self._sink.camera_state(name, "unknown", "the camera's process ended and is started again")
            worker.again_s = time.monotonic() + worker.pause_s
        worker.pause_s = min(2 * worker.pause_s, LONGEST_PAUSE_S)

    def _finish(self, worker: _Worker) -> None:
        """End a process; what it had sent is handed on."""
        worker.process.terminate()
        worker.process.join(STOP_S)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        while not worker.messages.closed and self._listen(worker):
            pass


def dealt(cameras: Iterable[Camera], hands: int, *, held: Sequence[frozenset[str]] = ()) -> list[tuple[Camera, ...]]:
    """The cameras dealt out evenly, like cards; what a hand already holds stays in it.

    Parameters
    ----------
    cameras : iterable of Camera
    hands : int
        At most so many, unless more hold something already.
    held : sequence of sets of str
        Names that each hand holds.

    Returns
    -------
    list of tuples of Camera
        Of the hands in `held` first, whatever is left to them; then of new ones, none of them empty.
    """
    cameras = list(cameras)
    holder = {name: hand for hand, names in enumerate(held) for name in names}
    groups: list[list[Camera]] = [[] for _ in held]
    for camera in cameras:
        if camera.name in holder:
            groups[holder[camera.name]].append(camera)
    for camera in cameras:
        if camera.name in holder:
            continue
        fewest = min(range(len(groups)), key=lambda hand: len(groups[hand]), default=None)
        if fewest is not None and (not groups[fewest] or len(groups) >= hands):
            groups[fewest].append(camera)
        else:
            groups.append([camera])
    return [tuple(group) for group in groups]


def _work(task: Task, messages: "Connection[Any, Any]", threads: int) -> None:
    # Only the workers load decoder and detector, so that the hub stays small.
    from throng.cli.worker import work

    work(task, messages, threads=threads)
