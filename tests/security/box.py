"""A sensor that came in, and a hub that looks at all that reaches its store: for tests of the door for numbers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.security.asking import Reply, ask
from tests.security.deployment import ALPHA, Deployment, deployed
from tests.security.described import Described

from throng.data.place import Extras
from throng.data.rows import Rows
from throng.data.signed import sign
from throng.data.texts import EPOCH, MECHANISM
from throng.data.wire import MEDIA_TYPE
from throng.hub.ingest_door import PATH
from throng.hub.log import log as log_module
from throng.hub.sensors.authority import new_key
from throng.hub.sensors.signature import ECDSA
from throng.store.records import Change

CAMERA = f"{ALPHA}-camera"
QUANTITIES = ("entries", "exits", "occupancy", "entries_total")
TODAY = datetime.now(UTC).date()


@dataclass
class Box:
    """A sensor that came in, and a hub that counts what reaches its store."""

    deployment: Deployment
    described: Described
    name: str
    key: ec.EllipticCurvePrivateKey
    der: bytes
    loop: asyncio.AbstractEventLoop
    stored: list[Rows]

    def send(self, body: bytes, *, signature: str | None = None, length: bool = True, **headers: str) -> Reply:
        """The answer to a message, judged: within the description, and if it is refused, told and without effect."""
        log, kept, stored = self.deployment.hub.kept.log, self.deployment.kept(), len(self.stored)
        spent = kept.pop("spend")
        before = log.head().seq
        told = {
            "host": "hub.example",
            "content-type": MEDIA_TYPE,
            "throng-signature": self.signed(body) if signature is None else signature,
            **({"content-length": str(len(body))} if length else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
        reply = self.loop.run_until_complete(ask(self.deployment.hub, "POST", PATH, headers=pairs, body=body, peer=self.der))
        assert reply.problems() == []
        assert self.described.answer_problems("POST", PATH, reply) == []
        kept_now = self.deployment.kept()
        spent_now = kept_now.pop("spend")
        assert kept_now == kept
        if reply.status != 200:
            assert spent_now == spent
            assert len(self.stored) == stored
            (entry,) = log.newest(most=1)
            assert (entry["seq"], entry["outcome"]) == (before + 1, "refused")
            assert entry["who"] in ("", self.name)  # whose message is too long is not looked at
        return reply

    def signed(self, body: bytes) -> str:
        return sign(lambda message: self.key.sign(message, ECDSA), self.name, body)

    def get(self, target: str) -> Reply:
        """What a viewer is answered."""
        headers = [(name.encode(), value.encode()) for name, value in self.deployment.headers(("viewer", "site")).items()]
        reply = self.loop.run_until_complete(
            ask(self.deployment.hub, "GET", target, headers=[*headers, (b"host", b"hub.example")])
        )
        assert reply.problems() == []
        assert self.described.answer_problems("GET", target, reply) == []
        return reply


@contextmanager
def boxed(folder: Path) -> Iterator[Box]:
    """The sensor of one site of a hub with everybody in it."""
    with deployed(folder) as deployment, pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_module, "_REFUSALS_A_MINUTE", 10**9)  # past so many they are counted, not told one by one
        hub, loop = deployment.hub, asyncio.new_event_loop()
        hub.cameras.replace_entries([replace(entry, extras=Extras(heat=True)) for entry in hub.cameras.entries])
        stored: list[Rows] = []
        add = hub.kept.store.add_rows

        def add_rows(rows: Rows) -> int:
            _check(rows)
            stored.append(rows)
            return add(rows)

        patch.setattr(hub.kept.store, "add_rows", add_rows)
        hub.ingest.start()
        yield Box(deployment, Described(hub.openapi()), f"{ALPHA}-box", *come_in(deployment, ALPHA), loop, stored)
        hub.ingest.stop()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def come_in(deployment: Deployment, site: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """A site's sensor with a key that the tests know, and its certificate."""
    key = new_key()
    used = Change("enrolment", "none", None)
    certificate = deployment.hub.sensors.enrol(f"{site}-box", key.public_key(), site=site, used=used)
    return key, certificate.public_bytes(serialization.Encoding.DER)


def _check(rows: Rows) -> None:
    """What may reach the store, told in a second way: whatever was sent, nothing else does."""
    for series, part, reason, start_us, value, error in zip(
        rows.series_of, rows.part_of, rows.reason_of, rows.tick_start_us, rows.values, rows.standard_errors, strict=True
    ):
        camera, place, quantity = rows.series[series]
        mechanism, epoch, tick_s = rows.parts[part]
        start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(start_us))
        assert camera == CAMERA
        assert (place == "hall" and quantity != "heat") or (quantity == "heat" and place.isascii() and place[0] == "@")
        assert EPOCH.fullmatch(epoch)
        assert date.fromisoformat(epoch[:10]) == start.date() >= date(2019, 1, 1)
        assert MECHANISM.fullmatch(mechanism)
        assert start + timedelta(seconds=tick_s) <= datetime.now(UTC) + timedelta(seconds=60)
        assert start.timestamp() % tick_s == 0
        known = rows.reasons[reason] == ""
        assert known == bool(np.isfinite(value)) == bool(np.isfinite(error))
        assert not known or (abs(value) <= 1e9 and 0 <= error <= 1e9)
        assert "17 people" not in rows.reasons[reason]
