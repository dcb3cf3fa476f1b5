"""Forgetting, backing up, restoring and bringing up to date: all of it or nothing, and nothing of what was deleted is left."""

import gzip
import io
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.test_rows import Row, expected, newest, rows, rows_told, stored

from throng.data.errors import StoreError
from throng.store import archive, duck_schema
from throng.store.condition import condition
from throng.store.duck import DuckStore
from throng.store.store import StoredRow

HERE = Path(__file__).parent
MARK = 1234.5678901234567


def _told(ticks: range, *, value: float | None = None) -> list[Row]:
    return [(series, tick, 0, 0, float(tick) if value is None else value) for tick in ticks for series in range(12)]


@settings(max_examples=8, deadline=None)
@given(told=rows_told, late=rows_told, before=st.integers(-1, 32))
def test_what_is_old_is_forgotten_and_the_rest_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, told: list[Row], late: list[Row], before: int
) -> None:
    before = told[0][1] if told and before % 2 else before  # often where a tick begins
    with DuckStore(tmp_path_factory.mktemp("old") / "throng.duckdb") as store:
        store._settle_at = 16
        for first in range(0, len(told), 7):
            store.add_rows(rows(told[first : first + 7]))
        there = expected(told)
        kept = {key: row for key, row in there.items() if key[1] >= before}
        assert store.forget(60.0 * before) == len(there) - len(kept)
        assert stored(store) == sorted(kept.values(), key=lambda row: row[:4])
        assert store.latest() == newest(kept)
        wanted = kept | {key: row for key, row in expected(late).items() if key not in kept}
        assert store.add_rows(rows(late)) == len(wanted) - len(kept)
        store.close()
        store.open()
        assert stored(store) == sorted(wanted.values(), key=lambda row: row[:4])


def test_no_byte_of_what_was_forgotten_is_left(tmp_path: Path) -> None:
    """Numbers and names, in the file, its free pages, its log, and beside it."""
    mark = MARK.hex().encode()
    with DuckStore(tmp_path / "throng.duckdb") as store:
        gone = rows(_told(range(60), value=MARK))
        named = type(gone)(
            tuple((f"{mark.decode()} {name[0]}", *name[1:]) for name in gone.series),
            tuple((*part[:1], "2026-11-23/7", part[2]) for part in gone.parts),
            gone.reasons,
            **{name: getattr(gone, name) for name in ("series_of", "part_of", "reason_of", "tick_start_us", "values")},
            standard_errors=gone.standard_errors,
        )
        store.add_rows(named)
        store._settle_at = 1
        store.add_rows(rows(_told(range(60, 80))))
        store.close()
        assert mark in (tmp_path / "throng.duckdb").read_bytes()  # else this test could not fail
        store.open()
        assert store.forget(3600.0) == 720
        files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert files.keys() == {"throng.duckdb"}
        for trace in (mark, b"2026-11-23/7"):
            assert not any(trace in content for content in files.values())
    assert condition(tmp_path / "throng.duckdb").rows == 240


def test_while_it_forgets_others_read_and_write(tmp_path: Path) -> None:
    with DuckStore(tmp_path / "throng.duckdb") as store:
        store.add_rows(rows(_told(range(3000))))
        done, wrong, added = threading.Event(), [], [3000]

        def write() -> None:
            while not done.is_set():
                assert store.add_rows(rows(_told(range(added[0], added[0] + 1)))) == 12
                added[0] += 1

        def read() -> None:
            while not done.is_set():
                values = store.series("a", "x", "in", start_s=60.0 * 2500, end_s=1e9).values.tolist()
                if values != list(map(float, range(2500, 2500 + len(values)))) or len(values) < 500:
                    wrong.append(values)

        threads = [threading.Thread(target=write), threading.Thread(target=read)]
        for thread in threads:
            thread.start()
        assert [store.forget(60.0 * before) for before in (500, 1000, 2500)] == [12 * 500, 12 * 500, 12 * 1500]
        done.set()
        for thread in threads:
            thread.join()
        assert not wrong
        assert len(stored(store)) == 12 * (added[0] - 2500)


def test_killed_while_it_forgets_it_is_whole_before_or_after(tmp_path: Path) -> None:
    path = tmp_path / "throng.duckdb"
    code = (
        "import sys; from throng.store.duck import DuckStore\n"
        "with DuckStore(sys.argv[1]) as store:\n"
        "    print(flush=True)\n"
        "    for before in range(int(sys.argv[2]), 1000): store.forget(60.0 * before); print(before, flush=True)\n"
    )
    with DuckStore(path) as store:
        store.add_rows(rows(_told(range(1000))))
    forgotten = 0
    for finished in (1, 0, 1, 2):
        with subprocess.Popen(
            [sys.executable, "-c", code, path, str(forgotten + 1)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            said = [int(child.stdout.readline()) for _ in range(finished)]
            time.sleep(random.uniform(0.0, 0.2))
            child.send_signal(signal.SIGKILL)
            said += [int(line) for line in child.stdout.read().splitlines()]
        with DuckStore(path) as store:
            left = sorted({row.tick_start_us // 60_000_000 for row in stored(store)})
            assert left == list(range(left[0], 1000))
            assert len(stored(store)) == 12 * len(left)
        assert left[0] in (max([forgotten, *said]), max([forgotten, *said]) + 1)
        assert [each.name for each in tmp_path.iterdir()] == ["throng.duckdb"]
        forgotten = left[0]
    assert forgotten > 0


def test_where_the_disk_is_full_nothing_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with DuckStore(tmp_path / "throng.duckdb") as store:
        store.add_rows(rows(_told(range(100))))

        def full(new: Path, path: Path) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(duck_schema, "put_in_place", full)
        with pytest.raises(StoreError, match=r"nothing was deleted: the disk that holds throng\.duckdb is full"):
            store.forget(3000.0)
        monkeypatch.undo()
        assert len(stored(store)) == 1200
        assert store.add_rows(rows(_told(range(100, 101)))) == 12
        assert sorted(each.name for each in tmp_path.iterdir()) == ["throng.duckdb", "throng.duckdb.wal"]


def test_a_backup_comes_back_row_by_row(tmp_path: Path) -> None:
    told = [(series, tick, tick % 2, (series * tick) % 3, tick / 7) for tick in range(200) for series in range(12)]
    random.Random(1).shuffle(told)
    file = io.BytesIO()
    with DuckStore(tmp_path / "one.duckdb") as one, DuckStore(tmp_path / "other.duckdb") as other:
        one._settle_at = 700
        one.add_rows(rows(told[:1000]))
        one.add_rows(rows(told[1000:]))
        facts = one.backup(file)
        assert (facts.rows, facts.first_us, facts.last_us) == (2400, 0, 199 * 60_000_000)
        file.seek(0)
        assert other.restore(file) == facts
        assert stored(other) == stored(one) == sorted(expected(told).values(), key=lambda row: row[:4])
        assert other.latest() == one.latest()
        file.seek(0)
        with pytest.raises(StoreError, match="empty store only"):
            other.restore(file)
        assert len(stored(other)) == 2400


def test_a_backup_is_of_one_moment_while_writing_goes_on(tmp_path: Path) -> None:
    with DuckStore(tmp_path / "one.duckdb") as one, DuckStore(tmp_path / "other.duckdb") as other:
        one.add_rows(rows(_told(range(2000))))
        done, added = threading.Event(), [2000]

        def write() -> None:
            while not done.is_set():
                one.add_rows(rows(_told(range(added[0], added[0] + 2))))
                added[0] += 2

        writer = threading.Thread(target=write)
        writer.start()
        files = [io.BytesIO() for _ in range(3)]
        begun = []
        for file in files:
            begun.append(added[0])
            one.backup(file)
        done.set()
        writer.join()
        files[-1].seek(0)
        other.restore(files[-1])
        ticks = sorted({row.tick_start_us // 60_000_000 for row in stored(other)})
        assert ticks == list(range(len(ticks)))
        assert len(ticks) % 2 == 0
        assert begun[-1] <= len(ticks) <= added[0]
        assert len(stored(other)) == 12 * len(ticks)


def test_a_spoiled_backup_restores_nothing(tmp_path: Path) -> None:
    file = io.BytesIO()
    with DuckStore(tmp_path / "one.duckdb") as one:
        one.add_rows(rows(_told(range(50))))
        one.backup(file)
    whole, chance = file.getvalue(), random.Random()
    with DuckStore(tmp_path / "other.duckdb") as other:
        for attempt in range(60):
            place, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
            spoiled = chance.choice([whole[:place], whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]])
            with pytest.raises(StoreError, match="cannot be read"):
                archive.read(io.BytesIO(spoiled), len)
            if attempt < 4:
                with pytest.raises(StoreError, match="cannot be read"):
                    other.restore(io.BytesIO(spoiled))
                assert stored(other) == []
        twice = io.BytesIO()
        archive.write(twice, [rows(_told(range(3))), rows(_told(range(2, 4)))])
        twice.seek(0)
        with pytest.raises(StoreError, match="cannot be read"):
            other.restore(twice)
        assert stored(other) == []
        assert {each.name for each in tmp_path.iterdir()} == {"one.duckdb", "other.duckdb"}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A store as schema 1 had it, made by the Throng of that time: two cameras, forty ticks, two of them unknown."""
    path = tmp_path / "throng.duckdb"
    path.write_bytes(gzip.decompress((HERE / "version_1.duckdb.gz").read_bytes()))
    path.chmod(0o600)
    return path


def _of_the_first() -> list[StoredRow]:
    names = (("door", "in"), ("door", "out"), ("door", "in_total"), ("door", "out_total"), ("hall", "occupancy"))
    errors = (3.5, 3.5, 7.25, 7.25, 4.0)
    found = []
    for camera, shift in (("north", 0.0), ("south", 0.5)):
        for tick in range(40):
            for number, (place, quantity) in enumerate(names):
                dark = tick in (7, 8)
                row = StoredRow(
                    camera=camera,
                    place=place,
                    quantity=quantity,
                    tick_start_us=1_700_000_000_000_000 + 60_000_000 * tick,
                    tick_s=60.0,
                    value=None if dark else 100.0 * number + tick + shift,
                    standard_error=None if dark else errors[number],
                    mechanism="buffered(rho=0.5, ticks=1440)",
                    epoch=f"2023-11-14/{1 + tick // 20}",
                    unknown="the camera is dark" if dark else "",
                )
                found.append(row)
    return sorted(found, key=lambda row: row[:4])


def test_a_store_of_the_first_schema_is_brought_up_to_date(first: Path) -> None:
    with DuckStore(first) as store:
        assert stored(store) == _of_the_first()
        assert len(store.latest()) == 10
        assert len(store.series("south", "hall", "occupancy", start_s=0, end_s=1e10)) == 40
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert [each.name for each in first.parent.iterdir()] == ["throng.duckdb"]
    assert condition(first).problems == ()


def test_bringing_it_up_to_date_begins_anew_after_a_crash(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = first.read_bytes()

    def crash(new: Path, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(duck_schema, "put_in_place", crash)
    with pytest.raises(StoreError, match=r"cannot be opened: the disk that holds throng\.duckdb is full"):
        DuckStore(first).open()
    assert first.read_bytes() == before
    monkeypatch.undo()
    first.with_name("throng.duckdb.new").write_bytes(b"half a file")
    with DuckStore(first) as store:
        assert len(stored(store)) == 400


def test_its_condition_is_told_with_remedies(tmp_path: Path) -> None:
    path = tmp_path / "throng.duckdb"
    with DuckStore(path) as store:
        store.add_rows(rows(_told(range(1000))))
    found = condition(path)
    assert (found.version, found.rows, found.series, found.mode, found.problems) == (2, 12_000, 12, 0o600, ())
    assert (found.oldest_us, found.newest_us) == (0, 999 * 60_000_000)
    path.chmod(0o640)
    path.with_name("throng.duckdb.new").touch()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM series WHERE id % 2 = 1").fetchall()
    told = " ".join(condition(path).problems)
    for sentence in ("chmod 600", "throng.duckdb.new lies beside it", "point to texts that are gone"):
        assert sentence in told
    content = bytearray(path.read_bytes())
    for place in range(3 * 4096 + 100_000, len(content), 262_144):
        content[place] ^= 1
    path.write_bytes(content)
    try:
        assert "it is damaged" in " ".join(condition(path).problems)
    except StoreError as error:
        assert "cannot be read" in str(error)  # noqa: PT017
    with pytest.raises(StoreError, match="there is no store"):
        condition(tmp_path / "absent.duckdb")
