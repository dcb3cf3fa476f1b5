"""Small secret files: read through one descriptor, written whole or not at all."""

import os
import secrets
import stat
from pathlib import Path

from throng.data.errors import SealError

LARGEST_BYTES = 64 * 2**10
OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR


def read_small(path: Path, *, what: str, owner_only: bool = False) -> str:
    """The text of a small ASCII file.

    Parameters
    ----------
    path : Path
        Where it is.
    what : str
        What it is called in errors, such as "key file".
    owner_only : bool
        Whether to refuse it where others may read it.

    Raises
    ------
    SealError
        It cannot be read, may be read by others, or is no such text.
    """
    try:
        # Opened first and looked at through the same descriptor, so that what is checked is what is read.
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise SealError(f"the {what} {path} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    if owner_only and mode & ~OWNER_ONLY:
        raise SealError(f"the {what} {path} has mode {mode:04o}, but only its owner may read it: run chmod 600 {path}")
    if len(content) > LARGEST_BYTES or not content.isascii():
        raise SealError(f"the {what} {path} is not one: is it the right file?")
    return content.decode("ascii")


def write_owner_only(path: Path, text: str, *, what: str) -> None:
    """Write a small file of mode 0600 durably: a crash leaves the old one or the new one.

    Parameters
    ----------
    path : Path
        Where to; its folder is made with mode 0700 where it is absent.
    text : str
        ASCII.
    what : str
        What it is called in errors.

    Raises
    ------
    SealError
        It cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _settle(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SealError(f"the {what} {path} cannot be written: {(error.strerror or 'unknown error').lower()}") from None


def _settle(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
