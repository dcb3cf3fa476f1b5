"""The audit looks at what listens on this machine and at what the site file names, and at nothing else."""

import ast
import socket
import sys
from pathlib import Path

import pytest
from tests.audit.exposure.conftest import Serve, here
from tests.audit.exposure.fakes import Camera
from tests.conftest import ROOT

from throng.audit.exposure import conversation, report
from throng.audit.exposure.named import named_targets
from throng.audit.exposure.report import look_at, targets
from throng.audit.exposure.sockets import Listening, listening, own_addresses, parse_table, targets_of
from throng.audit.exposure.target import is_loopback, written
from throng.site.model import Site
from throng.site.read import read_site

SITE = """
name = "square"

[hub]
listen = "0.0.0.0:8443"
store = "postgresql://throng@10.9.0.2:5433/numbers"

[[camera]]
name = "gate"
address = "rtsp://10.9.0.3/marked-path?channel=1"

[[camera]]
name = "hall"
address = "rtsps://10.9.0.3:8322/marked-path"

[[camera]]
name = "door"
address = "rtsp://10.9.0.3:554/marked-other"

[[camera]]
name = "roof"
address = "https://[fd00::9]/marked-path"

[[camera]]
name = "film"
address = "film.mp4"

[[camera]]
name = "made up"
address = "simulate:square/one"
"""
OWN = ["10.9.0.1"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "site.toml").write_text(SITE)
    return read_site(tmp_path / "site.toml")


def test_a_socket_that_listens_is_found_with_its_program_and_one_that_does_not_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        found = {(each.host, each.port): each.program for each in listening()}
        name = Path("/proc/self/comm").read_text().strip()
        assert found["127.0.0.1", listener.getsockname()[1]] == name
        assert ("127.0.0.1", other.getsockname()[1]) not in found


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_a_socket_of_ipv6_is_found_at_its_address() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        assert Listening("::1", listener.getsockname()[1]) in [Listening(each.host, each.port) for each in listening()]


def test_only_sockets_that_listen_are_read_from_the_kernels_table() -> None:
    if sys.byteorder == "big":
        pytest.skip("the table below is of a little-endian machine")
    table = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1076 1 0000 100 0 0 10 0
   1: 020200C0:ABF0 507100CB:0050 01 00000000:00000000 03:00001266 00000000     0        0 0 3 00000000
   2: B80D0120000000000000000001000000:0050 0:0 0A 00000000:00000000 00:00000000 00000000  0  0 12 1 0000
"""
    assert parse_table(table) == [("127.0.0.1", 5432, "1076"), ("2001:db8::1", 80, "12")]
    assert parse_table("") == []


def test_own_addresses_are_of_this_machine_and_not_loopback() -> None:
    for address in own_addresses():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as one:
            one.bind(socket.getaddrinfo(address, 0, family, socket.SOCK_STREAM)[0][4])  # only one's own can be bound
        assert not is_loopback(address)


@pytest.mark.parametrize(
    ("host", "own", "ways"),
    [
        ("127.0.0.1", OWN, ["127.0.0.1"]),
        ("10.9.0.1", OWN, ["10.9.0.1"]),
        ("0.0.0.0", [*OWN, "fd00::1"], ["127.0.0.1", "10.9.0.1"]),
        ("::", [*OWN, "fd00::1"], ["::1", "127.0.0.1", "10.9.0.1", "fd00::1"]),
    ],
)
def test_a_socket_is_looked_at_by_every_way_to_it(host: str, own: list[str], ways: list[str]) -> None:
    found = targets_of(Listening(host, 80), own)
    assert [each.host for each in found] == ways
    assert [each.on_network for each in found] == [way not in ("127.0.0.1", "::1") for way in ways]


def test_loopback_is_told_from_the_network() -> None:
    assert all(is_loopback(each) for each in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost"))
    assert not any(is_loopback(each) for each in ("0.0.0.0", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "camera.example"))


def test_the_site_file_names_its_cameras_its_hub_and_its_store(site: Site) -> None:
    found = {(each.host, each.port, each.kind, each.tls) for each in named_targets(site, OWN)}
    assert found == {
        ("10.9.0.3", 554, "rtsp", False),
        ("10.9.0.3", 8322, "rtsp", True),
        ("fd00::9", 443, "http", True),
        ("127.0.0.1", 8443, "hub", None),
        ("10.9.0.1", 8443, "hub", None),
        ("10.9.0.2", 5433, "postgresql", None),
    }
    store = next(each for each in named_targets(site, OWN) if each.kind == "postgresql")
    assert (store.user, store.database) == ("throng", "numbers")


def test_passwords_are_tried_once_at_one_address_however_many_cameras_it_has(site: Site) -> None:
    tried = [(each.host, each.port) for each in named_targets(site, OWN) if each.try_defaults]
    assert len(tried) == len(set(tried)) == 3


def test_nothing_is_connected_to_but_what_listens_here_and_what_the_site_file_names(
    site: Site, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    camera = Camera(("admin", "a-long-one"))
    port = serve(camera.handle)
    connected: set[tuple[str, int]] = set()
    true = conversation.connect

    def connect(host: str, to: int, limit_s: float) -> socket.socket:
        connected.add((host, to))
        if (host, to) != ("127.0.0.1", port):
            raise ConnectionRefusedError
        return true(host, to, limit_s)

    monkeypatch.setattr(conversation, "connect", connect)
    monkeypatch.setattr(report, "own_addresses", lambda: OWN)
    monkeypatch.setattr(report, "listening", lambda: [Listening("127.0.0.1", port), Listening("0.0.0.0", 9999)])
    look_at(targets(site), limit_s=0.2)
    assert connected == {
        ("127.0.0.1", port),
        ("127.0.0.1", 9999),
        ("10.9.0.1", 9999),
        ("10.9.0.3", 554),
        ("10.9.0.3", 8322),
        ("fd00::9", 443),
        ("127.0.0.1", 8443),
        ("10.9.0.1", 8443),
        ("10.9.0.2", 5433),
    }
    connected.clear()
    look_at(targets(None), limit_s=0.2)
    assert connected == {("127.0.0.1", port), ("127.0.0.1", 9999), ("10.9.0.1", 9999)}


def test_one_function_connects_and_no_other() -> None:
    folder = ROOT / "src" / "throng" / "audit"
    connecting = {"connect", "connect_ex", "create_connection", "sendto", "open_connection", "urlopen"}
    found = set()
    for path in (folder / "exposure").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in connecting:
                    found.add((path.name, name))
    assert found == {("conversation.py", "create_connection"), ("reach.py", "connect")}


def test_what_is_shown_of_a_camera_is_its_name_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(host: str, port: int, limit_s: float) -> socket.socket:
        raise ConnectionRefusedError(f"{host} refused")

    monkeypatch.setattr(conversation, "connect", connect)
    cameras = [each for each in named_targets(site, OWN) if each.is_camera]
    found = look_at(cameras, limit_s=0.2)
    told = f"{found.as_json()} {found} {cameras}"
    assert 'camera "gate"' in told
    assert not any(secret in told for secret in ("10.9.0.3", "fd00::9", "marked", "554", "8322"))


def test_an_address_is_written_as_people_write_it() -> None:
    assert written("10.0.0.1", 80) == "10.0.0.1:80"
    assert written("::1", 80) == "[::1]:80"
    assert repr(here(80)) == "Target(127.0.0.1:80)"
