"""Tells outlets what happens to alarms: from one thread, each message once per outlet, again and again until it arrives."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from throng.data.errors import HubError, SealError, StoreError, ThrongError
from throng.data.fault import told
from throng.hub.alarming.history import Event
from throng.hub.alarming.outlets import Outlet, Outlets
from throng.hub.alarming.reach import Attempt
from throng.hub.alarming.senders import Message, send

GIVEN_UP_S = 3600.0
"""A message that could not be sent for so long is given up."""
MOST_WAITING = 200
"""For one outlet; the oldest go."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0
_LONGEST_END_S = 5.0
"""A look-up of a name, alone of all that a sending does, cannot be cut: the thread goes with the process."""
_TOO_MANY = "more waited for it than the hub keeps: some were never sent"
_logger = logging.getLogger("throng.hub")
Send = Callable[[Attempt, Outlet, Mapping[str, str], Message], str]


@dataclass(frozen=True, slots=True)
class Condition:
    """How an outlet does.

    Attributes
    ----------
    waiting : int
        Messages that have yet to be sent.
    sent_s, failed_s : float or None
        When the last was sent, and when one last failed; Unix time, UTC.
    failure : str
        Why it failed; empty once a later one was sent.
    """

    waiting: int = 0
    sent_s: float | None = None
    failed_s: float | None = None
    failure: str = ""


@dataclass(slots=True, eq=False)
class _Lane:
    """What waits for one outlet, oldest first: one that does not answer holds up its own messages alone."""

    waiting: deque[tuple[float, Event]] = field(default_factory=deque)
    failures: int = 0
    next_s: float = 0.0
    condition: Condition = Condition()


class Courier:
    """Sends messages from a thread of its own, which begins with the first message.

    Parameters
    ----------
    outlets : Outlets
    hub : str
        Where the hub is opened.
    paid : callable
        Told of every event, by number, and outlet, once it need not be sent again.
    send : callable
        See `throng.hub.alarming.senders.send`.
    clock : callable
        Seconds that only go forward.
    """

    def __init__(
        self,
        outlets: Outlets,
        *,
        hub: str,
        paid: Callable[[int, str], None] = lambda number, outlet: None,
        send: Send = send,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outlets, self._hub, self._paid, self._send, self._clock = outlets, hub, paid, send, clock
        self._lanes: dict[str, _Lane] = {}
        self._changed = threading.Condition()
        self._attempt: Attempt | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._trying = threading.Lock()

    def post(self, events: Sequence[Event]) -> None:
        """Hand over events for the outlets that they are owed to; returns at once."""
        now_s = self._clock()
        with self._changed:
            for event in events:
                for name in event.owed:
                    lane = self._lanes.setdefault(name, _Lane())
                    lane.waiting.append((now_s, event))
                    if len(lane.waiting) > MOST_WAITING:
                        lane.waiting.popleft()
                        lane.condition = replace(lane.condition, failed_s=time.time(), failure=_TOO_MANY)
            if self._lanes and self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def condition(self, name: str) -> Condition:
        """How an outlet does."""
        with self._changed:
            lane = self._lanes.get(name)
            return Condition() if lane is None else replace(lane.condition, waiting=len(lane.waiting))

    def try_now(self, outlet: Outlet) -> str:
        """Send an outlet a test message, from this thread; gives what is wrong though it was sent, or nothing.

        Raises
        ------
        HubError
            It could not be sent, or another is being tried.
        """
        if not self._trying.acquire(blocking=False):
            raise HubError("another outlet is being tried: wait a few seconds")
        try:
            site = next(iter(sorted(outlet.sites)), "")
            event = Event("Test", "notice", site, "", "", "rang", round(time.time() * 1e6), sentence="This is a test.")
            message = Message(f"test-{time.time_ns()}", event, self._hub, is_test=True)
            return self._send(Attempt(), outlet, self._outlets.secrets(outlet), message)
        except SealError as error:
            raise HubError(str(error)) from None
        finally:
            self._trying.release()

    def again(self, name: str) -> None:
        """Try an outlet at once, as it was changed; drop what waits for it where it was removed."""
        with self._changed:
            if self._outlets.get(name) is None:
                self._lanes.pop(name, None)
            elif (lane := self._lanes.get(name)) is not None:
                lane.next_s, lane.failures = 0.0, 0
            self._changed.notify_all()

    def stop(self) -> None:
        """End the thread, and cut what it is sending: what was not sent is sent when the hub is started again."""
        with self._changed:
            self._stopping = True
            if self._attempt is not None:
                self._attempt.cut()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_LONGEST_END_S)

    def _run(self) -> None:
        while (due := self._next()) is not None:
            name, since_s, event = due
            try:
                problem, is_done = self._deliver(name, event)
            except Exception as error:  # noqa: BLE001 -- one message must not keep all others from being sent
                _logger.error("an outlet could not be told of an alarm:\n%s", told(error))
                problem, is_done = "the hub made a mistake: its own log tells which", False
            if is_done or not self._stopping:  # what was cut has not failed
                self._note(name, since_s, event, problem, is_done=is_done)

    def _next(self) -> tuple[str, float, Event] | None:
        """The message that is due, once there is one; None when stopping."""
        with self._changed:
            while not self._stopping:
                lanes = [(lane.next_s, name, lane) for name, lane in self._lanes.items() if lane.waiting]
                next_s, name, lane = min(lanes, key=lambda one: one[0], default=(0.0, "", None))
                if lane is None:
                    self._changed.wait()
                elif (pause_s := next_s - self._clock()) > 0:
                    self._changed.wait(pause_s)
                else:
                    self._attempt = Attempt()
                    return (name, *lane.waiting[0])
            return None

    def _deliver(self, name: str, event: Event) -> tuple[str, bool]:
        """Why a message failed, or is to be told of, and whether it was sent."""
        outlet, attempt = self._outlets.get(name), self._attempt
        assert attempt is not None
        if outlet is None:
            return "", True
        message = Message(f"{event.number}-{event.at_us}", event, self._hub)
        try:
            return self._send(attempt, outlet, self._outlets.secrets(outlet), message), True
        except ThrongError as error:
            return str(error), False

    def _note(self, name: str, since_s: float, event: Event, problem: str, *, is_done: bool) -> None:
        now_s = self._clock()
        with self._changed:
            lane = self._lanes.get(name)
            if lane is None:
                return
            failed_s = time.time() if problem else lane.condition.failed_s
            sent_s = time.time() if is_done else lane.condition.sent_s
            lane.condition = Condition(0, sent_s, failed_s, problem)
            lane.failures = 0 if is_done else lane.failures + 1
            pause_s = min(_FIRST_PAUSE_S * 2 ** min(lane.failures - 1, 10), _LONGEST_PAUSE_S)
            # An outlet that answers gives way to the others.
            lane.next_s = now_s if is_done else now_s + pause_s
            is_over = is_done or now_s + pause_s - since_s > GIVEN_UP_S
            if is_over and lane.waiting and lane.waiting[0][1] is event:
                lane.waiting.popleft()
        if is_over:
            self._pay(event, name)

    def _pay(self, event: Event, name: str) -> None:
        try:
            self._paid(event.number, name)
        except StoreError as error:
            _logger.error("that an outlet was told of an alarm could not be kept: %s", error)
