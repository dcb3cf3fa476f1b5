"""MongoDB (OP_MSG of its wire protocol, BSON 1.1)."""

import struct

from throng.audit.exposure.answer import Answer, cleaned
from throng.audit.exposure.conversation import MOST_BYTES, Conversation
from throng.audit.exposure.reach import Reach

_CARRIES = "all that is asked and answered"
_OP_MSG = 2013
_HEAD = struct.Struct("<iiii")
_FIXED = {0x01: 8, 0x06: 0, 0x07: 12, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}
_UNAUTHORISED = 13

Fields = dict[str, float | int | bool | str | None]


def probe(reach: Reach) -> Answer | None:
    """Hello, then listDatabases without credentials; the list itself is dropped."""
    with reach.talk() as talk:
        greeting = _command(talk, "hello")
        if greeting is None or not {"maxWireVersion", "ok"} & greeting.keys():
            return None
        built = _command(talk, "buildInfo")
        listed = _command(talk, "listDatabases", names_only=True)
    version = cleaned(str((built or {}).get("version") or ""), 20)
    if listed is not None and "databases" in listed:
        return Answer("MongoDB", version, gives=("reads its databases, without a password",), carries=_CARRIES)
    if listed is not None and listed.get("code") == _UNAUTHORISED:
        return Answer("MongoDB", version, asks="a password", carries=_CARRIES)
    return Answer("MongoDB", version, notes=("it does not say whether a stranger may read",), carries=_CARRIES)


def _command(talk: Conversation, name: str, *, names_only: bool = False) -> Fields | None:
    body = b"\x10" + name.encode() + b"\0" + struct.pack("<i", 1)
    if names_only:
        body += b"\x08nameOnly\0\x01"
    body += b"\x02$db\0" + struct.pack("<i", 6) + b"admin\0"
    document = struct.pack("<i", len(body) + 5) + body + b"\0"
    talk.send(_HEAD.pack(16 + 5 + len(document), 1, 0, _OP_MSG) + struct.pack("<I", 0) + b"\0" + document)
    head = talk.exactly(_HEAD.size)
    length, _, _, code = _HEAD.unpack(head)
    if code != _OP_MSG or not _HEAD.size + 5 < length:
        return None
    return parse_message(talk.exactly(min(length - _HEAD.size, MOST_BYTES // 4)))


def parse_message(content: bytes) -> Fields | None:
    """The plain fields of an OP_MSG's document, its header taken off; None where it is none."""
    return parse_document(content[5:]) if len(content) > 5 and content[4] == 0 else None


def parse_document(content: bytes) -> Fields:
    """The outermost fields of a BSON document, as far as it reaches; None for those that are no number, truth or text."""
    fields: Fields = {}
    at = 4
    while at < len(content) and content[at]:
        kind = content[at]
        end = content.find(b"\0", at + 1)
        if end < 0:
            break
        name = content[at + 1 : end].decode("utf-8", errors="replace")
        at = end + 1
        fields[name] = None
        length = _length(kind, content, at)
        if length is None or at + length > len(content):
            break
        fields[name] = _value(kind, content[at : at + length])
        at += length
    return fields


def _length(kind: int, content: bytes, at: int) -> int | None:
    if kind in _FIXED:
        return _FIXED[kind]
    if kind == 0x08:
        return 1
    if at + 4 > len(content):
        return None
    (stated,) = struct.unpack_from("<i", content, at)
    if stated < 1:
        return None
    return {0x02: stated + 4, 0x03: stated, 0x04: stated, 0x05: stated + 5, 0x0D: stated + 4}.get(kind)


def _value(kind: int, raw: bytes) -> float | int | bool | str | None:
    if kind == 0x01:
        return float(struct.unpack("<d", raw)[0])
    if kind in (0x10, 0x12):
        return int.from_bytes(raw, "little", signed=True)
    if kind == 0x08:
        return raw == b"\x01"
    if kind == 0x02:
        return raw[4:-1].decode("utf-8", errors="replace")
    return None
