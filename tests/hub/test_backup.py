"""Backups: sealed, whole, of everything the hub keeps, and restored all at once or not at all."""

import json
import random
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from throng.audit.log import audit_log
from throng.cli.backup import backup
from throng.cli.doctor.store import report_store
from throng.cli.restore import restore
from throng.data.errors import SealError, StoreError
from throng.data.release import Release
from throng.hub.app import Kept
from throng.hub.backup import LAST_BACKUP, LOG_FILE, RECORDS_FILE, STORE_FILE, restore_folder, write_backup
from throng.hub.log.log import Log
from throng.seal.keys import load_keys, load_seal, set_passphrase
from throng.store.duck import DuckStore
from throng.store.records import KINDS, Change, Record
from throng.store.sqlite_records import SqliteRecords

MakeRelease = Callable[..., Release]
MARK = "harbour gate north"


@pytest.fixture(autouse=True)
def _own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("THRONG_KEY_FILE", "CREDENTIALS_DIRECTORY", "THRONG_PASSPHRASE_FD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def kept(tmp_path: Path, release: MakeRelease) -> Iterator[Kept]:
    data = tmp_path / "data"
    with ExitStack() as opened:
        log = opened.enter_context(Log(data / LOG_FILE))
        records = opened.enter_context(SqliteRecords(data / RECORDS_FILE))
        store = opened.enter_context(DuckStore(data / STORE_FILE))
        store.add([release(MARK, 60.0 * tick, value=tick) for tick in range(500)])
        records.change([Change("camera", MARK, {"site": "harbour", "n": [1, None]}), Change("setting", "colour", {"é": "ü"})])
        for number in range(30):
            log.write("sign-in", who=f"{MARK} {number}")
        yield Kept(store, records, load_seal(data_folder=data), log)


def _ticks(store: DuckStore) -> list[float]:
    return list(store.series(MARK, "door", "in", start_s=0, end_s=1e9).values.tolist())


def _records(records: SqliteRecords) -> list[Record]:
    return [replace(each, version=1) for kind in KINDS for each in records.all(kind) if each.key != LAST_BACKUP]


def test_everything_comes_back(kept: Kept, tmp_path: Path) -> None:
    path, to = tmp_path / "one.backup", tmp_path / "restored"
    told = write_backup(path, kept, who="ada")
    assert (told.rows, told.records) == (1500, 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config", "data", "one.backup"]
    last = kept.records.get("setting", LAST_BACKUP)
    assert last is not None
    assert last.body == {"made": told.made, "name": "one.backup"}
    to.mkdir()
    assert restore_folder(path, to) == told
    assert {stat.S_IMODE(each.stat().st_mode) for each in to.iterdir()} == {0o600}
    assert stat.S_IMODE(to.stat().st_mode) == 0o700
    with DuckStore(to / STORE_FILE) as store, SqliteRecords(to / RECORDS_FILE) as records:
        assert _ticks(store) == list(map(float, range(500)))
        assert isinstance(kept.records, SqliteRecords)
        assert _records(records) == _records(kept.records)
    log = (to / LOG_FILE).read_bytes()
    assert log == kept.log.path.read_bytes()[: len(log)]
    assert b"backup.make" in log.splitlines()[-1]
    assert not audit_log(to / LOG_FILE).wrong
    assert load_seal(data_folder=to).open(kept.seal.seal(b"secret", about="a"), about="a") == b"secret"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config", "data", "one.backup", "restored"]


def test_nothing_can_be_read_in_it(kept: Kept, tmp_path: Path) -> None:
    write_backup(tmp_path / "one.backup", kept, who="ada")
    content = (tmp_path / "one.backup").read_bytes()
    assert not any(word in content for word in (b"harbour", b"door", b"sign-in", b"colour", b"ARROW", b"DUCK"))


def test_where_something_is_nothing_is_restored_and_nothing_is_written_over(kept: Kept, tmp_path: Path) -> None:
    path, to = tmp_path / "one.backup", tmp_path / "restored"
    write_backup(path, kept, who="ada")
    with pytest.raises(StoreError, match="is there already: name another file"):
        write_backup(path, kept, who="ada")
    to.mkdir()
    (to / "note").touch()
    with pytest.raises(StoreError, match="must be an empty folder or none"):
        restore_folder(path, to)
    assert [each.name for each in to.iterdir()] == ["note"]


def test_a_backup_that_was_cut_or_changed_restores_nothing(kept: Kept, tmp_path: Path) -> None:
    path, to = tmp_path / "one.backup", tmp_path / "restored"
    write_backup(path, kept, who="ada")
    whole, chance = path.read_bytes(), random.Random()
    for place in (0, 1, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(3))):
        for spoiled in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :], whole + b"x"):
            path.write_bytes(spoiled)
            with pytest.raises((StoreError, SealError)):
                restore_folder(path, to)
            assert sorted(each.name for each in tmp_path.iterdir()) == ["config", "data", "one.backup"]


def test_without_its_key_it_says_which_is_missing(kept: Kept, tmp_path: Path) -> None:
    path, to = tmp_path / "one.backup", tmp_path / "restored"
    write_backup(path, kept, who="ada")
    (key,) = (tmp_path / "config" / "throng").iterdir()
    moved = tmp_path / "elsewhere.key"
    key.rename(moved)
    with pytest.raises(SealError, match=rf"sealed with the key {key.name}, which is not here .* --key-file FILE"):
        restore_folder(path, to)
    other = tmp_path / "other"
    other.mkdir()
    load_seal(data_folder=other)
    (wrong,) = (tmp_path / "config" / "throng").iterdir()
    with pytest.raises(SealError):
        restore_folder(path, to, key_file=wrong)
    assert not to.exists()
    assert restore_folder(path, to, key_file=moved).rows == 1500


def test_keys_under_a_passphrase_travel_with_it(kept: Kept, tmp_path: Path) -> None:
    data = tmp_path / "data"
    set_passphrase(load_keys(data_folder=data), data_folder=data, passphrase="correct horse battery staple")
    write_backup(tmp_path / "one.backup", kept, who="ada")
    shutil.rmtree(tmp_path / "config")
    with pytest.raises(SealError):
        restore_folder(tmp_path / "one.backup", tmp_path / "restored", ask=lambda _: "incorrect horse battery staple")
    asked = restore_folder(tmp_path / "one.backup", tmp_path / "restored", ask=lambda _: "correct horse battery staple")
    assert asked.rows == 1500


def test_a_log_that_is_being_written_is_copied_to_its_last_whole_line(kept: Kept, tmp_path: Path) -> None:
    write = kept.log.write
    write("sign-in", who="ada")
    with kept.log.path.open("ab") as file:
        file.write(b'{"seq": 99, "ti')
    told = write_backup(tmp_path / "one.backup", kept, who="ada")
    assert told.log_bytes > 0
    restore_folder(tmp_path / "one.backup", tmp_path / "restored")
    assert (tmp_path / "restored" / LOG_FILE).read_bytes().endswith(b"\n")


SITE = """
name = "Harbour"
[[camera]]
name = "north"
address = "street.mp4"
[[camera.line]]
name = "door"
from = [0, 0]
to = [9, 9]
"""


def test_the_commands_do_it_and_say_so(
    tmp_path: Path, release: MakeRelease, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("site.toml").write_text(SITE)
    with pytest.raises(StoreError, match="nothing to back up"):
        backup(Path("site.toml"), Path("one.backup"))
    with DuckStore(tmp_path / "data" / STORE_FILE) as store:
        store.add([release()])
    backup(Path("site.toml"), Path("one.backup"))
    assert capsys.readouterr().err.startswith("written and read back: one.backup, 3 rows from 1970-01-01 00:00 to")
    restore(Path("one.backup"), Path("restored"))
    assert capsys.readouterr().err.startswith("restored: restored, 3 rows")
    report_store(Path("data/throng.duckdb"), as_json=False)
    told = capsys.readouterr().out
    assert "3 rows of 3 series, schema 2, mode 0600" in told
    assert "last backup: 20" in told
    assert "it is whole" in told
    Path("restored/throng.duckdb").chmod(0o644)
    with pytest.raises(typer.Exit):
        report_store(Path("restored/throng.duckdb"), as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert (report["rows"], report["mode"], report["last_backup"]) == (3, "0644", None)
    assert "chmod 600" in report["problems"][0]
