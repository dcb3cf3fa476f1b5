"""A ring of keys as text: lines of an identifier and 32 bytes as base64, the first of them current."""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from throng.data.errors import SealError
from throng.seal.box import KEY_BYTES, Seal

_LINE = re.compile(r"([A-Za-z0-9_-]{1,32})[ \t]+([A-Za-z0-9+/=_-]{1,100})")
_HEAD = "# Keys of Throng: the first seals, all open. Who has this and a copy of the data can read the secrets in it.\n"


@dataclass(frozen=True, slots=True)
class Ring:
    """Keys in their order, by identifier; never shown."""

    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def current(self) -> str:
        """Identifier of the key that seals."""
        return next(iter(self.keys))

    def seal(self) -> Seal:
        """A seal of these keys."""
        return Seal(self.keys, self.current)

    def with_new_key(self) -> "Ring":
        """The same keys behind a new one."""
        return Ring({**new_ring().keys, **self.keys})

    def only(self, wanted: frozenset[str]) -> "Ring":
        """The current key, and those of the others that are wanted."""
        return Ring({key_id: key for key_id, key in self.keys.items() if key_id == self.current or key_id in wanted})


def new_ring() -> Ring:
    """One new random key."""
    return Ring({f"k{secrets.token_hex(4)}": secrets.token_bytes(KEY_BYTES)})


def ring_text(ring: Ring) -> str:
    """A ring as text."""
    return _HEAD + "".join(f"{key_id} {base64.b64encode(key).decode()}\n" for key_id, key in ring.keys.items())


def parse_ring(text: str, *, where: str) -> Ring:
    """A ring from its text; lines that begin with # and empty lines are passed over.

    Raises
    ------
    SealError
        A line has another form, two keys have one name, or there is no key. No line is quoted.
    """
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        written = _LINE.fullmatch(line.strip())
        key = _key(written[2]) if written else None
        if written is None or key is None:
            raise SealError(
                f"{where}: line {number} must be an identifier and {KEY_BYTES} bytes as base64, separated by a space"
            )
        if written[1] in keys:
            raise SealError(f"{where}: line {number} has the identifier of a line before it: give every key its own")
        keys[written[1]] = key
    if not keys:
        raise SealError(f"{where} holds no key: take another, or a copy of this one")
    return Ring(keys)


def _key(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text.translate({ord("-"): "+", ord("_"): "/"}).rstrip("=") + "=", validate=True)
    except binascii.Error:
        return None
    return key if len(key) == KEY_BYTES else None
