"""How a sensor comes in, and comes back: one-time tokens, proofs, certificate requests."""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from throng.data.errors import ConflictError
from throng.data.signed import TOKEN_ID_LETTERS, enrolment_proof, renewal_message
from throng.hub.log.log import Log
from throng.hub.sensors.authority import Authority
from throng.hub.sensors.refusal import Attempts, Refused
from throng.hub.sensors.sensors import LATE_S, Sensors
from throng.hub.sensors.signature import Peer, is_fit, is_signed, of_certificate, peer_of
from throng.seal.box import Seal, opened_value, sealed_value
from throng.store.records import Change, Record, Records

LIFE_S = 30 * 60
LONGEST_LIFE_S = 24 * 3600
_TOKEN_BYTES = 30  # 40 letters: 8 to find it, 32, which are 192 bits, that stay secret
_WRONG_PROOFS = 5
_MOST_OPEN = 5_000
_SKEW_S = 300
_NO = "the enrolment is refused: the token is unknown, used or expired, or the proof does not fit: ask for a new token"
_NO_RENEWAL = "the renewal is refused: the certificate is not this sensor's newest, or the proof does not fit: enrol it anew"


@dataclass(frozen=True, slots=True)
class OpenEnrolment:
    """An enrolment that waits for its sensor.

    Attributes
    ----------
    id : str
        The part of the token by which it is found.
    sensor, site : str
    expires_s : float
        Unix time.
    """

    id: str
    sensor: str
    site: str
    expires_s: float


class Enrolments:
    """Makes enrolment tokens, and changes each for one certificate.

    A token is kept sealed rather than hashed: whoever can check a proof made with a secret must hold that secret.

    Parameters
    ----------
    records : Records
        Open.
    seal : Seal
    authority : Authority
    sensors : Sensors
    log : Log
        Open.
    clock : callable
        Unix time.
    """

    def __init__(
        self,
        records: Records,
        *,
        seal: Seal,
        authority: Authority,
        sensors: Sensors,
        log: Log,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records, self._seal, self._authority = records, seal, authority
        self._sensors, self._log, self._clock = sensors, log, clock
        self._lock = threading.Lock()
        self._attempts = Attempts(clock)
        self._wrong_proofs: dict[str, int] = {}

    def make(self, sensor: str, *, site: str, life_s: int, who: str, address: str = "") -> tuple[OpenEnrolment, str]:
        """A new enrolment, and its token: told this once.

        Raises
        ------
        Refused
            Too many are open.
        StoreError, LogError
            It could not be kept; nothing was changed.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        made = OpenEnrolment(token[:TOKEN_ID_LETTERS], sensor, site, self._clock() + life_s)
        with self._lock:
            known = self._records.all("enrolment")
            ended = [record for record in known if self._is_over(record)]
            if len(known) - len(ended) >= _MOST_OPEN:
                raise Refused(409, f"{_MOST_OPEN:,} enrolments are open: withdraw some, or wait until they expire")
            body = {
                "sensor": sensor,
                "site": site,
                "expires_s": made.expires_s,
                "token": sealed_value(self._seal, token.encode(), _about(made.id)),
            }
            self._log.write("enrolment.make", who=who, about=sensor, address=address)
            self._records.change(
                [Change("enrolment", made.id, body, 0), *(Change("enrolment", record.key, None) for record in ended)]
            )
        return made, token

    def open_ones(self) -> list[OpenEnrolment]:
        """All that wait for their sensors."""
        return [
            OpenEnrolment(record.key, record.body["sensor"], record.body["site"], record.body["expires_s"])
            for record in self._records.all("enrolment")
            if not self._is_over(record)
        ]

    def withdraw(self, enrolment: str, *, who: str, address: str = "") -> bool:
        """End one before its time; whether there was one."""
        with self._lock:
            record = self._records.get("enrolment", enrolment)
            if record is None:
                return False
            self._log.write("enrolment.withdraw", who=who, about=record.body["sensor"], address=address)
            self._records.change([Change("enrolment", enrolment, None)])
            return True

    def redeem(self, token_id: str, request_pem: str, proof: str, *, address: str = "") -> tuple[str, float]:
        """Change a token for the sensor's certificate, PEM, and its end, Unix time.

        Raises
        ------
        Refused
            With one sentence for every way in which token and proof can be wrong; nothing was changed.
        StoreError, LogError
            It could not be kept; nothing was changed.
        """
        self._attempts.check(address)
        request, key = self._request(request_pem, address=address)
        with self._lock:
            record = self._records.get("enrolment", token_id)
            if record is None or self._is_over(record):
                self._refuse("sensor.enrol", "no open enrolment has this token", address=address)
                raise Refused(403, _NO)
            token = opened_value(self._seal, record.body["token"], _about(token_id)).decode()
            wanted = enrolment_proof(token, request, authority=self._authority.fingerprint)
            if not hmac.compare_digest(wanted.encode(), proof.encode()):
                self._wrong_proof(record, address=address)
                raise Refused(403, _NO)
            try:
                certificate = self._sensors.enrol(
                    record.body["sensor"],
                    key,
                    site=record.body["site"],
                    used=Change("enrolment", token_id, None, record.version),
                    address=address,
                )
            except ConflictError:
                raise Refused(403, _NO) from None
            self._wrong_proofs.pop(token_id, None)
        return _told(certificate)

    def renew(self, der: bytes, request_pem: str, *, address: str = "") -> tuple[str, float]:
        """A new certificate, PEM, and its end, Unix time, for a sensor whose connection showed one that holds.

        Raises
        ------
        Refused
            The request is wrong, or the certificate is not its newest; nothing was changed.
        StoreError, LogError
            It could not be kept; nothing was changed.
        """
        _, key = self._request(request_pem, address=address)
        peer = peer_of(der)
        if peer is None:
            raise Refused(403, _NO_RENEWAL)
        return _told(self._sensors.renew(peer, key, address=address))

    def renew_late(
        self, certificate_pem: str, request_pem: str, *, time_s: int, signature: str, address: str = ""
    ) -> tuple[str, float]:
        """A new certificate, PEM, and its end, for a sensor whose own expired at most 30 days ago: TLS takes it no more.

        The signature with the old key stands for the connection. One that is sent again within its five minutes gains
        nothing: the certificate is for the key of the request, which whoever repeats it does not have.

        Raises
        ------
        Refused
            With one sentence for all that can be wrong; nothing was changed.
        StoreError, LogError
            It could not be kept; nothing was changed.
        """
        self._attempts.check(address)
        request, key = self._request(request_pem, address=address)
        peer = self._own_peer(certificate_pem)
        message = renewal_message(request, authority=self._authority.fingerprint, time_s=time_s)
        now = self._clock()
        if peer is None:
            problem = "the certificate is none that this hub issued to a sensor"
        elif not is_signed(peer.key, message, signature):
            problem = "the signature does not fit"
        elif abs(now - time_s) > _SKEW_S:
            problem = "it was signed more than five minutes ago, or one of the clocks is wrong"
        elif now > peer.expires_s + LATE_S:
            problem = "the certificate expired more than 30 days ago"
        else:
            try:
                return _told(self._sensors.renew(peer, key, address=address))
            except Refused:
                self._attempts.wrong(address)
                raise Refused(403, _NO_RENEWAL) from None
        self._refuse("sensor.renew", problem, address=address)
        raise Refused(403, _NO_RENEWAL)

    def _own_peer(self, certificate_pem: str) -> Peer | None:
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
        except ValueError:
            return None
        return of_certificate(certificate) if self._authority.has_issued(certificate) else None

    def _request(self, pem: str, *, address: str) -> tuple[bytes, ec.EllipticCurvePublicKey]:
        """The DER and the key of a certificate request; the names in it are nobody's business."""
        try:
            request = x509.load_pem_x509_csr(pem.encode())
            key = request.public_key()
            fits = request.is_signature_valid and is_fit(key)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            fits, key, request = False, None, None
        if not fits or request is None or not isinstance(key, ec.EllipticCurvePublicKey):
            self._refuse("sensor.request", "the certificate request is malformed", address=address)
            raise Refused(422, "request_pem must be a certificate request, PEM, signed with its own key, ECDSA over P-256")
        return request.public_bytes(serialization.Encoding.DER), key

    def _wrong_proof(self, record: Record, *, address: str) -> None:
        count = self._wrong_proofs[record.key] = self._wrong_proofs.get(record.key, 0) + 1
        sentence = f'wrong proof {count} for sensor "{record.body["sensor"]}"'
        if count >= _WRONG_PROOFS:
            sentence += ": the token is void"
            del self._wrong_proofs[record.key]
            self._records.change([Change("enrolment", record.key, None)])
        self._refuse("sensor.enrol", sentence, address=address)

    def _refuse(self, event: str, detail: str, *, address: str) -> None:
        self._attempts.wrong(address)
        self._log.write(event, who="", outcome="refused", detail=detail, address=address)

    def _is_over(self, record: Record) -> bool:
        return bool(record.body["expires_s"] <= self._clock())


def _told(certificate: x509.Certificate) -> tuple[str, float]:
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), certificate.not_valid_after_utc.timestamp()


def _about(token_id: str) -> str:
    return f"enrolment/{token_id}/token"
