"""Delivers releases to the hub: kept on disk first, sent until they are acknowledged, the newest first."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

from throng.data.errors import DeliveryError, WireError
from throng.data.release import Release
from throng.data.rows import Rows
from throng.data.wire import decode, encode
from throng.deliver.hub import Answer
from throng.deliver.spool import Kept, Spool

MOST_ROWS = 20_000
LIVE_S = 120.0
"""What arrived so lately goes before what has waited longer."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
_MOST_ARRIVED = 100_000
_REFUSED = (400, 413, 415, 422)
_UNKNOWN = (401, 403)
_TOO_EARLY = 425

Outcome = Literal["taken", "refused", "later"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast what has waited is sent.

    Attributes
    ----------
    first_pause_s, longest_pause_s : float
        Between attempts while the hub takes nothing; each is up to twice as long as the one before.
    catch_up_pause_s : float
        Between batches of what has waited, so that a sensor that catches up leaves the hub to the others.
    """

    first_pause_s: float = FIRST_PAUSE_S
    longest_pause_s: float = LONGEST_PAUSE_S
    catch_up_pause_s: float = 0.2

    def after(self, failures: int, *, asked_s: float | None = None) -> float:
        """How long to wait after so many failures in a row, seconds; sensors that failed together do not return together."""
        longest_s = min(self.longest_pause_s, self.first_pause_s * 2.0 ** min(failures - 1, 20))
        pause_s = longest_s * random.uniform(0.5, 1.0)
        return pause_s if asked_s is None else max(pause_s, min(asked_s, self.longest_pause_s))


class Delivery:
    """Takes releases from any thread and delivers them from threads of its own.

    A release is on disk before anything is sent of it, and is deleted once the hub has it. A crash in between repeats it, which
    the hub does not count twice.

    Parameters
    ----------
    spool : Spool
        For what waits.
    refused : Spool
        For what the hub will never take.
    post : callable
        Sends a batch and gives the hub's answer; raises `DeliveryError` where there is none.
    tell : callable
        Gets a sentence whenever something changes that a person should know.
    pace : Pace
    clock : callable
        Unix time, UTC.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        refused: Spool,
        post: Callable[[bytes], Answer],
        tell: Callable[[str], None],
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spool = spool
        self._refused = refused
        self._post = post
        self._tell = tell
        self._pace = pace or Pace()
        self._clock = clock
        self._arrived: list[tuple[bytes, int]] = []
        self._in_hand = 0
        self._dropped = 0
        self._lost_told = 0
        self._keeping = threading.Condition()
        self._changed = threading.Condition()
        self._news = False
        self._stopping = False
        self._failures = 0
        self._asked_s: float | None = None
        self._told: dict[str, str] = {}
        self._threads = [
            threading.Thread(target=self._keep, name="spool", daemon=True),
            threading.Thread(target=self._deliver, name="delivery", daemon=True),
        ]

    @property
    def waiting(self) -> int:
        """How many releases the hub has not acknowledged yet."""
        with self._keeping:
            return len(self._spool) + len(self._arrived) + self._in_hand

    @property
    def problem(self) -> str:
        """Why the hub takes nothing now; empty while it does."""
        return self._told.get("hub", "")

    def put(self, release: Release) -> None:
        """Hand over a release; returns at once."""
        rows = Rows.of([release])
        with self._keeping:
            if len(self._arrived) < _MOST_ARRIVED:
                self._arrived.append((encode(rows), len(rows)))
            else:
                self._dropped += 1
            self._keeping.notify()

    def start(self) -> None:
        """Begin to keep and to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Put on disk what has come, and end; what waits is delivered after the next start."""
        with self._keeping, self._changed:
            self._stopping = True
            self._keeping.notify()
            self._changed.notify()
        for thread in self._threads:
            thread.join()

    def _keep(self) -> None:
        while True:
            with self._keeping:
                self._keeping.wait_for(lambda: self._arrived or self._stopping)
                arrived, self._arrived = self._arrived, []
                if not arrived:
                    return
                self._in_hand = len(arrived)
            # Without the lock: whoever hands over a release must not wait for a disk.
            self._spool.keep([payload for payload, _ in arrived], rows=[rows for _, rows in arrived])
            self._in_hand = 0
            self._say("disk", self._spool.problem, "the spool can be written again")
            lost = self._spool.lost + self._dropped
            if lost > 2 * self._lost_told:
                self._lost_told = lost
                self._tell(f"{lost} ticks that could not be delivered had to be given up: the spool is full")
            with self._changed:
                self._news = True
                self._changed.notify()

    def _deliver(self) -> None:
        while not self._stopping:
            live = self._spool.newest(since_s=self._clock() - LIVE_S, most_rows=MOST_ROWS)
            batch = live or self._spool.oldest(most_rows=MOST_ROWS)
            if not batch:
                self._wait(None)
            elif not self._send(batch):
                self._failures += 1
                self._wait(self._pace.after(self._failures, asked_s=self._asked_s), news=False)
            elif not live:
                self._wait(self._pace.catch_up_pause_s)

    def _send(self, batch: Sequence[Kept]) -> bool:
        """Deliver a batch, in pieces where the hub does not take it whole; False where the rest must wait."""
        pieces = [self._spool.payloads(batch)]
        while pieces:
            piece = pieces.pop()
            if not piece:
                continue
            outcome, sentence = self._offer([payload for _, payload in piece])
            if outcome == "later":
                return False
            if outcome == "refused" and len(piece) > 1:
                # One camera that was moved to another sensor must not hold back the others, nor one tick the next.
                pieces.extend(_cut(piece))
                continue
            if outcome == "refused":
                self._set_aside(piece[0], sentence)
            self._spool.done([kept for kept, _ in piece])
            if self._stopping:
                return True
        return True

    def _offer(self, payloads: Sequence[bytes]) -> tuple[Outcome, str]:
        self._asked_s = None
        try:
            answer = self._post(encode(Rows.joined([decode(payload) for payload in payloads])))
        except WireError as error:
            return "refused", str(error)
        except DeliveryError as error:
            self._say("hub", str(error))
            return "later", str(error)
        if answer.status == 200:
            self._failures = 0
            self._say("hub", "", "the hub takes what is sent again")
            return "taken", ""
        if answer.status in _REFUSED:
            self._failures = 0
            return "refused", answer.sentence
        if answer.status == _TOO_EARLY:
            self._say("hub", f"{_clock_sentence(answer, self._clock())}, so numbers wait: {answer.sentence}")
        elif answer.status in _UNKNOWN:
            self._say("hub", f"the hub does not know this sensor any more, so its numbers wait: {answer.sentence}")
        else:
            self._asked_s = _seconds(answer.headers.get("retry-after", ""))
            self._say("hub", f"the hub takes nothing now, so numbers wait: {answer.sentence}")
        return "later", answer.sentence

    def _set_aside(self, piece: tuple[Kept, bytes], sentence: str) -> None:
        kept, payload = piece
        self._refused.keep([payload], rows=[kept.rows])
        self._say("refused", f"the hub refused numbers for good, and they were set aside: {sentence}")

    def _wait(self, timeout_s: float | None, *, news: bool = True) -> None:
        with self._changed:
            self._changed.wait_for(lambda: (news and self._news) or self._stopping, timeout_s)
            self._news = False

    def _say(self, topic: str, sentence: str, otherwise: str = "") -> None:
        before = self._told.get(topic, "")
        if sentence == before:
            return
        self._told[topic] = sentence
        if sentence or otherwise:
            self._tell(sentence or otherwise)


def _cut(piece: Sequence[tuple[Kept, bytes]]) -> list[list[tuple[Kept, bytes]]]:
    """By camera where there are several; else in two."""
    cameras: dict[str, list[tuple[Kept, bytes]]] = {}
    for each in piece:
        cameras.setdefault(_camera(each[1]), []).append(each)
    if len(cameras) > 1:
        return list(cameras.values())
    half = len(piece) // 2
    return [list(piece[half:]), list(piece[:half])]


def _camera(payload: bytes) -> str:
    try:
        series = decode(payload).series
    except WireError:
        return ""
    return series[0][0] if series else ""


def _clock_sentence(answer: Answer, now_s: float) -> str:
    try:
        hub_s = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return "this machine's clock or the hub's is wrong"
    off_s = round(now_s - hub_s)
    return f"this machine's clock is {abs(off_s)} s {'ahead of' if off_s > 0 else 'behind'} the hub's"


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() and len(text) < 9 else None
