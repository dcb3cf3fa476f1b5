"""A sensor in a process of its own, all but its camera: counts, wall, ledger, spool and delivery to a real hub.

It tells what it did after it did it, and can be held at a point so that it is killed there.
"""

import threading
import time
from collections.abc import Sequence
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tests.end_to_end.delivering import PACE, posting
from tests.end_to_end.killable import Place, cameras_of

from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.data.wire import decode
from throng.deliver.sender import Delivery
from throng.deliver.spool import Spool
from throng.privacy.budget import Budget
from throng.privacy.ledger import Epoch, Ledger
from throng.privacy.wall import Wall

SENSOR = "box-0"
TICK_S, FRAME_S = 60, 6.0
RHO_PER_DAY = 0.2
_DOOR = Line("door", np.array([[100.0, 100.0], [900.0, 100.0]]))
_HALL = Zone("hall", np.array([[100.0, 200.0], [900.0, 200.0], [900.0, 800.0], [100.0, 800.0]]))

Point = Literal["opened", "noised", "kept", ""]
"""Where the sensor is held: its epoch is in the ledger; a tick is noised; it is on disk."""


def ledger_path(place: Place, camera: str) -> Path:
    """Where a camera's account is."""
    return place.folder / "sensors" / SENSOR / f"{camera[-1]}.jsonl"


class Told:
    """Tells the test what happened, from any thread, and holds the process where it was asked to.

    Parameters
    ----------
    messages : Connection
    hold : Point
    """

    def __init__(self, messages: "Connection[Any, Any]", hold: Point) -> None:
        self._messages = messages
        self._hold = hold
        self._lock = threading.Lock()

    def say(self, *message: object) -> None:
        with self._lock:
            self._messages.send(message)

    def reached(self, point: Point) -> None:
        if point == self._hold:
            self.say("held")
            time.sleep(600)


class _TellingLedger(Ledger):
    def __init__(self, path: Path, told: Told) -> None:
        super().__init__(path)
        self._told = told

    def open_epoch(self, camera: str, day: date, **settings: Any) -> Epoch:
        epoch = super().open_epoch(camera, day, **settings)
        self._told.reached("opened")
        return epoch


class _TellingSpool(Spool):
    def __init__(self, folder: Path, told: Told) -> None:
        super().__init__(folder)
        self._told = told

    def keep(self, payloads: Sequence[bytes], *, rows: Sequence[int]) -> None:
        super().keep(payloads, rows=rows)
        assert not self.problem, self.problem
        known = False
        for payload in payloads:
            found = decode(payload)
            known = known or found.parts[0][0] != "none"
            self._told.say("kept", found.series[0][0], int(found.tick_start_us[0]) // 10**6, found.values.tolist())
        if known:
            self._told.reached("kept")


def measure(place: Place, first: int, hold: Point, messages: "Connection[Any, Any]") -> None:
    """Measure tick after tick, from `first` on, until killed; with a negative one only deliver what is kept."""
    told = Told(messages, hold)
    identity = place.identity(SENSOR)
    refused = Spool(identity.folder / "refused")
    spool = _TellingSpool(identity.folder / "spool", told)
    said = lambda sentence: told.say("said", sentence)  # noqa: E731
    with posting(identity) as post:
        delivery = Delivery(spool, refused=refused, post=post, tell=said, pace=PACE)
        delivery.start()
        if first >= 0:
            _measure(place, first, told, delivery)
        while delivery.waiting:
            time.sleep(0.01)
    assert not len(refused)
    told.say("empty")


def _measure(place: Place, first: int, told: Told, delivery: Delivery) -> None:
    walls = [_wall(camera, _TellingLedger(ledger_path(place, camera), told)) for camera in cameras_of(SENSOR)]
    for frame in range(1_000_000):
        time_s = first * TICK_S + frame * FRAME_S
        for wall in walls:
            for release in wall.advance(time_s):
                told.say("released", release.camera, int(release.tick_start_s), "" if release.unknown else release.epoch)
                if not release.unknown:
                    told.reached("noised")
                delivery.put(release)
            wall.observe(_measured(frame, time_s))
        time.sleep(0.0002)


def _wall(camera: str, ledger: Ledger) -> Wall:
    budget = Budget(rho_per_day=RHO_PER_DAY, passage_counters=4)
    return Wall(camera=camera, lines=[_DOOR], zones=[_HALL], tick_s=TICK_S, budget=budget, ledger=ledger)


def _measured(frame: int, time_s: float) -> Measurement:
    """Somebody crosses the door."""
    one = np.array([frame], dtype=np.uint64)
    return Measurement(one, np.zeros(1, np.intp), np.ones(1), one, np.zeros(1, np.int64), time_s)
