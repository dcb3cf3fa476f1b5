"""Sensors as they really come: over TLS, with certificates, and with what is none of theirs."""

import contextlib
import http.client
import socket
import ssl
import time

import pytest
from cryptography import x509
from tests.hub.sensors.serving import (
    ADMINISTRATOR,
    OPERATOR,
    Identity,
    Parts,
    Served,
    enrolled,
    pem_of,
    proof_of,
    request_of,
    until,
)

from throng.hub.sensors.authority import Authority, load_authority, new_key
from throng.hub.sensors.refusal import Refused
from throng.store.sqlite_records import SqliteRecords


def _other_authority(parts: Parts) -> Authority:
    with SqliteRecords(parts.records.path.with_name("other.sqlite")) as records:
        return load_authority(records, parts.seal)


def _is_cut(hub: Served, identity: Identity) -> bool:
    """Whether a certificate is refused in the handshake: with TLS 1.3 the client learns that when it reads."""
    try:
        with hub.connect(identity) as connection:
            connection.sendall(b"GET /api/for-sensors HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            return connection.recv(1) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def test_a_sensor_enrols_and_is_known_by_its_certificate(hub: Served, parts: Parts) -> None:
    made = hub.ask("POST", "/api/v1/enrolments", {"sensor": "box", "site": "north"}, token=ADMINISTRATOR)
    assert made[0] == 201
    token, fingerprint = made[1]["token"], made[1]["fingerprint"]
    assert fingerprint == hub.ask("GET", "/api/v1/authority")[1]["fingerprint"] == parts.authority.shown_fingerprint
    key = new_key()
    request = request_of(key, name="somebody else")
    body = {"token_id": token[:8], "request_pem": pem_of(request), "proof": proof_of(token, request, parts.authority)}
    status, answer = hub.ask("POST", "/api/v1/enrol", body)
    assert status == 200, answer
    box = Identity(key, x509.load_pem_x509_certificate(answer["certificate_pem"].encode()))
    assert hub.ask("GET", "/api/for-sensors", identity=box) == (200, "box")
    assert hub.ask("GET", "/who", identity=box)[1] | {"client": 0} == {"has_peer": True, "tls": "TLSv1.3", "client": 0}
    listed = hub.ask("GET", "/api/v1/sensors", token=OPERATOR)[1]
    assert [(one["name"], one["site"], one["state"]) for one in listed] == [("box", "north", "live")]
    # The token is used up.
    status, answer = hub.ask("POST", "/api/v1/enrol", body)
    assert (status, answer["detail"][:24]) == (403, "the enrolment is refused")
    assert hub.ask("GET", "/api/v1/enrolments", token=ADMINISTRATOR) == (200, [])


def test_a_person_without_the_right_learns_and_changes_nothing(hub: Served, parts: Parts) -> None:
    enrolled(parts, "box", "north")
    enrolled(parts, "far", "south")
    assert [one["name"] for one in hub.ask("GET", "/api/v1/sensors", token=OPERATOR)[1]] == ["box"]
    assert hub.ask("GET", "/api/v1/sensors/far", token=OPERATOR)[0] == 404
    assert hub.ask("DELETE", "/api/v1/sensors/box", token=OPERATOR)[0] == 403
    assert hub.ask("POST", "/api/v1/enrolments", {"sensor": "box", "site": "north"}, token=OPERATOR)[0] == 403
    assert hub.ask("GET", "/api/v1/sensors")[0] == 401
    assert hub.ask("POST", "/api/v1/enrolments", {"sensor": "a", "site": "nowhere"}, token=ADMINISTRATOR)[0] == 422
    assert [sensor.name for sensor, _ in parts.sensors.all()] == ["box", "far"]


def test_a_revoked_sensor_is_refused_at_its_next_request_and_cut_off(hub: Served, parts: Parts) -> None:
    box = enrolled(parts)
    with hub.link(box) as open_before, hub.link(box) as idle:
        assert open_before.ask("GET", "/api/for-sensors") == idle.ask("GET", "/api/for-sensors") == (200, "box")
        assert hub.ask("DELETE", "/api/v1/sensors/box", token=ADMINISTRATOR)[0] == 204
        with contextlib.suppress(http.client.RemoteDisconnected, ConnectionError):  # closed before it could ask
            assert open_before.ask("GET", "/api/for-sensors")[0] == 401
        assert isinstance(idle.sock, ssl.SSLSocket)
        assert idle.sock.recv(1) == b""  # closed by the hub, unasked
    assert hub.ask("GET", "/api/for-sensors", identity=box)[0] == 401
    assert hub.ask("DELETE", "/api/v1/sensors/box", token=ADMINISTRATOR)[0] == 404
    assert ("sensor.remove", "ok", "") in parts.told()


def test_a_request_that_is_under_way_when_its_sensor_is_revoked_is_cut(hub: Served, parts: Parts) -> None:
    box = enrolled(parts)
    with hub.connect(box) as connection:
        connection.sendall(b"POST /api/echo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\nx")
        until(lambda: parts.sensors.all()[0][1].seen_s > 0)  # the gate has let it in
        parts.sensors.remove("box", who="ada")
        assert _all_of(connection) == b""


def _all_of(connection: ssl.SSLSocket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except (ConnectionError, ssl.SSLError):
        pass
    return received


def test_certificates_of_another_authority_are_refused(hub: Served, parts: Parts) -> None:
    other, key = _other_authority(parts), new_key()
    forged = other.issue_sensor("box", key.public_key(), now_s=time.time(), life_s=600)
    enrolled(parts, "box")
    assert _is_cut(hub, Identity(key, forged))


def test_a_certificate_that_signs_for_itself_is_refused(hub: Served, parts: Parts) -> None:
    key = new_key()
    alone = Authority(_other_authority(parts).certificate, key)
    assert _is_cut(hub, Identity(key, alone.issue_sensor("box", key.public_key(), now_s=time.time(), life_s=600)))


def test_an_expired_certificate_is_refused(hub: Served, parts: Parts) -> None:
    key = new_key()
    old = parts.authority.issue_sensor("box", key.public_key(), now_s=time.time() - 7200, life_s=3600)
    assert _is_cut(hub, Identity(key, old))


def test_a_certificate_that_expires_on_an_open_connection_holds_no_longer(hub: Served, parts: Parts) -> None:
    box = enrolled(parts)
    assert parts.sensors.principal_of_peer(box.der) is not None
    parts.clock.ahead_s = 24 * 3600 + 1
    assert parts.sensors.principal_of_peer(box.der) is None
    assert hub.ask("GET", "/api/for-sensors", identity=box)[0] == 401


def test_a_certificate_of_the_hub_is_none_of_a_sensor(hub: Served, parts: Parts) -> None:
    key = new_key()
    of_hub = parts.authority.issue_server((), key.public_key(), now_s=time.time())
    assert _is_cut(hub, Identity(key, of_hub))


def test_a_certificate_that_was_never_on_record_opens_nothing(hub: Served, parts: Parts) -> None:
    """Such as one that was issued before the sensor was enrolled anew."""
    first = enrolled(parts)
    second = enrolled(parts)
    assert hub.ask("GET", "/api/for-sensors", identity=first)[0] == 401
    assert hub.ask("GET", "/api/for-sensors", identity=second) == (200, "box")


def test_renewal_over_the_connection_gives_the_same_sensor_a_new_key(hub: Served, parts: Parts) -> None:
    box, key = enrolled(parts), new_key()
    status, answer = hub.ask("POST", "/api/v1/sensor/renew", {"request_pem": pem_of(request_of(key))}, identity=box)
    assert status == 200, answer
    renewed = Identity(key, x509.load_pem_x509_certificate(answer["certificate_pem"].encode()))
    assert hub.ask("GET", "/api/for-sensors", identity=renewed) == (200, "box")
    # What is open with the old one may end its work; but only the newest is renewed.
    assert hub.ask("GET", "/api/for-sensors", identity=box) == (200, "box")
    status, answer = hub.ask("POST", "/api/v1/sensor/renew", {"request_pem": pem_of(request_of(new_key()))}, identity=box)
    assert (status, answer["detail"][:39]) == (403, "this certificate is not the sensor's ne")
    assert hub.ask("POST", "/api/v1/sensor/renew", {"request_pem": pem_of(request_of(new_key()))})[0] == 401


def test_a_man_in_the_middle_with_another_authority_is_sent_nothing(parts: Parts) -> None:
    """What the hub's sensor does is shown in tests/deliver; here, that the hub's name is vouched for by its authority alone."""
    other = _other_authority(parts)
    assert not parts.authority.has_issued(other.issue_server((), new_key().public_key(), now_s=time.time()))
    request = request_of(new_key())
    _, token = parts.enrolments.make("box", site="north", life_s=600, who="ada")
    # Should a proof meant for the other authority come here, it is worth nothing.
    with pytest.raises(Refused, match="the enrolment is refused"):
        parts.enrolments.redeem(token[:8], pem_of(request), proof_of(token, request, other))


def test_malformed_bodies_are_refused_and_not_repeated_back(hub: Served) -> None:
    secret = "this-is-a-whole-token-sent-by-mistake-of-40"
    for body in ({"token": secret}, {"token_id": secret, "request_pem": "x", "proof": "0" * 64}, [secret], secret):
        status, answer = hub.ask("POST", "/api/v1/enrol", body)
        assert status == 422
        assert isinstance(answer["detail"], str | list)


def test_wrong_proofs_are_answered_ten_times_a_minute(hub: Served, parts: Parts) -> None:
    body = {"token_id": "AAAAAAAA", "request_pem": pem_of(request_of(new_key())), "proof": "0" * 64}
    with hub.link() as link:
        assert [link.ask("POST", "/api/v1/enrol", body)[0] for _ in range(12)] == [403] * 10 + [429] * 2
    parts.clock.ahead_s = 61
    assert hub.ask("POST", "/api/v1/enrol", body)[0] == 403
    assert len(parts.told("sensor.enrol")) == 11


def test_a_socket_without_tls_gets_no_word_of_http(hub: Served) -> None:
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as bare:
        bare.sendall(b"GET /who HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        received = b""
        try:
            while piece := bare.recv(4096):
                received += piece
        except ConnectionError:
            pass
    assert b"HTTP" not in received
    assert len(received) <= 7  # a TLS alert
