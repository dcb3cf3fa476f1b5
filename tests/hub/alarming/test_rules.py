"""Rules that people make: checked as the site file's, started with the last day, and unknown while their place is gone."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.hub.alarming.conftest import BY, NOON_S, OF_FILE, RULE, Place, draft, opened, release_of

from throng.data.errors import AlarmError
from throng.data.rows import Rows


def rules(place: Place) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in place.http.get("/api/v1/alarm-rules").json()}


def test_a_new_rule_begins_with_the_last_day_and_the_others_keep_their_state(place: Place) -> None:
    place.tick(20, 120, 130, store=False)  # nothing is stored: what is replayed would be unknown
    before = place.states()
    assert before == {"of the file": "quiet"}
    place.hub.kept.store.add_rows(Rows.of([release_of(NOON_S + 60 * i, 120 + i) for i in range(3)]))
    answer = place.put(severity="danger")
    assert answer.status_code == 200, answer.text
    assert place.states() == {"of the file": "quiet", "full": "ringing"}
    assert (answer.json()["version"], answer.json()["above"], answer.json()["of_file"]) == (1, 100.0, False)
    place.tick(130)
    assert place.alarm()["sentence"].startswith("north, hall: 126 people")


def test_a_changed_rule_judges_anew(place: Place) -> None:
    place.put()
    place.tick(70, 70, 70)
    assert place.states()["full"] == "quiet"
    assert place.put(version=1, above=60, clear=30).status_code == 200
    assert place.states()["full"] == "ringing"
    assert place.put(version=2, above=100, clear=80).status_code == 200
    assert place.states()["full"] == "quiet"
    assert place.history() == [("full", "cleared"), ("full", "rang")]


def test_rules_outlive_a_restart_and_one_that_was_removed_is_gone(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        place.put()
        place.put("other", preset=None, within_s=300)
        place.tick(120, 120, 120)
        before = rules(place), place.alarm()
        assert place.http.delete("/api/v1/alarm-rules/other?version=1").status_code == 204
        now = place.now
    with opened(tmp_path, now=now) as place:
        assert list(rules(place)) == ["full"]
        assert (rules(place)["full"], place.alarm()) == (before[0]["full"], before[1])


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"camera": "south"}, 404, "no such camera"),
    ({"place": "yard"}, 422, 'has no line or zone "yard"'),
    ({"quantity": "density"}, 422, "density needs metres"),
    ({"quantity": "in"}, 422, 'the zone "hall" has no in'),
    ({"clear": 120}, 422, "clear must lie on the other side of the level"),
    ({"above": None}, 422, "give the level at which the alarm rings"),
    ({"for_s": 30}, 422, "for_s"),
    ({"below": 5}, 422, "either above or below"),
    ({"name": "another"}, 422, "that of the address"),
    ({"colour": "red"}, 422, "colour"),
    ({"version": 1}, 409, "changed by somebody else"),
]


def test_a_rule_that_makes_no_sense_is_refused_in_one_sentence(place: Place) -> None:
    for change, status, told in REFUSED:
        answer = place.put(**change)
        assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert list(rules(place)) == ["of the file"]


def test_two_people_cannot_overwrite_each_other_and_the_files_rules_are_changed_there(place: Place) -> None:
    assert place.put().status_code == 200
    assert place.put(above=300).status_code == 409
    assert place.put(version=1, above=300).status_code == 200
    assert place.http.delete("/api/v1/alarm-rules/full?version=1").status_code == 409
    for answer in (place.put("of the file"), place.http.delete("/api/v1/alarm-rules/of%20the%20file?version=1")):
        assert (answer.status_code, answer.json()["detail"]) == (
            409,
            'the alarm "of the file" stands in the site file: change it there',
        )
    assert place.http.delete("/api/v1/alarm-rules/none?version=1").status_code == 404


def test_a_file_and_a_hub_cannot_have_a_rule_of_one_name(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        place.put("of the file")
    with pytest.raises(AlarmError, match="was made on the hub too"), opened(tmp_path, rules=[OF_FILE]):
        pass


def test_a_rule_whose_place_is_gone_is_unknown_and_comes_back_with_it(place: Place) -> None:
    place.put()
    place.tick(120, 120, 120)
    assert place.states()["full"] == "ringing"
    place.hub.registry.put(draft("yard"), version=1, by=BY)
    gone = 'camera "north" has no line or zone "hall": take one of "door", "yard"'
    assert (place.alarm()["state"], place.alarm()["unseen"], rules(place)["full"]["problem"]) == ("unknown", gone, gone)
    place.tick(120)  # what a sensor still sends of it counts for nothing
    assert place.alarm()["state"] == "unknown"
    place.hub.registry.put(draft("hall"), version=2, by=BY)
    assert (place.states()["full"], rules(place)["full"]["problem"]) == ("ringing", "")
    place.hub.registry.remove("north", version=3, by=BY)
    assert place.alarm()["unseen"] == 'there is no camera "north": add it, or watch another'
    assert place.states()["of the file"] != "unknown"
    assert place.history() == [("full", "cleared"), ("full", "rang")] * 2


def test_what_is_told_of_a_removed_place_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        place.put()
        place.tick(120, 120, 120)
        place.hub.registry.put(draft("yard"), version=1, by=BY)
        before, now = place.alarm(), place.now
    with opened(tmp_path, now=now) as place:
        assert place.alarm() == before


def test_a_rule_on_the_wire_is_refused_whatever_its_name_and_a_name_is_the_same_however_it_is_typed(place: Place) -> None:
    for name in ("a/b", "x\n", "", "#", "+", "-x", "a" * 65, "\0", "\u2028"):
        answer = place.http.put(f"/api/v1/alarm-rules/{quote(name)}", json=RULE)
        assert answer.status_code in (404, 405, 422), name
    assert place.put("Caf\u00e9").status_code == 200
    assert place.put("Cafe\u0301").status_code == 409  # as it is there already
    assert place.put("Cafe\u0301", version=1).status_code == 200
