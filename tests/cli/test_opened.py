"""A site's hub as `throng run` opens it: where it listens, what it keeps, and that it serves nobody before it was looked at."""

import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from throng.audit.finding import Finding
from throng.cli.opened import hub_of, kept_of, own_site, place_of, tls_of
from throng.cli.run import serve_site
from throng.data.errors import HubError, LogError, SealError, StoreError
from throng.hub.app import Hub
from throng.hub.log.log import Log
from throng.site.model import Site
from throng.site.read import read_site

TLS = '[hub]\nlisten = "127.0.0.1:0"\nnames = ["hub.test"]\n'
CAMERA = '[[camera]]\nname = "north"\naddress = "north.mp4"\n[[camera.line]]\nname = "door"\nfrom = [0, 0]\nto = [9, 9]\n'


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CREDENTIALS_DIRECTORY", "THRONG_KEY_FILE", "THRONG_PASSPHRASE_FD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


def site(folder: Path, *, head: str = "", rest: str = TLS) -> Site:
    path = folder / "site.toml"
    path.write_text(f'name = "Central"\n{head}{rest}')
    return read_site(path)


def on(listen: str, names: str = "[]") -> Site:
    return Site.model_validate({"name": "Central", "hub": {"listen": listen, "names": names.strip("[]").split()}})


# Where it listens


def test_without_a_table_it_listens_on_this_machine_without_tls(tmp_path: Path) -> None:
    place = place_of(site(tmp_path, head="port = 0\n", rest=CAMERA))
    with place.listener:
        assert (place.host, place.names, place.has_tls) == ("127.0.0.1", (), False)
        assert place.listener.getsockname()[0] == "127.0.0.1"
        assert place.origins == (f"http://127.0.0.1:{place.port}", f"http://localhost:{place.port}")


def test_a_table_without_an_address_changes_nothing_of_that(tmp_path: Path) -> None:
    place = place_of(site(tmp_path, head="port = 0\n", rest="[hub]\n"))
    with place.listener:
        assert (place.has_tls, place.listener.getsockname()[0]) == (False, "127.0.0.1")


def test_with_an_address_it_has_tls_wherever_that_is(tmp_path: Path) -> None:
    """Also on this machine, and also where nobody said a name."""
    described = on("127.0.0.1:0")
    place = place_of(described)
    with place.listener:
        assert place.has_tls
        assert place.names == (socket.gethostname(), "127.0.0.1")
        assert all(origin.startswith("https://") for origin in place.origins)


def test_names_are_those_that_were_given() -> None:
    place = place_of(on("127.0.0.1:0", "[hub.test 2001:db8::1]"))
    with place.listener:
        assert place.names == ("hub.test", "2001:db8::1")
        port = place.port
        assert place.origins == (f"https://hub.test:{port}", f"https://[2001:db8::1]:{port}", f"https://localhost:{port}")


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with place_of(on("127.0.0.1:0")).listener as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HubError, match=f"port {port} is taken by another program"):
            place_of(on(f"127.0.0.1:{port}"))
        with pytest.raises(HubError, match=f"port {port} is taken by another program"):
            place_of(on("127.0.0.1:0"), port=port)


@pytest.mark.parametrize("listen", ["192.0.2.1:0", "hub.example:0"])
def test_an_address_of_another_machine_is_refused(listen: str) -> None:
    with pytest.raises(HubError, match=r"correct \[hub\] listen"):
        place_of(on(listen))


# What it keeps


def test_all_that_it_keeps_is_its_owners_alone(tmp_path: Path) -> None:
    described = site(tmp_path)
    with kept_of(described):
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in described.data_folder.iterdir() if path.is_file()}
    assert files.keys() >= {"throng.duckdb", "hub.sqlite", "audit.jsonl"}
    assert {name for name, mode in files.items() if mode & 0o077} == set()
    assert stat.S_IMODE(described.data_folder.stat().st_mode) == 0o700


def test_two_hubs_never_share_a_folder(tmp_path: Path) -> None:
    described = site(tmp_path)
    with kept_of(described), pytest.raises((StoreError, LogError)), kept_of(described):
        pass
    with kept_of(described):  # and what the second had opened is closed again
        pass


def test_a_log_that_was_changed_keeps_the_hub_from_starting(tmp_path: Path) -> None:
    described = site(tmp_path)
    with kept_of(described) as kept:
        kept.log.write("sign-in", who="ada")
    path = described.data_folder / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b"ada", b"eve"))
    with pytest.raises(LogError, match="was changed"), kept_of(described):
        pass


def test_the_key_lies_elsewhere_or_nothing_is_opened(tmp_path: Path, config: Path) -> None:
    described = site(tmp_path)
    with kept_of(described):
        pass
    keys = [path for path in config.rglob("*") if path.is_file()]
    assert keys
    assert not any(path.is_relative_to(described.data_folder) for path in keys)
    for path in keys:
        path.unlink()
    with pytest.raises(SealError), kept_of(described):
        pass


def test_a_hub_for_a_while_makes_no_key(tmp_path: Path, config: Path) -> None:
    with kept_of(site(tmp_path), lasting=False) as kept:
        assert kept.seal.open(kept.seal.seal(b"x", about="a"), about="a") == b"x"
    assert not config.exists()


@pytest.mark.parametrize(("rest", "one_time"), [(TLS, False), (CAMERA, True)])
def test_a_code_of_the_terminal_signs_in_on_this_machine_alone(tmp_path: Path, rest: str, one_time: bool) -> None:
    described = site(tmp_path, head="port = 0\n", rest=rest)
    place = place_of(described)
    with place.listener, kept_of(described, lasting=False) as kept:
        hub = hub_of(described, kept, place)
        try:
            assert hub.settings.one_time is one_time
            assert hub.people.signs_in_by_code() is one_time
            assert (tls_of(described, hub, place) is None) is one_time
            url = hub.sign_in_url()
            assert url is not None
            assert ("/sign-in?code=" in url) is one_time
        finally:
            hub.people.close()


@pytest.mark.parametrize(
    "budget",
    [
        'tick_s = 30\n[budget]\nmechanism = "pure-tree"\nepsilon_per_day = 2.5\npieces = 2\n[budget.shares]\nheat = 0.25\n',
        "[budget]\nrho_per_day = 0.5\n",
        "",
    ],
)
def test_what_sensors_are_told_of_the_site_is_all_that_counts_for_the_budget(tmp_path: Path, budget: str) -> None:
    """A sensor that read it as a site of its own would spend the same, whatever its own defaults are."""
    described = site(tmp_path, head="port = 0\n", rest=budget + "\n" + CAMERA)
    place = place_of(described)
    with place.listener, kept_of(described, lasting=False) as kept:
        hub = hub_of(described, kept, place)
        hub.people.close()
        told = dict(hub.settings.for_sensors)
    assert told.keys() == {"name", "tick_s", "precision", "budget"}
    unused = {"epsilon_per_day", "rho_per_day"} - told["budget"].keys()
    assert len(unused) == 1
    assert told["budget"].keys() == type(described.budget).model_fields.keys() - unused
    again = Site.model_validate({**told, "hub": {}})
    assert (again.budget.settings(), again.tick_s) == (described.budget.settings(), described.tick_s)
    assert own_site(again).extras == own_site(described).extras


# That it was looked at first


Look = Callable[..., list[Finding]]


@contextmanager
def looked_at(monkeypatch: pytest.MonkeyPatch, look: Look) -> Iterator[list[Hub]]:
    """The hub is looked at so; gives the hubs that were made."""
    from throng.cli import opened

    made: list[Hub] = []
    make = opened.hub_of

    def hub_of(*arguments: Any) -> Hub:
        made.append(make(*arguments))
        return made[-1]

    monkeypatch.setattr(opened, "hub_of", hub_of)
    monkeypatch.setattr("throng.audit.exposure.own.look_at_hub", look)
    yield made


def events(described: Site) -> list[tuple[str, str, str]]:
    with Log(described.data_folder / "audit.jsonl") as log:
        return [(entry["event"], entry["outcome"], entry["detail"]) for entry in log.newest()]


def test_a_hub_of_which_a_stranger_could_read_does_not_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described, was_open = site(tmp_path), []

    def look(*arguments: object, **more: object) -> list[Finding]:
        was_open.append(hubs[0].is_open)
        return [Finding("open", "finding", "anybody can read the numbers", "127.0.0.1:1")]

    with looked_at(monkeypatch, look) as hubs:
        told = "the hub does not serve, as a stranger could read of it: 127.0.0.1:1: anybody can read the numbers"
        with pytest.raises(HubError, match=told):
            serve_site(described)
    assert was_open == [False]
    assert not hubs[0].is_open
    assert events(described)[0] == ("hub.start", "refused", "127.0.0.1:1: anybody can read the numbers")


@pytest.mark.parametrize("error", [StoreError("no descriptors are left"), LogError("the audit log cannot be written")])
def test_a_hub_that_cannot_be_looked_at_does_not_serve(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*arguments: object, **more: object) -> list[Finding]:
        raise error

    with looked_at(monkeypatch, look) as hubs, pytest.raises(HubError, match=f"as it could not start: {error}"):
        serve_site(site(tmp_path))
    assert not hubs[0].is_open


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nor_does_one_of_which_our_look_has_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*arguments: object, **more: object) -> list[Finding]:
        raise ZeroDivisionError

    with looked_at(monkeypatch, look) as hubs, pytest.raises(HubError, match="could not be looked at from outside"):
        serve_site(site(tmp_path))
    assert not hubs[0].is_open


def test_a_hub_that_was_looked_at_serves_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from throng.audit.exposure.own import look_at_hub
    from throng.cli import run

    class Start(run._Start):
        """Stops the hub once everything is under way."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, self.done)

        def done(self) -> None:
            seen.append((hubs[0].is_open, threading.current_thread().name))
            self.stop.set()

    seen: list[tuple[bool, str]] = []
    monkeypatch.setattr(run, "_Start", Start)
    described = site(tmp_path)
    with looked_at(monkeypatch, look_at_hub) as hubs:  # the real one, over TLS
        serve_site(described)
    assert seen == [(True, "look from outside")]
    assert ("hub.start", "ok", "") in events(described)
    told = capsys.readouterr().err
    assert "/set-up?code=" in told
    assert "everything that was released is stored" in told


def test_what_a_later_look_finds_is_kept_and_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from throng.cli import run

    class Start(run._Start):
        """Looks again, twice, once everything is under way; then it stops."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, self.done)

        def done(self) -> None:
            found.append(Finding("open", "finding", "a stranger may read", "127.0.0.1:1"))
            self.look_again()
            self.look_again()
            self.stop.set()

    found: list[Finding] = []
    described = site(tmp_path)
    monkeypatch.setattr(run, "_Start", Start)
    with looked_at(monkeypatch, lambda *arguments, **more: list(found)) as hubs:
        serve_site(described)
    assert hubs[0].outside is not None
    assert hubs[0].outside[1] == ("127.0.0.1:1: a stranger may read",)
    assert events(described).count(("hub.look", "refused", "127.0.0.1:1: a stranger may read")) == 1
