"""The sensor's way to its hub: TLS 1.3, to a hub that the pinned authority vouches for and to no other."""

import hashlib
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from throng.data.errors import DeliveryError
from throng.data.signed import HUB_NAME

MOST_ANSWER_BYTES = 16 * 2**20
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where the hub listens."""

    host: str
    port: int = 443

    @classmethod
    def of(cls, url: str) -> Self:
        """From what a person writes, such as "https://hub.example.org:8443".

        Raises
        ------
        DeliveryError
            It is not an https address, or says more than a host and a port.
        """
        try:
            parts = urlsplit(url)
            port = 443 if parts.port is None else parts.port
        except ValueError:
            raise DeliveryError("the hub's address makes no sense: give it as https://HOST:PORT") from None
        more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme != "https" or not parts.hostname or more or not port:
            raise DeliveryError("the hub's address must be https://HOST:PORT and nothing else")
        return cls(parts.hostname, port)

    @property
    def url(self) -> str:
        """As a person writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub said; names of headers in small letters."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def tree(self) -> dict[str, Any]:
        """The JSON object in it; empty where it holds none."""
        try:
            tree = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return tree if isinstance(tree, dict) else {}

    @property
    def sentence(self) -> str:
        """Why it refused, as far as it says so, fit for a terminal."""
        told = str(self.tree.get("detail", ""))[:300]
        return "".join(letter if letter.isprintable() else " " for letter in told) or f"it answered with status {self.status}"


class _Connection(http.client.HTTPConnection):
    """Asks for the hub by the name in its certificate, whatever address it is reached at."""

    def __init__(self, address: Address, context: ssl.SSLContext) -> None:
        super().__init__(address.host, address.port, timeout=TIMEOUT_S)
        self._context = context

    def connect(self) -> None:
        self.sock = self._context.wrap_socket(dialled(self.host, self.port), server_hostname=HUB_NAME)


class Link:
    """A connection to the hub that is kept open from one request to the next. For one thread at a time.

    Parameters
    ----------
    address : Address
    context : callable
        Gives the TLS context of a new connection: whom to trust, and who we are.
    """

    def __init__(self, address: Address, context: Callable[[], ssl.SSLContext]) -> None:
        self._address = address
        self._context = context
        self._connection: _Connection | None = None

    def ask(self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request and its answer.

        Raises
        ------
        DeliveryError
            The hub cannot be reached, is not the one that was enrolled at, or answered no HTTP.
        """
        fresh = self._connection is None
        try:
            return self._ask(method, path, body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            self.close()
            # The hub may have closed a connection that lay idle. Whatever is sent here may be sent twice.
            if fresh or isinstance(error, TimeoutError):
                raise DeliveryError(_told(error, self._address)) from None
        try:
            return self._ask(method, path, body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise DeliveryError(_told(error, self._address)) from None

    def post(self, path: str, tree: Mapping[str, Any]) -> Answer:
        """Send a JSON object.

        Raises
        ------
        DeliveryError
            As for `ask`.
        """
        return self.ask("POST", path, body=json.dumps(tree).encode(), headers={"content-type": "application/json"})

    def close(self) -> None:
        """Close the connection; the next request opens one with a new TLS context."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            self._connection = _Connection(self._address, self._context())
        self._connection.request(method, path, body=body, headers={"host": HUB_NAME, **headers})
        answer = self._connection.getresponse()
        content = answer.read(MOST_ANSWER_BYTES + 1)
        if len(content) > MOST_ANSWER_BYTES:
            raise http.client.HTTPException("the answer is too long")
        if answer.length:  # read with a bound, a cut answer raises nothing by itself
            raise http.client.IncompleteRead(content, answer.length)
        if answer.will_close:
            self.close()
        return Answer(answer.status, content, {name.lower(): value for name, value in answer.getheaders()})


def authority_of(address: Address, *, fingerprint: bytes) -> str:
    """The certificate, PEM, of the authority behind a hub, where it is the one with this SHA-256 fingerprint.

    Nothing is sent but the TLS handshake itself.

    Raises
    ------
    DeliveryError
        The hub cannot be reached, or another authority vouches for what answers.
    """
    context = _context()
    context.check_hostname = False
    # Looked at, not trusted: only a certificate with the fingerprint is taken, and the next connection is checked with it.
    context.verify_mode = ssl.CERT_NONE
    try:
        with context.wrap_socket(dialled(address.host, address.port), server_hostname=HUB_NAME) as connection:
            chain = _chain(connection)
    except OSError as error:
        raise DeliveryError(_told(error, address)) from None
    for der in chain:
        if hashlib.sha256(der).digest() == fingerprint:
            return ssl.DER_cert_to_PEM_cert(der)
    raise DeliveryError(
        f"what answers at {address.url} is not the hub with this fingerprint, and nothing was sent to it: compare the "
        "fingerprint with the one that the hub shows; if it is the same, somebody stands between"
    )


def context_for(authority_pem: str, *, identity_file: str | None = None) -> ssl.SSLContext:
    """TLS 1.3 that trusts one authority alone, and shows our certificate where there is one.

    Raises
    ------
    OSError
        The file cannot be read, or its key and certificate do not fit.
    """
    context = _context()
    context.load_verify_locations(cadata=authority_pem)
    if identity_file is not None:
        context.load_cert_chain(identity_file)
    return context


def dialled(host: str, port: int) -> socket.socket:
    """A TCP connection for many small messages.

    Raises
    ------
    OSError
        Nobody answers there.
    """
    connection = socket.create_connection((host, port), timeout=TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connection


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def _chain(connection: ssl.SSLSocket) -> list[bytes]:
    """What the hub showed, DER, its own certificate first."""
    if hasattr(connection, "get_unverified_chain"):  # from Python 3.13 on
        return list(connection.get_unverified_chain())
    inner: Any = connection._sslobj  # type: ignore[attr-defined]
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in inner.get_unverified_chain() or ()]


def _told(error: Exception, address: Address) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"what answers at {address.url} is not our hub: its certificate is refused ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"the hub at {address.url} refuses the connection: {_words(error.reason or 'TLS failed')}"
    if isinstance(error, TimeoutError):
        return f"the hub at {address.url} does not answer in time"
    if isinstance(error, OSError):
        return f"the hub at {address.url} cannot be reached: {_words(error.strerror or 'the connection broke')}"
    return f"what answers at {address.url} is no hub of ours: it does not speak HTTP as it should"


def _words(text: str) -> str:
    return text.replace("_", " ").lower()
