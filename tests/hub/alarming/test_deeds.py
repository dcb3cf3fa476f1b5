"""What people do to alarms that ring, and what is remembered: over a restart, bounded, and never twice."""

from pathlib import Path

import pytest
from tests.hub.alarming.conftest import BY, NOON_S, OF_FILE, Place, opened, release_of

from throng.alarm.rule import Rule
from throng.data.errors import ConflictError, StoreError
from throng.data.rows import Rows
from throng.hub.alarming.rings import Deed, Rings, Seen
from throng.store.sqlite_records import SqliteRecords

NOTE = "I am on my way; 2 stewards with me"


def acknowledge(place: Place, note: str = NOTE) -> int:
    return place.http.post("/api/v1/alarms/full/acknowledge", json={"note": note}).status_code


def test_an_acknowledgement_is_shown_and_ends_when_the_alarm_clears(place: Place) -> None:
    place.put()
    place.tick(20, 20)
    assert acknowledge(place) == 409
    place.tick(120, 120)
    assert acknowledge(place) == 200
    told = place.alarm()["acknowledged"]
    assert (told["note"], told["at"]) == (NOTE, "2026-11-24T12:04:00Z")
    assert place.http.post("/api/v1/alarms/full/hand-over", json={"to": "night shift"}).status_code == 200
    assert (place.alarm()["handed_to"]["name"], place.alarm()["handed_to"]["by"]) == ("night shift", told["by"])
    place.tick(120)
    assert place.alarm()["acknowledged"] == told
    place.tick(20, 20, 20)
    assert (place.alarm()["state"], place.alarm()["acknowledged"], place.alarm()["handed_to"]) == ("quiet", None, None)
    place.tick(120, 120, 120)
    assert (place.alarm()["state"], place.alarm()["acknowledged"]) == ("ringing", None)
    events = ["rang", "cleared", "handed over", "acknowledged", "rang"]
    assert place.history() == [("full", event) for event in events]


def test_whoever_takes_on_an_alarm_that_was_just_removed_is_told_so(place: Place) -> None:
    with pytest.raises(ConflictError, match="removed already"):
        place.alarming.do("gone", "acknowledged", NOTE, by=BY)


def test_who_did_what_stands_in_the_audit_log_and_what_he_wrote_does_not(place: Place) -> None:
    place.put()
    place.tick(120, 120)
    acknowledge(place)
    place.http.post("/api/v1/alarms/full/hand-over", json={"to": "night shift"})
    events = [(entry["event"], entry["about"]) for entry in place.hub.kept.log.newest(most=2)]
    assert events == [("alarm.hand-over", "full"), ("alarm.acknowledge", "full")]
    assert "steward" not in place.hub.kept.log.path.read_text(encoding="utf-8")


def test_a_note_is_one_line_that_prints(place: Place) -> None:
    place.put()
    place.tick(120, 120)
    for note in ("two\nlines", "\x1b[31m", "x" * 501, "\ud800", 5):
        body = b'{"note": "\\ud800"}' if note == "\ud800" else None
        more = {"content": body, "headers": {"content-type": "application/json"}} if body else {"json": {"note": note}}
        assert place.http.post("/api/v1/alarms/full/acknowledge", **more).status_code == 422, note
    for to in ("", " ", "x" * 101, "a\r\nBcc: b@c"):
        assert place.http.post("/api/v1/alarms/full/hand-over", json={"to": to}).status_code == 422, to
    assert place.history() == [("full", "rang")]
    assert place.http.post("/api/v1/alarms/none/acknowledge", json={"note": ""}).status_code == 404


def test_a_restart_remembers_what_was_done_and_does_not_write_the_past_again(tmp_path: Path) -> None:
    with opened(tmp_path, rules=[OF_FILE]) as place:
        place.put()
        place.tick(20, 120, 120, 20, 20, 20, 120, 120)
        acknowledge(place)
        before, history, now = place.alarm(), place.http.get("/api/v1/alarm-history").json(), place.now
    assert [one["event"] for one in history] == ["acknowledged", "rang", "cleared", "rang"]
    with opened(tmp_path, rules=[OF_FILE], now=now) as place:
        assert place.alarm() == before
        assert place.http.get("/api/v1/alarm-history").json() == history
        # What comes while the hub is away is in the store, and told once.
        place.hub.kept.store.add_rows(Rows.of([release_of(now[0] + 60 * minute, 20) for minute in range(3)]))
    now[0] += 180
    with opened(tmp_path, rules=[OF_FILE], now=now) as place:
        assert place.history() == [("full", "cleared"), *((one["name"], one["event"]) for one in history)]
        assert place.http.get("/api/v1/alarm-history").json()[0]["at"] == "2026-11-24T12:10:00Z"


def test_an_alarm_of_a_rule_that_is_no_more_has_cleared(tmp_path: Path) -> None:
    with opened(tmp_path, rules=[OF_FILE]) as place:
        place.put()
        place.tick(300, 300)
        place.http.delete("/api/v1/alarm-rules/full?version=1")
        assert place.history() == [("full", "cleared"), ("full", "rang"), ("of the file", "rang")]
        now = place.now
    with opened(tmp_path, now=now) as place:
        assert place.history()[0] == ("of the file", "cleared")


def test_a_time_can_be_asked_for_and_old_events_are_forgotten_with_the_numbers(place: Place) -> None:
    place.put()
    place.tick(120, 120, 20, 20, 20)
    asked = place.http.get("/api/v1/alarm-history?start=2026-11-24T12:02:00Z&end=2026-11-24T12:02:01").json()
    assert [one["event"] for one in asked] == ["rang"]
    assert asked[0]["sentence"] == "north, hall: 120 people (between 118 and 122), above 100 for 2 minutes"
    place.alarming.rings.forget(round((NOON_S + 130) * 1e6))
    assert place.history() == [("full", "cleared")]
    assert len(place.hub.kept.records.all("alarm-event")) == 1


def _seen(name: str, at_us: int, *, rings: bool) -> Seen:
    rule = Rule(name, "c", "p", "occupancy", threshold=9.0, clear=7.0)
    return Seen(rule, "s", rings, at_us, lambda: "it is as it is")


def test_the_history_is_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    with SqliteRecords(tmp_path / "hub.sqlite") as records:
        rings = Rings(records, most_events=5)
        for number in range(9):
            rings.settle([_seen("a", number, rings=number % 2 == 0)])
        rings.do(_seen("a", 9, rings=True), "acknowledged", Deed("me", 9, "well"), records.change)
        assert [event.at_us for event in rings.events()] == [5, 6, 7, 8, 9]
        again = Rings(records, most_events=5)
        assert (again.events(), again.of("a")) == (rings.events(), rings.of("a"))
        again.settle([_seen("b", number, rings=number % 2 == 0) for number in range(20, 34)])
        assert [event.at_us for event in again.events()] == [29, 30, 31, 32, 33]
        with pytest.raises(ConflictError, match="does not ring"):
            again.do(_seen("b", 9, rings=True), "acknowledged", Deed("me", 9, "well"), records.change)


def test_while_nothing_can_be_kept_nothing_is_told_and_then_all_of_it_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put()
    records, change = place.hub.kept.records, place.hub.kept.records.change
    monkeypatch.setattr(records, "change", _fails)
    place.tick(120, 120, 120)
    assert (place.states()["full"], place.history()) == ("ringing", [])
    monkeypatch.setattr(records, "change", change)
    place.tick(120, 120)
    assert place.history() == [("full", "rang")]


def _fails(changes: object) -> None:
    raise StoreError("the disk is full")
