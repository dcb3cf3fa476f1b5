"""Findings as SARIF 2.1.0 (OASIS), which code hosts and security tools read."""

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from throng import __version__
from throng.audit.finding import Finding, Grade

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[Grade, str] = {"finding": "error", "note": "note", "ok": "none"}


def sarif(findings: Iterable[Finding], *, about: PurePath | None = None) -> dict[str, Any]:
    """A SARIF log of one run.

    Parameters
    ----------
    findings : iterable of Finding
        Each becomes a result: a finding an error, a note a note, and what is well a result of the kind "pass".
    about : PurePath, optional
        The file that was audited, or that named the addresses.
    """
    every = list(findings)
    rules = sorted({finding.check for finding in every})
    driver = {
        "name": "throng audit",
        "version": __version__,
        "rules": [{"id": _id(check), "name": check, "shortDescription": {"text": check}} for check in rules],
    }
    results = [_result(finding, rules.index(finding.check), about) for finding in every]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(finding: Finding, rule: int, about: PurePath | None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": _id(finding.check),
        "ruleIndex": rule,
        # Only a "fail" may have a level, and what has none is not shown.
        "kind": "pass" if finding.grade == "ok" else "fail",
        "level": _LEVELS[finding.grade],
        "message": {"text": f"{finding.sentence} (at {finding.where})" if finding.where else finding.sentence},
    }
    location: dict[str, Any] = {}
    if about is not None:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(about)}}
    if finding.where:
        location["logicalLocations"] = [
            {"fullyQualifiedName": where, "kind": "resource"} for where in finding.where.split(", ")
        ]
    if location:
        result["locations"] = [location]
    return result


def _id(check: str) -> str:
    return "throng/" + re.sub("[^a-z0-9]+", "-", check.lower()).strip("-")


def _uri(path: PurePath) -> str:
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
