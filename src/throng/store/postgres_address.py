"""Where a PostgreSQL server is, and how Throng may speak to it: encrypted unless it is this machine, the password apart."""

import ipaddress
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from throng.data.errors import StoreError

CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 30
LOCK_TIMEOUT_S = 10
_SILENCE_MS = 15_000
"""An unanswered packet means after that that the server is gone; otherwise a cut network holds a writer for many minutes."""

_SCHEMES = ("postgresql", "postgres")
_ASKED_FOR = ("host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile")
_EXAMPLE = "postgresql://throng@db.example.org/throng"


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A checked address of a database, without a password.

    Attributes
    ----------
    host : str
        A name or address, or the folder of a Unix socket.
    options : tuple of (str, str)
        What else of libpq's settings was asked for: certificates, password file.
    """

    host: str
    port: int
    user: str
    database: str
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        at = "" if self.host.startswith("/") else f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
        return f"postgresql://{self.user}@{at}/{self.database}"

    @property
    def local(self) -> bool:
        """Whether no network lies between: a Unix socket, or this machine's loopback."""
        return _local(self.host)


def is_postgres(address: str) -> bool:
    """Whether a site file's `store` names a PostgreSQL database rather than a file."""
    return address.partition("://")[0].lower() in _SCHEMES and "://" in address


def postgres_address(text: str) -> PostgresAddress:
    """Read an address such as postgresql://user@host:port/database.

    Raises
    ------
    StoreError
        It is none, holds a password, asks for what is not allowed, or would speak to another machine unprotected.
    """
    if not is_postgres(text):
        raise StoreError(f"the store's address must begin with postgresql://, as {_EXAMPLE} does")
    try:
        parts = urlsplit(text)
        port, options = parts.port, dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise StoreError(f"the store's address cannot be read: write it as {_EXAMPLE}, with one host and one port") from None
    if parts.password is not None or "password" in options:
        raise StoreError(
            "the store's address must not hold a password: take it out, and put it into the file that PGPASSFILE names"
        )
    for name in sorted(set(options) - set(_ASKED_FOR)):
        raise StoreError(f'the store\'s address asks for "{name}": only {", ".join(_ASKED_FOR)} can be set there')
    host = options.pop("host", "") or unquote(parts.hostname or "")
    port_text = options.pop("port", "")
    if port_text and not (port_text.isascii() and port_text.isdecimal()):
        raise StoreError(f'the store\'s port must be a number, not "{port_text}"')
    user, database = unquote(parts.username or ""), unquote(parts.path.lstrip("/"))
    if not (host and user and database):
        raise StoreError(f"the store's address must name a user, a host and a database, as {_EXAMPLE} does")
    if "," in host:
        raise StoreError("the store's address must name one host: put a proxy or a floating address before several")
    found = PostgresAddress(host, int(port_text or port or 5432), user, database, tuple(sorted(options.items())))
    mode = options.get("sslmode")
    if not found.local and mode not in (None, "verify-full"):
        raise StoreError(f'the store is on another machine, so that sslmode must be "verify-full", not "{mode}": leave it out')
    return found


def connection_uri(address: PostgresAddress) -> str:
    """What libpq is told. It finds the password by itself: in PGPASSWORD, or in the file that PGPASSFILE names.

    Raises
    ------
    StoreError
        The password file can be read by others.
    """
    _check_password_file(dict(address.options).get("passfile"))
    told = {
        "host": address.host,
        # Otherwise PGHOSTADDR could lead what is taken for this machine to another, unprotected.
        "hostaddr": _loopback(address.host) if address.local else "",
        "port": str(address.port),
        "user": address.user,
        "dbname": address.database,
        "application_name": "throng",
        "client_encoding": "UTF8",
        "connect_timeout": str(CONNECT_TIMEOUT_S),
        "tcp_user_timeout": str(_SILENCE_MS),
        "keepalives_idle": "10",
        "gssencmode": "disable",
        # A server that asks for the password in plain is none that we want to tell it to.
        "require_auth": "scram-sha-256,none",
        "options": " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items()),
    }
    if not address.local:
        told |= {"sslmode": "verify-full", "ssl_min_protocol_version": "TLSv1.3"}
    return "postgresql:///?" + urlencode(told | dict(address.options), quote_via=quote)


_SETTINGS = {
    "statement_timeout": STATEMENT_TIMEOUT_S * 1000,
    "lock_timeout": LOCK_TIMEOUT_S * 1000,
    "idle_in_transaction_session_timeout": 10 * STATEMENT_TIMEOUT_S * 1000,
    "synchronous_commit": "on",
    "timezone": "UTC",
    "search_path": "pg_catalog",
    "jit": "off",  # it compiles for 100 ms what then runs for 10
}


def _local(host: str) -> bool:
    return host.startswith("/") or bool(_loopback(host))


def _loopback(host: str) -> str:
    """The loopback address that a host name means; empty for a socket's folder and for another machine."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        return host if ipaddress.ip_address(host).is_loopback else ""
    except ValueError:
        return ""


def _check_password_file(named: str | None) -> None:
    path = Path(named or os.environ.get("PGPASSFILE") or "~/.pgpass").expanduser()
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return  # without one, libpq says which password it lacks
    if mode & 0o077:
        raise StoreError(f"the password file {path} can be read by others (its mode is {mode:04o}): chmod 600 {path}")
