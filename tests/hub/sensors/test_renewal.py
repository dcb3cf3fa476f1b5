"""Renewing and removing: only the newest certificate lives on, and only with its own key."""

import time
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub.sensors.serving import Identity, Parts, der_of, enrolled, pem_of, refused, request_of

from throng.data.errors import HubError
from throng.data.signed import renewal_message, sign
from throng.hub.sensors.authority import load_authority, new_key
from throng.hub.sensors.signature import verify
from throng.seal.box import Seal
from throng.store.records import Change


def _signed(identity: Identity, request: x509.CertificateSigningRequest, parts: Parts, time_s: float) -> str:
    message = renewal_message(der_of(request), authority=parts.authority.fingerprint, time_s=int(time_s))
    import base64

    return base64.b64encode(identity.key.sign(message, ec.ECDSA(hashes.SHA256()))).decode()


# Renewing


@pytest.mark.parametrize("late_s", [0, 3600 * 24 * 7, 3600 * 24 * 30])
def test_a_sensor_that_was_off_renews_with_a_signature(parts: Parts, late_s: int) -> None:
    box, key = enrolled(parts), new_key()
    parts.clock.ahead_s = 24 * 3600 + late_s - 60
    request, now = request_of(key), parts.clock()
    pem, _ = parts.enrolments.renew_late(
        box.certificate_pem, pem_of(request), time_s=int(now), signature=_signed(box, request, parts, now)
    )
    renewed = Identity(key, x509.load_pem_x509_certificate(pem.encode()))
    asked = parts.sensors.principal_of_peer(renewed.der)
    assert asked is not None
    assert (asked.kind, asked.name) == ("sensor", "box")
    # The old certificate's key, wherever it is by now, renews nothing any more.
    refused(
        parts,
        lambda: parts.enrolments.renew_late(
            box.certificate_pem, pem_of(request), time_s=int(now), signature=_signed(box, request, parts, now)
        ),
        403,
    )


def test_an_answer_that_was_lost_is_asked_for_again(parts: Parts) -> None:
    box = enrolled(parts)
    parts.sensors.principal_of_peer(box.der)
    for _ in range(3):  # none of these reaches the sensor
        key = new_key()
        pem, _ = parts.enrolments.renew(box.der, pem_of(request_of(key)))
    newest = Identity(key, x509.load_pem_x509_certificate(pem.encode()))
    parts.sensors.principal_of_peer(newest.der)
    refused(parts, lambda: parts.enrolments.renew(box.der, pem_of(request_of(new_key()))), 403)
    assert "may have been copied" in parts.told("sensor.renew")[-1][2]


def test_which_certificate_is_used_outlives_a_restart(parts: Parts) -> None:
    box, key = enrolled(parts), new_key()
    pem, _ = parts.enrolments.renew(box.der, pem_of(request_of(key)))
    newest = Identity(key, x509.load_pem_x509_certificate(pem.encode()))
    parts.sensors.principal_of_peer(newest.der)
    parts.sensors.refresh()
    after = parts.new_sensors()
    assert [(sensor.name, sensor.confirmed) for sensor, _ in after.all()] == [("box", True)]
    parts.enrolments._sensors = after
    refused(parts, lambda: parts.enrolments.renew(box.der, pem_of(request_of(new_key()))), 403)


_LATE: dict[str, Callable[[Parts, Identity, x509.CertificateSigningRequest, float], tuple[str, float, str]]] = {
    "six minutes old": lambda parts, box, request, now: (
        box.certificate_pem,
        now - 360,
        _signed(box, request, parts, now - 360),
    ),
    "of the future": lambda parts, box, request, now: (box.certificate_pem, now + 360, _signed(box, request, parts, now + 360)),
    "another time than was signed": lambda parts, box, request, now: (
        box.certificate_pem,
        now,
        _signed(box, request, parts, now - 1),
    ),
    "for another request": lambda parts, box, request, now: (
        box.certificate_pem,
        now,
        _signed(box, request_of(new_key()), parts, now),
    ),
    "by another key": lambda parts, box, request, now: (
        box.certificate_pem,
        now,
        _signed(Identity(new_key(), box.certificate), request, parts, now),
    ),
    "no base64": lambda parts, box, request, now: (box.certificate_pem, now, "%%%"),
    "no certificate": lambda parts, box, request, now: ("none", now, _signed(box, request, parts, now)),
    "the authority's": lambda parts, box, request, now: (parts.authority.pem, now, _signed(box, request, parts, now)),
}


@pytest.mark.parametrize("wrong", _LATE)
def test_a_late_renewal_that_is_wrong_is_refused_in_one_sentence(parts: Parts, wrong: str) -> None:
    box, request = enrolled(parts), request_of(new_key())
    parts.clock.ahead_s = 8 * 24 * 3600
    pem, time_s, signature = _LATE[wrong](parts, box, request, parts.clock())
    sentence = refused(
        parts, lambda: parts.enrolments.renew_late(pem, pem_of(request), time_s=int(time_s), signature=signature), 403
    )
    assert sentence.startswith("the renewal is refused: the certificate is not this sensor's newest, or the proof")


@pytest.mark.parametrize("how", ["after 31 days", "removed", "enrolled anew", "of another authority"])
def test_nobody_renews_what_does_not_hold_any_more(parts: Parts, how: str) -> None:
    box, request = enrolled(parts), request_of(new_key())
    parts.clock.ahead_s = 3 * 24 * 3600
    if how == "after 31 days":
        parts.clock.ahead_s = 32 * 24 * 3600
    elif how == "removed":
        parts.sensors.remove("box", who="ada")
    elif how == "enrolled anew":
        enrolled(parts)
    else:
        parts.records.change([Change("authority", "ca", None)])
        other = load_authority(parts.records, parts.seal)
        certificate = other.issue_sensor("box", box.key.public_key(), now_s=parts.clock(), life_s=60)
        box = Identity(box.key, certificate)
    now = parts.clock()
    refused(
        parts,
        lambda: parts.enrolments.renew_late(
            box.certificate_pem, pem_of(request), time_s=int(now), signature=_signed(box, request, parts, now)
        ),
        403,
    )


def test_a_certificate_that_somebody_made_himself_renews_nothing_though_all_it_says_is_right(parts: Parts) -> None:
    box, key, request = enrolled(parts), new_key(), request_of(new_key())
    forged = (
        x509.CertificateBuilder()
        .subject_name(box.certificate.subject)
        .issuer_name(box.certificate.issuer)
        .public_key(key.public_key())
        .serial_number(box.certificate.serial_number)
        .not_valid_before(box.certificate.not_valid_before_utc)
        .not_valid_after(box.certificate.not_valid_after_utc)
    )
    for extension in box.certificate.extensions:
        forged = forged.add_extension(extension.value, critical=extension.critical)
    mine = Identity(key, forged.sign(key, hashes.SHA256()))
    parts.clock.ahead_s = 25 * 3600
    now = parts.clock()
    refused(
        parts,
        lambda: parts.enrolments.renew_late(
            mine.certificate_pem, pem_of(request), time_s=int(now), signature=_signed(mine, request, parts, now)
        ),
        403,
    )


# Removing


def test_removing_a_sensor_voids_its_tokens_and_another_hub_on_the_records_learns_of_it(parts: Parts) -> None:
    box = enrolled(parts)
    parts.enrolments.make("box", site="north", life_s=600, who="ada")
    parts.enrolments.make("other", site="north", life_s=600, who="ada")
    elsewhere = parts.new_sensors()
    assert parts.sensors.remove("box", who="ada")
    assert [one.sensor for one in parts.enrolments.open_ones()] == ["other"]
    assert parts.sensors.principal_of_peer(box.der) is None
    assert elsewhere.is_welcome(box.der)
    elsewhere.refresh()
    assert not elsewhere.is_welcome(box.der)


# The authority


def test_the_authority_is_made_once_and_needs_its_key(parts: Parts) -> None:
    again = load_authority(parts.records, parts.seal)
    assert again.fingerprint == parts.authority.fingerprint
    assert again.shown_fingerprint == ":".join(f"{byte:02X}" for byte in again.fingerprint)
    constraints = again.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    with pytest.raises(Exception, match="authority/ca/key"):
        load_authority(parts.records, Seal({"a": b"x" * 32}, "a"))
    with pytest.raises(HubError, match="expired"):
        load_authority(parts.records, parts.seal, clock=lambda: time.time() + 3653 * 86400)


# Signatures of batches


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), data=st.data())
def test_a_batch_is_taken_only_as_it_was_signed_and_from_whom(parts: Parts, body: bytes, data: st.DataObject) -> None:
    box, other = _two(parts)
    signature = sign(lambda message: box.key.sign(message, ec.ECDSA(hashes.SHA256())), "box", body)
    assert verify(box.der, body, signature)
    assert not verify(other.der, body, signature)
    assert not verify(box.der, body + b"x", signature)
    assert not verify(box.der, body, sign(lambda message: box.key.sign(message, ec.ECDSA(hashes.SHA256())), "other", body))
    assert not verify(b"no certificate", body, signature)
    place = data.draw(st.integers(0, len(signature) - 1))
    assert not verify(box.der, body, signature[:place] + "?" + signature[place + 1 :])
    assert not verify(box.der, body, signature[:place])


def _two(parts: Parts) -> tuple[Identity, Identity]:
    if not hasattr(parts, "two"):
        parts.two = (enrolled(parts, "box"), enrolled(parts, "other"))  # type: ignore[attr-defined]
    two: tuple[Identity, Identity] = parts.two  # type: ignore[attr-defined]
    return two
