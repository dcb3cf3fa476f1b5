"""From the wall to the store, and from the store to the live feed: a number is stored before it is shown."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from throng.data.errors import HubError, LogError, StoreError
from throng.data.fault import told
from throng.data.release import Release
from throng.data.rows import Rows
from throng.hub.alarms import Alarms
from throng.hub.cameras import Cameras, CameraStatus, State
from throng.hub.live import Event, Feed, Gathering
from throng.hub.models import Tick, camera_answer, tick_of_stored, ticks_of_rows
from throng.hub.now import Now
from throng.hub.shown import Shown
from throng.store.store import Store

_MOST_WAITING_ROWS = 400_000
"""About 20 MB."""
_BATCH_ROWS = 50_000
_FREE = "none"
"""The mechanism of ticks of which nothing is known: they cost nothing."""
_GATHER_S, _GATHERED_ROWS = 0.02, 2_000
"""How long a few live rows wait for others to be stored with them: a commit costs as much as the requests of some sensors."""
SHOW_EVERY_S = 0.2
"""Pages are told of new ticks, and of cameras' states, in one event at most so often: at 1,039 cameras each page would take a
hundred a second."""
_LATE_EVERY_S = 0.5
"""So often late rows have a turn, however many live ones come."""
_NEWS_US = 1_200_000_000
"""How much older than the newest a tick may be, in microseconds, to be shown and to count for alarms."""
_MOST_LOOKED_UP = 500
_MOST_KNOWN_SPENDS = 100_000
_RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_logger = logging.getLogger("throng.hub")
Spend = tuple[str, str, str]
"""A camera, an epoch of its ledger, and the mechanism that makes the noise there."""


@dataclass(slots=True, eq=False)
class _Waiting:
    rows: Rows
    answer: "Future[None] | None" = field(default=None, repr=False)
    late: bool = False
    since_s: float = field(default_factory=time.monotonic)


class Ingest:
    """Takes rows from any thread, stores them in batches from one of its own, then publishes them.

    What comes while a batch is being stored waits and is stored together with the next: one commit for many sensors. Late rows,
    of a sensor that catches up, give way to live ones. While the store fails, releases of this machine's cameras wait in memory
    (the oldest are given up when too many do); a sensor elsewhere is told to come again.

    Parameters
    ----------
    store : Store
        Open.
    feed : Feed
    cameras : Cameras
    alarms : Alarms, optional
    now : Now, optional
    spent : callable, optional
        Told of all stretches of cameras' privacy budgets that a batch is the first of, before it is stored.
    most_waiting_rows : int
        Rows that are kept while the store fails.
    """

    def __init__(
        self,
        store: Store,
        feed: Feed,
        cameras: Cameras,
        alarms: Alarms | None = None,
        *,
        now: Now | None = None,
        spent: Callable[[Sequence[Spend]], None] = lambda spends: None,
        most_waiting_rows: int = _MOST_WAITING_ROWS,
    ) -> None:
        self._store = store
        self._alarms = alarms or Alarms(())
        self._feed = feed
        self._cameras = cameras
        self._now = now or Now(cameras)
        self._states = Gathering(self._publish_states, every_s=SHOW_EVERY_S)
        self._spent = spent
        self._known_spends: dict[Spend, None] = {}
        self._shown = Shown()
        self._news: list[tuple[str, str, str]] = []
        self._now_news: dict[str, None] = {}
        self._alarm_news: dict[str, tuple[str, str]] = {}
        self._told_s = 0.0
        self._live: deque[_Waiting] = deque()
        self._late: deque[_Waiting] = deque()
        self._late_ended_s = time.monotonic()
        self._storing: list[_Waiting] = []
        self._waiting_rows = 0
        self._most_waiting_rows = most_waiting_rows
        self._lost = 0
        self._problem = ""
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def problem(self) -> str:
        """Why numbers are not being stored, in one sentence; empty while they are."""
        return self._problem

    def put(self, release: Release) -> None:
        """Hand over a release of this machine's own cameras; returns at once."""
        waiting = _Waiting(Rows.of([release]))
        with self._changed:
            self._append(self._live, waiting)
            self._give_up_oldest()

    def submit(self, rows: Rows, *, late: bool = False) -> "Future[None]":
        """Hand over a sensor's rows; the answer comes once they are stored, and fails where they cannot be now.

        Raises
        ------
        HubError
            So many wait already that these would not be stored soon: the sensor keeps them.
        """
        waiting = _Waiting(rows, Future(), late)
        assert waiting.answer is not None
        waiting.answer.set_running_or_notify_cancel()  # whoever waits for it cannot cancel it under us
        with self._changed:
            waiting_rows, most = self._waiting_rows, self._most_waiting_rows
            if late:  # however many catch up, the live ones have room
                waiting_rows, most = sum(len(other.rows) for other in self._late), most // 2
            if self._stopping or waiting_rows + len(rows) > most or self._waiting_rows + len(rows) > self._most_waiting_rows:
                raise HubError("the hub has more to store than it can at present: send this again in a few seconds")
            self._append(self._late if late else self._live, waiting)
        return waiting.answer

    def camera_state(self, name: str, state: State, reason: str = "") -> None:
        """Say whether a camera is starting, live or unknown, and why."""
        status = self._cameras.change(name, state, reason)
        self.publish_states([status] if status else [])

    def camera_states(self, states: Sequence[tuple[str, State, str]]) -> None:
        """Say it of several cameras at once."""
        changed = (self._cameras.change(*state) for state in states)
        self.publish_states([status for status in changed if status is not None])

    def publish_states(self, states: Sequence[CameraStatus]) -> None:
        """Tell the pages how some cameras are, together with what others say in the same moment."""
        self._states.put({status.camera.name: status for status in states})

    def _publish_states(self, states: Sequence[CameraStatus]) -> None:
        items = tuple((status.camera.site, camera_answer(status).model_dump_json()) for status in states)
        self._feed.publish(Event("cameras", items))

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
        self._states.flush()
        left = [*self._storing, *self._live, *self._late]
        self._fail(left, "the hub is stopping")
        return sum(waiting.answer is None for waiting in left) + self._lost

    def _append(self, queue: deque[_Waiting], waiting: _Waiting) -> None:
        queue.append(waiting)
        self._waiting_rows += len(waiting.rows)
        self._changed.notify()

    def _give_up_oldest(self) -> None:
        while self._waiting_rows > self._most_waiting_rows:
            oldest = next((waiting for waiting in self._live if waiting.answer is None), None)
            if oldest is None:
                return
            self._live.remove(oldest)
            self._waiting_rows -= len(oldest.rows)
            self._lost += 1

    def _run(self) -> None:
        failures = 0
        try:
            while self._next_batch():
                if self._store_batch(self._storing):
                    failures = 0
                    continue
                if self._stopping:
                    return
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, _RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1
        finally:
            self._publish_news()
            if not self._stopping:  # a fault of ours ended the thread: say so where people look
                problem = "the hub has stopped storing numbers: start it again"
                with self._changed:
                    self._most_waiting_rows = 0
                self._fail([*self._storing, *self._live, *self._late], problem)
                self._tell(problem)

    def _next_batch(self) -> bool:
        """Take up all live rows that wait, up to a batch, or the oldest late ones; False when stopping and none do."""
        while not self._wait_for_rows(None if not self._has_news else max(0.0, self._told_s + SHOW_EVERY_S - time.monotonic())):
            self._publish_news()
        with self._changed:
            if self._live and self._waiting_rows < _GATHERED_ROWS:
                self._changed.wait_for(lambda: self._stopping or self._waiting_rows >= _GATHERED_ROWS, _GATHER_S)
            queue = self._late if self._is_turn_of_late() else self._live
            self._storing = []
            rows = 0
            while queue and (not self._storing or rows + len(queue[0].rows) <= _BATCH_ROWS):
                self._storing.append(queue.popleft())
                rows += len(self._storing[-1].rows)
            self._waiting_rows -= rows
            return bool(self._storing)

    def _is_turn_of_late(self) -> bool:
        if not self._live or not self._late:
            return not self._live
        return time.monotonic() - max(self._late[0].since_s, self._late_ended_s) >= _LATE_EVERY_S

    def _wait_for_rows(self, timeout_s: float | None) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(lambda: self._live or self._late or self._stopping, timeout_s))

    def _store_batch(self, batch: Sequence[_Waiting]) -> bool:
        rows = Rows.joined([waiting.rows for waiting in batch])
        try:
            self._log_spends(rows)
            new = self._store.add_rows(rows)
            recent = rows if batch[0].late else _recent(rows)
            shown = [] if batch[0].late else self._to_show(recent, repeated=new < len(rows))
        except (StoreError, LogError) as error:
            self._keep(batch, str(error))
            return False
        finally:
            if batch[0].late:
                self._late_ended_s = time.monotonic()
        for waiting in batch:
            if waiting.answer is not None:
                waiting.answer.set_result(None)
        self._tell("")
        if not batch[0].late:
            self._publish(shown, recent)
        return True

    @property
    def _has_news(self) -> bool:
        return bool(self._news or self._alarm_news)

    def _publish(self, shown: Sequence[Tick], rows: Rows) -> None:
        self._news += [(tick.camera, self._cameras.site_of(tick.camera), tick.model_dump_json()) for tick in shown]
        try:
            for alarm in self._alarms.take(rows):
                self._alarm_news[alarm.name] = (self._cameras.site_of(alarm.camera), alarm.model_dump_json())
        except Exception as error:  # noqa: BLE001 -- one camera's alarms must not keep the numbers of all others out of the store
            _logger.error("an alarm could not be judged:\n%s", told(error))
        if time.monotonic() >= self._told_s + SHOW_EVERY_S:
            self._publish_news()

    def _publish_news(self) -> None:
        """Tell the pages: one event for all ticks and one for all alarms, as more may come than may wait for a slow page."""
        self._told_s = time.monotonic()
        news, self._news = self._news, []
        now, self._now_news = self._now.ticks(self._now_news), {}
        alarms, self._alarm_news = tuple(self._alarm_news.values()), {}
        for name, ticks in (("ticks", news), ("now", now)):
            if ticks:
                items = tuple((site, tick) for _, site, tick in ticks)
                self._feed.publish(Event(name, items, tuple(camera for camera, _, _ in ticks)))
        if alarms:
            self._feed.publish(Event("alarms", alarms))

    def _to_show(self, rows: Rows, *, repeated: bool) -> list[Tick]:
        """The ticks of a batch that are newer than any shown before, as they were stored: of a repeat the first was kept."""
        newer = self._shown.newer(rows)
        if not repeated:
            self._now_news |= dict.fromkeys(self._now.take(rows, newer))
            return ticks_of_rows(rows, newer)
        found = [self._store.tick(camera, start_us / 1e6) for camera, start_us in newer[-_MOST_LOOKED_UP:]]
        for stored in found:
            self._now_news |= dict.fromkeys(self._now.take_stored(stored))
        return [tick_of_stored(stored) for stored in found if stored]

    def _log_spends(self, rows: Rows) -> None:
        pairs = np.unique(rows.series_of.astype(np.int64) * len(rows.parts) + rows.part_of)
        spends = dict.fromkeys(
            (rows.series[pair // len(rows.parts)][0], *rows.parts[pair % len(rows.parts)][1::-1]) for pair in pairs.tolist()
        )
        new = [spend for spend in spends if spend[2] != _FREE and spend not in self._known_spends]
        if new:
            self._spent(new)
        self._known_spends |= dict.fromkeys(new)
        while len(self._known_spends) > _MOST_KNOWN_SPENDS:
            del self._known_spends[next(iter(self._known_spends))]

    def _keep(self, batch: Sequence[_Waiting], problem: str) -> None:
        """Let releases of this machine wait for the next try; a sensor keeps its own."""
        kept = [waiting for waiting in batch if waiting.answer is None]
        gone = [waiting for waiting in batch if waiting.answer is not None]
        with self._changed:
            self._storing = []
            self._live.extendleft(reversed(kept))
            self._waiting_rows += sum(len(waiting.rows) for waiting in kept)
            self._give_up_oldest()
        self._fail(gone, problem)
        self._tell(f"{problem}; {self._lost} of the releases that waited are lost" if self._lost else problem)

    @staticmethod
    def _fail(waiting: Sequence[_Waiting], problem: str) -> None:
        for one in waiting:
            if one.answer is not None and not one.answer.done():
                one.answer.set_exception(StoreError(problem))

    def _tell(self, problem: str) -> None:
        self._problem = problem
        self.publish_states(self._cameras.set_problem(problem))


def _recent(rows: Rows) -> Rows:
    """The rows that are news: a sensor that was away sends a day together with the present."""
    recent = rows.tick_start_us >= rows.tick_start_us.max() - _NEWS_US
    return rows if recent.all() else rows.taken(np.flatnonzero(recent))
