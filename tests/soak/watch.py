"""Listens to a running site as its page does, and looks at its processes as the machine does."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from tests.end_to_end.running import Running
from tests.soak.processes import Held, held

_HELD_EVERY_S = 1.0
_SILENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """From when on a camera was in this state, for this reason; Unix time."""

    time_s: float
    state: str
    reason: str


class Watch:
    """The history of every camera's state, and of what the processes hold; a context manager.

    Attributes
    ----------
    history : dict of camera to list of Seen
        Every change, however short it lasted.
    held : list of (Unix time, Held)
    """

    def __init__(self, running: Running) -> None:
        self.history: dict[str, list[Seen]] = {}
        self.held: list[tuple[float, Held]] = []
        self._running = running
        link = running.wait_for(r"(http://\S+)/sign-in\?code=(\S+)")
        self._client = httpx.Client(base_url=link.group(1), headers={"Origin": link.group(1)}, timeout=_SILENCE_S)
        assert self._client.post("/sign-in", data={"code": link.group(2)}).status_code == 303
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._ended = False
        self._failure: BaseException | None = None
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._listen, self._weigh)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._running.stop()  # which ends the feed, and so the listening
        for thread in self._threads:
            thread.join(_SILENCE_S)
        self._client.close()

    def now(self, camera: str) -> Seen | None:
        """What was seen of a camera last."""
        seen = self.history.get(camera)
        return seen[-1] if seen else None

    def between(self, camera: str, start_s: float, end_s: float) -> list[Seen]:
        """What a camera changed to between two times."""
        return [seen for seen in self.history[camera] if start_s <= seen.time_s < end_s]

    def wait_for(self, met: Callable[[], bool], *, until_s: float) -> bool:
        """Wait until the condition is met or it is this late (Unix time); whether it was met."""
        with self._changed:
            while not met() and time.time() < until_s:
                if self._ended:
                    raise AssertionError("the site can no longer be watched") from self._failure
                self._changed.wait(max(0.0, min(1.0, until_s - time.time())))
            return met()

    def states(self) -> dict[str, str]:
        """What the interface answers now: each camera's state."""
        return {camera["name"]: camera["state"] for camera in self._client.get("/api/v1/cameras").json()}

    def rows(self, camera: str) -> list[dict[str, Any]]:
        """The occupancy of a camera's zone, tick by tick, since the beginning."""
        query = {"camera": camera, "place": "all", "quantity": "occupancy"}
        rows: list[dict[str, Any]] = self._client.get("/api/v1/series", params=query).json()["rows"]
        return rows

    def _listen(self) -> None:
        try:
            with self._client.stream("GET", "/api/v1/live") as feed:
                event = ""
                for line in feed.iter_lines():
                    name, _, value = line.partition(": ")
                    if name == "event":
                        event = value
                    elif name == "data" and event == "cameras":
                        for camera in json.loads(value):
                            self._note(camera)
        except httpx.HTTPError as error:
            self._end(error)
        else:
            self._end(None)

    def _note(self, camera: dict[str, str]) -> None:
        with self._changed:
            self.history.setdefault(camera["name"], []).append(Seen(time.time(), camera["state"], camera["reason"]))
            self._changed.notify_all()

    def _end(self, error: BaseException | None) -> None:
        with self._changed:
            self._ended, self._failure = True, error
            self._changed.notify_all()

    def _weigh(self) -> None:
        while not self._stop.wait(_HELD_EVERY_S):
            try:
                self.held.append((time.time(), held(self._running.process.pid)))
            except OSError as error:  # a process ended while it was looked at
                self._end(error)
                return
