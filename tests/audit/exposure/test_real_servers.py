"""Servers as Debian has them: each open to strangers, and each closed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.audit.exposure.certificates import self_signed
from tests.audit.exposure.conftest import seen_at

from throng.audit.exposure.judge import findings_of
from throng.audit.exposure.look import Seen

Start = Callable[[list[str], int], None]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a program that listens at a port, and waits until it does."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(command: list[str], port: int) -> None:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        running.append(process)
        _wait(port, process)

    yield begin
    for process in running:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        assert process.poll() is None, "the server ended"
        time.sleep(0.02)
    pytest.fail("the server does not listen")


def _grades(seen: Seen) -> set[str]:
    return {finding.grade for finding in findings_of(seen)}


def test_redis_without_a_password_is_a_finding_and_with_one_it_is_not(start: Start) -> None:
    for more, authenticated, grades in (
        (["--protected-mode", "no"], False, {"finding"}),
        (["--requirepass", "a-long-one"], True, {"ok"}),
    ):
        port = _free_port()
        start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", *more], port)
        seen = seen_at(port)
        assert seen.answer is not None
        assert (seen.answer.protocol, seen.answer.authenticated, seen.tls) == ("Redis", authenticated, None)
        assert bool(seen.answer.version) is not authenticated  # it tells its version to those who are let in
        assert _grades(seen) == grades


def test_mosquitto_that_takes_anybody_is_a_finding_and_with_passwords_it_is_not(start: Start, tmp_path: Path) -> None:
    (tmp_path / "users").write_text("")
    for lines, authenticated, grades in (
        ("allow_anonymous true", False, {"finding"}),
        (f"allow_anonymous false\npassword_file {tmp_path / 'users'}", True, {"ok"}),
    ):
        port = _free_port()
        configuration = tmp_path / f"{port}.conf"
        configuration.write_text(f"listener {port} 127.0.0.1\n{lines}\nuser {_user()}\n")
        start(["/usr/sbin/mosquitto", "-c", str(configuration)], port)
        seen = seen_at(port)
        assert seen.answer is not None
        assert (seen.answer.protocol, seen.answer.authenticated) == ("MQTT", authenticated)
        assert _grades(seen) == grades


def _user() -> str:
    return "root" if os.geteuid() == 0 else str(os.environ.get("USER", "nobody"))


def _postgresql() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A cluster that speaks TLS, trusts the user "trusted" and asks everybody else for a password; its port."""
    binaries = _postgresql()
    if binaries is None or (os.geteuid() == 0 and shutil.which("setpriv") is None):
        pytest.skip("needs Debian's postgresql: apt-get install postgresql")
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="throng-"))  # not pytest's: short, and reachable for the other user
    folder.chmod(0o755)
    try:
        data = folder / "data"
        key, certificate = self_signed(folder)
        if as_user:
            for path in (folder, key, certificate):
                shutil.chown(path, "postgres", "postgres")
        made = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--no-sync", "-A", "scram-sha-256"]
        (folder / "password").write_text("a-long-one\n")
        subprocess.run([*as_user, *made, f"--pwfile={folder / 'password'}"], check=True, capture_output=True, cwd=folder)
        (data / "pg_hba.conf").write_text(
            "".join(
                f"host all {user} 127.0.0.1/32 {method}\n"
                for user, method in (("trusted", "trust"), ("barred", "reject"), ("all", "scram-sha-256"))
            )
        )
        port = _free_port()
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "ssl": "on"}
        settings |= {"ssl_key_file": key, "ssl_cert_file": certificate, "shared_buffers": "1MB"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            [*as_user, str(binaries / "postgres"), "-D", str(data), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_postgresql_that_trusts_a_user_is_a_finding_with_its_version_and_tls(cluster: int) -> None:
    seen = seen_at(cluster, kind="postgresql", user="trusted")
    assert seen.answer is not None
    assert seen.answer.gives == ('is let in as "trusted", without a password',)
    assert seen.tls is not None
    assert seen.tls.version == "TLSv1.3"
    assert seen.tls.self_signed
    assert "finding" in _grades(seen)


def test_postgresql_that_asks_for_a_password_is_no_finding(cluster: int) -> None:
    for user, asks in (("postgres", "a password (SCRAM)"), ("barred", "an address or user that it knows")):
        seen = seen_at(cluster, user=user)
        assert seen.answer is not None
        assert (seen.answer.protocol, seen.answer.asks, seen.answer.authenticated) == ("PostgreSQL", asks, True)
        assert "finding" not in _grades(seen)


def test_a_server_that_takes_connections_without_tls_too_is_told_of(cluster: int) -> None:
    seen = seen_at(cluster)
    assert seen.answer is not None
    assert any("without TLS" in note for note in seen.answer.notes)
