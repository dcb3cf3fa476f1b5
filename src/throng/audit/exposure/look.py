"""Looking at one target: which server it is, and what it gives to a stranger."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from throng.audit.exposure.answer import Answer, cleaned
from throng.audit.exposure.certificate import Tls
from throng.audit.exposure.reach import LIMIT_S, Reach
from throng.audit.exposure.servers import mongodb, mqtt, postgresql, redis, rtsp, web
from throng.audit.exposure.target import Target

Probe = Callable[[Reach], Answer | None]
State = Literal["answers", "refuses", "silent", "no such name", "not looked at"]

_ORDER: tuple[Probe, ...] = (redis.probe, web.probe, postgresql.probe, rtsp.probe, mqtt.probe, mongodb.probe)
_BY_PORT: dict[int, Probe] = {
    554: rtsp.probe,
    1883: mqtt.probe,
    5432: postgresql.probe,
    6379: redis.probe,
    8554: rtsp.probe,
    9200: web.probe,
    27017: mongodb.probe,
}
_BY_KIND: dict[str, Probe] = {"hub": web.probe, "http": web.probe, "postgresql": postgresql.probe, "rtsp": rtsp.probe}
_GREETING_S = 0.4
_MOST_BANNER = 64
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen at a target.

    Attributes
    ----------
    target : Target
    state : str
        Only with "answers" are the others set.
    answer : Answer or None
    tls : Tls or None
        None where it does not encrypt.
    """

    target: Target
    state: State
    answer: Answer | None = None
    tls: Tls | None = None


def look(target: Target, limit_s: float = LIMIT_S) -> Seen:
    """Look at a target as a stranger does.

    Parameters
    ----------
    target : Target
        Of this machine or of the site file.
    limit_s : float
        Of each conversation, seconds; there are at most about a dozen, and six more at a camera with default passwords.
    """
    host = _resolved(target.host, target.port)
    if host is None:
        return Seen(target, "no such name")
    reach = Reach(target, host, limit_s)
    try:
        banner = _banner(reach)
    except ConnectionRefusedError:
        return Seen(target, "refuses")
    except OSError:
        return Seen(target, "silent")
    answer = _greeted(banner) if banner else _asked(reach)
    return Seen(target, "answers", answer, answer.tls or reach.tls)


def _resolved(host: str, port: int) -> str | None:
    """The first address of a name, so that one probe and the next look at the same machine."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    address = str(found[0][4][0])
    zone = host.partition("%")[2]
    return f"{address}%{zone}" if zone and "%" not in address else address


def _banner(reach: Reach) -> bytes:
    """What the server says of its own accord; nothing in most cases. Raises OSError where it cannot be connected to."""
    with reach.talk() as talk:
        talk.shorten(_GREETING_S)
        try:
            return talk.some(_MOST_BANNER)
        except OSError:
            return b""


def _greeted(banner: bytes) -> Answer:
    if banner.startswith(b"SSH-"):
        return Answer("SSH", cleaned(banner.split(b"\n")[0], _MOST_BANNER), asks="a key or password")
    if (protected := redis.refused(banner)) is not None:
        return protected
    said = cleaned(banner, _MOST_BANNER)
    return Answer(UNKNOWN, notes=(f'it greets a stranger with "{said}"' if said else "it greets a stranger in no known way",))


def _asked(reach: Reach) -> Answer:
    target = reach.target
    likely = _BY_KIND.get(target.kind) or _BY_PORT.get(target.port)
    if likely is not None and target.tls is not True and target.kind != "hub":
        answer = _tried(likely, reach)
        if answer is not None:
            return answer
    if target.tls is not False and target.kind != "postgresql":
        reach.tls = reach.handshake()
    if reach.tls is not None and reach.tls.asks:
        return Answer("TLS", asks="a certificate" if reach.tls.version else "a certificate, or another version of TLS")
    for probe in (_BY_KIND[target.kind],) if target.kind else _ORDER:
        answer = _tried(probe, reach)
        if answer is not None:
            return answer
    expected = f"it does not answer as {_EXPECTED[target.kind]}" if target.kind else "it says nothing that is known here"
    return Answer(UNKNOWN, notes=(expected,))


_EXPECTED = {"hub": "a hub", "http": "a camera", "postgresql": "PostgreSQL", "rtsp": "a camera"}


def _tried(probe: Probe, reach: Reach) -> Answer | None:
    try:
        return probe(reach)
    except (OSError, UnicodeError):
        return None
