"""The door for sensors' numbers, asked by one that makes every mistake or was taken over: refused, told, nothing stored."""

import asyncio
import gzip
import itertools
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.security.asking import Reply, ask
from tests.security.deployment import ALPHA, BETA, Deployment, deployed
from tests.security.described import Described

from throng.data.place import Extras
from throng.data.rows import Rows
from throng.data.signed import sign
from throng.data.texts import EPOCH, MECHANISM
from throng.data.wire import MEDIA_TYPE, MOST_BYTES, encode
from throng.hub.ingest_door import PATH
from throng.hub.log import log as log_module
from throng.hub.models import measures_of
from throng.hub.sensors.authority import new_key
from throng.hub.sensors.signature import ECDSA
from throng.store.records import Change

REQUESTS = int(os.environ.get("THRONG_FUZZ_REQUESTS", "1200"))
CAMERA = f"{ALPHA}-camera"
QUANTITIES = ("entries", "exits", "occupancy", "entries_total")
TODAY = datetime.now(UTC).date()
_DAYS = itertools.count(2)
"""Each example has a day of its own, so that all share one store."""


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
        assert self.deployment.kept() == kept
        if reply.status != 200:
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


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with deployed(tmp_path_factory.mktemp("hub")) as deployment, pytest.MonkeyPatch.context() as patch:
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
        yield Box(deployment, Described(hub.openapi()), f"{ALPHA}-box", *_come_in(deployment, ALPHA), loop, stored)
        hub.ingest.stop()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _come_in(deployment: Deployment, site: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
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


# What fits


Cell = tuple[int, int, int, float | None, float]
"""Of one row: its quantity, tick, part, value and standard error."""
_CELLS = st.tuples(
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 1),
    st.none() | st.floats(-1e9, 1e9),
    st.floats(0, 1e6),
)
_BATCHES = st.lists(_CELLS, min_size=1, max_size=8)


def start_us(day: date, tick: int) -> int:
    """When a tick of a day begins: the first at noon."""
    return int(datetime(day.year, day.month, day.day, 12, tick, tzinfo=UTC).timestamp() * 1e6)


def rows_of(day: date, cells: list[Cell]) -> Rows:
    """A batch that fits."""
    reasons = [0 if value is not None else 1 + quantity % 2 for quantity, _, _, value, _ in cells]
    return Rows(
        tuple((CAMERA, "hall", quantity) for quantity in QUANTITIES),
        tuple(("noise(rho=0.2)", f"{day}/{epoch}", 60.0) for epoch in (1, 2)),
        ("", "the camera is dark", "no picture for 30 s"),
        series_of=np.array([cell[0] for cell in cells], np.int32),
        part_of=np.array([cell[2] for cell in cells], np.int32),
        reason_of=np.array(reasons, np.int32),
        tick_start_us=np.array([start_us(day, cell[1]) for cell in cells], np.int64),
        values=np.array([np.nan if cell[3] is None else cell[3] for cell in cells]),
        standard_errors=np.array([np.nan if cell[3] is None else cell[4] for cell in cells]),
    )


@settings(max_examples=max(20, REQUESTS // 80), deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=st.lists(_BATCHES, min_size=1, max_size=4), data=st.data())
def test_of_valid_batches_in_any_order_each_row_is_stored_once_and_the_first_wins(
    box: Box, batches: list[list[Cell]], data: st.DataObject
) -> None:
    day = TODAY - timedelta(days=next(_DAYS) % 2_000)
    again = data.draw(st.lists(st.sampled_from(range(len(batches))), max_size=3))
    first: dict[tuple[int, int], Any] = {}
    for place in data.draw(st.permutations([*range(len(batches)), *again])):
        assert box.send(encode(rows_of(day, batches[place]))).status == 200
        for quantity, tick, part, value, error in batches[place]:
            reason = "" if value is not None else ("the camera is dark", "no picture for 30 s")[quantity % 2]
            number = (None, None) if value is None else (value, error)
            first.setdefault((quantity, tick), (*number, reason, f"{day}/{part + 1}"))
    found = [row for tick in range(4) for row in box.deployment.hub.kept.store.tick(CAMERA, start_us(day, tick) / 1e6)]
    stored = {
        (QUANTITIES.index(row.quantity), row.tick_start_us): (row.value, row.standard_error, row.unknown, row.epoch)
        for row in found
    }
    assert stored == {(quantity, start_us(day, tick)): told for (quantity, tick), told in first.items()}
    assert len(found) == len(stored)


# What does not


_ODD_TEXTS = st.sampled_from(
    [
        "",
        "\0",
        "hall",
        f"{BETA}-camera",
        "not-there",
        "@0,0",
        "@99,99",
        "@\u0663,0",
        "heat",
        "../../etc/passwd",
        "' OR 1=1 --",
        "x" * 100_000,
        "none",
        "noise(" + ";a()" * 90 + "\x7f",
        "2026-02-30/1",
        "9999-12-31/1",
        "0000-01-01/1",
        "\uff12026-11-24/1",
        "17 people were inside",
        "\U0001f6b6" * 50,
    ]
) | st.text(max_size=20)
_ODD_TICKS = st.sampled_from([0.0, -60.0, 0.5, 61.0, 60.0, 3600.0, 86_400.0, 1e300, float("nan"), float("inf"), 2**63])
_ODD_VALUES = st.sampled_from([np.nan, np.inf, -np.inf, 1e308, -1e9 - 1, 5e-324, -0.0, -1.0])
_ODD_TIMES = st.sampled_from([-(2**63), 2**63 - 1, -1, 0, 1, 4_102_444_800_000_000]) | st.integers(-(2**63), 2**63 - 1)
_ODD_CODES = st.sampled_from([-(2**31), -1, 3, 4, 2**31 - 1])
_ODD_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.binary(max_size=9) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_COLUMNS = ["series_of", "part_of", "reason_of", "tick_start_us", "values", "standard_errors"]


def _some_text(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    name = draw(st.sampled_from(["series", "parts", "reasons"]))
    texts = tree[name] = [list(text) if isinstance(text, list) else text for text in tree[name]]
    place = draw(st.integers(0, len(texts) - 1))
    if name == "reasons":
        texts[place] = draw(_ODD_TEXTS)
    else:
        part = draw(st.integers(0, 2))
        texts[place][part] = draw(_ODD_TICKS if (name, part) == ("parts", 2) else _ODD_TEXTS)


def _some_number(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    name = draw(st.sampled_from(_COLUMNS))
    kind, odd = {
        "tick_start_us": ("<q", _ODD_TIMES),
        "values": ("<d", _ODD_VALUES),
        "standard_errors": ("<d", _ODD_VALUES),
    }.get(name, ("<i", _ODD_CODES))
    size, column = struct.calcsize(kind), bytearray(tree[name])
    place = draw(st.integers(0, len(column) // size - 1)) * size
    column[place : place + size] = struct.pack(kind, draw(odd))
    tree[name] = bytes(column)


def _some_column(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    column = tree[name := draw(st.sampled_from(_COLUMNS))]
    tree[name] = draw(st.sampled_from([column[:-1], column + b"\0", column * 2, b"", column[:8]]) | st.binary(max_size=40))


def _some_field(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    tree[draw(st.sampled_from([*tree, "more"]))] = draw(_ODD_TREES)


def _no_field(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    del tree[draw(st.sampled_from([*tree]))]


def _many_texts(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    name = draw(st.sampled_from(["series", "parts", "reasons"]))
    tree[name] = [*tree[name], *[tree[name][0]] * draw(st.sampled_from([1, 100, 20_000]))]


def _is_whole(tree: dict[str, Any]) -> bool:
    columns, texts = ([tree.get(name) for name in names] for names in (_COLUMNS, ("series", "parts", "reasons")))
    return all(isinstance(column, bytes) and len(column) >= 8 for column in columns) and all(
        isinstance(text, list) and text and all(isinstance(part, list | str) for part in text) for text in texts
    )


_OF_THE_TREE = [_some_text, _some_number, _some_column, _some_field, _no_field, _many_texts]
_HUGE = [b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\x91" * 3_000]
"""Heads of what claims to be four thousand million long, and a list in a list in a list."""


@st.composite
def spoilt(draw: Callable[..., Any]) -> bytes:
    """A message that fitted before it was changed in its parts, in its bytes, or in both."""
    day = TODAY - timedelta(days=draw(st.integers(2, 2_000)))
    tree = msgspec.msgpack.decode(encode(rows_of(day, draw(_BATCHES))))
    changes = draw(st.lists(st.sampled_from(_OF_THE_TREE), max_size=2, unique=True))
    for change in changes:
        if _is_whole(tree):
            change(tree, draw)
    body = bytearray(msgspec.msgpack.encode(tree))
    for _ in range(draw(st.integers(0 if changes else 1, 2))):
        place = draw(st.integers(0, len(body)))
        part = draw(st.sampled_from([b"", b"\xc1", bytes(body[:place]), *_HUGE]) | st.binary(max_size=9))
        body[place : place + draw(st.sampled_from([0, 1, 4, 10**6]))] = part
    return bytes(body)


@settings(max_examples=max(300, REQUESTS // 4), deadline=None, suppress_health_check=list(HealthCheck))
@given(body=spoilt())
def test_a_spoilt_message_is_refused_or_means_what_it_says(box: Box, body: bytes) -> None:
    assert box.send(body).status in (200, 422, 425)


_DAY = TODAY - timedelta(days=1)
_ALONE: list[tuple[str, Any]] = [
    *(("values", struct.pack("<d", value)) for value in (np.nan, np.inf, -np.inf, 1e308, 1e9 + 1, -1e9 - 1)),
    *(("standard_errors", struct.pack("<d", value)) for value in (np.nan, np.inf, 1e308, 1e9 + 1, -1.0)),
    *(("tick_start_us", struct.pack("<q", value)) for value in (-(2**63), 2**63 - 1, -1, 0, start_us(_DAY, 0) + 1)),
    *(("tick_start_us", struct.pack("<q", start_us(_DAY + timedelta(days=days), 0))) for days in (-5_000, -1, 1, 30)),
    *((name, struct.pack("<i", value)) for name in ("series_of", "part_of", "reason_of") for value in (-1, 4, 2**31 - 1)),
    *(("version", value) for value in (0, 2, -1, 2**63, "1", None, 1.5)),
    *(
        ("series", [[camera, "hall", "entries"]])
        for camera in (f"{BETA}-camera", "not-there", "", CAMERA.upper(), f"{CAMERA} ")
    ),
    *(("series", [[CAMERA, place, quantity]]) for place in ("", "@0,0", "Hall") for quantity in ("entries", "in", "")),
    *(
        ("series", [[CAMERA, place, "heat"]])
        for place in ("hall", "@", "@100,0", "@-1,0", "@01,0", "@\u0663,0", "@0,0,0", "@0,0\n")
    ),
    *(("parts", [["noise()", f"{_DAY}/1", tick_s]]) for tick_s in (0, -60, 0.5, 7, 61, 7200, 86_400, 1e300, float("nan"))),
    *(
        ("parts", [["noise()", epoch, 60]])
        for epoch in ("", f"{_DAY}", f"{TODAY}/1", "2026-02-30/1", "0000-00-00/1", f"{_DAY}/1\n")
    ),
    *(
        ("parts", [[mechanism, f"{_DAY}/1", 60]])
        for mechanism in ("", "noise", "17", "noise(\0)", "\u043d()", "x" * 401 + "()")
    ),
    ("parts", [["noise()", f"{_DAY}/1", 60]] * 10_001),
    ("reasons", [""] * 10_001),
    ("reasons", ["dark"]),
    ("reasons", ["", "17 people were inside"]),
    ("reasons", ["", "x" * 401]),
]


@pytest.mark.parametrize("number", range(len(_ALONE)))
def test_one_thing_that_is_wrong_suffices(box: Box, valid: bytes, number: int) -> None:
    name, wrong = _ALONE[number]
    tree = msgspec.msgpack.decode(valid)
    assert box.send(msgspec.msgpack.encode(tree | {name: wrong})).status in (422, 425), _ALONE[number]


@pytest.fixture
def valid() -> bytes:
    return encode(rows_of(_DAY, [(0, 0, 0, 1.0, 1.0)]))


def test_who_signs_otherwise_is_refused(box: Box, valid: bytes) -> None:
    right = box.signed(valid)
    other = new_key()
    wrong = [
        "",
        "x",
        "\xff",
        right[:-4],
        right + right,
        right.swapcase(),
        box.signed(valid + b"\0"),
        sign(lambda message: other.sign(message, ECDSA), f"{ALPHA}-box", valid),
        sign(lambda message: box.key.sign(message, ECDSA), f"{BETA}-box", valid),
        "A" * 100_000,
    ]
    assert [box.send(valid, signature=signature).status for signature in wrong] == [403] * len(wrong)
    assert box.send(valid, signature=right).status == 200


def test_another_sensors_message_is_refused(box: Box, valid: bytes) -> None:
    """Whether replayed as it is over another's connection, or signed by it."""
    key, der = _come_in(box.deployment, BETA)
    other = replace(box, name=f"{BETA}-box", key=key, der=der)
    assert other.send(valid, signature=box.signed(valid)).status == 403
    assert other.send(valid).status == 422
    assert "is not this sensor's" in box.deployment.hub.kept.log.newest(most=1)[0]["detail"]


@pytest.mark.parametrize(
    "kind", ["", "application/json", "text/plain", "multipart/form-data; boundary=x", f"{MEDIA_TYPE}+json"]
)
def test_another_kind_of_message_is_refused(box: Box, valid: bytes, kind: str) -> None:
    assert box.send(valid, content_type=kind).status == 415
    assert box.send(valid).status == 200


def test_a_compressed_message_is_not_opened(box: Box, valid: bytes) -> None:
    for body in (gzip.compress(valid), gzip.compress(bytes(64 * 1024 * 1024))):
        assert box.send(body, content_encoding="gzip").status == 422


@pytest.mark.parametrize(
    "text", ["a(" + ";a()" * 90 + "\x7f", "a" * 300 + "(", "- " * 199, "a(" * 200, "none" * 100], ids=range(5)
)
def test_no_text_keeps_the_hub_busy(box: Box, text: str) -> None:
    """Once a text of 400 letters could be read in more ways than the hub had years for."""
    rows = rows_of(TODAY - timedelta(days=1), [(0, 0, 0, 1.0, 1.0)])
    columns = {name: getattr(rows, name) for name in _COLUMNS}
    assert box.send(encode(Rows(rows.series, ((text, *rows.parts[0][1:]),), rows.reasons, **columns))).status == 422
    dark = columns | {"reason_of": np.array([1]), "values": np.array([np.nan]), "standard_errors": np.array([np.nan])}
    assert box.send(encode(Rows(rows.series, rows.parts, ("", f"{text[:380]} 17 people"), **dark))).status == 422


@pytest.mark.parametrize("body", [b"", b"\xc0", b"\x80", b"\x90", b"{}", b"\0" * 1000, *_HUGE])
def test_what_is_no_batch_is_refused(box: Box, body: bytes) -> None:
    assert box.send(body).status == 422


@pytest.mark.parametrize("length", [True, False])
def test_a_message_longer_than_eight_mebibytes_is_refused(box: Box, length: bool) -> None:
    assert box.send(bytes(MOST_BYTES + 1), length=length, signature="x").status == 413
    assert box.send(bytes(MOST_BYTES), length=length).status == 422


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "99999999999999999999999", "\xb2"])
def test_a_length_that_is_none_is_refused(box: Box, valid: bytes, length: str) -> None:
    assert box.send(valid, content_length=length).status == 413


def test_a_map_with_holes_is_told_as_unknown(box: Box) -> None:
    """Once a sensor that sent one cell of a map alone made the hub fail for whoever looked at it."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    rows = rows_of(hour.date(), [(0, 0, 0, 1.0, 1.0)])
    whole = {name: getattr(rows, name) for name in _COLUMNS} | {"tick_start_us": np.array([int(hour.timestamp() * 1e6)])}
    assert box.send(encode(Rows(((CAMERA, "@3,2", "heat"),), rows.parts, ("",), **whole))).status == 200
    shown = msgspec.json.decode(box.get(f"/api/v1/heat?camera={CAMERA}").body)
    assert (shown["columns"], shown["rows"], shown["values"], shown["unknown"]) == (4, 3, None, "the map is not whole")


def test_whatever_was_taken_is_shown_without_a_fault(box: Box) -> None:
    for target in ("/api/v1/latest", "/api/v1/cameras", "/api/v1/alarms", "/api/v1/measures", f"/api/v1/heat?camera={CAMERA}"):
        assert box.get(target).status == 200
    since = f"start={TODAY - timedelta(days=2_000)}T00:00:00Z&end={TODAY}T00:00:00Z"
    (entry,) = [entry for entry in box.deployment.hub.cameras.entries if entry.name == CAMERA]
    for measure in measures_of([entry]):
        for quantity, step in itertools.product(measure.quantities, ("tick", "hour", "day")):
            target = f"/api/v1/series?camera={CAMERA}&place={measure.place}&quantity={quantity}&step={step}&{since}"
            assert box.get(target).status in (200, 400)
