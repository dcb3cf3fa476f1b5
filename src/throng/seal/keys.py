"""Where the keys that seal come from: always from outside the data folder, so that its copy opens nothing."""

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from throng.data.errors import SealError
from throng.seal.box import Seal
from throng.seal.files import read_small, write_owner_only
from throng.seal.passphrase import (
    PASSPHRASE_FILE,
    passphrase_of_descriptor,
    read_with_passphrase,
    write_with_passphrase,
)
from throng.seal.ring import Ring, new_ring, parse_ring, ring_text

CREDENTIAL = "throng-key"
KEY_NAME_FILE = "key-name"

_KEY_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Keys:
    """The ring of a data folder, and where it was found.

    Attributes
    ----------
    place : "credential", "file" or "passphrase"
    path : Path
        The file that holds it; under a passphrase, the file in the data folder that the passphrase opens.
    """

    ring: Ring
    place: Literal["credential", "file", "passphrase"]
    path: Path
    passphrase: str = field(default="", repr=False)

    def changed(self, ring: Ring) -> "Keys":
        """Keep another ring in the same place.

        Raises
        ------
        SealError
            The place cannot be written.
        """
        if self.place == "credential":
            raise SealError(
                "the keys come from a credential of systemd, which Throng cannot change: add a line with a new key above the "
                "others, start the hub anew, and run throng key rotate again"
            )
        if self.place == "file":
            write_owner_only(self.path, ring_text(ring), what="key file")
        else:
            write_with_passphrase(self.path, ring, self.passphrase)
        return Keys(ring, self.place, self.path, self.passphrase)


def load_seal(*, data_folder: Path, key_file: Path | None = None, ask: Callable[[str], str] | None = None) -> Seal:
    """The seal of a data folder; see `load_keys`."""
    return load_keys(data_folder=data_folder, key_file=key_file, ask=ask).ring.seal()


def load_keys(*, data_folder: Path, key_file: Path | None = None, ask: Callable[[str], str] | None = None) -> Keys:
    """The keys of a data folder, from the first of these that there is.

    The systemd credential "throng-key"; the key file given here or by THRONG_KEY_FILE; a passphrase, where
    `throng key passphrase` has set one; the data folder's own key file in ~/.config/throng, made at the first start.

    Parameters
    ----------
    data_folder : Path
        Holds what is sealed.
    key_file : Path, optional
        A key file, mode 0600, outside the data folder.
    ask : callable, optional
        Asks a person for the passphrase, given the question. THRONG_PASSPHRASE_FD may name an open file in its place.

    Raises
    ------
    SealError
        The keys cannot be had: a file is missing, within the data folder, may be read by others or has another form; or the
        passphrase is wrong, or nobody can be asked for it.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if credentials and (path := Path(credentials) / CREDENTIAL).exists():
        # systemd guards this folder itself, and shows the modes of its files through an access list.
        return Keys(parse_ring(read_small(path, what="credential"), where=f"the credential {CREDENTIAL}"), "credential", path)
    if named := key_file or os.environ.get("THRONG_KEY_FILE", ""):
        return _of_file(Path(named), data_folder)
    if (path := data_folder / PASSPHRASE_FILE).exists():
        passphrase = passphrase_of_descriptor()
        if passphrase is None and ask is not None:
            passphrase = ask("passphrase of the data folder")
        if passphrase is None:
            raise SealError(
                f"the keys of {data_folder} are under a passphrase, and there is nobody to ask: start it from a terminal, or "
                "set THRONG_PASSPHRASE_FD to the number of an open file that holds it"
            )
        return Keys(read_with_passphrase(path, passphrase), "passphrase", path, passphrase)
    return _own(data_folder)


def set_passphrase(keys: Keys, *, data_folder: Path, passphrase: str) -> Keys:
    """Keep the keys of a data folder under a passphrase from now on; a key file that held them stays where it is.

    Raises
    ------
    SealError
        The passphrase is too short or too long, the file cannot be written, or the keys come from systemd.
    """
    if keys.place == "credential":
        raise SealError(
            "the keys come from a credential of systemd, which goes before a passphrase: remove it from the unit first"
        )
    path = data_folder / PASSPHRASE_FILE
    write_with_passphrase(path, keys.ring, passphrase)
    return Keys(keys.ring, "passphrase", path, passphrase)


def _of_file(path: Path, data_folder: Path) -> Keys:
    _outside(path, data_folder)
    text = read_small(path, what="key file", owner_only=True)
    return Keys(parse_ring(text, where=f"the key file {path}"), "file", path)


def _own(data_folder: Path) -> Keys:
    """The data folder's own key file; made where the folder has never had one."""
    marker = data_folder / KEY_NAME_FILE
    if marker.exists():
        name = read_small(marker, what="name of the key file").strip()
        if not _KEY_NAME.fullmatch(name):
            raise SealError(
                f"{marker} must hold the name of the key file, but holds something else: name it with THRONG_KEY_FILE"
            )
        path = _config_folder() / f"{name}.key"
        if not path.exists():
            raise SealError(
                f"the key file {path} is gone, and without it the secrets in {data_folder} do not open: put a copy of it back, "
                f"or remove {marker} and give all cameras' addresses again"
            )
        return _of_file(path, data_folder)
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", data_folder.resolve().name)[:48] or "data"
    name = f"{stem}-{secrets.token_hex(4)}"
    path = _config_folder() / f"{name}.key"
    _outside(path, data_folder)
    write_owner_only(path, ring_text(new_ring()), what="key file")
    # Written second: a name without its file would look like a lost key.
    write_owner_only(marker, f"{name}\n", what="name of the key file")
    return _of_file(path, data_folder)


def _outside(path: Path, data_folder: Path) -> None:
    if path.resolve().is_relative_to(data_folder.resolve()):
        raise SealError(
            f"the key file {path} lies in the data folder, and a copy of that would open everything: keep it elsewhere"
        )


def _config_folder() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "throng"
