"""Redis and what speaks as it does (RESP)."""

import re

from throng.audit.exposure.answer import Answer, cleaned
from throng.audit.exposure.reach import Reach

_CARRIES = "the password and all data"
_CLOSED = {b"-NOAUTH": "a password", b"-DENIED": "to be on this machine", b"-NOPERM": "a permission"}


def probe(reach: Reach) -> Answer | None:
    """PING, and where it is answered the version of INFO."""
    with reach.talk() as talk:
        # The empty line makes servers of lines, which this is not, answer at once.
        talk.send(b"PING\r\n\r\n")
        said = talk.until(b"\r\n")
        if said.startswith(b"+PONG"):
            talk.send(b"INFO server\r\n")
            return Answer("Redis", version_of(talk.some()), gives=("reads all of it, without a password",), carries=_CARRIES)
    return refused(said)


def refused(said: bytes) -> Answer | None:
    """An answer where the server refuses as Redis does; in its protected mode it does so before it is asked."""
    asks = next((asks for mark, asks in _CLOSED.items() if said.startswith(mark)), "")
    return Answer("Redis", asks=asks, carries=_CARRIES) if asks else None


def version_of(info: bytes) -> str:
    """The version that INFO states; empty if it does not."""
    found = re.search(rb"redis_version:([^\r\n]{1,40})", info)
    return cleaned(found[1], 20) if found else ""
