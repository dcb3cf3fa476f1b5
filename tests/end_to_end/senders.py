"""Sensors and an administrator that go on while their hub dies, and note what it acknowledged."""

import itertools
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from tests.end_to_end.delivering import posting
from tests.end_to_end.killable import SERIES, Place, cameras_of

from throng.data.errors import DeliveryError
from throng.data.rows import Rows
from throng.data.wire import encode
from throng.deliver.hub import Answer, Link, context_for

HOUR_S, DAY_S = 3600, 86_400
MECHANISM = "noise(rho=0.2)"
NOW_S = int(time.time())
LATE_S = NOW_S // DAY_S * DAY_S - 60 * DAY_S
"""From here on the sensors catch up, ten seconds a tick."""
LIVE_S = NOW_S - 550
"""From here on they are live, a second a tick."""
FORGOTTEN_S = 1_577_836_800
"""2020: older than what the hub keeps."""
_OTHER_VALUE = 5000.0
_RETRY_S = 0.02


def value_of(index: int, tick_s: int) -> float:
    """What a sensor says first of a tick, by the place in `SERIES`."""
    return tick_s % 1000 + index / 16


def rows_of(cameras: tuple[str, ...], ticks_s: list[int], *, tick_s: int, again: bool = False) -> Rows:
    """Every series of some cameras and ticks; what is said `again` has other values."""
    series = tuple((camera, *measure) for camera in cameras for measure in SERIES)
    hours = sorted({tick // HOUR_S for tick in ticks_s})
    # An epoch an hour, so that spends are always being told.
    epochs = [f"{time.strftime('%Y-%m-%d', time.gmtime(hour * HOUR_S))}/{1 + hour % 24}" for hour in hours]
    parts = tuple((MECHANISM, epoch, float(tick_s)) for epoch in epochs)
    n = len(series)
    values = [value_of(index % len(SERIES), tick) for tick in ticks_s for index in range(n)]
    return Rows(
        series,
        parts,
        ("",),
        series_of=np.tile(np.arange(n, dtype=np.int32), len(ticks_s)),
        part_of=np.repeat(np.array([hours.index(tick // HOUR_S) for tick in ticks_s], np.int32), n),
        reason_of=np.zeros(n * len(ticks_s), np.int32),
        tick_start_us=np.repeat(np.array(ticks_s, np.int64) * 1_000_000, n),
        values=np.array(values) + again * _OTHER_VALUE,
        standard_errors=np.full(n * len(ticks_s), 3.5),
    )


@dataclass
class Noted:
    """What a sensor sent, as (camera, tick start in seconds).

    Attributes
    ----------
    acknowledged : set
        What the hub said it has.
    in_flight : frozenset
        The batch of which it has said nothing yet.
    forgotten : set
        What was acknowledged and is so old that the hub deletes it.
    repeats : int
        Batches that were sent when they had been acknowledged before.
    """

    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    in_flight: frozenset[tuple[str, int]] = frozenset()
    forgotten: set[tuple[str, int]] = field(default_factory=set)
    repeats: int = 0

    def copy(self) -> "Noted":
        """As it is now."""
        return Noted(set(self.acknowledged), self.in_flight, set(self.forgotten), self.repeats)


class Acting(threading.Thread):
    """Goes on until it is to finish.

    Attributes
    ----------
    problem : str
        What it found wrong; empty while nothing was.
    finishing : Event
    sent_away : list of str
        Why the hub took nothing, each time.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.problem = ""
        self.finishing = threading.Event()
        self.sent_away: list[str] = []
        self.lock = threading.Lock()

    def run(self) -> None:
        try:
            self.act()
        except AssertionError as error:
            self.problem = str(error)

    def act(self) -> None:
        """What it does."""
        raise NotImplementedError

    def finish(self) -> None:
        """End what is under way, and nothing must have been wrong."""
        self.finishing.set()
        self.join()
        assert not self.problem, self.problem


class Sender(Acting):
    """A sensor that sends batches as fast as they are acknowledged: live and late, in any order, some a second time.

    Parameters
    ----------
    place : Place
    sensor : str
    seed : int
    """

    def __init__(self, place: Place, sensor: str, *, seed: int) -> None:
        super().__init__(sensor)
        self.noted = Noted()
        self._chance = random.Random(f"{seed} {sensor}")
        self._cameras = cameras_of(sensor)
        self._identity = place.identity(sensor)
        self._next = {LATE_S: 0, LIVE_S: 0, FORGOTTEN_S: 0}
        self._ahead: list[int] = []
        self._sent: deque[int] = deque(maxlen=500)

    def act(self) -> None:
        with posting(self._identity) as post:
            while not self.finishing.is_set():
                self._send(post, *self._batch())

    def look(self) -> Noted:
        """What is noted now."""
        with self.lock:
            return self.noted.copy()

    def _batch(self) -> tuple[list[int], int, bool]:
        """Ticks, their length, and whether they were sent before."""
        what = self._chance.random()
        if what < 0.15 and self._sent:
            tick = self._chance.choice(self._sent)
            return [tick], 1 if tick >= LIVE_S else 10, True
        if what < 0.45 and LIVE_S + self._next[LIVE_S] < time.time() - 1:
            return self._new(LIVE_S, 1, 1), 1, False
        if what < 0.5:
            return self._new(FORGOTTEN_S, 10, 3), 10, False
        if what < 0.6 and self._ahead:
            passed_over, self._ahead = self._ahead, []
            return passed_over, 10, False
        ticks = self._new(LATE_S, 10, self._chance.randint(1, 30))
        if what > 0.9 and not self._ahead:
            self._ahead = ticks  # to be sent after later ones
            ticks = self._new(LATE_S, 10, 5)
        self._chance.shuffle(ticks)
        return ticks, 10, False

    def _new(self, begin_s: int, tick_s: int, count: int) -> list[int]:
        first = self._next[begin_s]
        self._next[begin_s] += count
        return [begin_s // tick_s * tick_s + tick_s * number for number in range(first, first + count)]

    def _send(self, post: Callable[[bytes], Answer], ticks_s: list[int], tick_s: int, again: bool) -> None:
        body = encode(rows_of(self._cameras, ticks_s, tick_s=tick_s, again=again))
        keys = frozenset((camera, tick) for camera in self._cameras for tick in ticks_s)
        with self.lock:
            self.noted.in_flight = frozenset() if again else keys
        if until_acknowledged(lambda: post(body), self.finishing, sent_away=self.sent_away) is None:
            return
        with self.lock:
            self.noted.in_flight = frozenset()
            if ticks_s[0] < LATE_S:
                self.noted.forgotten |= keys
            elif again:
                self.noted.repeats += 1
            else:
                self.noted.acknowledged |= keys
                self._sent.extend(ticks_s)


class Administrator(Acting):
    """Adds cameras and changes them, one change after the other, and notes the version that the hub said it has of each."""

    def __init__(self, place: Place) -> None:
        super().__init__("administrator")
        self.acknowledged: dict[str, int] = {}
        identity = place.identity("box-0")
        self._headers = {"authorization": f"Bearer {place.token}", "content-type": "application/json"}
        self._link = Link(identity.hub, lambda: context_for(identity.authority_pem))

    def act(self) -> None:
        try:
            for number in itertools.count():
                if self.finishing.wait(0.02):
                    return
                self._change(f"added {number // 5}")
        finally:
            self._link.close()

    def look(self) -> dict[str, int]:
        """What is acknowledged now."""
        with self.lock:
            return dict(self.acknowledged)

    def _change(self, name: str) -> None:
        path = f"/api/v1/registry/cameras/{name.replace(' ', '%20')}"
        while not self.finishing.is_set():
            # Whether a change was made before the hub died is to be seen first, as a person would.
            seen = until_acknowledged(lambda: self._ask("GET", path), self.finishing, (200, 404))
            if seen is None:
                return
            version = seen.tree.get("version", 0)
            assert version >= self.acknowledged.get(name, 0), f"{name} is again as it was before it was changed"
            wanted = {"version": version, "site": "north", "sensor": "added", "address": f"rtsp://10.0.0.9/{version + 1}"}
            try:
                answer = self._ask("PUT", path, json.dumps(wanted).encode())
            except DeliveryError:
                continue
            assert answer.status in (200, 409, 503), answer.sentence
            if answer.status == 503:
                self.sent_away.append(answer.sentence)
                return
            if answer.status == 200:
                with self.lock:
                    self.acknowledged[name] = version + 1
                return

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        return self._link.ask(method, path, body=body, headers=self._headers)


def until_acknowledged(
    ask: Callable[[], Answer],
    finishing: threading.Event,
    good: tuple[int, ...] = (200,),
    *,
    sent_away: list[str] | None = None,
) -> Answer | None:
    """Ask again until there is a good answer, noting with which sentences one was sent away; None once one is finishing."""
    while True:
        try:
            answer = ask()
        except DeliveryError:
            if finishing.is_set():
                return None
            time.sleep(_RETRY_S)
            continue
        if answer.status in good:
            return answer
        assert answer.status == 503, f"{answer.status} {answer.sentence}"
        if sent_away is not None:
            sent_away.append(answer.sentence)
        if finishing.is_set():
            return None
        time.sleep(_RETRY_S)
