"""Enrolling and renewing: nothing is sent to a hub that is not the right one, and the token is sent to none."""

import base64
import json
import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.deliver.playing_hub import Asked, Authority, Say, files_under, playing

from throng.data.errors import DeliveryError
from throng.data.signed import HUB_NAME, enrolment_proof, ingest_message, renewal_message
from throng.deliver.enrol import enrol, fingerprint_of, renew
from throng.deliver.hub import Address, Link, authority_of, context_for
from throng.deliver.identity import Identity, load_identity, new_request, store_identity

TOKEN = "Tok3nId_" + "s3cret" * 6


def _answering(authority: Authority, *, life_s: float = 86_400) -> Callable[[Asked], Say]:
    """Certifies whatever key is asked for, as the sensor "north-box"."""

    def answer(asked: Asked) -> Say:
        request = x509.load_pem_x509_csr(asked.tree["request_pem"].encode())
        key = request.public_key()
        assert request.is_signature_valid
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return Say(200, {"certificate_pem": authority.issue("north-box", key, life_s=life_s)})

    return answer


def _identity(folder: Path, authority: Authority, address: Address, *, life_s: float = 86_400) -> Identity:
    key, _ = new_request()
    pem = authority.issue("north-box", key.public_key(), life_s=life_s)
    return store_identity(folder, hub=address, authority_pem=authority.pem, key=key, certificate_pem=pem)


def test_a_sensor_enrols_and_is_known_again(tmp_path: Path) -> None:
    authority = Authority()
    with playing(_answering(authority), authority=authority) as hub:
        made = enrol(hub.address, fingerprint=authority.fingerprint, token=TOKEN, folder=tmp_path / "sensor")
        (asked,) = hub.asked
    assert asked.path == "/api/v1/enrol"
    assert asked.peer is None
    assert set(asked.tree) == {"token_id", "request_pem", "proof"}
    der = x509.load_pem_x509_csr(asked.tree["request_pem"].encode()).public_bytes(serialization.Encoding.DER)
    assert asked.tree["proof"] == enrolment_proof(TOKEN, der, authority=authority.fingerprint)
    assert asked.tree["token_id"] == TOKEN[:8]
    known = load_identity(tmp_path / "sensor")
    assert (known.name, known.hub, known.authority) == ("north-box", hub.address, authority.fingerprint)
    assert known.certificate == made.certificate
    assert stat.S_IMODE((tmp_path / "sensor").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "sensor").iterdir()} == {0o600}


def test_the_token_is_neither_sent_nor_kept(tmp_path: Path) -> None:
    authority = Authority()
    with playing(_answering(authority), authority=authority) as hub:
        enrol(hub.address, fingerprint=authority.fingerprint, token=TOKEN, folder=tmp_path)
    secret = TOKEN[8:].encode()
    for asked in hub.asked:
        told = asked.body + json.dumps([asked.method, asked.path, asked.headers]).encode()
        assert secret not in told
    assert secret not in files_under(tmp_path)
    # The grep is worth something: what must be there is found.
    assert TOKEN[:8].encode() in hub.asked[0].body
    assert b"PRIVATE KEY" in files_under(tmp_path)


@contextmanager
def _listening(context: ssl.SSLContext) -> Iterator[tuple[Address, list[bytes]]]:
    """Whoever connects is let finish the handshake; what he sends after it is kept."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    with context.wrap_socket(connection, server_side=True) as secured:
                        secured.settimeout(10)
                        heard.append(b"shook hands")
                        while content := secured.recv(4096):
                            heard.append(content)
            except OSError:
                pass

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield Address("127.0.0.1", listener.getsockname()[1]), heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_hub_with_another_fingerprint_hears_not_one_byte(tmp_path: Path) -> None:
    with (
        _listening(Authority().server_context()) as (address, heard),
        pytest.raises(DeliveryError, match="not the hub with this fingerprint, and nothing was sent"),
    ):
        enrol(address, fingerprint=Authority().fingerprint, token=TOKEN, folder=tmp_path / "sensor")
    assert heard == [b"shook hands"]
    assert not (tmp_path / "sensor").exists()


def test_a_stranger_who_shows_the_right_authority_without_its_key_gets_nothing(tmp_path: Path) -> None:
    """He can put the public certificate of the authority into his chain, but it has not signed his own."""
    right, wrong = Authority(), Authority()
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain = tmp_path / "chain.pem"
    chain.write_text(pem.decode() + wrong.issue(HUB_NAME, key.public_key(), server=True) + right.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with _listening(context) as (address, heard), pytest.raises(DeliveryError, match="certificate is refused"):
        enrol(address, fingerprint=right.fingerprint, token=TOKEN, folder=tmp_path / "sensor")
    assert not [content for content in heard if content != b"shook hands"]


def test_a_certificate_for_another_name_is_refused() -> None:
    """A sensor's certificate is of the same authority, but it does not make a hub of whoever holds it."""
    authority = Authority()
    context = authority.server_context(name="north-box")
    with playing(lambda asked: Say(200), authority=authority, context=context) as hub:
        link = Link(hub.address, lambda: context_for(authority.pem))
        with pytest.raises(DeliveryError, match="certificate is refused"):
            link.ask("GET", "/")
    assert not hub.asked


def test_tls_before_1_3_is_refused() -> None:
    authority = Authority()
    with (
        playing(
            lambda asked: Say(200), authority=authority, context=authority.server_context(most=ssl.TLSVersion.TLSv1_2)
        ) as hub,
        pytest.raises(DeliveryError, match="refuses the connection"),
    ):
        authority_of(hub.address, fingerprint=authority.fingerprint)


@pytest.mark.parametrize("token", ["", "short", "a" * 31, "ä" * 40, "a" * 39 + "\n"])
def test_what_is_no_token_is_not_tried(tmp_path: Path, token: str) -> None:
    with pytest.raises(DeliveryError, match="no enrolment token"):
        enrol(Address("127.0.0.1", 9), fingerprint=b"", token=token, folder=tmp_path)


def test_a_refusal_is_told_with_the_hubs_words(tmp_path: Path) -> None:
    authority = Authority()
    answer = Say(403, {"detail": "the token is unknown\u001b[31m"})
    with (
        playing(lambda asked: answer, authority=authority) as hub,
        pytest.raises(DeliveryError, match=r"does not enrol this sensor: the token is unknown \[31m"),
    ):
        enrol(hub.address, fingerprint=authority.fingerprint, token=TOKEN, folder=tmp_path / "sensor")
    assert not (tmp_path / "sensor").exists()


@pytest.mark.parametrize("what", ["another key", "another authority", "nothing", "no certificate"])
def test_a_certificate_that_does_not_fit_is_not_kept(tmp_path: Path, what: str) -> None:
    authority, other = Authority(), Authority()
    other_key = ec.generate_private_key(ec.SECP256R1()).public_key()

    def answer(asked: Asked) -> Say:
        key = x509.load_pem_x509_csr(asked.tree["request_pem"].encode()).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        pem = {
            "another key": authority.issue("box", other_key),
            "another authority": other.issue("box", key),
            "no certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        }
        return Say(200, {"certificate_pem": pem[what]} if what in pem else {})

    with playing(answer, authority=authority) as hub, pytest.raises(DeliveryError):
        enrol(hub.address, fingerprint=authority.fingerprint, token=TOKEN, folder=tmp_path / "sensor")
    assert not (tmp_path / "sensor").exists()


def test_a_renewal_has_a_new_key_over_a_connection_that_shows_the_old(tmp_path: Path) -> None:
    authority = Authority()
    with playing(_answering(authority), authority=authority) as hub:
        old = _identity(tmp_path, authority, hub.address)
        link = Link(hub.address, old.context)
        new = renew(old, link)
        link.close()
        (asked,) = hub.asked
    assert asked.path == "/api/v1/sensor/renew"
    assert asked.peer == old.certificate
    assert set(asked.tree) == {"request_pem"}
    assert new.certificate != old.certificate
    assert new.key.public_key() != old.key.public_key()
    assert load_identity(tmp_path).certificate == new.certificate


def test_the_next_connection_shows_the_new_certificate(tmp_path: Path) -> None:
    authority = Authority()
    with playing(_answering(authority), authority=authority) as hub:
        old = _identity(tmp_path, authority, hub.address)
        link = Link(hub.address, old.context)
        new = renew(old, link)
        link.close()
        renew(new, link)
        link.close()
    assert [asked.peer for asked in hub.asked] == [old.certificate, new.certificate]


def test_an_expired_certificate_is_renewed_by_a_signature_with_its_key(tmp_path: Path) -> None:
    authority = Authority()
    with playing(_answering(authority), authority=authority) as hub:
        old = _identity(tmp_path, authority, hub.address, life_s=-60)
        link = Link(hub.address, old.context)
        new = renew(old, link)
        link.close()
        (asked,) = hub.asked
    assert asked.peer is None
    assert x509.load_pem_x509_certificate(asked.tree["certificate_pem"].encode()) == old.certificate
    der = x509.load_pem_x509_csr(asked.tree["request_pem"].encode()).public_bytes(serialization.Encoding.DER)
    message = renewal_message(der, authority=authority.fingerprint, time_s=asked.tree["time_s"])
    old.key.public_key().verify(base64.b64decode(asked.tree["signature"]), message, ec.ECDSA(hashes.SHA256()))
    assert load_identity(tmp_path).certificate == new.certificate


def test_a_refused_renewal_keeps_the_old_certificate(tmp_path: Path) -> None:
    authority = Authority()
    with playing(lambda asked: Say(403, {"detail": "no"}), authority=authority) as hub:
        old = _identity(tmp_path, authority, hub.address)
        link = Link(hub.address, old.context)
        with pytest.raises(DeliveryError, match="does not renew this sensor's certificate: no"):
            renew(old, link)
        link.close()
    assert load_identity(tmp_path).certificate == old.certificate


def test_a_signature_is_of_the_certificates_key(tmp_path: Path) -> None:
    identity = _identity(tmp_path, Authority(), Address("hub", 1))
    message = ingest_message(identity.name, b"rows")
    public = identity.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(identity.sign(message), message, ec.ECDSA(hashes.SHA256()))


def test_it_is_due_at_two_thirds_of_its_life(tmp_path: Path) -> None:
    identity = _identity(tmp_path, Authority(), Address("hub", 1), life_s=86_400)
    assert identity.expires_s - identity.renew_s == pytest.approx(30_000, abs=2)  # of 25 hours


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    _identity(tmp_path, Authority(), Address("hub", 1))
    (tmp_path / "identity.pem").chmod(0o640)
    with pytest.raises(DeliveryError, match="mode 0640, but only its owner"):
        load_identity(tmp_path)


@pytest.mark.parametrize("name", ["identity.pem", "hub.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[1]", b'{"hub": 1, "authority": 2}'])
def test_damaged_files_are_told_without_their_content(tmp_path: Path, name: str, content: bytes) -> None:
    _identity(tmp_path, Authority(), Address("hub", 1))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DeliveryError, match=r"damaged|enrol the sensor anew") as caught:
        load_identity(tmp_path)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_secrets_are_not_in_the_repr(tmp_path: Path) -> None:
    identity = _identity(tmp_path, Authority(), Address("hub", 1))
    assert "PRIVATE" not in repr(identity)
    assert "BEGIN" not in repr(identity)


def test_fingerprints_are_read_as_people_write_them() -> None:
    digest = bytes(range(32))
    for text in (digest.hex(), digest.hex(":"), digest.hex(":").upper(), " " + digest.hex(" ") + "\n"):
        assert fingerprint_of(text) == digest
    for text in ("", "AB:CD", digest.hex()[:-1], digest.hex() + "00", "zz" * 32):
        with pytest.raises(DeliveryError, match="32 pairs of hexadecimal digits"):
            fingerprint_of(text)


def test_addresses_are_read_as_people_write_them() -> None:
    assert Address.of("https://hub:8443") == Address("hub", 8443)
    assert Address.of("https://hub/").port == 443
    assert Address.of("https://[::1]:8443").url == "https://[::1]:8443"
    for url in (
        "",
        "hub:8443",
        "http://hub",
        "https://",
        "https://hub/path",
        "https://u:p@hub",
        "https://hub:99999",
        "https://[x",
    ):
        with pytest.raises(DeliveryError):
            Address.of(url)


def test_a_connection_is_kept_and_opened_again_where_the_hub_closed_it() -> None:
    authority = Authority()
    with playing(lambda asked: Say(200), authority=authority) as hub:
        link = Link(hub.address, lambda: context_for(authority.pem))
        for _ in range(3):
            link.ask("GET", "/")
        assert hub.connections == 1
        hub.drop()
        assert link.ask("GET", "/").status == 200
        assert hub.connections == 2
        hub.answer = lambda asked: Say(200, close=True)
        link.ask("GET", "/")
        link.ask("GET", "/")
        link.close()
    with pytest.raises(DeliveryError, match="cannot be reached"):
        link.ask("GET", "/")


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    authority = Authority()
    with playing(lambda asked: Say(200), authority=authority) as hub:
        link = Link(hub.address, lambda: context_for(authority.pem))
        assert link.ask("GET", "/").status == 200
        link.close()
