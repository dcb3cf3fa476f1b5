"""A passphrase that opens the ring of keys, for machines on which no key file may lie."""

import base64
import binascii
import json
import os
import secrets
import unicodedata
from pathlib import Path
from typing import Any

from argon2.low_level import Type, hash_secret_raw

from throng.data.errors import SealError
from throng.seal.box import KEY_BYTES, Seal
from throng.seal.files import read_small, write_owner_only
from throng.seal.ring import Ring, parse_ring, ring_text

PASSPHRASE_FILE = "passphrase.json"
FEWEST_CHARACTERS = 16
MOST_CHARACTERS = 1024
# RFC 9106, section 4, the second recommended choice: for machines on which 2 GiB cannot be spared.
COST = {"time_cost": 3, "memory_kib": 65_536, "lanes": 4}

_ABOUT = "key ring"
_MOST = {"time_cost": 100, "memory_kib": 2**22, "lanes": 64}
_SALT_BYTES = 16


def read_with_passphrase(path: Path, passphrase: str) -> Ring:
    """The ring that a passphrase opens.

    Parameters
    ----------
    path : Path
        The file that `write_with_passphrase` made: salt, cost and the ring, sealed under a key derived from the passphrase by
        Argon2id (RFC 9106).
    passphrase : str
        As people type it; its letters are brought to Unicode's composed form.

    Raises
    ------
    SealError
        The passphrase is wrong, or the file cannot be read.
    """
    wrong_form = f"the passphrase's file {path} is damaged: put a copy of it back"
    try:
        told: Any = json.loads(read_small(path, what="passphrase's file"))
        cost = {name: int(told[name]) for name in COST}
        salt, sealed = base64.b64decode(told["salt"], validate=True), str(told["ring"])
    except (ValueError, TypeError, KeyError, binascii.Error):
        raise SealError(wrong_form) from None
    if len(salt) != _SALT_BYTES or not all(0 < cost[name] <= _MOST[name] for name in COST):
        raise SealError(wrong_form)
    try:
        opened = _box(passphrase, salt, cost).open(sealed, about=_ABOUT)
    except SealError:
        opened = None
    if opened is None:
        raise SealError("the passphrase is wrong: type the one that was set with throng key passphrase")
    return parse_ring(opened.decode(), where="the key ring under the passphrase")


def write_with_passphrase(path: Path, ring: Ring, passphrase: str, *, cost: dict[str, int] | None = None) -> None:
    """Keep a ring under a passphrase.

    Raises
    ------
    SealError
        The passphrase is too short or too long, or the file cannot be written.
    """
    if not FEWEST_CHARACTERS <= len(passphrase) <= MOST_CHARACTERS:
        raise SealError(
            f"a passphrase has {FEWEST_CHARACTERS} to {MOST_CHARACTERS:,} characters, not {len(passphrase)}: take several "
            "words, as whoever has a copy of the data may guess without limit"
        )
    salt, cost = secrets.token_bytes(_SALT_BYTES), cost or COST
    sealed = _box(passphrase, salt, cost).seal(ring_text(ring).encode(), about=_ABOUT)
    told = {**cost, "salt": base64.b64encode(salt).decode(), "ring": sealed}
    write_owner_only(path, json.dumps(told, indent=1) + "\n", what="passphrase's file")


def passphrase_of_descriptor() -> str | None:
    """The first line of the open file whose number THRONG_PASSPHRASE_FD gives; None where that is not set.

    Raises
    ------
    SealError
        It is no open file, or holds no line of UTF-8.
    """
    number = os.environ.get("THRONG_PASSPHRASE_FD", "")
    if not number:
        return None
    try:
        with os.fdopen(os.dup(int(number)), "rb") as file:
            return file.readline(4 * MOST_CHARACTERS + 2).decode().rstrip("\r\n")
    except (ValueError, OSError):
        raise SealError("THRONG_PASSPHRASE_FD must be the number of an open file that holds the passphrase") from None


def _box(passphrase: str, salt: bytes, cost: dict[str, int]) -> Seal:
    key = hash_secret_raw(
        unicodedata.normalize("NFC", passphrase).encode(),
        salt,
        time_cost=cost["time_cost"],
        memory_cost=cost["memory_kib"],
        parallelism=cost["lanes"],
        hash_len=KEY_BYTES,
        type=Type.ID,
    )
    return Seal({"passphrase": key}, "passphrase")
