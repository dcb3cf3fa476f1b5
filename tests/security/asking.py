"""Asks an application in this process what a server would hand it, byte by byte, and looks at every answer alike."""

import asyncio
import json
import re
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message

from throng.hub.gate import PEER

_HARDENED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}
_INSIDE = re.compile(
    rb"Traceback|File \\?\"/|\.py\b|site-packages| object at 0x|<class '|<function |SecretStr|\bthrong\.hub\.|pydantic"
    rb"|-secret\.example"
)
"""What only the inside of the hub says: a stack trace, a repr, and the mark in the cameras' addresses."""


@dataclass
class Reply:
    """An answer as it came; `fault` is the stack trace of an exception that no handler took."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    fault: str = ""

    def all_of(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for known, value in self.headers if known == name]

    def problems(self, *, is_page: bool = False) -> list[str]:
        """What no answer of the hub may be, whoever asks for what; only pages refuse in HTML."""
        found = [f"{name} is {self.all_of(name)}" for name, value in _HARDENED.items() if self.all_of(name) != [value]]
        if self.fault or self.status >= 500 or not self.status:
            found.append(f"a fault of ours: {self.status} {self.fault}")
        if not (self.all_of("content-security-policy") or [""])[0].startswith("default-src 'self'; script-src 'self';"):
            found.append("no content-security-policy")
        if self.all_of("cache-control") not in (["no-store"], ["private, no-cache"]):
            found.append(f"cache-control is {self.all_of('cache-control')}")
        if leaked := _INSIDE.search(self.body):
            found.append(f"it shows the inside: {leaked[0]!r}")
        if self.status >= 400 and not is_page and not self._is_a_sentence():
            found.append(f"a refusal without a sentence: {self.body[:200]!r}")
        return found

    def _is_a_sentence(self) -> bool:
        try:
            told = json.loads(self.body)
        except ValueError:
            return False
        return isinstance(told, dict) and told.keys() == {"detail"} and isinstance(told["detail"], str) and bool(told["detail"])


async def ask(
    app: ASGIApp,
    method: str,
    target: str,
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"",
    peer: bytes | None = None,
) -> Reply:
    """The answer to one request.

    Parameters
    ----------
    app : ASGI application
        Asked as over TLS.
    method, target : str
        The target as it stands on the wire: path, percent-encoded, and query.
    headers : sequence of pairs of bytes
        As they come, names in lower case.
    body : bytes
        In pieces of at most 64 KiB.
    peer : bytes, optional
        The certificate that the connection showed, DER.
    """
    raw = urlsplit(target)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": unquote(raw.path),
        "raw_path": raw.path.encode(),
        "query_string": raw.query.encode(),
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 50_000),
        "server": ("hub.example", 443),
        "extensions": {PEER: peer},
    }
    pieces = [body[begin : begin + 65536] for begin in range(0, len(body), 65536)] or [b""]
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    left[-1]["more_body"] = False
    reply, over = Reply(), asyncio.Event()

    async def receive() -> Message:
        if left:
            return left.pop(0)
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            reply.body += message.get("body", b"")
            if not message.get("more_body", False):
                over.set()

    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 -- whatever it is, it is told as a finding
        reply.fault = traceback.format_exc()
    return reply


def header_pairs(headers: Any) -> list[tuple[bytes, bytes]]:
    """Headers of a mapping as they stand on the wire."""
    return [(_bytes(name).lower(), _bytes(value)) for name, value in headers.items()]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
