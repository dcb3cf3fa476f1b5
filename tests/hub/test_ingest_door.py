"""The door for sensors' numbers: who may put what through, when it is stored, and what the sensor is told."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.security.asking import Reply, ask
from tests.security.deployment import ALPHA, BETA, Deployment, deployed

from throng.data.errors import LogError, StoreError
from throng.data.rows import Rows
from throng.data.signed import sign
from throng.data.wire import MEDIA_TYPE, MOST_BYTES, encode
from throng.hub import ingest_door
from throng.hub.ingest_door import PATH
from throng.hub.sensors.authority import new_key
from throng.hub.sensors.signature import ECDSA
from throng.store.records import Change

pytestmark = pytest.mark.anyio
DAY_S = 1_748_736_000  # 2025-06-01 began
BOX, OTHER = f"{ALPHA}-box", f"{BETA}-box"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def rows(start_s: float, value: float = 1.0, *, n: int = 1, camera: str = f"{ALPHA}-camera") -> Rows:
    """Ticks of a minute, one after the other."""
    return Rows(
        ((camera, "hall", "occupancy"),),
        (("noise()", f"{np.datetime64(int(start_s), 's').astype('datetime64[D]')}/1", 60.0),),
        ("",),
        series_of=np.zeros(n, np.int32),
        part_of=np.zeros(n, np.int32),
        reason_of=np.zeros(n, np.int32),
        tick_start_us=(int(start_s) + 60 * np.arange(n)) * 1_000_000,
        values=np.full(n, value),
        standard_errors=np.ones(n),
    )


@dataclass
class Door:
    """A hub that stores, the keys and certificates of two sensors, and a day that no other test has."""

    deployment: Deployment
    day_s: int = DAY_S
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    ders: dict[str, bytes] = field(default_factory=dict)

    def enrol(self, name: str, site: str) -> None:
        self.keys[name] = new_key()
        certificate = self.deployment.hub.sensors.enrol(
            name, self.keys[name].public_key(), site=site, used=Change("enrolment", "none", None)
        )
        self.ders[name] = certificate.public_bytes(serialization.Encoding.DER)

    def signature(self, body: bytes, *, by: str = BOX, of: str = BOX) -> str:
        return sign(lambda message: self.keys[by].sign(message, ECDSA), of, body)

    async def send(self, body: bytes, *, sensor: str = BOX, **headers: str | None) -> Reply:
        """What a message is answered; a header that is None is left out."""
        told = {
            "host": "hub.example",
            "content-type": MEDIA_TYPE,
            "throng-signature": self.signature(body, by=sensor, of=sensor),
            "content-length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        pairs = [(name.encode(), value.encode()) for name, value in told.items() if value is not None]
        reply = await ask(self.deployment.hub, "POST", PATH, headers=pairs, body=body, peer=self.ders[sensor])
        assert [one for one in reply.problems() if reply.status != 503] == []
        return reply

    def rows(self, minute: int = 0, value: float = 1.0, *, n: int = 1, camera: str = f"{ALPHA}-camera") -> Rows:
        return rows(self.day_s + 60 * minute, value, n=n, camera=camera)

    def stored(self, camera: str = f"{ALPHA}-camera") -> list[float]:
        end_s = self.day_s + 10 * 86_400
        found = self.deployment.hub.kept.store.series(camera, "hall", "occupancy", start_s=self.day_s, end_s=end_s)
        return [float(value) for value in found.values]

    def newest_entry(self) -> dict[str, Any]:
        return self.deployment.hub.kept.log.newest(most=1)[0]


@pytest.fixture(scope="module")
def one_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with deployed(tmp_path_factory.mktemp("hub")) as deployment:
        deployment.hub.ingest.start()
        yield Door(deployment)
        deployment.hub.ingest.stop()


@pytest.fixture
def door(one_door: Door) -> Door:
    one_door.enrol(BOX, ALPHA)
    one_door.enrol(OTHER, BETA)
    one_door.day_s += 10 * 86_400
    return one_door


async def test_what_is_signed_and_its_own_is_stored_before_it_is_acknowledged(door: Door) -> None:
    reply = await door.send(encode(door.rows(value=7.0)))
    assert (reply.status, json.loads(reply.body)) == (200, {"rows": 1})
    assert door.stored() == [7.0]


async def test_again_in_any_order_and_otherwise_it_stays_what_it_was_first(door: Door) -> None:
    for first in (2, 0, 2, 1, 0):
        assert (await door.send(encode(door.rows(first, value=first)))).status == 200
    assert (await door.send(encode(door.rows(value=99.0, n=3)))).status == 200
    assert door.stored() == [0.0, 1.0, 2.0]


async def test_the_spend_of_a_budget_is_in_the_audit_log_once_and_first(door: Door) -> None:
    log = door.deployment.hub.kept.log
    before = log.head().seq
    for minute in range(3):
        await door.send(encode(door.rows(minute)))
    (spent,) = [entry for entry in log.newest() if entry["seq"] > before and entry["event"] == "privacy.spend"]
    (part,) = door.rows().parts
    assert (spent["who"], spent["about"], spent["detail"]) == (BOX, f"{ALPHA}-camera", f"epoch {part[1]}: noise()")


@pytest.mark.parametrize(
    "signed",
    ["nothing", "no base64", "another key", "another name", "another message", "cut short"],
)
async def test_without_its_own_signature_nothing_is_looked_at(door: Door, signed: str) -> None:
    body = encode(door.rows())
    right = door.signature(body)
    signature = {
        "nothing": None,
        "no base64": "é",
        "another key": door.signature(body, by=OTHER),
        "another name": door.signature(body, of=OTHER),
        "another message": door.signature(body + b"\0"),
        "cut short": right[:-4],
    }[signed]
    reply = await door.send(body, throng_signature=signature)
    assert (reply.status, door.stored()) == (403, [])
    assert "not signed by the sensor's own key" in reply.body.decode()
    entry = door.newest_entry()
    assert (entry["event"], entry["outcome"], entry["who"]) == ("ingest.refused", "refused", BOX)


async def test_a_signature_of_the_message_is_none_for_another_sensor_that_repeats_it(door: Door) -> None:
    body = encode(door.rows())
    reply = await door.send(body, sensor=OTHER, throng_signature=door.signature(body))
    assert (reply.status, door.stored()) == (403, [])


async def test_another_sensors_camera_is_refused_for_good(door: Door) -> None:
    reply = await door.send(encode(door.rows(camera=f"{BETA}-camera")))
    assert reply.status == 422
    assert f'the camera "{BETA}-camera" is not this sensor\'s' in json.loads(reply.body)["detail"]
    assert door.stored(f"{BETA}-camera") == []


async def test_of_a_batch_with_one_wrong_row_none_is_stored(door: Door) -> None:
    mixed = Rows.joined([door.rows(), door.rows(camera=f"{BETA}-camera")])
    assert (await door.send(encode(mixed))).status == 422
    assert door.stored() == []


async def test_the_future_may_come_again(door: Door) -> None:
    reply = await door.send(encode(rows(60 * (1_900_000_000 // 60))))
    assert (reply.status, reply.all_of("retry-after"), door.stored()) == (425, ["5"], [])


async def test_what_is_no_batch_is_refused(door: Door) -> None:
    for body in (b"", b"{}", b"\x80", encode(door.rows())[:-1], encode(door.rows()) + b"\0", b"\xff" * 1000):
        reply = await door.send(body)
        assert (reply.status, door.newest_entry()["event"]) == (422, "ingest.refused")
    assert (await door.send(encode(door.rows()), content_type="application/json")).status == 415
    assert door.stored() == []


async def test_what_is_too_long_is_refused_whether_or_not_it_says_so(door: Door) -> None:
    body = b"\0" * (MOST_BYTES + 1)
    for length in (str(len(body)), None, "1"):
        assert (await door.send(body, content_length=length)).status == 413
    assert (await door.send(encode(door.rows()), content_length=str(MOST_BYTES + 1))).status == 413


async def test_more_rows_than_a_message_has_are_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_door, "MOST_ROWS", 10)
    assert (await door.send(encode(door.rows(n=11)))).status == 422
    assert (await door.send(encode(door.rows(n=10)))).status == 200


async def test_a_long_message_is_as_good_as_a_short_one(door: Door) -> None:
    body = encode(door.rows(n=1440))
    assert (await door.send(body)).status == 200
    assert len(door.stored()) == 1440
    long = Rows.joined([door.rows(1440 * day, n=1440) for day in range(1, 7)])
    assert len(encode(long)) > 256 * 1024
    assert (await door.send(encode(long))).status == 200
    assert len(door.stored()) == 7 * 1440


async def test_a_batch_without_rows_changes_nothing(door: Door) -> None:
    nothing = door.rows(n=1).taken(np.zeros(0, np.intp))
    reply = await door.send(encode(nothing))
    assert (reply.status, json.loads(reply.body)) == (200, {"rows": 0})


async def test_texts_of_no_row_do_not_come_into_the_store(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """There they would stay for good, however many there are."""
    taken: list[Rows] = []
    add_rows = door.deployment.hub.kept.store.add_rows

    def add(rows: Rows) -> int:
        taken.append(rows)
        return add_rows(rows)

    monkeypatch.setattr(door.deployment.hub.kept.store, "add_rows", add)
    one = door.rows()
    padded = Rows(
        (*one.series, (f"{ALPHA}-camera", "hall", "entries")),
        (("unused()", one.parts[0][1], 60.0), *one.parts),
        ("", "unused"),
        **{name: getattr(one, name) for name in ("series_of", "reason_of", "tick_start_us", "values", "standard_errors")},
        part_of=one.part_of + 1,
    )
    assert (await door.send(encode(padded))).status == 200
    assert [(each.series, each.parts, each.reasons) for each in taken] == [(one.series, one.parts, ("",))]
    assert door.stored() == [1.0]


@pytest.mark.parametrize("error", [StoreError("the disk is full"), LogError("the audit log cannot be written")])
async def test_while_it_cannot_be_stored_the_sensor_keeps_it(
    door: Door, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = door.deployment.hub.kept.store

    def broken(rows: Rows) -> int:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(store, "add_rows", broken)
        reply = await door.send(encode(door.rows()))
    assert (reply.status, reply.all_of("retry-after")) == (503, ["5"])
    assert str(error) in reply.body.decode()
    assert (await door.send(encode(door.rows()))).status == 200
    assert door.stored() == [1.0]


async def test_while_a_refusal_cannot_be_logged_it_is_none_for_good(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **more: object) -> None:
        raise LogError("the audit log cannot be written")

    monkeypatch.setattr(door.deployment.hub.kept.log, "write", broken)
    assert (await door.send(encode(door.rows(camera=f"{BETA}-camera")))).status == 503


async def test_a_sensor_that_floods_the_hub_does_not_fill_its_memory(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    store, go_on = door.deployment.hub.kept.store, threading.Event()
    add_rows = store.add_rows
    monkeypatch.setattr(ingest_door, "_MOST_AT_ONCE", 3)
    monkeypatch.setattr(store, "add_rows", lambda rows: go_on.wait() and add_rows(rows))
    sent = [asyncio.ensure_future(door.send(encode(door.rows(minute)))) for minute in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    try:
        reply = await asyncio.wait_for(door.send(encode(door.rows(10))), 20)
    except TimeoutError:
        go_on.set()
        raise
    assert (reply.status, reply.all_of("retry-after")) == (503, ["5"])
    other = asyncio.ensure_future(door.send(encode(door.rows(camera=f"{BETA}-camera")), sensor=OTHER))
    go_on.set()
    assert [(await one).status for one in (*sent, other)] == [200] * 4
    assert (await door.send(encode(door.rows(10)))).status == 200


async def test_a_removed_sensor_is_a_stranger_at_its_next_message(door: Door) -> None:
    assert (await door.send(encode(door.rows()))).status == 200
    door.deployment.hub.sensors.remove(BOX, who="ada")
    assert (await door.send(encode(door.rows(1)))).status == 401
    assert door.stored() == [1.0]


async def test_old_rows_wait_for_new_ones(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Late is a batch of which no row is newer than ten minutes."""
    handed: list[bool] = []
    ingest = door.deployment.hub.ingest
    submit = ingest.submit

    def hand_over(rows: Rows, *, late: bool) -> Any:
        handed.append(late)
        return submit(rows, late=late)

    monkeypatch.setattr(ingest, "submit", hand_over)
    this_minute = time.time() // 60 * 60
    for start_s in (door.day_s, this_minute - 60, this_minute - 600 - 120):
        await door.send(encode(rows(start_s)))
    assert handed == [True, False, True]
