"""The registry: changed while the hub runs, by several people, every change told, logged and durable."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from tests.hub.registry.conftest import ADDRESS, BY, LINE, MARKS, OWN, PASSWORD, SEAL, USER, draft

from throng.data.errors import ConflictError, HubError, SealError, SiteError, StoreError
from throng.data.place import Extras
from throng.hub.cameras import Where
from throng.hub.log.log import Log
from throng.hub.registry.draft import Login
from throng.hub.registry.registry import Registry
from throng.hub.registry.state import OwnSite, Site
from throng.seal.box import Seal
from throng.site.model import Camera
from throng.store.records import Change
from throng.store.sqlite_records import SqliteRecords


def events(log: Log) -> list[tuple[str, str, str]]:
    """What the log says, oldest first: event, outcome, about."""
    told = [json.loads(line) for line in Path(log.path).read_text().splitlines()]
    return [(entry["event"], entry["outcome"], entry["about"]) for entry in told]


def test_a_camera_is_added_changed_and_removed_and_everybody_is_told(registry: Registry, log: Log) -> None:
    told: list[list[str]] = []
    registry.on_change(lambda: told.append([entry.name for entry in registry.entries()]))
    added = registry.put(draft(), version=0, by=BY)
    changed = registry.put(draft(sensor="box", address=None, login=None), version=added.version, by=BY)
    registry.remove("north", version=changed.version, by=BY)
    assert told == [["gate", "north"], ["gate", "north"], ["gate"]]
    assert events(log)[-3:] == [
        ("camera.add", "ok", "north"),
        ("camera.change", "ok", "north"),
        ("camera.remove", "ok", "north"),
    ]


def test_what_was_changed_is_there_after_a_restart(registry: Registry, records: SqliteRecords, log: Log) -> None:
    where = Where(52.5, 13.4, 3.0, 4.0)
    table = {"line": [LINE], "zone": [{"name": "hall", "corners": [[0, 0], [9, 0], [9, 9]]}], "tick_s": 30, "rate_hz": 2.5}
    registry.put(draft(where=where, sensor="box", table=table), version=0, by=BY)
    registry.put_site(Site("west", "West Station", where, 1), by=BY)
    again = Registry(records, SEAL, log, own=OWN)
    assert again.state == registry.state
    assert again.entries() == registry.entries()
    assert again.work_of("box") == registry.work_of("box")


def test_an_entry_shows_places_site_sensor_and_where(registry: Registry) -> None:
    own = replace(OWN, extras=Extras(heat=True), tick_s=20)
    registry = Registry(registry._records, SEAL, registry._log, own=own)
    registry.put(draft(where=Where(x=1.0, y=2.0), sensor="box"), version=0, by=BY)
    entry = registry.entries()[1]
    assert (entry.name, entry.site, entry.sensor, entry.where) == ("north", "west", "box", Where(x=1.0, y=2.0))
    assert (entry.tick_s, entry.extras, [place.name for place in entry.places]) == (20.0, Extras(heat=True), ["door"])
    assert registry.site_of("north") == "west"
    assert registry.site_of("gate") == "file"
    assert registry.site_of("nobody") == ""


def test_the_second_of_two_who_edit_the_same_camera_is_refused(registry: Registry, log: Log) -> None:
    seen = registry.put(draft(), version=0, by=BY).version
    registry.put(draft(sensor="first"), version=seen, by=BY)
    told = events(log)
    with pytest.raises(ConflictError, match="changed by somebody else meanwhile"):
        registry.put(draft(sensor="second"), version=seen, by=BY)
    with pytest.raises(ConflictError):
        registry.remove("north", version=seen, by=BY)
    with pytest.raises(ConflictError):
        registry.put(draft(sensor="third"), version=0, by=BY)
    assert registry.state.cameras["north"].sensor == "first"
    assert events(log) == told


def test_when_another_process_was_first_nothing_changes_here_and_the_log_says_so(
    registry: Registry, records: SqliteRecords, log: Log
) -> None:
    registry.put(draft(), version=0, by=BY)
    before = registry.state
    found = records.get("camera", "north")
    assert found is not None
    records.change([Change("camera", "north", found.body, found.version)])
    with pytest.raises(ConflictError):
        registry.put(draft(sensor="late"), version=1, by=BY)
    assert registry.state is before
    assert events(log)[-1] == ("camera.change", "failed", "north")


def test_a_change_that_cannot_be_logged_is_not_made(registry: Registry, log: Log, records: SqliteRecords) -> None:
    log.close()
    with pytest.raises(Exception, match="not open"):
        registry.put(draft(), version=0, by=BY)
    assert records.get("camera", "north") is None
    assert "north" not in registry.state.cameras


def test_a_change_that_cannot_be_stored_is_not_shown(registry: Registry, records: SqliteRecords) -> None:
    records.close()
    with pytest.raises(StoreError):
        registry.put(draft(), version=0, by=BY)
    assert "north" not in registry.state.cameras


def test_the_site_files_cameras_are_there_and_changed_there_alone(registry: Registry) -> None:
    assert registry.state.cameras["gate"].of_file
    assert registry.state.cameras["gate"].where == Where(x=3.5, y=1.0)
    for wanted in (lambda: registry.put(draft("gate"), version=0, by=BY), lambda: registry.remove("gate", version=0, by=BY)):
        with pytest.raises(HubError, match="stands in the site file"):
            wanted()
    with pytest.raises(HubError, match="site file"):
        registry.put_site(Site("file"), by=BY)
    assert registry.cameras_of_sensor("") == frozenset()


def test_a_name_in_the_site_file_and_in_the_registry_is_refused_at_the_start(registry: Registry) -> None:
    registry.put(draft(), version=0, by=BY)
    twice = OwnSite("file", (Camera.model_validate({"name": "north", "address": "film.mp4"}),))
    with pytest.raises(SiteError, match='"north" of the site file is in the registry too'):
        Registry(registry._records, SEAL, registry._log, own=twice)


def test_only_its_sensor_gets_a_cameras_address_and_login(registry: Registry) -> None:
    registry.put(draft(sensor="box"), version=0, by=BY)
    registry.put(draft("south", sensor="other", login=None), version=0, by=BY)
    (table,) = registry.work_of("box")
    assert (table["name"], table["address"], table["user"], table["password"]) == ("north", ADDRESS, USER, PASSWORD)
    assert Camera.model_validate({key: value for key, value in table.items() if key != "password"}).line[0].name == "door"
    (table,) = registry.work_of("other")
    assert "user" not in table
    assert "password" not in table
    assert registry.cameras_of_sensor("box") == {"north"}


def test_a_changed_camera_keeps_its_address_and_login_unless_they_are_given(registry: Registry) -> None:
    registry.put(draft(sensor="box"), version=0, by=BY)
    registry.put(draft(address=None, login=None, sensor="box"), version=1, by=BY, fresh=True)
    assert registry.work_of("box")[0]["password"] == PASSWORD
    registry.put(draft(address=None, login=Login(), sensor="box"), version=2, by=BY)
    assert "user" not in registry.work_of("box")[0]
    assert not registry.state.cameras["north"].has_login


def test_a_password_never_goes_to_another_machine_by_a_change_of_address(registry: Registry) -> None:
    registry.put(draft(sensor="box"), version=0, by=BY)
    for elsewhere in ("rtsp://203.0.113.9/x", "http://10.31.41.59/x", "rtsp://10.31.41.59:99/x"):
        with pytest.raises(SiteError, match="must not get the old user and password"):
            registry.put(draft(address=SecretStr(elsewhere), login=None), version=1, by=BY)
    registry.put(draft(address=SecretStr("rtsp://10.31.41.59/other"), login=None), version=1, by=BY)
    assert registry.work_of("box")[0]["password"] == PASSWORD


def test_a_sealed_address_moved_to_another_camera_does_not_open(registry: Registry, records: SqliteRecords, log: Log) -> None:
    registry.put(draft(sensor="box"), version=0, by=BY)
    registry.put(draft("south", sensor="box"), version=0, by=BY)
    one, other = (records.get("camera", name) for name in ("north", "south"))
    assert one is not None
    assert other is not None
    records.change([Change("camera", "south", {**other.body, "sealed": one.body["sealed"]})])
    with pytest.raises(SealError, match="does not open"):
        Registry(records, SEAL, log, own=OWN).work_of("box")


def test_addresses_and_logins_open_with_their_key_only(registry: Registry, records: SqliteRecords, log: Log) -> None:
    registry.put(draft(sensor="box"), version=0, by=BY)
    stranger = Registry(records, Seal({"k1": bytes(31) + b"x"}, "k1"), log, own=OWN)
    with pytest.raises(SealError):
        stranger.work_of("box")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"site": "nowhere"}, 'there is no site "nowhere"'),
        ({"site": None}, "the camera has no site"),
        ({"sensor": " x"}, "the name of a sensor must be"),
        ({"address": None}, "the camera has no address"),
        ({"address": SecretStr("MARKED-film.mp4")}, "begins with rtsp://"),
        ({"address": SecretStr("file:///MARKED")}, "begins with rtsp://"),
        ({"address": SecretStr("concat:MARKED")}, "begins with rtsp://"),
        ({"address": SecretStr("rtsp://MARKED:MARKED@host/")}, "holds a user or password: move them to user and password"),
        ({"address": SecretStr("rtsp://host/?password=MARKED")}, "holds a user or password"),
        ({"address": SecretStr("rtsp://MARKED host\n/")}, "without line breaks"),
        ({"address": SecretStr("rtsp://MARKED:port/")}, "malformed"),
        ({"address": SecretStr("rtsp://" + "MARKED" * 500)}, "1 to 2,048 characters"),
        ({"login": Login(None, SecretStr("MARKED"))}, "a password needs a user"),
        ({"login": Login(SecretStr("MARKED" * 50), None)}, "at most 255"),
        ({"login": Login(SecretStr("a"), SecretStr("MARKED\r\nX"))}, "without line breaks"),
        ({"address": SecretStr("/dev/video0")}, "only rtsp and http addresses take a user"),
        ({"where": Where(lat=1.0)}, "both lat and lon"),
        ({"where": Where(lat=91.0, lon=0.0)}, "lat must be from -90 to 90"),
        ({"where": Where(x=float("nan"), y=0.0)}, "x must be"),
        ({"table": {"tick_s": 7}}, "a day has no whole number of ticks of 7 seconds"),
        ({"table": {"line": [LINE, LINE]}}, 'two places of this camera have the name "door"'),
        ({"table": {"line": [{**LINE, "to": [0, 0]}]}}, "shorter than one pixel"),
        ({"table": {"detector": "../model.onnx"}}, "the detector of a registered camera"),
        ({"table": {"speed": 1}}, "unknown key"),
    ],
)
def test_a_draft_that_breaks_a_rule_is_refused_with_its_sentence_and_without_a_secret(
    registry: Registry, changes: dict[str, Any], sentence: str
) -> None:
    before = registry.state
    with pytest.raises(SiteError, match=sentence.replace("(", "\\(")) as caught:
        registry.put(draft(**changes), version=0, by=BY)
    assert not any(mark in str(caught.value) for mark in MARKS)
    assert caught.value.__context__ is None
    assert registry.state is before


def test_a_zone_where_the_budget_counts_none_is_refused(registry: Registry) -> None:
    registry = Registry(registry._records, SEAL, registry._log, own=replace(OWN, can_zone=False))
    with pytest.raises(SiteError, match="no zone would count"):
        registry.put(draft(table={"zone": [{"name": "hall", "corners": [[0, 0], [9, 0], [9, 9]]}]}), version=0, by=BY)


def test_a_site_with_cameras_cannot_go(registry: Registry) -> None:
    registry.put(draft(), version=0, by=BY)
    with pytest.raises(HubError, match="has cameras"):
        registry.remove_site("west", version=1, by=BY)
    registry.remove_site("east", version=1, by=BY)
    assert set(registry.state.sites) == {"file", "west"}


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove"]), st.sampled_from(["a", "ä", "北"]), st.integers(0, 3), st.sampled_from(["", "s"])
    ),
    max_size=12,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(actions=ACTIONS)
def test_any_run_of_changes_leaves_memory_and_records_the_same(
    registry: Registry, records: SqliteRecords, log: Log, actions: list[tuple[str, str, int, str]]
) -> None:
    model = {name: camera.version for name, camera in registry.state.cameras.items() if not camera.of_file}
    for what, name, version, sensor in actions:
        try:
            if what == "put":
                registry.put(draft(name, sensor=sensor), version=version, by=BY)
                assert model.get(name, 0) == version
                model[name] = version + 1
            else:
                registry.remove(name, version=version, by=BY)
                assert model.pop(name) == version
        except ConflictError:
            assert model.get(name, 0) != version or (what == "remove" and version == 0)
    assert Registry(records, SEAL, log, own=OWN).state == registry.state
    assert {name: camera.version for name, camera in registry.state.cameras.items() if not camera.of_file} == model
