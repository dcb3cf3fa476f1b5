"""Records: all of a change or none, nobody's change lost, and what is removed is gone from the file."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.data.errors import ConflictError, StoreError
from throng.store.records import Change, Record
from throng.store.sqlite_records import SqliteRecords


@pytest.fixture
def records(tmp_path: Path) -> Iterator[SqliteRecords]:
    with SqliteRecords(tmp_path / "hub.sqlite") as opened:
        yield opened


def test_what_was_made_is_found_also_after_a_restart(records: SqliteRecords) -> None:
    records.change([Change("site", "b", {"x": 1}), Change("site", "a", {"y": [None, "é🍺"]}), Change("camera", "a", {})])
    with SqliteRecords(records.path) as again:
        for one in (records, again):
            assert one.all("site") == [Record("site", "a", {"y": [None, "é🍺"]}, 1), Record("site", "b", {"x": 1}, 1)]
            assert one.get("camera", "a") == Record("camera", "a", {}, 1)
            assert one.get("camera", "b") is None


def test_all_changes_are_made_or_none(records: SqliteRecords) -> None:
    records.change([Change("site", "a", {"n": 1})])
    with pytest.raises(ConflictError):
        records.change([Change("site", "b", {}), Change("site", "a", None), Change("site", "a", {"n": 2}, version=7)])
    assert records.all("site") == [Record("site", "a", {"n": 1}, 1)]


def test_two_that_change_the_same_do_not_overwrite_each_other(records: SqliteRecords) -> None:
    records.change([Change("site", "a", {}, version=0)])
    for stale in (0, 2):
        with pytest.raises(ConflictError, match="changed by somebody else"):
            records.change([Change("site", "a", {"n": 1}, version=stale)])
    records.change([Change("site", "a", {"n": 2}, version=1)])
    with pytest.raises(ConflictError):
        records.change([Change("site", "a", None, version=1)])
    assert records.get("site", "a") == Record("site", "a", {"n": 2}, 2)


def test_counting_from_many_threads_loses_nothing(records: SqliteRecords) -> None:
    records.change([Change("setting", "n", {"n": 0})])

    def count() -> None:
        for _ in range(20):
            while True:
                found = records.get("setting", "n")
                assert found is not None
                try:
                    records.change([Change("setting", "n", {"n": found.body["n"] + 1}, version=found.version)])
                    break
                except ConflictError:
                    continue

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert records.get("setting", "n") == Record("setting", "n", {"n": 80}, 81)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 9)), st.one_of(st.none(), st.integers(0, 3))),
        max_size=12,
    )
)
def test_it_behaves_as_a_dictionary_with_versions(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int | None, int | None]]
) -> None:
    model: dict[str, tuple[dict[str, Any], int]] = {}
    with SqliteRecords(tmp_path_factory.mktemp("records") / "hub.sqlite") as records:
        for key, number, version in steps:
            body = None if number is None else {"n": number}
            fits = version is None or version == model.get(key, ({}, 0))[1]
            try:
                records.change([Change("site", key, body, version)])
            except ConflictError:
                assert not fits
                continue
            assert fits
            if body is None:
                model.pop(key, None)
            else:
                model[key] = (body, model.get(key, ({}, 0))[1] + 1)
        assert {record.key: (record.body, record.version) for record in records.all("site")} == model


def test_what_was_removed_is_gone_from_the_file(records: SqliteRecords) -> None:
    mark = "removed-mark-1234567890"
    records.change([Change("token", "t", {"hash": mark})])
    records.change([Change("token", "t", None)])
    records.close()
    assert not any(mark.encode() in path.read_bytes() for path in records.path.parent.iterdir())


def test_only_the_owner_can_read_it(records: SqliteRecords) -> None:
    records.change([Change("token", "t", {})])
    assert {path.stat().st_mode & 0o777 for path in records.path.parent.iterdir()} == {0o600}


def test_a_repr_shows_no_content() -> None:
    assert "secret" not in repr(Record("account", "ada", {"hash": "secret"}, 1)) + repr(
        Change("account", "ada", {"h": "secret"})
    )


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be looked at" * 9, b"SQLite format 3\x00" + b"\x00" * 84]
)
def test_another_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hub.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteRecords(path).open()
    assert path.read_bytes() == content


def test_records_that_are_not_open_say_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not open"):
        SqliteRecords(tmp_path / "hub.sqlite").all("site")


@pytest.mark.parametrize("body", ["{", "", "[1]", "7", "null", '"text"'])
def test_a_damaged_record_is_said_to_be_one(records: SqliteRecords, body: str) -> None:
    records.change([Change("site", "central", {"title": "Central"})])
    with sqlite3.connect(records.path) as other:
        other.execute("UPDATE record SET body = ?", (body,))
    other.close()
    for read in (lambda: records.get("site", "central"), lambda: records.all("site")):
        with pytest.raises(StoreError, match="is damaged: restore the hub's records from a backup"):
            read()


def test_what_is_made_is_on_the_disk_before_it_is_told(records: SqliteRecords) -> None:
    """A power cut is not to be had in a test, so that SQLite's own settings are asked for: FULL is 2."""
    connection = records._open_connection()
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_others_could_read_is_its_owners_alone_again(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    path.touch()
    path.chmod(0o644)
    with SqliteRecords(path):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("PRAGMA user_version = 2", "made by a newer Throng: update this one"),
        ("PRAGMA application_id = 7", "not of a hub's records: name another file"),
    ],
)
def test_a_file_of_another_kind_is_left_alone(tmp_path: Path, statement: str, sentence: str) -> None:
    path = tmp_path / "hub.sqlite"
    with SqliteRecords(path) as records:
        records.change([Change("site", "central", {"title": "Central"})])
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    with pytest.raises(StoreError, match=sentence):
        SqliteRecords(path).open()
    assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)
    connection.close()
