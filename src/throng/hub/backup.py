"""Backups of a data folder as sealed files: made, read back, and restored.

A file begins with a line of JSON that names the key, and holds the keys themselves where a passphrase guards them; everything
else is sealed. See `throng.store.backup` for what is in it.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from throng.data.errors import SealError, StoreError
from throng.seal.box import Seal
from throng.seal.keys import KEY_NAME_FILE, load_seal
from throng.seal.passphrase import PASSPHRASE_FILE
from throng.seal.stream import SealedReader, SealedWriter
from throng.store.backup import Backup, check_backup, make_backup, restore_backup
from throng.store.duck import DuckStore
from throng.store.records import Change
from throng.store.sqlite_records import SqliteRecords

if TYPE_CHECKING:
    from throng.hub.app import Kept

STORE_FILE, RECORDS_FILE, LOG_FILE = "throng.duckdb", "hub.sqlite", "audit.jsonl"
"""What a data folder holds and a backup carries."""

LAST_BACKUP = "backup"
"""The setting that says when the newest backup was made, for `throng doctor --store`."""

_KEY_FILES = (KEY_NAME_FILE, PASSPHRASE_FILE)
_LONGEST_HEAD = 1 << 16
_FORM = "throng-backup-1"


def write_backup(path: Path, kept: "Kept", *, who: str, address: str = "") -> Backup:
    """Back up what a hub stands on into a new file that only its owner can read, and read it back; the hub may go on meanwhile.

    Parameters
    ----------
    path : Path
        The file; it must not be there.
    kept : Kept
        Open.
    who, address : str
        Who asked for it, and from where, for the audit log.

    Raises
    ------
    StoreError
        The file is there already or cannot be written, or something cannot be read; no file is left then.
    LogError
        The audit log cannot be written; nothing was done.
    """
    data_folder = kept.log.path.parent
    kept.log.write("backup.make", who=who, about=path.name, address=address)
    if path.exists():
        raise StoreError(f"the backup {path} is there already: name another file")
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600), "w+b") as file:
            file.write(_head(data_folder))
            with SealedWriter(file, kept.seal) as sealed:
                backup = make_backup(kept.store, kept.records, kept.log.path, sealed)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            _read_head(file, path)
            if check_backup(SealedReader(file, kept.seal)) != backup:
                raise StoreError(f"the backup {path} does not read back as it was written: try another disk")
        os.link(part, path)  # unlike renaming it refuses to take the place of another file
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be written: {(error.strerror or str(error)).lower()}") from None
    finally:
        part.unlink(missing_ok=True)
    kept.records.change([Change("setting", LAST_BACKUP, {"made": backup.made, "name": path.name})])
    return backup


def restore_folder(
    path: Path, folder: Path, *, key_file: Path | None = None, ask: Callable[[str], str] | None = None
) -> Backup:
    """Restore a backup into a data folder that is empty or absent; it is there whole, or not at all.

    Parameters
    ----------
    path : Path
        The backup.
    folder : Path
        Where.
    key_file : Path, optional
        The key that sealed it, where it is not found by the name that the backup gives.
    ask : callable, optional
        Asks for a passphrase.

    Raises
    ------
    StoreError
        The folder holds something; the backup cannot be read, is cut short or was changed.
    SealError
        Its key is missing or another one.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} must be an empty folder or none, and holds something: name another one")
    staging = folder.with_name(f".{folder.name}.restoring")
    try:
        if staging.exists():
            shutil.rmtree(staging)
        staging.mkdir(mode=0o700, parents=True)
        with path.open("rb") as file:
            _put_keys(_read_head(file, path), staging)
            backup = _restore(SealedReader(file, _seal(staging, key_file, ask)), staging)
        staging.replace(folder)
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be restored: {(error.strerror or str(error)).lower()}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return backup


def _restore(file: SealedReader, folder: Path) -> Backup:
    with DuckStore(folder / STORE_FILE) as store, SqliteRecords(folder / RECORDS_FILE) as records:
        return restore_backup(file, store=store, records=records, log_path=folder / LOG_FILE)


def _head(data_folder: Path) -> bytes:
    told = {name: (data_folder / name).read_text() for name in _KEY_FILES if (data_folder / name).exists()}
    return json.dumps({"form": _FORM, "keys": told}).encode() + b"\n"


def _read_head(file: BinaryIO, path: Path) -> dict[str, str]:
    try:
        told = json.loads(file.readline(_LONGEST_HEAD))
        keys = told["keys"]
        if told["form"] == _FORM and all(name in _KEY_FILES and isinstance(text, str) for name, text in keys.items()):
            return dict(keys)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise StoreError(f"{path} is no backup of Throng, or of a newer one: name another file")


def _put_keys(keys: dict[str, str], folder: Path) -> None:
    for name, text in keys.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)


def _seal(folder: Path, key_file: Path | None, ask: Callable[[str], str] | None) -> Seal:
    named = key_file or os.environ.get("THRONG_KEY_FILE") or os.environ.get("CREDENTIALS_DIRECTORY")
    name, guarded = folder / KEY_NAME_FILE, (folder / PASSPHRASE_FILE).exists()
    if not named and not guarded and not name.exists():
        raise SealError("the backup was sealed with a key that was named: give it with --key-file FILE")
    try:
        return load_seal(data_folder=folder, key_file=key_file, ask=ask)
    except SealError as error:
        if named or guarded:
            raise
        key = name.read_text().strip()
        raise SealError(
            f"the backup was sealed with the key {key}.key, which is not here or cannot be read: "
            "put a copy of it where it was, or give it with --key-file FILE"
        ) from error
