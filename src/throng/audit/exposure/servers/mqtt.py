"""MQTT brokers (version 3.1.1 of the OASIS standard)."""

import secrets
import struct

from throng.audit.exposure.answer import Answer
from throng.audit.exposure.reach import Reach

_CARRIES = "the password and all messages"
_CONNACK, _SUBACK = 0x20, 0x90
_SUBSCRIBE_ALL = bytes((0x82, 6)) + struct.pack("!HH", 1, 1) + b"#\0"
_DISCONNECT = b"\xe0\0"
_REFUSALS = {4: "a password", 5: "a permission"}


def probe(reach: Reach) -> Answer | None:
    """CONNECT without credentials, and where that is accepted SUBSCRIBE to everything; what is then received is dropped."""
    with reach.talk() as talk:
        talk.send(_connect())
        acknowledged = talk.exactly(4)
        if acknowledged[:2] != bytes((_CONNACK, 2)) or acknowledged[2] > 1:
            return None
        code = acknowledged[3]
        if code in _REFUSALS:
            return Answer("MQTT", asks=_REFUSALS[code], carries=_CARRIES)
        if code:
            return Answer(
                "MQTT", notes=(f"it refuses a stranger with code {code}, not for want of a password",), carries=_CARRIES
            )
        talk.send(_SUBSCRIBE_ALL)
        granted, content = None, b""
        try:
            while granted is None:
                content += talk.some()
                granted = subscribed(content)
            talk.send(_DISCONNECT)
        except OSError:
            pass  # whoever is let in and cut off afterwards has read nothing
    if granted:
        return Answer("MQTT", gives=("reads every message, without a password",), carries=_CARRIES)
    note = "a stranger may connect, and may not read every message; whether he may read or send some cannot be told"
    return Answer("MQTT", notes=(note,), carries=_CARRIES)


def subscribed(content: bytes) -> bool | None:
    """Whether the subscription was granted, by the packets that came; None while that is not said."""
    at = 0
    while at < len(content):
        kind, start, length = content[at], at + 1, 0
        for digit in range(4):
            if start >= len(content):
                return None
            length |= (content[start] & 0x7F) << (7 * digit)
            start += 1
            if content[start - 1] < 0x80:
                break
        if start + length > len(content):
            return None
        if kind == _SUBACK and length >= 3:
            return content[start + 2] < 0x80
        at = start + length
    return None


def _connect() -> bytes:
    client = b"throng-audit-" + secrets.token_hex(4).encode()
    body = struct.pack("!H", 4) + b"MQTT" + bytes((4, 2)) + struct.pack("!H", 10) + struct.pack("!H", len(client)) + client
    return bytes((0x10, len(body))) + body
