"""Trying a rule: the same as if it had watched, within bounds."""

from typing import Any

import numpy as np
import pytest
from tests.hub.alarming.conftest import NOON_S, RULE, Place, release_of

from throng.alarm.engine import Engine
from throng.alarm.reading import Reading
from throng.alarm.rule import Rule
from throng.data.errors import AlarmError
from throng.data.rows import Rows
from throng.hub.alarming.trial import tried

MINUTES = 900


def _day(seed: int) -> list[float]:
    """People over some hours, with crowds that come and go."""
    draw = np.random.default_rng(seed)
    crowd = 60 + 90 * np.sin(np.linspace(0, 9 * np.pi, MINUTES)) + draw.normal(0, 4, MINUTES)
    return [float(number) for number in crowd]


def _fill(place: Place, people: list[float]) -> None:
    releases = [
        release_of(NOON_S + 60 * minute, number, unknown="dark" if 300 <= minute < 320 else "")
        for minute, number in enumerate(people)
    ]
    place.hub.kept.store.add_rows(Rows.of(releases))
    place.now[0] = NOON_S + 60 * len(people)


def _tried(place: Place, days: int = 1, **more: Any) -> dict[str, Any]:
    answer = place.http.post("/api/v1/alarm-rules/try", json={"rule": {**RULE, **more}, "days": days})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("more", [{}, {"above": 80, "within_s": 600}, {"above": None, "below": 20, "clear": 45}])
def test_a_trial_rings_when_the_rule_would_have_rung(place: Place, more: dict[str, Any]) -> None:
    people = _day(7)
    told = _tried_against_live(place, people, more)
    assert len(told["rings"]) >= 3
    assert told["ticks"] == MINUTES
    assert told["known_share"] == pytest.approx((MINUTES - 20) / 1440)


def _tried_against_live(place: Place, people: list[float], more: dict[str, Any]) -> dict[str, Any]:
    """The trial, compared with the history that a rule writes which watched all the time."""
    assert place.put(**more).status_code == 200
    rows = [release_of(NOON_S + 60 * i, x, unknown="dark" if 300 <= i < 320 else "") for i, x in enumerate(people)]
    for number, release in enumerate(rows):
        place.now[0] = NOON_S + 60 * (number + 1)
        place.alarming.alarms.take(Rows.of([release]))
    live = [(one["event"], one["at"]) for one in reversed(place.http.get("/api/v1/alarm-history").json())]
    place.hub.kept.store.add_rows(Rows.of(rows))
    told = _tried(place, **more)
    rings = [("rang", ring["start"]) for ring in told["rings"]] + [("cleared", ring["end"]) for ring in told["rings"]]
    assert sorted(one for one in rings if one[1]) == sorted(live)
    return told


def test_the_worst_of_a_ring_is_the_worst_that_was_judged(place: Place) -> None:
    _fill(place, [20, 20, 120, 130, 180, 160, 120, 40, 40, 40])
    (ring,) = _tried(place)["rings"]
    assert (ring["worst"], ring["worst_se"]) == (pytest.approx(170), pytest.approx(1))
    assert (ring["start"], ring["end"]) == ("2026-11-24T12:04:00Z", "2026-11-24T12:09:00Z")


def test_a_trial_tells_how_much_it_could_not_tell_and_keeps_nothing(place: Place) -> None:
    releases = [release_of(NOON_S + 60 * minute, 75, error=20.0) for minute in range(144)]
    place.hub.kept.store.add_rows(Rows.of(releases))
    place.now[0] = NOON_S + 86_400
    before = place.hub.kept.records.all("alarm-rule")
    assert _tried(place) == {"rings": [], "known_share": 0.1, "cannot_tell_share": 0.1, "ticks": 144}
    assert place.hub.kept.records.all("alarm-rule") == before
    assert "full" not in place.states()


def test_a_trial_of_nothing_is_refused(place: Place) -> None:
    asked: list[tuple[dict[str, Any], int, int]] = [
        ({"place": "no"}, 7, 422),
        ({"camera": "no"}, 7, 404),
        ({}, 0, 422),
        ({}, 32, 422),
    ]
    for rule, days, status in asked:
        answer = place.http.post("/api/v1/alarm-rules/try", json={"rule": {**RULE, **rule}, "days": days})
        assert answer.status_code == status


def test_a_trial_has_an_end() -> None:
    rule = Rule("r", "c", "p", "occupancy", threshold=9.0, clear=7.0, for_s=3600.0)
    readings = [Reading("c", "p", "occupancy", float(second), 1.0, 1.0, 1.0) for second in range(9000)]
    with pytest.raises(AlarmError, match="ask for fewer days"):
        tried(rule, readings, span_s=9000.0)
    engine = Engine([rule])
    engine.read(readings[:2])
    assert tried(rule, readings[:2], span_s=2.0).cannot_tell_share == float(engine.alarm("r").state == "cannot tell")
