"""Requests and replies of HTTP and RTSP, which are written alike (RFC 9112, RFC 2326)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from throng.audit.exposure.conversation import Conversation
from throng.audit.exposure.reach import Reach
from throng.audit.exposure.target import written

_STATUS = re.compile(rb"(HTTP|RTSP)/\d\.\d (\d{3})(?:[ \r\n]|$)")
_MOST_BODY = 16_384


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its protocol ("HTTP" or "RTSP"), status, headers with names in lower case, and as much of the body as came."""

    protocol: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The first header of that name; empty if there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for key, value in self.headers if key == name]

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}


def parse_reply(content: bytes) -> Reply | None:
    """A reply, or None where it is none."""
    status = _STATUS.match(content)
    if status is None:
        return None
    head, _, body = content.partition(b"\r\n\r\n")
    headers = []
    for line in head.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            headers.append((name.decode("latin-1").strip().lower(), value.decode("latin-1").strip()))
    return Reply(status[1].decode(), int(status[2]), tuple(headers), body)


def read_reply(talk: Conversation) -> Reply | None:
    """The next reply; of its body what is announced and not too long."""
    content = talk.until(b"\r\n\r\n")
    reply = parse_reply(content)
    if reply is None:
        return None
    length = reply.header("content-length")
    wanted = min(int(length), _MOST_BODY) if re.fullmatch(r"[0-9]{1,12}", length) else 0
    body = reply.body
    try:
        if length and len(body) < wanted:
            body += talk.exactly(wanted - len(body))
        elif reply.header("transfer-encoding").lower() == "chunked" and not body:
            body = talk.some(_MOST_BODY)
    except OSError:
        pass  # what came is enough to tell what it is
    if reply.header("transfer-encoding").lower() == "chunked":
        body = _first_chunks(body)
    return Reply(reply.protocol, reply.status, reply.headers, body)


def _first_chunks(content: bytes) -> bytes:
    """The chunks that came whole."""
    body = b""
    while match := re.match(rb"([0-9a-fA-F]{1,6})[^\r\n]*\r\n", content):
        length = int(match[1], 16)
        chunk = content[match.end() : match.end() + length]
        if not length or len(chunk) < length:
            break
        body, content = body + chunk, content[match.end() + length + 2 :]
    return body


def ask(talk: Conversation, reach: Reach, path: str, *, headers: Mapping[str, str] | None = None) -> Reply | None:
    """Ask for a path over HTTP, without credentials unless they stand in `headers`."""
    said = {"Host": written(reach.target.host.partition("%")[0], reach.target.port), "User-Agent": "throng-audit"}
    said |= {"Accept": "*/*", **(headers or {})}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    talk.send(_encoded(lines))
    reply = read_reply(talk)
    return reply if reply and reply.protocol == "HTTP" else None


def get(reach: Reach, path: str, *, name: str = "") -> Reply | None:
    """Ask a stranger's question, in a conversation of its own; where `name` is given, of the host of that name."""
    with reach.talk() as talk:
        return ask(talk, reach, path, headers={"Connection": "close"} | ({"Host": name} if name else {}))


def ask_camera(talk: Conversation, method: str, address: str, *, headers: Mapping[str, str] | None = None) -> Reply | None:
    """Ask over RTSP."""
    said = {"CSeq": "1", "User-Agent": "throng-audit", **(headers or {})}
    lines = [f"{method} {address} RTSP/1.0", *(f"{name}: {value}" for name, value in said.items())]
    talk.send(_encoded(lines))
    reply = read_reply(talk)
    return reply if reply and reply.protocol == "RTSP" else None


def _encoded(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", errors="replace")
