"""From the wall to the store, and from the store to the live feed: a release is stored before it is shown."""

import threading
from collections import deque
from collections.abc import Sequence
from itertools import islice

from throng.data.errors import StoreError
from throng.data.release import Release
from throng.hub.alarms import Alarms
from throng.hub.cameras import Cameras, CameraStatus, State
from throng.hub.live import Event, Feed
from throng.hub.models import Tick, camera_answer, tick_of_release, tick_of_rows
from throng.store.store import Store

_MOST_WAITING = 10_000  # about 20 MB; four cameras that tick once a minute fill it in 42 hours
_BATCH = 500
_RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0)


class Ingest:
    """Takes releases from any thread, stores them in batches from one of its own, then publishes them.

    While the store fails, releases wait in memory (the oldest are given up when too many do) and writing is tried again.

    Parameters
    ----------
    store : Store
        Open.
    feed : Feed
    cameras : Cameras
    alarms : Alarms, optional
    most_waiting : int
        Releases that are kept while the store fails.
    """

    def __init__(
        self,
        store: Store,
        feed: Feed,
        cameras: Cameras,
        alarms: Alarms | None = None,
        *,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        self._store = store
        self._alarms = alarms or Alarms(())
        self._feed = feed
        self._cameras = cameras
        self._waiting: deque[Release] = deque()
        self._most_waiting = most_waiting
        self._lost = 0
        self._problem = ""
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def problem(self) -> str:
        """Why releases are not being stored, in one sentence; empty while they are."""
        return self._problem

    def put(self, release: Release) -> None:
        """Hand over a release; returns at once."""
        with self._changed:
            if len(self._waiting) >= self._most_waiting:
                self._waiting.popleft()
                self._lost += 1
            self._waiting.append(release)
            self._changed.notify()

    def camera_state(self, name: str, state: State, reason: str = "") -> None:
        """Say whether a camera is starting, live or unknown, and why."""
        status = self._cameras.change(name, state, reason)
        self._publish_states([status] if status else [])

    def start(self) -> None:
        """Begin to store."""
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Store what waits, trying once, and end; returns how many releases could not be stored."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        return len(self._waiting) + self._lost

    def _run(self) -> None:
        failures = 0
        try:
            while batch := self._next_batch():
                if self._store_batch(batch):
                    failures = 0
                    continue
                if self._stopping:
                    return
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, _RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1
        finally:
            if not self._stopping:  # a fault of ours ended the thread: say so where people look
                self._tell("the hub has stopped storing releases: start it again")

    def _next_batch(self) -> list[Release]:
        """The oldest releases that wait; empty when stopping and none do."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            return list(islice(self._waiting, _BATCH))

    def _store_batch(self, batch: Sequence[Release]) -> bool:
        try:
            new = self._store.add(batch)
            shown = [tick_of_release(release) for release in batch] if new == _rows(batch) else self._stored(batch)
        except StoreError as error:
            self._tell(f"{error}; {self._lost} of the releases that waited are lost" if self._lost else str(error))
            return False
        self._forget(batch)
        self._tell("")
        for tick in shown:
            self._feed.publish(Event("tick", tick.model_dump_json()))
        # One event for all of them: a site has more alarms than may wait for a slow page.
        if alarms := self._alarms.take(batch):
            self._feed.publish(Event("alarms", f"[{','.join(alarm.model_dump_json() for alarm in alarms)}]"))
        return True

    def _forget(self, batch: Sequence[Release]) -> None:
        with self._changed:
            for release in batch:
                if self._waiting and self._waiting[0] is release:
                    self._waiting.popleft()
                else:  # given up as one too many while it was being stored
                    self._lost -= 1

    def _stored(self, batch: Sequence[Release]) -> list[Tick]:
        """The ticks of a batch as they were stored: of a repeat the store keeps the first."""
        ticks = dict.fromkeys((release.camera, release.tick_start_s) for release in batch)
        found = (self._store.tick(camera, start_s) for camera, start_s in ticks)
        return [tick_of_rows(rows) for rows in found if rows]

    def _tell(self, problem: str) -> None:
        self._problem = problem
        self._publish_states(self._cameras.set_problem(problem))

    def _publish_states(self, states: Sequence[CameraStatus]) -> None:
        for status in states:
            self._feed.publish(Event("camera", camera_answer(status).model_dump_json()))


def _rows(batch: Sequence[Release]) -> int:
    return sum(len(release.places) for release in batch)
