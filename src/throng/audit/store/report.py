"""All checks of a store, and what its thief would learn."""

import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from throng.audit.finding import Finding
from throng.audit.store import contents, files, noise, rows
from throng.audit.store.contents import Places
from throng.audit.store.copied import Copied, copied
from throng.audit.store.epoch import epochs
from throng.audit.store.promise import Promise, dearest_days, described

PASSAGES = (1, 5, 20)


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What was found in a store.

    Attributes
    ----------
    path : str
    findings : tuple of Finding
    costs : dict
        By camera, what one passage costs on the day on which it costs most.
    learned : tuple of str
        What a thief would learn, in sentences.
    """

    path: str
    findings: tuple[Finding, ...]
    costs: dict[str, Promise]
    learned: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        """Whether anything was found that should not be there."""
        return any(finding.grade == "finding" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form."""
        cameras = {
            camera: asdict(cost) | {"recognised": {str(n): cost.recognised(n) for n in PASSAGES}}
            for camera, cost in self.costs.items()
        }
        return {
            "store": self.path,
            "wrong": self.wrong,
            "findings": [asdict(finding) for finding in self.findings],
            "cameras": cameras,
            "learned": list(self.learned),
        }


def audit_store(path: Path, places: Places | None = None) -> StoreReport:
    """Look through a copy of a store.

    Parameters
    ----------
    path : Path
        The store; it is not changed.
    places : dict of str to set of str, optional
        The places of each camera that may stand in it.

    Raises
    ------
    StoreError
        It cannot be copied or read.
    """
    with copied(path) as store:
        findings = contents.tables(store)
        # Rows of another form cannot be looked at as releases.
        readable = not any(finding.grade == "finding" and finding.sentence.endswith("is missing") for finding in findings)
        costs = described(store.connection) if readable else {}
        if readable:
            findings += contents.texts(store, places) + contents.names(store, places)
        findings += files.access(store) + files.neighbours(store) + files.pages(store) + files.size(store)
        if readable:
            findings += _of_rows(store, costs)
        dearest = dearest_days(costs)
        learned = _learned(store, dearest, findings) if readable else ["This is no store of releases."]
        return StoreReport(str(path), tuple(findings), dearest, tuple(learned))


def _of_rows(store: Copied, costs: dict[tuple[str, str], list[str]]) -> list[Finding]:
    # Read anew for each check: a day of a camera with a heat map fills a hundred megabytes.
    findings = rows.once(store)
    for check in (rows.times, rows.presence, rows.sums, rows.errors, noise.grid):
        findings += check(epochs(store.connection))
    return findings + noise.scatter(epochs(store.connection), costs) + noise.stated(epochs(store.connection), costs)


def _learned(store: Copied, costs: dict[str, Promise], findings: list[Finding]) -> list[str]:
    """What a thief of this file learns, in plain words."""
    count, cameras, places, first, last = store.connection.execute(
        "SELECT count(*), count(DISTINCT camera), count(DISTINCT (camera, place)), epoch_us(min(tick_start)), "
        "epoch_us(max(tick_start)) FROM released"
    ).fetchall()[0]
    if not count:
        return ["The store is empty."]
    begin, end = (datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="minutes") for us in (first, last))
    said = [
        f"The thief reads {count} protected numbers, {places} place{'s' * (places > 1)} of {cameras} "
        f"camera{'s' * (cameras > 1)}, from {begin} to {end}: how busy each was, give or take the standard error that stands "
        "beside it, and when a camera could not be seen through.",
    ]
    if any(finding.grade == "finding" for finding in findings):
        return [*said, "He reads what was found below, too: what is promised of this store does not hold until it is mended."]
    said.append("No number is of a person, and none is exact: there is no picture, box, track or identity in the file.")
    for camera, cost in costs.items():
        # Rounded up: "at most" stays true.
        rates = [f"{math.ceil(100 * cost.recognised(n) - 1e-9)} times in 100" for n in PASSAGES]
        said.append(
            f'Camera "{camera}": someone whose passage he knows to the second he recognises at most {rates[0]}, if he may be '
            f"wrong 1 time in 100; one who passed on 5 such days {rates[1]}, on 20 {rates[2]}."
        )
    return said
