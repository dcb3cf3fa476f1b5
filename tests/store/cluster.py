"""A private PostgreSQL server for tests, from Debian's programs: a socket and loopback alone, and a password."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

USER = "throng"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; its superuser is the user of tests, who knows the password by PGPASSFILE."""

    folder: Path
    programs: Path
    port: int
    password: str
    settings: tuple[str, ...] = ()

    def address(self, database: str, *, loopback: bool = False, **options: str) -> str:
        """Where a database is, as a site file has it."""
        host = "127.0.0.1" if loopback else str(self.folder)
        told = "".join(f"&{name}={value}" for name, value in options.items())
        return f"postgresql://{USER}@/{database}?host={host}&port={self.port}{told}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What a statement gives, as text."""
        connection = ["-h", str(self.folder), "-p", str(self.port), "-U", USER, "-d", database]
        command = [str(self.programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", *connection, "-c", statement]
        environ = os.environ | {"PGPASSWORD": self.password}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout.strip()

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The name of an empty database, which is gone afterwards."""
        name = f"test_{secrets.token_hex(6)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield name
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        own = (
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.folder}",
            "max_connections=60",
        )
        told = " ".join(f"-c '{setting}'" for setting in own + self.settings)
        self._control("start", "-w", "-l", str(self.folder / "log"), "-o", told)

    def stop(self, how: str = "fast") -> None:
        """Stop the server: "fast", or "immediate", as a power cut does."""
        self._control("stop", "-w", "-m", how)

    def encrypt(self, certificate: Path, key: Path) -> None:
        """Serve with TLS from now on."""
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            path = Path(shutil.copy(source, self.folder / "data" / name))
            path.chmod(0o600)
            _give(path)
        self.sql("ALTER SYSTEM SET ssl = on")
        self.sql("SELECT pg_reload_conf()")
        while self.sql("SHOW ssl") != "on":
            time.sleep(0.05)

    def _control(self, *command: str) -> None:
        _run(str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), *command)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL that Debian installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in found), key=lambda path: int(path.parent.name), default=None)


@contextlib.contextmanager
def running(*settings: str) -> Iterator[Cluster]:
    """A new server with some settings, such as "fsync=off", which is stopped and deleted at the end.

    Raises
    ------
    FileNotFoundError
        PostgreSQL is not installed.
    """
    found = programs()
    if found is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    # The user that runs it may not enter pytest's folders, and a socket's path is short.
    with tempfile.TemporaryDirectory(prefix="throng-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        cluster = Cluster(folder, found, _free_port(), secrets.token_urlsafe(12), settings)
        _give(folder)
        password = folder / "password"
        password.write_text(cluster.password, encoding="utf-8")
        _give(password)
        how = ["-U", USER, f"--pwfile={password}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run(str(found / "initdb"), "-D", str(folder / "data"), *how)
        password.unlink()
        cluster.start()
        try:
            yield cluster
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # a test stopped it
                cluster.stop("immediate")


def _run(*command: str) -> None:
    """As another user where we are root, whom PostgreSQL refuses."""
    prefix = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
    # A server that inherits a pipe keeps its reader waiting.
    subprocess.run([*prefix, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
