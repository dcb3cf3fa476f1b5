"""The door for sensors' numbers, asked by one that makes every mistake or was taken over: refused, told, nothing stored."""

import gzip
import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.security.box import CAMERA, QUANTITIES, TODAY, Box, boxed, come_in
from tests.security.deployment import ALPHA, BETA
from tests.security.spoiling import ALONE, BATCHES, COLUMNS, DAY, HUGE, UNKNOWN, Cell, rows_of, spoilt, start_us

from throng.data.rows import Rows
from throng.data.signed import sign
from throng.data.wire import MEDIA_TYPE, MOST_BYTES, encode
from throng.hub.models import measures_of
from throng.hub.sensors.authority import new_key
from throng.hub.sensors.signature import ECDSA

REQUESTS = int(os.environ.get("THRONG_FUZZ_REQUESTS", "1200"))
_DAYS = itertools.count(2)
"""Each example has a day of its own, so that all share one store."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with boxed(tmp_path_factory.mktemp("hub")) as made:
        yield made


@settings(max_examples=max(20, REQUESTS // 80), deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=st.lists(BATCHES, min_size=1, max_size=4), data=st.data())
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


@settings(max_examples=max(300, REQUESTS // 4), deadline=None, suppress_health_check=list(HealthCheck))
@given(body=spoilt())
def test_a_spoilt_message_is_refused_or_means_what_it_says(box: Box, body: bytes) -> None:
    assert box.send(body).status in (200, 422, 425)


@pytest.mark.parametrize("number", range(len(ALONE)))
def test_one_thing_that_is_wrong_suffices(box: Box, valid: bytes, number: int) -> None:
    name, wrong = ALONE[number]
    tree = msgspec.msgpack.decode(valid) | (UNKNOWN if name == "reasons" else {})
    assert box.send(msgspec.msgpack.encode(tree | {name: wrong})).status in (422, 425), ALONE[number]


@pytest.fixture
def valid() -> bytes:
    return encode(rows_of(DAY, [(0, 0, 0, 1.0, 1.0)]))


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
    key, der = come_in(box.deployment, BETA)
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
    columns = {name: getattr(rows, name) for name in COLUMNS}
    assert box.send(encode(Rows(rows.series, ((text, *rows.parts[0][1:]),), rows.reasons, **columns))).status == 422
    dark = columns | {"reason_of": np.array([1]), "values": np.array([np.nan]), "standard_errors": np.array([np.nan])}
    assert box.send(encode(Rows(rows.series, rows.parts, ("", f"{text[:380]} 17 people"), **dark))).status == 422


@pytest.mark.parametrize("body", [b"", b"\xc0", b"\x80", b"\x90", b"{}", b"\0" * 1000, *HUGE])
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
    whole = {name: getattr(rows, name) for name in COLUMNS} | {"tick_start_us": np.array([int(hour.timestamp() * 1e6)])}
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
