"""Both kinds of records: all of a change or none, and nobody's change lost."""

import random
import threading
from typing import Any

import pytest

from throng.data.errors import ConflictError, StoreError
from throng.store.records import Change, Record, Records


def test_what_was_made_is_found_sorted(records: Records) -> None:
    records.change([Change("site", "b", {"x": 1}), Change("site", "ä", {"y": [None, "é🍺\0"]}), Change("camera", "a", {})])
    assert records.all("site") == [Record("site", "b", {"x": 1}, 1), Record("site", "ä", {"y": [None, "é🍺\0"]}, 1)]
    assert records.get("camera", "a") == Record("camera", "a", {}, 1)
    assert records.get("camera", "b") is None
    assert records.all("token") == []


def test_all_changes_are_made_or_none(records: Records) -> None:
    records.change([Change("site", "a", {"n": 1})])
    with pytest.raises(ConflictError):
        records.change([Change("site", "b", {}), Change("site", "a", None), Change("site", "a", {"n": 2}, version=7)])
    assert records.all("site") == [Record("site", "a", {"n": 1}, 1)]


def test_they_behave_as_a_dictionary_with_versions(records: Records) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    model: dict[str, tuple[dict[str, Any], int]] = {}
    for _ in range(60):
        key, number, version = chance.choice("abc"), chance.choice([None, 1, 2, 3]), chance.choice([None, None, 0, 1, 2])
        body = None if number is None else {"n": number}
        fits = version is None or version == model.get(key, ({}, 0))[1]
        try:
            records.change([Change("site", key, body, version)])
        except ConflictError:
            assert not fits, seed
            continue
        assert fits, seed
        if body is None:
            model.pop(key, None)
        else:
            model[key] = (body, model.get(key, ({}, 0))[1] + 1)
        assert {record.key: (record.body, record.version) for record in records.all("site")} == model, seed


def test_counting_from_many_threads_loses_nothing(records: Records) -> None:
    records.change([Change("setting", "n", {"n": 0})])

    def count() -> None:
        left = 10
        while left:
            found = records.get("setting", "n")
            assert found is not None
            try:
                records.change([Change("setting", "n", {"n": found.body["n"] + 1}, version=found.version)])
                left -= 1
            except ConflictError:
                continue

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert records.get("setting", "n") == Record("setting", "n", {"n": 40}, 41)


def test_records_that_are_not_open_say_so(records: Any) -> None:
    records.close()
    with pytest.raises(StoreError, match="not open"):
        records.all("site")
