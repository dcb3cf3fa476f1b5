"""Rows, and their way over the wire: whatever is told comes back the same, and whatever is forged is one sentence."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.data.errors import WireError
from throng.data.release import QUANTITIES, Release
from throng.data.rows import Rows
from throng.data.wire import decode, encode

COLUMNS = ("series_of", "part_of", "reason_of", "tick_start_us", "values", "standard_errors")
names = st.text(min_size=1, max_size=8)


@st.composite
def releases(draw: st.DrawFn) -> Release:
    n = draw(st.integers(0, 5))
    reasons = tuple(draw(st.lists(st.sampled_from(["", "dark", "gone"]), min_size=n, max_size=n)))
    values = [float("nan") if reason else draw(st.floats(-1e6, 1e6)) for reason in reasons]
    return Release(
        camera=draw(names),
        tick_start_s=draw(st.integers(0, 2**31)) / 4,
        tick_s=60.0,
        epoch="2026-11-24/1",
        mechanism=draw(names),
        places=tuple(draw(st.lists(names, min_size=n, max_size=n))),
        quantities=tuple(draw(st.lists(st.sampled_from(QUANTITIES), min_size=n, max_size=n))),
        values=np.array(values),
        standard_errors=np.abs(np.array(values)),
        reasons=reasons,
    )


def told(rows: Rows) -> list[tuple[Any, ...]]:
    """The rows, each in full."""
    columns = (getattr(rows, name).tolist() for name in COLUMNS)
    return [
        (*rows.series[series], *rows.parts[part], rows.reasons[reason], start_us, str(value), str(error))
        for series, part, reason, start_us, value, error in zip(*columns, strict=True)
    ]


def expected(many: list[Release]) -> list[tuple[Any, ...]]:
    return [
        (
            *(one.camera, place, quantity, one.mechanism, one.epoch, one.tick_s, reason),
            *(round(one.tick_start_s * 1e6), str(float(value)), str(float(error))),
        )
        for one in many
        for place, quantity, reason, value, error in zip(
            one.places, one.quantities, one.reasons, one.values, one.standard_errors, strict=True
        )
    ]


@settings(max_examples=60)
@given(st.lists(releases(), max_size=5))
def test_rows_are_what_the_releases_say_and_survive_the_wire(many: list[Release]) -> None:
    rows = Rows.of(many)
    assert told(rows) == expected(many)
    assert told(decode(encode(rows))) == expected(many)


@settings(max_examples=60)
@given(st.lists(st.lists(releases(), max_size=3), min_size=1, max_size=4))
def test_joined_rows_are_all_of_them_in_order(many: list[list[Release]]) -> None:
    assert told(Rows.joined([Rows.of(part) for part in many])) == expected([one for part in many for one in part])


@given(st.lists(releases(), min_size=1, max_size=5))
def test_the_rows_of_a_camera_are_its_own(many: list[Release]) -> None:
    wanted = many[0].camera
    assert told(Rows.of(many).of_cameras(frozenset({wanted}))) == expected([one for one in many if one.camera == wanted])


def test_only_releases_become_rows() -> None:
    with pytest.raises(TypeError, match="only releases"):
        Rows.of([object()])  # type: ignore[list-item]


def _message(**changed: object) -> bytes:
    one = Release("north", 0.0, 60.0, "2026-11-24/1", "noise", ("door",), ("in",), np.ones(1), np.ones(1))
    return msgspec.msgpack.encode(msgspec.msgpack.decode(encode(Rows.of([one]))) | changed)


def _bytes(value: float, kind: str) -> bytes:
    return np.array([value], dtype=kind).tobytes()


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"more": 1},
        {"series": [["north", "door"]]},
        {"series": [["north", "door", 7]]},
        {"series": []},
        {"parts": [["noise", "2026-11-24/1", "60"]]},
        {"reasons": []},
        {"reasons": ["dark"]},
        {"series_of": _bytes(1, "<i4")},
        {"series_of": _bytes(-1, "<i4")},
        {"part_of": _bytes(7, "<i4")},
        {"reason_of": _bytes(1, "<i4")},
        {"values": b""},
        {"values": b"1234567"},
        {"values": _bytes(float("nan"), "<f8")},
        {"values": _bytes(float("inf"), "<f8")},
        {"standard_errors": _bytes(float("nan"), "<f8")},
        {"tick_start_us": _bytes(0, "<i8") * 2},
    ],
)
def test_a_message_whose_parts_do_not_agree_is_one_sentence(changed: dict[str, object]) -> None:
    with pytest.raises(WireError) as caught:
        decode(_message(**changed))
    assert "\n" not in str(caught.value)


@settings(max_examples=300)
@given(data=st.data())
def test_a_forged_message_is_refused_or_is_rows(data: st.DataObject) -> None:
    """Bytes changed, cut and added anywhere: never another error, never a crash."""
    message = bytearray(_message())
    for _ in range(data.draw(st.integers(0, 4))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    forged = bytes(message[: data.draw(st.integers(0, len(message)))]) + data.draw(st.binary(max_size=20))
    try:
        rows = decode(forged)
    except WireError:
        return
    assert len(told(rows)) == len(rows)


@pytest.mark.parametrize("rubbish", [b"", b"\xc0", b"{}", b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"])
def test_rubbish_is_one_sentence(rubbish: bytes) -> None:
    with pytest.raises(WireError):
        decode(rubbish)


def test_rows_cannot_be_changed() -> None:
    rows = decode(_message())
    with pytest.raises(ValueError, match="read-only"):
        rows.values[0] = 5.0
