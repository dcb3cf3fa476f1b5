"""Backups made by a running hub, in a folder of its data folder."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, Request
from pydantic import Field

from throng.data.errors import StoreError
from throng.hub.access import principal
from throng.hub.admin.parts import ADMINISTRATOR, READER
from throng.hub.backup import write_backup
from throng.hub.gate import client_address
from throng.hub.models import Answer, Problem, utc
from throng.hub.people.models import Body
from throng.hub.sensors.refusal import Refused
from throng.store.backup import Backup

if TYPE_CHECKING:
    from throng.hub.app import Kept

FOLDER = "backups"
_NAME = re.compile(r"throng-(\d{4}-\d\d-\d\dT\d{6})Z\.backup", re.ASCII)
_MOMENT = "%Y-%m-%dT%H%M%S"
_FAILED: dict[int | str, dict[str, Any]] = {503: {"model": Problem}}


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A backup that lies there."""

    name: str
    made: datetime
    size_bytes: int


class Backups:
    """Makes backups, one at a time, and lists them.

    Parameters
    ----------
    kept : Kept
        Open.
    now : callable
        The present moment, UTC.
    """

    def __init__(self, kept: "Kept", *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.folder: Path = kept.log.path.parent / FOLDER
        self._kept, self._now = kept, now
        self._lock = threading.Lock()

    def make(self, *, who: str, address: str) -> tuple[BackupFile, Backup]:
        """A new backup, read back, and what it holds.

        Raises
        ------
        Refused
            Another is being made, or was in this second.
        StoreError, LogError
            It could not be made; no file is left.
        """
        if not self._lock.acquire(blocking=False):
            raise Refused(409, "a backup is being made: wait until it is done")
        try:
            made = self._now().replace(microsecond=0)
            path = self.folder / f"throng-{made:{_MOMENT}}Z.backup"
            self._make_folder()
            if path.exists():
                raise Refused(409, "a backup was made in this second: it is in the list")
            backup = write_backup(path, self._kept, who=who, address=address)
            return BackupFile(path.name, made, path.stat().st_size), backup
        except OSError as error:
            raise StoreError(f"the backup cannot be made: {(error.strerror or str(error)).lower()}") from None
        finally:
            self._lock.release()

    def all(self) -> list[BackupFile]:
        """The backups that lie there, the newest first.

        Raises
        ------
        StoreError
            The folder cannot be read.
        """
        try:
            found = [_file_of(path) for path in self.folder.iterdir()] if self.folder.is_dir() else []
        except OSError as error:
            raise StoreError(f"the folder of backups cannot be read: {(error.strerror or str(error)).lower()}") from None
        return sorted((one for one in found if one is not None), key=lambda one: one.name, reverse=True)

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)


class NewBackup(Body):
    """A backup now; there is nothing to be said about it."""


class BackupAnswer(Answer):
    """A backup in the folder `backups` of the data folder."""

    name: str
    made: datetime
    size_bytes: int


class MadeBackup(BackupAnswer):
    """A new backup, which was read back, and what it holds."""

    rows: int
    records: int
    log_bytes: int = Field(description="Of the audit log.")
    first: datetime | None = Field(description="When the oldest tick in it began, UTC.")
    last: datetime | None = Field(description="When the newest tick in it began, UTC.")


def add_backups(app: FastAPI, *, backups: Backups) -> None:
    """Add the routes."""

    @app.get("/api/v1/backups", openapi_extra=READER, responses=_FAILED)
    def all_backups() -> list[BackupAnswer]:
        """The backups that lie in the data folder, the newest first; those that throng backup wrote elsewhere are not there."""
        return [BackupAnswer(name=one.name, made=one.made, size_bytes=one.size_bytes) for one in backups.all()]

    @app.post("/api/v1/backups", status_code=201, openapi_extra=ADMINISTRATOR, responses=_FAILED | {409: {"model": Problem}})
    def make_backup(request: Request, body: NewBackup) -> MadeBackup:
        """Make a sealed backup now: of numbers, records and audit log. It takes as long as writing and reading all of it."""
        try:
            file, backup = backups.make(who=principal(request).name, address=client_address(request.scope))
        except Refused as error:
            raise HTTPException(error.status, str(error)) from None
        first, last = (None if us is None else utc(us) for us in (backup.first_us, backup.last_us))
        return MadeBackup(
            name=file.name,
            made=file.made,
            size_bytes=file.size_bytes,
            rows=backup.rows,
            records=backup.records,
            log_bytes=backup.log_bytes,
            first=first,
            last=last,
        )


def _file_of(path: Path) -> BackupFile | None:
    told = _NAME.fullmatch(path.name)
    if told is None or path.is_symlink() or not path.is_file():
        return None
    try:
        made = datetime.strptime(told[1], _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return BackupFile(path.name, made, path.stat().st_size)
