"""The store: idempotent, durable, sparing in what it keeps, and clear about what stops it."""

import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.data.errors import StoreError
from throng.data.release import Release
from throng.store.duck import DuckStore

MakeRelease = Callable[..., Release]
HERE = Path(__file__).parent


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    with DuckStore(tmp_path / "data" / "throng.duckdb") as opened:
        yield opened


def test_gives_back_what_was_stored(store: DuckStore, release: MakeRelease) -> None:
    assert store.add([release(start_s=60.5, value=-2.25), release(start_s=120.5, unknown="the camera is dark")]) == 6
    row = store.tick("north", 60.5)[0]
    assert (row.camera, row.place, row.quantity, row.tick_start_us) == ("north", "door", "in", 60_500_000)
    assert (row.tick_s, row.value, row.standard_error) == (60.0, -2.25, 3.5)
    assert (row.mechanism, row.epoch, row.unknown) == ("noise", "2026-11-24/1", "")
    dark = store.latest()
    assert [(r.place, r.quantity) for r in dark] == [("door", "in"), ("door", "out"), ("hall", "occupancy")]
    assert {(r.value, r.standard_error, r.unknown) for r in dark} == {(None, None, "the camera is dark")}


def test_series_is_sorted_half_open_and_bounded(store: DuckStore, release: MakeRelease) -> None:
    store.add([release(start_s=60.0 * i, value=i) for i in (3, 1, 4, 0, 2)] + [release("south", 60.0, 99)])
    series = store.series("north", "door", "out", start_s=60, end_s=240)
    assert series.values.tolist() == [2, 3, 4]
    assert series.tick_start_us.tolist() == [60_000_000, 120_000_000, 180_000_000]
    assert len(store.series("north", "door", "out", start_s=0, end_s=1e6, max_rows=2)) == 2
    assert len(store.series("north", "nowhere", "out", start_s=0, end_s=1e6)) == 0


def test_an_unknown_tick_is_not_a_number_in_a_series(store: DuckStore, release: MakeRelease) -> None:
    store.add([release(start_s=0), release(start_s=60, unknown="dark"), release(start_s=120)])
    series = store.series("north", "door", "in", start_s=0, end_s=1000)
    assert series.unknown.tolist() == ["", "dark", ""]
    assert [value == value for value in series.values] == [True, False, True]  # noqa: PLR0124


Told = list[tuple[str, int, float]]
told = st.lists(st.tuples(st.sampled_from(("north", "south")), st.integers(0, 4), st.floats(-9, 9)), max_size=12)


@settings(max_examples=25, deadline=None)
@given(told=told, cuts=st.lists(st.integers(0, 12), max_size=3), seed=st.integers(0, 99))
def test_the_first_of_each_tick_stays_in_any_order_and_grouping(
    release: MakeRelease, told: Told, cuts: list[int], seed: int
) -> None:
    late = [*told, *told]
    random.Random(seed).shuffle(late)
    expected: dict[tuple[str, int], float] = {}
    for camera, tick, value in late:
        expected.setdefault((camera, tick), value)
    edges = [0, *sorted(cuts), len(late)]
    with TemporaryDirectory() as folder, DuckStore(Path(folder) / "throng.duckdb") as store:
        new = 0
        for start, end in pairwise(edges):
            new += store.add([release(camera, 60.0 * tick, value) for camera, tick, value in late[start:end]])
        assert new == 3 * len(expected)
        for camera in ("north", "south"):
            series = store.series(camera, "door", "in", start_s=0, end_s=1e4)
            wanted = sorted((tick, value) for (name, tick), value in expected.items() if name == camera)
            assert list(zip((series.tick_start_us / 60e6).tolist(), series.values.tolist(), strict=True)) == wanted


def test_keeps_exactly_the_allowed_columns(store: DuckStore, release: MakeRelease) -> None:
    store.add([release()])
    store.close()
    with duckdb.connect(str(store.path), read_only=True) as connection:
        columns = connection.execute("SELECT table_name, column_name, data_type FROM information_schema.columns").fetchall()
    text, number, code, time = "VARCHAR", "DOUBLE", "INTEGER", "TIMESTAMP"
    row = {"series": code, "tick_start": time, "part": code, "reason": code, "value": number, "standard_error": number}
    tables = {
        "schema_version": {"version": code},
        "series": {"id": code, "camera": text, "place": text, "quantity": text},
        "part": {"id": code, "mechanism": text, "epoch": text, "tick_s": number},
        "reason": {"id": code, "unknown": text},
        "fresh": row,
        "settled": row,
        # A view of the others.
        "released": dict.fromkeys(("camera", "place", "quantity", "mechanism", "epoch", "unknown"), text)
        | dict.fromkeys(("tick_s", "value", "standard_error"), number)
        | {"tick_start": time},
    }
    assert set(columns) == {(table, name, kind) for table, allowed in tables.items() for name, kind in allowed.items()}


def test_takes_nothing_but_releases(store: DuckStore) -> None:
    with pytest.raises(TypeError, match=r"takes releases only, not dict"):
        store.add([{"camera": "north"}])  # type: ignore[list-item]


def test_only_the_owner_can_read_it(store: DuckStore, release: MakeRelease) -> None:
    store.add([release()])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store.path.parent.iterdir()}
    assert modes == {"throng.duckdb": 0o600, "throng.duckdb.wal": 0o600}
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_reaches_no_other_file_and_no_extension(store: DuckStore) -> None:
    with store._cursor("test") as cursor:
        settings = dict(cursor.execute("SELECT name, value FROM duckdb_settings()").fetchall())
        assert settings["temp_directory"] == ""
        assert settings["autoload_known_extensions"] == settings["autoinstall_known_extensions"] == "false"
        for statement in ("ATTACH 'other.duckdb'", "COPY released TO 'copy.csv'", "SET enable_external_access = true"):
            with pytest.raises(duckdb.Error, match=r"disabled|locked"):
                cursor.execute(statement)


def test_threads_read_while_one_writes(store: DuckStore, release: MakeRelease) -> None:
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            count = len(store.series("north", "door", "in", start_s=0, end_s=1e9))
            if count % 2 or len(store.latest()) not in (0, 3):
                wrong.append(count)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    for i in range(60):
        assert store.add([release(start_s=2.0 * i), release(start_s=2.0 * i + 1)]) == 6
    done.set()
    for thread in readers:
        thread.join()
    assert not wrong  # a batch of two ticks is seen whole or not at all


def test_survives_being_killed_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "throng.duckdb"
    chance = random.Random(7)
    acknowledged = -1
    for _ in range(6):
        command = [sys.executable, str(HERE / "keep_adding.py"), str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline()
            time.sleep(chance.uniform(0, 0.4))
            child.send_signal(signal.SIGKILL)
            said = child.stdout.read().splitlines()
        acknowledged = max(acknowledged, *(int(line) for line in said), 0)
        with DuckStore(path) as store:
            ticks = store.series("north", "door", "in", start_s=0, end_s=1e9).values.tolist()
        assert ticks == list(range(len(ticks)))
        assert len(ticks) > acknowledged
    assert acknowledged > 20


def test_a_process_killed_while_making_the_file_leaves_no_half_of_it(tmp_path: Path, release: MakeRelease) -> None:
    (tmp_path / "throng.duckdb.new").write_bytes(b"half a file")
    with DuckStore(tmp_path / "throng.duckdb") as store:
        assert store.add([release()]) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["throng.duckdb"]


def _namespaces_allowed() -> bool:
    command = ["unshare", "-Urm", "sh", "-c", "mount -t tmpfs tmpfs /tmp"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("size_mb", "text_bytes"), [(2, 100), (20, 4_000)], ids=["full when it commits", "full when the log is folded in"]
)
def test_a_full_disk_loses_nothing_and_writing_goes_on_once_there_is_room(
    tmp_path: Path, size_mb: int, text_bytes: int
) -> None:
    if _namespaces_allowed():
        prefix, kind = ["unshare", "-Urm"], "tmpfs"
    else:  # no mount allowed here: files that may not grow stand for the full disk
        prefix, kind = [], "limit"
    script = [sys.executable, str(HERE / "fill_disk.py"), kind, str(tmp_path), str(size_mb), str(text_bytes)]
    result = subprocess.run([*prefix, *script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_says_that_a_file_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 1000)
    with pytest.raises(StoreError, match=r"cannot be opened: .*notes.txt is not a store of Throng; name another file$"):
        DuckStore(path).open()
    assert path.read_text() == "not a database " * 1000


def test_says_that_a_database_is_not_throngs(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    duckdb.connect(str(path)).execute("CREATE TABLE t (i INTEGER)").close()
    with pytest.raises(StoreError, match=r"but no store of Throng"):
        DuckStore(path).open()


def test_says_that_the_schema_is_newer(store: DuckStore) -> None:
    store.close()
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("UPDATE schema_version SET version = 3").fetchall()
    with pytest.raises(StoreError, match=r"made by a newer Throng \(its schema is 3, this one knows 2\): update this one"):
        store.open()


def test_says_who_holds_the_file(store: DuckStore) -> None:
    code = f"from throng.store.duck import DuckStore\nDuckStore({str(store.path)!r}).open()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"process {os.getpid()} holds {store.path}; stop it, or name another file" in result.stderr


def test_says_that_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be opened: .*Not a directory|File exists"):
        DuckStore(tmp_path / "file" / "throng.duckdb").open()


def test_says_that_it_is_not_open(tmp_path: Path, release: MakeRelease) -> None:
    store = DuckStore(tmp_path / "throng.duckdb")
    with pytest.raises(StoreError, match=r"cannot be written: .* is not open"):
        store.add([release()])
    with store.open():
        pass
    with pytest.raises(StoreError, match=r"cannot be read: .* is not open"):
        store.latest()
