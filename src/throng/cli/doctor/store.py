"""`throng doctor --store`: whether a store is whole, how large it is, of when, and what to do."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

if TYPE_CHECKING:
    from throng.store.condition import Condition


def report_store(path: Path, *, as_json: bool) -> None:
    """Print how a store is; ends with 1 when something is wrong.

    Raises
    ------
    StoreError
        It is absent, no store, or held by another process.
    """
    from throng.store.condition import condition

    found = condition(path)
    backup = _last_backup(path.parent)
    if as_json:
        told = asdict(found) | {"oldest": _time(found.oldest_us), "newest": _time(found.newest_us), "last_backup": backup}
        told = {name: value for name, value in told.items() if name not in ("oldest_us", "newest_us")}
        print(json.dumps(told | {"store": str(path), "mode": f"{found.mode:04o}"}, ensure_ascii=False))
    else:
        _print(path, found, backup)
    if found.problems:
        raise typer.Exit(1)


def _print(path: Path, found: "Condition", backup: str | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    told = (
        (f"{path}: {found.rows:,} rows of {found.series:,} series, schema {found.version}, mode {found.mode:04o}"),
        f"from {_time(found.oldest_us)} to {_time(found.newest_us)}" if found.rows else "it is empty",
        f"{found.size_bytes / 1e6:.1f} MB, of which {found.free_bytes / 1e6:.1f} MB are free pages",
        f"last backup: {backup}" if backup else "last backup: none that the hub knows of; throng backup makes one",
        *(f"wrong: {problem}" for problem in found.problems),
    )
    for sentence in told:
        console.print(sentence, markup=False)
    if not found.problems:
        console.print("it is whole: every page fits its checksum", markup=False)


def _last_backup(folder: Path) -> str | None:
    """When the newest backup was made, as the hub's records beside the store say."""
    from throng.hub.backup import LAST_BACKUP, RECORDS_FILE
    from throng.store.sqlite_records import SqliteRecords

    if not (folder / RECORDS_FILE).is_file():
        return None
    with SqliteRecords(folder / RECORDS_FILE) as records:
        record = records.get("setting", LAST_BACKUP)
    return None if record is None else str(record.body.get("made"))


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="seconds")
