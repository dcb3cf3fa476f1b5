"""Signing in at a camera with a password that it was sold with (HTTP Basic and Digest, RFC 7617 and RFC 7616)."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable

from throng.audit.exposure.conversation import Conversation
from throng.audit.exposure.message import Reply

DEFAULTS = (("admin", ""), ("admin", "admin"), ("admin", "12345"), ("admin", "123456"), ("root", "root"), ("root", "pass"))
"""All that is ever tried, in this order: fewer than lock a camera."""

Asked = Callable[[Conversation, dict[str, str]], Reply | None]
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES = {"MD5": "md5", "SHA-256": "sha256"}


def authorization(challenges: list[str], *, method: str, uri: str, user: str, password: str) -> str:
    """The answer to a challenge; empty where none of them can be answered. Digest goes before Basic."""
    for challenge in challenges:
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "digest":
            fields = {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(rest)}
            answer = _digest(fields, method=method, uri=uri, user=user, password=password)
            if answer:
                return answer
    if any(challenge.lower().startswith("basic") for challenge in challenges):
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return ""


def _digest(fields: dict[str, str], *, method: str, uri: str, user: str, password: str) -> str:
    algorithm = fields.get("algorithm", "MD5").upper()
    offered = [each.strip() for each in fields.get("qop", "").split(",") if each.strip()]
    if algorithm not in _HASHES or "nonce" not in fields or (offered and "auth" not in offered):
        return ""

    def hashed(*parts: str) -> str:
        return hashlib.new(_HASHES[algorithm], ":".join(parts).encode(), usedforsecurity=False).hexdigest()

    realm, nonce = fields.get("realm", ""), fields["nonce"]
    secret, asked = hashed(user, realm, password), hashed(method, uri)
    said = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
    if offered:
        mine = secrets.token_hex(8)
        said["response"] = hashed(secret, nonce, "00000001", mine, "auth", asked)
        more = f', qop=auth, nc=00000001, cnonce="{mine}"'
    else:
        said["response"] = hashed(secret, nonce, asked)
        more = ""
    if "opaque" in fields:
        said["opaque"] = fields["opaque"]
    if "algorithm" in fields:
        more += f", algorithm={algorithm}"
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in said.items()) + more


def default_user(talks: Callable[[], Conversation], asked: Asked, *, method: str, uri: str) -> tuple[str, bool] | None:
    """The user whom a camera lets in with a password of `DEFAULTS`, and whether it is the empty one; None if it lets none in.

    Each try is a conversation of its own; the first that the camera answers with anything but 401 is the last.

    Raises
    ------
    OSError
        The camera does not answer any more.
    """
    for user, password in DEFAULTS:
        with talks() as talk:
            refused = asked(talk, {})
            if refused is None or refused.status != 401:
                return None
            challenges = refused.all("www-authenticate")
            answer = authorization(challenges, method=method, uri=uri, user=user, password=password)
            reply = asked(talk, {"Authorization": answer}) if answer else None
        if reply is not None and reply.status == 200:
            return user, not password
        if reply is None or reply.status != 401:
            return None
    return None
