"""What the hub shows and takes over TLS, and what it does not wait for."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.hub.sensors.serving import Parts, Served, enrolled, served, until

from throng.data.errors import HubError
from throng.data.signed import HUB_NAME
from throng.hub.sensors.authority import new_key
from throng.hub.server import Chore, listen
from throng.hub.tls import HubTls


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path)
    yield made
    made.close()


@pytest.fixture
def hub_app(parts: Parts) -> Iterator[Served]:
    with served(parts) as running:
        yield running


def _users_files(folder: Path, name: str = "hub.example", *, days: int = 10, begin_days: int = -1) -> tuple[Path, Path]:
    """A certificate as a user has it from elsewhere; here it vouches for itself."""
    key = ec.generate_private_key(ec.SECP384R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begin_days))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "hub.pem", folder / "hub.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].touch(0o600)
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def _shown(running: Served, name: str) -> x509.Certificate:
    """The certificate that is shown to whoever asks for a name, and trusts anybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", running.port), timeout=10) as bare,
        context.wrap_socket(bare, server_hostname=name) as connection,
    ):
        der = connection.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def _rest(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except (ConnectionError, ssl.SSLError):
        pass
    return received


# What is spoken


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_nothing_older_than_tls_1_3_is_spoken(hub_app: Served, version: ssl.TLSVersion) -> None:
    context = hub_app.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", hub_app.port), timeout=10) as bare,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(bare, server_hostname=HUB_NAME)


def test_tls_1_3_is_spoken_to_each_name_without_compression_and_no_session_is_resumed(hub_app: Served) -> None:
    for name in (HUB_NAME, "localhost", "127.0.0.1"):
        with hub_app.connect(name=name) as connection:
            connection.sendall(b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            assert b"TLSv1.3" in _rest(connection)
            assert (connection.version(), connection.compression()) == ("TLSv1.3", None)
            assert connection.session is None or not connection.session.has_ticket


def test_a_header_cannot_say_who_asks_or_over_what(hub_app: Served, parts: Parts) -> None:
    with hub_app.link() as link:
        link.request("GET", "/who", headers={"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "http"})
        answer = link.getresponse()
        assert answer.getheader("server") is None
        assert b"203.0.113.9" not in answer.read()
        assert answer.getheader("strict-transport-security") is not None


def test_beyond_this_machine_nothing_is_served_without_tls() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        with pytest.raises(HubError, match=r"^without TLS the hub serves this machine alone, at 127\.0\.0\.1, and not "):
            listen(0, host=host)
    with pytest.raises(HubError, match="IP address of this machine, not at"):
        listen(0, host="hub.example", has_tls=True)
    with pytest.raises(HubError, match=r"192\.0\.2\.1 is no address of this machine"):
        listen(0, host="192.0.2.1", has_tls=True)
    for host in ("127.0.0.1", "localhost", "127.0.0.2"):
        listen(0, host=host).close()


# Certificates


def test_a_certificate_that_is_due_is_renewed_while_the_hub_serves(parts: Parts) -> None:
    tls = HubTls(parts.authority, names=("10.1.2.3",), clock=parts.clock)
    with served(parts, tls=tls, chores=(Chore(0.05, tls.refresh),)) as running:
        first = _shown(running, HUB_NAME)
        life = first.not_valid_after_utc - datetime.now(UTC)
        assert timedelta(days=89) < life < timedelta(days=90.1)
        with running.connect() as before:
            parts.clock.ahead_s = 59 * 86400
            time.sleep(0.2)
            assert _shown(running, HUB_NAME) == first
            parts.clock.ahead_s = 61 * 86400
            until(lambda: _shown(running, HUB_NAME) != first)
            renewed = _shown(running, HUB_NAME)
            assert renewed.not_valid_after_utc > first.not_valid_after_utc + timedelta(days=60)
            assert renewed.public_key() != first.public_key()
            before.sendall(b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            assert _rest(before).startswith(b"HTTP/1.1 200")  # what is open stays open


def test_the_users_own_certificate_is_for_people_and_the_authoritys_for_sensors(parts: Parts, tmp_path: Path) -> None:
    certificate, key = _users_files(tmp_path)
    tls = HubTls(parts.authority, names=("hub.example",), certificate=certificate, key=key)
    box = enrolled(parts)
    with served(parts, tls=tls, chores=(Chore(0.05, tls.refresh),)) as running:
        theirs = _shown(running, "hub.example")
        assert theirs == x509.load_pem_x509_certificate(certificate.read_bytes())
        assert parts.authority.has_issued(_shown(running, HUB_NAME))
        with running.connect(box) as connection:  # its certificate is asked for, and taken, under that name too
            connection.sendall(b"GET /api/for-sensors HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            assert _rest(connection).endswith(b'"box"')
        # A half-written pair is not taken; the whole one is, without a restart.
        good = certificate.read_bytes(), key.read_bytes()
        _users_files(tmp_path, days=20)
        fresh = key.read_bytes()
        key.write_bytes(good[1])
        time.sleep(0.2)
        assert _shown(running, "hub.example") == theirs
        key.write_bytes(fresh)
        until(lambda: _shown(running, "hub.example") != theirs)


def _mode(certificate: Path, key: Path) -> None:
    key.chmod(0o640)


def _other_key(certificate: Path, key: Path) -> None:
    kept = certificate.read_bytes()
    _users_files(certificate.parent)
    certificate.write_bytes(kept)


_MISTAKES: dict[str, Callable[[Path, Path], object]] = {
    "has mode 0640, but only its owner may read it: run chmod 600": _mode,
    "does not fit the certificate": _other_key,
    "expired on 20": lambda certificate, key: _users_files(certificate.parent, days=-1, begin_days=-9),
    "is not valid before 20": lambda certificate, key: _users_files(certificate.parent, begin_days=2),
    "hub.pem cannot be read: no such file": lambda certificate, key: certificate.unlink(),
    "hub.key cannot be read: no such file": lambda certificate, key: key.unlink(),
    "holds no certificate": lambda certificate, key: certificate.write_text("none"),
    "holds no key": lambda certificate, key: key.write_text("none"),
    "is encrypted": lambda certificate, key: key.write_bytes(
        new_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
    ),
}


@pytest.mark.parametrize("sentence", _MISTAKES)
def test_a_mistake_with_the_users_files_is_a_sentence_without_their_content(
    parts: Parts, tmp_path: Path, sentence: str
) -> None:
    certificate, key = _users_files(tmp_path)
    _MISTAKES[sentence](certificate, key)
    with pytest.raises(HubError, match=sentence) as caught:
        HubTls(parts.authority, names=(), certificate=certificate, key=key)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    with pytest.raises(HubError, match="give both, or none"):
        HubTls(parts.authority, names=(), certificate=certificate)


@pytest.mark.parametrize("name", ["", "a b", "https://hub.example", "x" * 300, "a/b", "*"])
def test_a_name_that_is_none_is_said(parts: Parts, name: str) -> None:
    with pytest.raises(HubError, match="is a host name or an IP address, not"):
        HubTls(parts.authority, names=(name,))


def test_no_key_of_the_hub_is_on_disk_in_the_clear(parts: Parts, tmp_path: Path) -> None:
    """The authority's is sealed in the records; the server's own lives in memory only."""
    HubTls(parts.authority, names=())
    der = parts.authority._key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    secret = parts.authority._key.private_numbers().private_value.to_bytes(32, "big")
    for path in tmp_path.rglob("*"):
        content = path.read_bytes()
        assert secret not in content
        assert der not in content
        assert b"PRIVATE KEY" not in content
    assert secret.hex() not in repr(parts.authority) + repr(vars(parts))
