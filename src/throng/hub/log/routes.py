"""The audit log over HTTP: for auditors, who can read it, and nobody who can change it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import FastAPI, Query
from pydantic import Field

from throng.hub.access import needs
from throng.hub.log.log import Log
from throng.hub.models import Answer


class LogEntry(Answer):
    """One entry of the audit log."""

    seq: int
    time: datetime
    event: str
    outcome: Literal["ok", "refused", "failed"]
    who: str = Field(description="A person, token or sensor by name; empty for a stranger.")
    about: str
    detail: str
    address: str = Field(description="Where the request came from.")
    before: str = Field(description="The hash of the entry before.")
    hash: str = Field(description="SHA-256 of this entry's other fields, hexadecimal; docs/audit.md tells how to check it.")


class LogHead(Answer):
    """The newest entry: keep its hash elsewhere, and `throng audit --log` finds out later whether the past was rewritten."""

    seq: int
    hash: str
    time: datetime | None = Field(description="Null before the first entry.")


def add_log(app: FastAPI, *, log: Log) -> None:
    """Add the routes of the audit log."""

    @app.get("/api/v1/log", openapi_extra=needs("auditor", scope="hub"))
    def entries(
        most: Annotated[int, Query(ge=1, le=1000)] = 100, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
    ) -> list[LogEntry]:
        """The newest entries, newest first, those numbered below `before`; of the last 10,000. The file holds all."""
        return [LogEntry.model_validate(entry) for entry in log.newest(most=most, before=before)]

    @app.get("/api/v1/log/head", openapi_extra=needs("auditor", "administrator", scope="hub"))
    def head() -> LogHead:
        """The newest entry's number and hash."""
        newest = log.head()
        return LogHead.model_validate({"seq": newest.seq, "hash": newest.hash, "time": newest.time or None})
