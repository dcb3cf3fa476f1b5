"""What is a finding, what a note, and how it is said."""

from dataclasses import replace

import pytest

from throng.audit.exposure.answer import Answer
from throng.audit.exposure.certificate import Tls
from throng.audit.exposure.judge import findings_of, judged
from throng.audit.exposure.look import Seen
from throng.audit.exposure.target import Target

NEAR = Target("127.0.0.1", 6379, "127.0.0.1:6379", name="redis-server", spare=True)
FAR = replace(NEAR, host="10.0.0.1", shown="10.0.0.1:6379")
CAMERA = Target("10.0.0.3", 554, 'camera "gate"', kind="rtsp")
OPEN = Answer("Redis", gives=("reads all of it",), carries="the password")
CLOSED = Answer("Redis", asks="a password", carries="the password")
TLS = Tls("TLSv1.3")


def _grades(seen: Seen) -> list[str]:
    return [finding.grade for finding in findings_of(seen)]


@pytest.mark.parametrize("tls", [None, TLS])
@pytest.mark.parametrize("target", [NEAR, FAR])
def test_whoever_lets_strangers_read_is_a_finding_encrypted_or_not(target: Target, tls: Tls | None) -> None:
    (finding,) = findings_of(Seen(target, "answers", OPEN, tls))
    assert finding.grade == "finding"
    assert ("a stranger on the network" in finding.sentence) is target.on_network


def test_what_crosses_the_network_in_plain_text_is_a_finding_and_a_camera_that_does_it_a_note() -> None:
    assert _grades(Seen(FAR, "answers", CLOSED, None)) == ["finding"]
    assert _grades(Seen(FAR, "answers", CLOSED, TLS)) == ["ok"]
    assert _grades(Seen(NEAR, "answers", CLOSED, None)) == ["ok"]
    assert _grades(Seen(CAMERA, "answers", Answer("RTSP", asks="a password", carries="pictures"), None)) == ["note"]


def test_a_version_of_tls_that_no_longer_protects_is_a_finding_on_the_network() -> None:
    for version, grade in (("TLSv1", "finding"), ("TLSv1.1", "finding"), ("TLSv1.2", "ok"), ("TLSv1.3", "ok")):
        assert _grades(Seen(FAR, "answers", CLOSED, Tls(version))) == [grade]


def test_what_is_to_be_known_of_a_certificate_is_a_note() -> None:
    worn = Tls("TLSv1.3", self_signed=True, expired=True, ends="2026-01-02T00:00:00+00:00", fits=False)
    assert _grades(Seen(FAR, "answers", CLOSED, worn)) == ["note"] * 3


def test_where_nothing_answers_the_site_file_is_told_and_a_spare_way_is_not() -> None:
    assert _grades(Seen(CAMERA, "silent")) == ["note"]
    assert _grades(Seen(FAR, "refuses")) == []
    assert _grades(Seen(FAR, "not looked at")) == ["note"]


def test_one_program_at_two_addresses_is_told_of_once_and_the_worst_comes_first() -> None:
    ways = [Seen(replace(FAR, host=f"10.0.0.{n}", shown=f"10.0.0.{n}:6379"), "answers", OPEN, TLS) for n in (1, 2)]
    found = judged([Seen(CAMERA, "silent"), *ways, Seen(NEAR, "answers", CLOSED)])
    assert [finding.grade for finding in found] == ["finding", "note", "ok"]
    assert found[0].where == "10.0.0.1:6379, 10.0.0.2:6379"
    other = Seen(replace(FAR, name="other", port=1), "answers", OPEN, TLS)
    assert len(judged([ways[0], other])) == 2
