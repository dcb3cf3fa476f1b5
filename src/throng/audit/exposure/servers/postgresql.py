"""PostgreSQL (protocol version 3, "Message Flow" of its manual)."""

import struct

from throng.audit.exposure.answer import Answer, cleaned
from throng.audit.exposure.certificate import Tls, tls_of
from throng.audit.exposure.conversation import Conversation
from throng.audit.exposure.reach import Reach

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_CARRIES = "everything that is asked and answered"
_METHODS = {3: "a password, in plain text", 5: "a password (md5)", 7: "a ticket (GSSAPI)", 9: "a ticket (SSPI)"}
_METHODS[10] = "a password (SCRAM)"
_REFUSED = ("28000", "28P01")

Messages = list[tuple[str, bytes]]


def probe(reach: Reach) -> Answer | None:
    """Whether it speaks TLS, and then whom it lets in without a password."""
    if reach.tls is not None:
        return None
    tls = None
    with reach.talk() as talk:
        talk.send(_SSL_REQUEST)
        said = talk.exactly(1)
        if said not in (b"S", b"N"):
            return None
        if said == b"S":
            tls = tls_of(talk.start_tls(reach.target.host), reach.target.host)
        messages = _start(talk, reach)
    answer = judged(messages, reach.target.user, tls)
    if answer is None or tls is None or not _takes_plain(reach):
        return answer
    notes = (*answer.notes, "it also takes connections without TLS: write hostssl, not host, in its pg_hba.conf")
    return Answer(answer.protocol, answer.version, answer.asks, answer.gives, notes, answer.carries, tls)


def judged(messages: Messages, user: str, tls: Tls | None) -> Answer | None:
    """What the first messages after a start mean; None where they are of no such server."""
    if not messages:
        return None
    kind, body = messages[0]
    if kind == "R" and len(body) >= 4:
        (method,) = struct.unpack("!i", body[:4])
        if method == 0:
            gives = (f'is let in as "{cleaned(user)}", without a password',)
            return Answer("PostgreSQL", _version(messages), gives=gives, carries=_CARRIES, tls=tls)
        return Answer("PostgreSQL", asks=_METHODS.get(method, "credentials"), carries=_CARRIES, tls=tls)
    if kind == "E":
        fields = {part[:1]: part[1:].decode("ascii", errors="replace") for part in body.split(b"\0") if part}
        code = fields.get(b"C", "")
        if code in _REFUSED:
            return Answer("PostgreSQL", asks="an address or user that it knows", carries=_CARRIES, tls=tls)
        if len(code) == 5:
            note = f"it refuses a stranger with error {cleaned(code, 5)}, which does not say whether it asks for a password"
            return Answer("PostgreSQL", notes=(note,), carries=_CARRIES, tls=tls)
    return None


def parse_messages(content: bytes) -> Messages:
    """The whole messages at the beginning of what a server said: their type and body."""
    found, at = [], 0
    while at + 5 <= len(content):
        (length,) = struct.unpack_from("!i", content, at + 1)
        if length < 4 or at + 1 + length > len(content):
            break
        found.append((chr(content[at]), content[at + 5 : at + 1 + length]))
        at += 1 + length
    return found


def _start(talk: Conversation, reach: Reach) -> Messages:
    said = {"user": reach.target.user, "database": reach.target.database, "application_name": "throng audit"}
    body = struct.pack("!i", 3 << 16) + b"".join(f"{key}\0{value}\0".encode() for key, value in said.items()) + b"\0"
    talk.send(struct.pack("!i", len(body) + 4) + body)
    content = b""
    messages: Messages = []
    try:
        while not _enough(messages):
            content += talk.some()
            messages = parse_messages(content)
    except OSError:
        if not messages:
            raise
    return messages


def _enough(messages: Messages) -> bool:
    """Whoever is let in is told the version before "Z"; anybody else is told all in the first message."""
    if not messages:
        return False
    let_in = messages[0][0] == "R" and messages[0][1][:4] == b"\0\0\0\0"
    return not let_in or messages[-1][0] in "EZ"


def _version(messages: Messages) -> str:
    for kind, body in messages:
        if kind == "S" and body.startswith(b"server_version\0"):
            return cleaned(body.split(b"\0")[1], 20)
    return ""


def _takes_plain(reach: Reach) -> bool:
    try:
        with reach.talk() as talk:
            return _start(talk, reach)[0][0] == "R"
    except OSError:
        return False
