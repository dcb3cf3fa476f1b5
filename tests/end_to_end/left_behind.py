"""What a hub left on the disk, looked at in a copy, beside what was acknowledged."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from tests.end_to_end.killable import SERIES
from tests.end_to_end.senders import LATE_S, Noted, value_of
from tests.hub.making import SEAL

from throng.audit.log import audit_log
from throng.hub.log.log import Log
from throng.hub.registry.registry import Registry
from throng.store.duck import DuckStore
from throng.store.sqlite_records import SqliteRecords

FILES = ("throng.duckdb", "throng.duckdb.wal", "hub.sqlite", "hub.sqlite-wal", "audit.jsonl")
_TICKS = """
SELECT camera, epoch_us(tick_start) // 1000000 AS tick_s, count(*), count(DISTINCT (place, quantity)), min(value), max(value),
    sum(value)
FROM released GROUP BY ALL
"""
_SPENDS = "SELECT DISTINCT camera, epoch, mechanism FROM released"


@dataclass(frozen=True, slots=True)
class Left:
    """What was found.

    Attributes
    ----------
    ticks : set of (camera, tick start in seconds)
    head : str
        Of the audit log.
    """

    ticks: set[tuple[str, int]]
    head: str


def copied(folder: Path, to: Path) -> Path:
    """A copy of a hub's files, as they lie there."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    for name in FILES:
        if (folder / name).exists():
            shutil.copy(folder / name, to / name)
    return to


def look(copy: Path, noted: Iterable[Noted], cameras: dict[str, int], *, head: str) -> Left:
    """Hold a copy against what was acknowledged: numbers, cameras with their versions, and the audit log's earlier head."""
    with Log(copy / "audit.jsonl") as log:
        now = log.head().hash
    report = audit_log(copy / "audit.jsonl", head=head)
    assert not report.wrong, [finding.sentence for finding in report.findings]
    entries = [json.loads(line) for line in (copy / "audit.jsonl").read_bytes().splitlines()]
    _look_at_cameras(copy, cameras, entries)
    with DuckStore(copy / "throng.duckdb"):
        pass  # opens as the hub will
    with duckdb.connect(copy / "throng.duckdb", read_only=True) as store:
        spends = set(store.execute(_SPENDS).fetchall())
        found = store.execute(_TICKS).fetchall()
    told = {(one["about"], one["detail"]) for one in entries if one["event"] == "privacy.spend"}
    untold = {spend for spend in spends if (spend[0], f"epoch {spend[1]}: {spend[2]}") not in told}
    assert not untold, f"{untold} is stored, and the log does not tell of the spend"
    return Left(_look_at_ticks(found, noted), now)


def _look_at_ticks(found: list[tuple[str, int, int, int, float, float, float]], noted: Iterable[Noted]) -> set[tuple[str, int]]:
    n = len(SERIES)
    for camera, tick_s, rows, different, least, most, total in found:
        first = [value_of(index, tick_s) for index in range(n)]
        assert (rows, different) == (n, n), f"{camera} {tick_s}: {rows} rows of {different} series, not {n}"
        assert (least, most, total) == (first[0], first[-1], sum(first)), f"{camera} {tick_s}: not what was said first"
    ticks = {(camera, tick_s) for camera, tick_s, *_ in found}
    acknowledged: set[tuple[str, int]] = set()
    allowed: set[tuple[str, int]] = set()
    for one in noted:
        acknowledged |= one.acknowledged
        allowed |= one.forgotten | one.in_flight
        # A batch is stored whole or not at all; of an old one, the hub may have deleted all of it.
        assert len(one.in_flight & ticks) in (0, len(one.in_flight)), "half a batch is stored"
    assert acknowledged <= ticks, f"{len(acknowledged - ticks)} acknowledged ticks are lost"
    assert ticks <= acknowledged | allowed, f"{len(ticks - acknowledged - allowed)} ticks are stored that nobody sent"
    return {key for key in ticks if key[1] >= LATE_S}


def _look_at_cameras(copy: Path, cameras: dict[str, int], entries: list[dict[str, str]]) -> None:
    with SqliteRecords(copy / "hub.sqlite") as records, Log(copy / "audit.jsonl") as log:
        registry = Registry(records, SEAL, log)
        added = {table["name"]: table for table in registry.work_of("added")}
        versions = {name: registry.state.cameras[name].version for name in added}
    changes = [one["about"] for one in entries if one["event"] in ("camera.add", "camera.change") and one["outcome"] == "ok"]
    for name, version in cameras.items():
        assert versions.get(name, 0) >= version, f"a change of {name} is lost"
    for name, version in versions.items():
        assert added[name]["address"] == f"rtsp://10.0.0.9/{version}", f"{name} is half changed"
        assert changes.count(name) >= version, f"the log does not tell of every change of {name}"
