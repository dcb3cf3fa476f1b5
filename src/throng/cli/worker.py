"""The inside of a worker process: its cameras, some of which may be exchanged while the others go on."""

import os
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from throng.capture.plate_taker import Queue
from throng.cli.workers import LOOK_EVERY_S, Task
from throng.data.camera_state import State
from throng.data.plate_picture import PlateNews, PlatePicture
from throng.data.release import Release
from throng.detect.turns import Turns
from throng.sensor import Running, Sender, run_sensor


def work(task: Task, messages: "Connection[Any, Any]", *, threads: int = 1) -> None:
    """Measure cameras until the process is told to stop, sending `Release`, `CameraState`, `PlatePicture` and `PlateNews`.

    A `Task` that comes replaces the one before.

    Parameters
    ----------
    task : Task
    messages : Connection
        Where what has passed the wall goes, and further tasks come from.
    threads : int
        Threads of each model call; cameras take turns, so that no more are busy at a time.
    """
    # Of no camera: it hides the process's memory from dumps and ends the process with its parent.
    run_sensor(task.site, (), messages, threads=threads)
    crew = _Crew(messages, threads)
    crew.take(task)
    threading.Thread(target=_receive, args=(messages, crew), name="tasks", daemon=True).start()
    while True:
        crew.look_after()
        time.sleep(LOOK_EVERY_S)


class _Stoppable(Sender):
    """Ends its camera, at the next picture or outage, by having nobody to send to any more."""

    stopped = False

    def releases(self, releases: list[Release]) -> None:
        if self.stopped:
            raise BrokenPipeError
        super().releases(releases)

    def state(self, state: State, reason: str = "") -> None:
        if not self.stopped:
            super().state(state, reason)

    def plate(self, message: PlatePicture | PlateNews) -> None:
        if not self.stopped:
            super().plate(message)


@dataclass(slots=True)
class _Member:
    table: object
    sender: _Stoppable
    running: Running


@dataclass(slots=True)
class _Crew:
    messages: "Connection[Any, Any]"
    threads: int
    turns: Turns = field(default_factory=Turns)
    queue: Queue = field(default_factory=Queue)
    sending: threading.Lock = field(default_factory=threading.Lock)
    changing: threading.Lock = field(default_factory=threading.Lock)
    task: Task | None = None
    members: dict[str, _Member] = field(default_factory=dict)

    def take(self, task: Task) -> None:
        """Stop the cameras that went or changed; the others hear whether somebody waits for their plate."""
        with self.changing:
            self.task = task
            os.environ.update(task.passwords)
            for name, member in self.members.items():
                if task.of_camera(name) != member.table:
                    member.sender.stopped = True
                elif not member.sender.stopped:
                    member.running.plates.ask(task.plates.get(name))

    def look_after(self) -> None:
        """Start the cameras that are not running yet, a changed one once its former self has ended."""
        with self.changing:
            assert self.task is not None
            for name, member in list(self.members.items()):
                member.running.look_after()
                if member.running.done and member.sender.stopped:
                    del self.members[name]
            for camera in self.task.site.camera:
                if camera.name not in self.members:
                    sender = _Stoppable(camera.name, self.messages, self.sending)
                    running = Running(self.task.site, camera, sender, turns=self.turns, threads=self.threads, queue=self.queue)
                    running.plates.ask(self.task.plates.get(camera.name))
                    self.members[camera.name] = _Member(self.task.of_camera(camera.name), sender, running)
                    running.look_after()


def _receive(messages: "Connection[Any, Any]", crew: _Crew) -> None:
    # In a thread of its own: were nobody to read while the cameras wait to send, both ends would wait for ever.
    while True:
        try:
            task = messages.recv()
        except (EOFError, OSError):
            return
        crew.take(task)
