"""SARIF as version 2.1.0 of the standard wants it."""

import json
import re
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from throng.audit.finding import Finding
from throng.audit.sarif import sarif

WORDS = st.text(min_size=1, max_size=20)
WHERE = st.sampled_from(["", "127.0.0.1:80", '[::1]:80, camera "gate"'])
FINDINGS = st.lists(st.builds(Finding, WORDS, st.sampled_from(["finding", "note", "ok"]), WORDS, WHERE), max_size=8)


@given(FINDINGS, st.sampled_from([None, PurePosixPath("a folder/site.toml"), PurePosixPath("/etc/über.toml")]))
def test_every_finding_is_a_result_that_refers_to_its_rule(findings: list[Finding], about: PurePosixPath | None) -> None:
    log = json.loads(json.dumps(sarif(findings, about=about)))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({json.dumps(rule, sort_keys=True) for rule in rules}) == len(rules)  # the standard wants them unique
    assert len(run["results"]) == len(findings)
    for finding, result in zip(findings, run["results"], strict=True):
        rule = rules[result["ruleIndex"]]
        assert (rule["id"], rule["name"]) == (result["ruleId"], finding.check)
        assert finding.sentence in result["message"]["text"]
        assert result["level"] == {"finding": "error", "note": "note", "ok": "none"}[finding.grade]
        assert result["kind"] == ("pass" if finding.grade == "ok" else "fail")  # only a failure may have a level
        (location,) = result.get("locations", [{}])
        places = [each["fullyQualifiedName"] for each in location.get("logicalLocations", [])]
        assert ", ".join(places) == finding.where
        assert ("physicalLocation" in location) is (about is not None)
        if about is not None:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9._~:/%-]+", uri)
