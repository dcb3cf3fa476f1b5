"""Rows on their way from a sensor to the hub: MessagePack, each column as plain little-endian bytes.

A column is bytes and nothing else, so that a forged message can be wrong but not dangerous: it is never longer than what came,
and every code in it is checked before it is used. Arrow's own stream format would be as fast, but its reader trusts offsets and
lengths that a sender writes.
"""

import msgspec
import numpy as np

from throng.data.errors import WireError
from throng.data.rows import Rows

MEDIA_TYPE = "application/vnd.throng.rows"
MOST_BYTES = 8 * 1024 * 1024
"""Of one message: 200,000 rows."""
_VERSION = 1
_DTYPES = {
    "series_of": "<i4",
    "part_of": "<i4",
    "reason_of": "<i4",
    "tick_start_us": "<i8",
    "values": "<f8",
    "standard_errors": "<f8",
}


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    series: tuple[tuple[str, str, str], ...]
    parts: tuple[tuple[str, str, float], ...]
    reasons: tuple[str, ...]
    series_of: bytes
    part_of: bytes
    reason_of: bytes
    tick_start_us: bytes
    values: bytes
    standard_errors: bytes


_DECODER = msgspec.msgpack.Decoder(_Message)


def encode(rows: Rows) -> bytes:
    """The message of some rows, at most `MOST_BYTES` where there are at most 200,000."""
    columns = {name: getattr(rows, name).astype(dtype, copy=False).tobytes() for name, dtype in _DTYPES.items()}
    return msgspec.msgpack.encode(_Message(_VERSION, rows.series, rows.parts, rows.reasons, **columns))


def decode(body: bytes) -> Rows:
    """The rows of a message.

    Raises
    ------
    WireError
        It is none of ours, or its parts do not agree.
    """
    try:
        message = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise WireError("the message is no batch of rows: it must be MessagePack as Throng's sensors send it") from None
    if message.version != _VERSION:
        raise WireError(f"the message has version {message.version}, this hub knows {_VERSION}: update the older of the two")
    try:
        columns = {name: np.frombuffer(getattr(message, name), dtype) for name, dtype in _DTYPES.items()}
        return Rows(message.series, message.parts, message.reasons, **columns)
    except ValueError as error:
        raise WireError(f"the message's columns do not agree: {error}") from None
