"""Whether a hub's audit log is whole: no entry changed, missing or moved."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throng.audit.finding import Finding
from throng.data.chain import FIELDS, START, entry_hash
from throng.data.errors import LogError

_MOST_TOLD = 20
_LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class LogReport:
    """What was found.

    Attributes
    ----------
    path : Path
    entries : int
        Lines read.
    head : str
        The last entry's hash, to be kept elsewhere and compared next time; empty for an empty log.
    findings : tuple of Finding
    """

    path: Path
    entries: int
    head: str
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> bool:
        """Whether anything is not as it must be."""
        return any(finding.grade == "finding" for finding in self.findings)

    def as_json(self) -> dict[str, object]:
        """As `--json` prints it."""
        told = [{"check": one.check, "grade": one.grade, "sentence": one.sentence} for one in self.findings]
        return {"log": str(self.path), "entries": self.entries, "head": self.head, "findings": told}


def audit_log(path: Path, *, head: str = "") -> LogReport:
    """Check every entry's hash, that each names the one before, and that the numbers have no gap.

    Parameters
    ----------
    path : Path
        The log, JSON lines.
    head : str
        The hash of an entry that was noted earlier. A log that was cut short at its end, or written anew from some entry on, is
        whole in itself; only with such a hash can that be found.

    Raises
    ------
    LogError
        It cannot be read.
    """
    wrong: list[str] = []
    entries, before, seq, found_head = 0, START, 0, not head
    try:
        with path.open("rb") as file:
            for number, line in enumerate(_lines(file), 1):
                entry, problem = _entry(line)
                if problem:
                    wrong.append(f"line {number}: {problem}")
                if entry is None:
                    continue
                entries += 1
                wrong += [f"line {number}: {sentence}" for sentence in _mistakes(entry, before=before, seq=seq)]
                before, seq = entry["hash"], entry["seq"]
                found_head = found_head or before == head
    except OSError as error:
        raise LogError(f"the audit log {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    findings = [Finding("chain", "finding", sentence) for sentence in wrong[:_MOST_TOLD]]
    if len(wrong) > _MOST_TOLD:
        findings.append(Finding("chain", "finding", f"and {len(wrong) - _MOST_TOLD} more"))
    if not found_head:
        findings.append(
            Finding("head", "finding", "no entry has the hash that was noted: the log was cut short or written anew")
        )
    if not findings:
        findings.append(Finding("chain", "ok", "every entry fits its hash and the entry before it"))
    if not head:
        sentence = "whether entries are missing at the end shows only against a hash noted elsewhere: give --head HASH"
        findings.append(Finding("head", "note", sentence))
    return LogReport(path, entries, before if entries else "", tuple(findings))


def _lines(file: Any) -> Iterator[bytes]:
    while line := file.readline(_LONGEST_LINE):
        yield line


def _entry(line: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None, "is no entry: torn, or written by something else"
    if not isinstance(entry, dict) or set(entry) != set(FIELDS) or type(entry["seq"]) is not int:
        return None, "does not have the fields of an entry"
    if not all(isinstance(entry[name], str) for name in FIELDS if name != "seq"):
        return None, "does not have the fields of an entry"
    # A field that stands twice reads as one thing to a program and another to a person: only one way of writing is right.
    written = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return entry, "" if line == written + b"\n" else "is torn" if line == written else "is not written as the hub writes it"


def _mistakes(entry: dict[str, Any], *, before: str, seq: int) -> Iterator[str]:
    if entry_hash(entry) != entry["hash"]:
        yield "the entry was changed: it does not fit its hash"
    if entry["seq"] != seq + 1:
        yield f"entry {entry['seq']} follows entry {seq}: entries are missing or were moved"
    elif entry["before"] != before:
        yield "the entry before it was changed or replaced: it does not have the hash that this one names"
