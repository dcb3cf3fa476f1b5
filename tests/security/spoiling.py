"""Batches of numbers that fit, and what can be wrong with them."""

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st
from tests.security.box import CAMERA, QUANTITIES, TODAY
from tests.security.deployment import BETA

from throng.data.rows import Rows
from throng.data.wire import encode

Cell = tuple[int, int, int, float | None, float]
"""Of one row: its quantity, tick, part, value and standard error."""
_CELLS = st.tuples(
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 1),
    st.none() | st.floats(-1e9, 1e9),
    st.floats(0, 1e6),
)
BATCHES = st.lists(_CELLS, min_size=1, max_size=8)


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
COLUMNS = ["series_of", "part_of", "reason_of", "tick_start_us", "values", "standard_errors"]


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
    name = draw(st.sampled_from(COLUMNS))
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
    column = tree[name := draw(st.sampled_from(COLUMNS))]
    tree[name] = draw(st.sampled_from([column[:-1], column + b"\0", column * 2, b"", column[:8]]) | st.binary(max_size=40))


def _some_field(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    tree[draw(st.sampled_from([*tree, "more"]))] = draw(_ODD_TREES)


def _no_field(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    del tree[draw(st.sampled_from([*tree]))]


def _many_texts(tree: dict[str, Any], draw: Callable[..., Any]) -> None:
    name = draw(st.sampled_from(["series", "parts", "reasons"]))
    tree[name] = [*tree[name], *[tree[name][0]] * draw(st.sampled_from([1, 100, 20_000]))]


def _is_whole(tree: dict[str, Any]) -> bool:
    columns, texts = ([tree.get(name) for name in names] for names in (COLUMNS, ("series", "parts", "reasons")))
    return all(isinstance(column, bytes) and len(column) >= 8 for column in columns) and all(
        isinstance(text, list) and text and all(isinstance(part, list | str) for part in text) for text in texts
    )


_OF_THE_TREE = [_some_text, _some_number, _some_column, _some_field, _no_field, _many_texts]
HUGE = [b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\x91" * 3_000]
"""Heads of what claims to be four thousand million long, and a list in a list in a list."""


@st.composite
def spoilt(draw: Callable[..., Any]) -> bytes:
    """A message that fitted before it was changed in its parts, in its bytes, or in both."""
    day = TODAY - timedelta(days=draw(st.integers(2, 2_000)))
    tree = msgspec.msgpack.decode(encode(rows_of(day, draw(BATCHES))))
    changes = draw(st.lists(st.sampled_from(_OF_THE_TREE), max_size=2, unique=True))
    for change in changes:
        if _is_whole(tree):
            change(tree, draw)
    body = bytearray(msgspec.msgpack.encode(tree))
    for _ in range(draw(st.integers(0 if changes else 1, 2))):
        place = draw(st.integers(0, len(body)))
        part = draw(st.sampled_from([b"", b"\xc1", bytes(body[:place]), *HUGE]) | st.binary(max_size=9))
        body[place : place + draw(st.sampled_from([0, 1, 4, 10**6]))] = part
    return bytes(body)


DAY = TODAY - timedelta(days=1)
_NAN = struct.pack("<d", float("nan"))
UNKNOWN = {"reason_of": struct.pack("<i", 1), "values": _NAN, "standard_errors": _NAN}
"""One row of which the number is unknown, for the second of the reasons."""
ALONE: list[tuple[str, Any]] = [
    *(("values", struct.pack("<d", value)) for value in (np.nan, np.inf, -np.inf, 1e308, 1e9 + 1, -1e9 - 1)),
    *(("standard_errors", struct.pack("<d", value)) for value in (np.nan, np.inf, 1e308, 1e9 + 1, -1.0)),
    *(("tick_start_us", struct.pack("<q", value)) for value in (-(2**63), 2**63 - 1, -1, 0, start_us(DAY, 0) + 1)),
    *(("tick_start_us", struct.pack("<q", start_us(DAY + timedelta(days=days), 0))) for days in (-5_000, -1, 1, 30)),
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
    *(("parts", [["noise()", f"{DAY}/1", tick_s]]) for tick_s in (0, -60, 0.5, 7, 61, 7200, 86_400, 1e300, float("nan"))),
    *(
        ("parts", [["noise()", epoch, 60]])
        for epoch in ("", f"{DAY}", f"{TODAY}/1", "2026-02-30/1", "0000-00-00/1", f"{DAY}/1\n")
    ),
    *(("parts", [[mechanism, f"{DAY}/1", 60]]) for mechanism in ("", "noise", "17", "noise(\0)", "\u043d()", "x" * 401 + "()")),
    ("parts", [["noise()", f"{DAY}/1", 60]] * 10_001),
    ("reasons", [""] * 10_001),
    ("reasons", ["dark"]),
    ("reasons", ["", "dark", ""]),
    ("reasons", ["", "17 people were inside"]),
    ("reasons", ["", "x" * 401]),
]
