"""Enrolling: what is right is done once, and what is wrong changes nothing."""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub.sensors.serving import Parts, der_of, pem_of, proof_of, refused, request_of, state_of

from throng.data.errors import LogError, StoreError
from throng.data.signed import renewal_message
from throng.hub.sensors.authority import new_key
from throng.hub.sensors.refusal import Refused

# Enrolling


def test_a_certificate_names_the_enrolments_sensor_and_not_what_the_request_says(parts: Parts) -> None:
    made, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    assert len(token) == 40
    assert made.id == token[:8]
    key = new_key()
    san = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:throng:sensor:other"), x509.DNSName("localhost")])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "other")]))
        .add_extension(san, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, expires_s = parts.enrolments.redeem(token[:8], pem_of(request), proof_of(token, request, parts.authority))
    certificate = x509.load_pem_x509_certificate(pem.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.UniformResourceIdentifier("urn:throng:sensor:box")]
    assert certificate.subject.rfc4514_string() == "CN=box"
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
    assert abs(expires_s - time.time() - 24 * 3600) < 60
    assert parts.authority.has_issued(certificate)


def test_a_proof_is_hmac_of_request_and_authority_under_the_token(parts: Parts) -> None:
    """As the page on sensors says it, computed by hand."""
    request = request_of(new_key())
    message = hashlib.sha256(der_of(request)).digest() + parts.authority.fingerprint
    assert proof_of("token", request, parts.authority) == hmac.new(b"token", message, "sha256").hexdigest()
    assert renewal_message(b"r", authority=b"a", time_s=7) == b"throng renewal 1\0" + hashlib.sha256(b"r").digest() + b"a7"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_proof_but_the_right_one_enrols(parts: Parts, data: st.DataObject) -> None:
    parts.clock.ahead_s += 61  # past what one address may try in a minute
    _, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    request = request_of(new_key())
    right = proof_of(token, request, parts.authority)
    place = data.draw(st.integers(0, 63))
    digit = f"{(int(right[place], 16) + data.draw(st.integers(1, 15))) % 16:x}"
    wrongs = [
        right[:place] + digit + right[place + 1 :],
        right[:-1],
        "",
        proof_of(token, request_of(new_key()), parts.authority),
        proof_of(token[:-1], request, parts.authority),
    ]
    wrong = wrongs[data.draw(st.integers(0, len(wrongs) - 1))]
    sentence = refused(parts, lambda: parts.enrolments.redeem(token[:8], pem_of(request), wrong), 403)
    assert sentence.startswith("the enrolment is refused: the token is unknown, used or expired, or the proof does not fit")
    parts.enrolments.redeem(token[:8], pem_of(request), right)


def test_a_proof_for_another_request_or_token_does_not_enrol(parts: Parts) -> None:
    _, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    _, second = parts.enrolments.make("box2", site="north", life_s=600, who="ada")
    mine, theirs = request_of(new_key()), request_of(new_key())
    refused(parts, lambda: parts.enrolments.redeem(token[:8], pem_of(theirs), proof_of(token, mine, parts.authority)), 403)
    refused(parts, lambda: parts.enrolments.redeem(second[:8], pem_of(mine), proof_of(token, mine, parts.authority)), 403)
    refused(parts, lambda: parts.enrolments.redeem("AAAAAAAA", pem_of(mine), proof_of(token, mine, parts.authority)), 403)


def test_a_token_works_once_even_for_many_at_a_time(parts: Parts) -> None:
    _, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    outcomes: list[str] = []

    def come() -> None:
        request = request_of(new_key())
        try:
            parts.enrolments.redeem(token[:8], pem_of(request), proof_of(token, request, parts.authority))
            outcomes.append("in")
        except Refused:
            outcomes.append("refused")

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in"] + ["refused"] * 7
    assert len(parts.sensors.all()) == 1


def test_a_token_that_is_over_or_withdrawn_enrols_nobody(parts: Parts) -> None:
    _, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    request = request_of(new_key())
    proof = proof_of(token, request, parts.authority)
    parts.clock.ahead_s = 601
    assert parts.enrolments.open_ones() == []
    refused(parts, lambda: parts.enrolments.redeem(token[:8], pem_of(request), proof), 403)
    parts.clock.ahead_s = 0
    assert parts.enrolments.withdraw(token[:8], who="ada")
    assert not parts.enrolments.withdraw(token[:8], who="ada")
    refused(parts, lambda: parts.enrolments.redeem(token[:8], pem_of(request), proof), 403)


def test_five_wrong_proofs_void_a_token(parts: Parts) -> None:
    _, token = parts.enrolments.make("box", site="north", life_s=3600, who="ada")
    request = request_of(new_key())
    for _ in range(5):
        with pytest.raises(Refused):
            parts.enrolments.redeem(token[:8], pem_of(request), "0" * 64)
    assert parts.enrolments.open_ones() == []
    right = proof_of(token, request, parts.authority)
    refused(parts, lambda: parts.enrolments.redeem(token[:8], pem_of(request), right), 403)
    assert "the token is void" in parts.told("sensor.enrol")[4][2]


def test_making_an_enrolment_removes_those_that_are_over(parts: Parts) -> None:
    for _ in range(3):
        parts.enrolments.make("box", site="north", life_s=60, who="ada")
    parts.clock.ahead_s = 61
    parts.enrolments.make("box", site="north", life_s=60, who="ada")
    assert len(parts.records.all("enrolment")) == 1


def _tampered() -> str:
    good = request_of(new_key())
    other = request_of(new_key())
    der = bytearray(der_of(good))
    at = der.index(good.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint))
    der[at : at + 65] = other.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return pem_of(x509.load_der_x509_csr(bytes(der)))


_REQUESTS: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "text": lambda: "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
    "a key of another curve": lambda: pem_of(
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256())
    ),
    "rsa": lambda: pem_of(
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(rsa.generate_private_key(65537, 2048), hashes.SHA256())
    ),
    "signed by another key": _tampered,
}


@pytest.mark.parametrize("kind", _REQUESTS)
def test_a_request_that_is_none_is_refused(parts: Parts, kind: str) -> None:
    _, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    sentence = refused(parts, lambda: parts.enrolments.redeem(token[:8], _REQUESTS[kind](), "0" * 64), 422)
    assert sentence.startswith("request_pem must be a certificate request")


def test_what_cannot_be_logged_or_kept_is_not_done(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    request = request_of(new_key())
    proof = proof_of(token, request, parts.authority)

    def fail(*_: object, **__: object) -> None:
        raise LogError("the audit log cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(parts.log, "write", fail)
        before = state_of(parts)
        with pytest.raises(LogError):
            parts.enrolments.redeem(token[:8], pem_of(request), proof)
        with pytest.raises(LogError):
            parts.enrolments.make("box", site="north", life_s=600, who="ada")
        assert state_of(parts) == before
    with monkeypatch.context() as patched:

        def full(_: object) -> None:
            raise StoreError("the disk is full")

        patched.setattr(parts.records, "change", full)
        with pytest.raises(StoreError):
            parts.enrolments.redeem(token[:8], pem_of(request), proof)
    assert parts.sensors.all() == []
    assert parts.told("sensor.enrol")[-1] == ("sensor.enrol", "failed", "the disk is full")
    parts.enrolments.redeem(token[:8], pem_of(request), proof)


def test_no_token_proof_or_key_is_in_the_records_or_the_log(parts: Parts, tmp_path: Path) -> None:
    _, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    request = request_of(new_key())
    proof = proof_of(token, request, parts.authority)
    with pytest.raises(Refused):
        parts.enrolments.redeem(token[:8], pem_of(request), proof[:-1])
    secrets = [token, token[8:], proof, hashlib.sha256(token.encode()).hexdigest()]
    for path in tmp_path.rglob("*"):
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path
