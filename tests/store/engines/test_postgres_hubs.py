"""Many hubs on one database, which write, forget and lose their connections at the same time."""

import random
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.store.cluster import Cluster
from tests.store.engines.oracle import HOUR_US, NAMES, Oracle, Told, drawn, rows_of

from throng.data.errors import StoreError
from throng.data.release import Release
from throng.store import postgres_insert, postgres_latest
from throng.store.postgres import PostgresStore
from throng.store.postgres_records import PostgresRecords
from throng.store.records import Change

MakeRelease = Callable[..., Release]


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    with PostgresStore(database) as opened:
        yield opened


def _name(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


def _together(*works: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_hubs_begin_at_once_and_store_each_row_once(cluster: Cluster, database: str) -> None:
    seed = random.randrange(2**32)
    told = [*drawn(random.Random(seed), 200), Told(NAMES[0], 0, 60.0, "noise", "1", 1.0, 1.0, "")]
    oracle = Oracle()
    oracle.add(told)
    counts: list[int] = []

    def hub(number: int) -> None:
        mine = list(told)
        random.Random(seed + number).shuffle(mine)
        with PostgresStore(database) as store, PostgresRecords(database) as records:
            counts.extend(store.add_rows(rows_of(mine[start : start + 50])) for start in range(0, len(mine), 50))
            records.change([Change("setting", str(number), {})])

    _together(*(lambda number=number: hub(number) for number in range(4)))
    assert sum(counts) == len(oracle.rows), seed
    sums = "SELECT sum(ticks), sum(known) FROM throng.hourly"
    assert cluster.sql(sums, _name(database)) == cluster.sql(
        "SELECT count(*), count(value) FROM throng.released", _name(database)
    )
    with PostgresRecords(database) as records:
        assert [record.key for record in records.all("setting")] == ["0", "1", "2", "3"]


def test_forgetting_while_others_write_keeps_sums_and_rows_in_step(
    cluster: Cluster, database: str, store: PostgresStore
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    batches = [drawn(chance, 60) for _ in range(12)]

    def write() -> None:
        for told in batches:
            store.add_rows(rows_of(told))

    def forget() -> None:
        with PostgresStore(database) as other:
            for hours in range(1, 60, 7):
                other.forget(hours * 3600.0 + 1800.0)

    _together(write, forget)
    summed = "SELECT series, hour_us, ticks, known, round(total::numeric, 6) FROM throng.hourly"
    walked = (
        f"SELECT series, tick_us / {HOUR_US} * {HOUR_US}, count(*), count(value), round(coalesce(sum(value), 0)::numeric, 6) "
        "FROM throng.released GROUP BY 1, 2"
    )
    apart = f"(({summed}) EXCEPT ({walked})) UNION ALL (({walked}) EXCEPT ({summed}))"
    assert cluster.sql(apart, _name(database)) == "", seed


def test_latest_finds_what_has_been_silent_for_days(store: PostgresStore, release: MakeRelease) -> None:
    store.add([release("quiet", 86_400.0 * 2, 1.0)] + [release("loud", 86_400.0 * day, 1.0) for day in range(9)])
    ticks = {(row.camera, row.tick_start_us // 86_400_000_000) for row in store.latest()}
    assert ticks == {("quiet", 2), ("loud", 8)}


@pytest.mark.parametrize("most_noted", [2_000, 1])
def test_latest_sees_what_any_hub_wrote_or_forgot(
    cluster: Cluster, database: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch, most_noted: int
) -> None:
    monkeypatch.setattr(postgres_insert, "MOST_NOTED", most_noted)
    monkeypatch.setattr(postgres_latest, "_PRUNE_EVERY", 3)
    seed = random.randrange(2**32)
    chance, oracle = random.Random(seed), Oracle()
    with PostgresStore(database) as other:
        for _ in range(40):
            writer, reader = chance.sample([store, other], 2)
            what = chance.random()
            if what < 0.1:
                before_us = chance.randrange(4 * 24) * HOUR_US
                assert writer.forget(before_us / 1e6) == oracle.forget(before_us), seed
            elif what < 0.2:
                cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'throng'")
            elif what < 0.3:
                monkeypatch.setattr(postgres_latest, "_TRUSTED_S", chance.choice([0.0, 300.0]))
            else:
                told = drawn(chance, 6)
                assert writer.add_rows(rows_of(told)) == oracle.add(told), seed
            for asked in chance.choice([(writer,), (reader,), (reader, writer)]):
                assert asked.latest() == oracle.latest(), seed


def test_connections_that_break_at_any_moment_lose_nothing_acknowledged_and_double_nothing(
    cluster: Cluster, database: str, store: PostgresStore
) -> None:
    batches = [drawn(random.Random(number), 20) for number in range(100)]
    oracle, broken = Oracle(), 0
    done = threading.Event()

    def cut() -> None:
        query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name(database)}'"
        for _ in range(25):
            if not done.wait(random.uniform(0, 0.05)):
                cluster.sql(query)

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        for told in batches:
            oracle.add(told)
            while True:
                try:
                    store.add_rows(rows_of(told))
                    break
                except StoreError:
                    broken += 1
    finally:
        done.set()
        cutter.join()
    assert broken
    sums = cluster.sql("SELECT count(*) FROM throng.released UNION ALL SELECT sum(ticks) FROM throng.hourly", _name(database))
    assert sums.split() == [str(len(oracle.rows))] * 2
    assert store.latest() == oracle.latest()
