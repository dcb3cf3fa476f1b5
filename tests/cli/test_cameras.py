"""`throng cameras` and `throng key`: for a hub that runs and for one that is stopped, and no secret to be found after."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from throng.cli import cameras, key
from throng.cli.opened import hub_of, kept_of, place_of, tls_of
from throng.data.errors import HubError, SealError, SiteError, StoreError
from throng.deliver.hub import Address, Link, context_for
from throng.hub.access import Grant, Principal
from throng.hub.app import Hub
from throng.hub.sensors.authority import Authority
from throng.hub.server import serve
from throng.seal.keys import load_keys
from throng.site.read import read_site
from throng.store.records import KINDS
from throng.store.sqlite_records import SqliteRecords

MARKS = (b"MARKED-", b"10.31.41.59")
TOKEN = "token-of-an-administrator"
HEAD = "name;site;address;user;password;lat;lon;sensor;lines\n"
ROWS = [
    f"door {n};west;rtsp://10.31.41.59/MARKED-{n};MARKED-user;MARKED-password;52.5;13.4;box;in: 0,0 9,9\n" for n in range(30)
]
SITE = 'name = "square"\n[hub]\nlisten = "127.0.0.1:0"\nnames = ["hub.test"]\n'


@dataclass
class Running:
    """A hub that serves in a thread."""

    hub: Hub
    url: str
    authority: Authority

    def trusted(self) -> list[str]:
        return ["--hub", self.url, "--fingerprint", self.authority.fingerprint.hex(":")]

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """What an administrator is answered."""
        address = Address.of(self.url)
        link = Link(address, lambda: context_for(self.authority.pem))
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        answer = link.ask(method, path, body=body, headers=headers)
        link.close()
        return answer.body


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CREDENTIALS_DIRECTORY", "THRONG_KEY_FILE", "THRONG_PASSPHRASE_FD", "THRONG_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("throng.seal.passphrase.COST", {"time_cost": 1, "memory_kib": 64, "lanes": 1})
    return tmp_path / "config"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.csv"
    path.write_text(HEAD + "".join(ROWS))
    return path


def throng(app: Any, *arguments: object, **more: Any) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **more)


@contextmanager
def running(site: Path) -> Iterator[Running]:
    described = read_site(site)
    place = place_of(described)
    ready, stop = threading.Event(), threading.Event()
    with kept_of(described) as kept:
        hub = hub_of(described, kept, place)
        known = Principal("token", "ada", (Grant("administrator"),))
        hub.people.principal_of_bearer = lambda token: known if token == TOKEN else None  # type: ignore[method-assign]
        more: dict[str, Any] = {"tls": tls_of(described, hub, place), "listener": place.listener, "stop": stop}
        thread = threading.Thread(target=serve, args=(hub,), kwargs={"port": place.port, "on_ready": ready.set} | more)
        thread.start()
        try:
            assert ready.wait(20)
            yield Running(hub, f"https://127.0.0.1:{place.port}", hub.authority)
        finally:
            stop.set()
            thread.join()


def test_a_running_hub_takes_a_city_and_no_secret_is_found_anywhere(
    site: Path, table: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[bytes] = []
    env = {"THRONG_TOKEN": TOKEN}
    with running(site) as run:
        for arguments in (["--dry-run"], []):
            done = throng(cameras.app, "import", table, *run.trusted(), *arguments, env=env)
            assert done.exit_code == 0, done.exception
            told.append(done.output.encode())
        told += _in_a_process("import", table, *run.trusted(), env=env)
        told.append(throng(cameras.app, "export", *run.trusted(), env=env).output.encode())
        bad = tmp_path / "bad.csv"
        bad.write_text(HEAD + ROWS[0].replace("52.5", "MARKED-latitude") + ROWS[0])
        refused = throng(cameras.app, "import", bad, *run.trusted(), env=env)
        assert isinstance(refused.exception, HubError)
        told.append(str(refused.exception).encode())
        told += [run.ask("GET", path) for path in _paths(run.hub)]
        body = b'{"site": "west", "version": 1, "address": "MARKED-film", "login": {"user": ["MARKED-user"]}, "MARKED": 1'
        told += [run.ask("PUT", "/api/v1/registry/cameras/door%200", part) for part in (body, body + b"}", b"[]")]
        work = run.hub.registry.work_of("box")
        assert (len(work), work[0]["address"], work[0]["password"]) == (30, "rtsp://10.31.41.59/MARKED-0", "MARKED-password")
        told.append(repr((run.hub.registry, run.hub.registry.state, run.hub.kept, run.hub.registry.entries())).encode())
        files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
        told += [path.read_bytes() for path in files]
    # Once more when the write-ahead logs have gone into their files.
    told += [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    told.append(caplog.text.encode())
    assert not [piece for piece in told if any(mark in piece for mark in (*MARKS, TOKEN.encode()))]
    assert b"30 would be added" in told[0]
    assert b"30 added" in told[1]
    assert b"0 added, 0 changed, 30 unchanged" in told[2]
    assert len(told[4].splitlines()) == 31
    assert {path.name for path in files} >= {"hub.sqlite", "hub.sqlite-wal", "audit.jsonl", "throng.duckdb"}


def _paths(hub: Hub) -> list[str]:
    """Every GET of the hub that answers at once and needs no parameter."""
    routes = cast("list[Any]", hub.routes)
    return [r.path for r in routes if "GET" in r.methods and "{" not in r.path and not r.path.endswith("/live")]


def _in_a_process(*arguments: object, env: dict[str, str]) -> list[bytes]:
    """What a command in a process of its own prints, and its arguments as everybody on the machine sees them."""
    command = [sys.executable, "-c", "from throng.cli.cameras import app; app()", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | env) as process:
        seen = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    return [output, seen]


def test_another_hub_gets_neither_token_nor_cameras(site: Path, table: Path) -> None:
    with running(site) as run:
        for trust in (["--fingerprint", ":".join(["ab"] * 32)], []):
            done = throng(cameras.app, "import", table, "--hub", run.url, *trust, env={"THRONG_TOKEN": TOKEN})
            assert "nothing was sent" in str(done.exception)
        assert not run.hub.registry.state.cameras


def test_a_stopped_hubs_cameras_are_imported_and_exported_too(site: Path, table: Path, tmp_path: Path) -> None:
    done = throng(cameras.app, "import", table, "--site", site)
    assert (done.exit_code, "30 added" in done.output) == (0, True), done.exception
    exported = throng(cameras.app, "export", "--site", site).stdout
    (tmp_path / "again.csv").write_text(exported)
    assert "0 added, 0 changed, 30 unchanged" in throng(cameras.app, "import", tmp_path / "again.csv", "--site", site).output
    (tmp_path / "bad.csv").write_text("name,site\n?,west\n")
    assert isinstance(throng(cameras.app, "import", tmp_path / "bad.csv", "--site", site).exception, SiteError)


@pytest.mark.parametrize("where", [[], ["--site", "a", "--hub", "https://h"], ["--hub", "http://192.0.2.1"], ["--hub", "x"]])
def test_where_to_import_must_be_clear_and_safe(table: Path, where: list[str]) -> None:
    assert isinstance(throng(cameras.app, "import", table, *where, env={"THRONG_TOKEN": TOKEN}).exception, HubError)


def test_the_token_comes_from_a_file_that_nobody_else_reads(table: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o644)
    remote = ["--hub", "https://127.0.0.1:1"]
    assert isinstance(throng(cameras.app, "import", table, *remote, "--token-file", token).exception, SealError)
    assert "set THRONG_TOKEN" in str(throng(cameras.app, "import", table, *remote).exception)
    token.chmod(0o600)
    assert "cannot be reached" in str(throng(cameras.app, "import", table, *remote, "--token-file", token).exception)


def keys_used(site: Path) -> set[str]:
    """The keys under which anything in the records is sealed."""
    with SqliteRecords(site.parent / "data" / "hub.sqlite") as records:
        text = repr([record.body for kind in KINDS for record in records.all(kind)])
    return {part.split(":")[0] for part in text.split("throng1:")[1:]}


def test_a_rotated_key_seals_everything_and_the_old_one_can_be_forgotten(site: Path, table: Path) -> None:
    throng(cameras.app, "import", table, "--site", site)
    data = site.parent / "data"
    old = load_keys(data_folder=data).ring
    assert keys_used(site) == {old.current}
    done = throng(key.app, "rotate", site)
    assert done.exit_code == 0, done.exception
    both = load_keys(data_folder=data).ring
    assert (list(both.keys)[1:], keys_used(site)) == ([old.current], {both.current})
    assert throng(key.app, "list", site).stdout.splitlines()[1:] == [
        f"{both.current} seals",
        f"{old.current} opens what it has sealed",
    ]
    assert throng(key.app, "forget", site).exit_code == 0
    assert list(load_keys(data_folder=data).ring.keys) == [both.current]
    with running(site) as run:
        assert run.hub.registry.work_of("box")[0]["password"] == "MARKED-password"
        assert isinstance(throng(key.app, "rotate", site).exception, StoreError)


def test_a_rotation_that_was_cut_off_loses_nothing_and_is_done_again(
    site: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    throng(cameras.app, "import", table, "--site", site)
    with monkeypatch.context() as broken:
        broken.setattr(key, "_sealed_anew", _cut_off)
        assert throng(key.app, "rotate", site).exit_code != 0
    assert isinstance(throng(key.app, "forget", site).exception, SealError)
    assert throng(key.app, "rotate", site, "--forget").exit_code == 0
    ring = load_keys(data_folder=site.parent / "data").ring
    assert (len(ring.keys), keys_used(site)) == (1, {ring.current})
    with running(site) as run:
        assert len(run.hub.registry.work_of("box")) == 30


def test_keys_move_under_a_passphrase_that_is_nowhere_written(site: Path, table: Path, config: Path) -> None:
    throng(cameras.app, "import", table, "--site", site)
    words = "MARKED- seven green bicycles"
    assert isinstance(throng(key.app, "passphrase", site, input="short\n").exception, SealError)
    done = throng(key.app, "passphrase", site, input=words + "\n")
    assert (done.exit_code, "remove it" in done.output) == (0, True), done.exception
    for file in (config / "throng").iterdir():
        file.unlink()
    assert not any(words.encode() in path.read_bytes() for path in (site.parent / "data").rglob("*") if path.is_file())
    assert "nobody to ask" in str(throng(cameras.app, "export", "--site", site).exception)
    keys = load_keys(data_folder=site.parent / "data", ask=lambda question: words)
    assert keys.place == "passphrase"
    assert keys_used(site) == {keys.ring.current}


def _cut_off(records: object, keys: object) -> int:
    raise KeyboardInterrupt
