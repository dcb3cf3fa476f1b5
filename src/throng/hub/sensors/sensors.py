"""The sensors that the hub knows: who they are, which of their certificates hold, and how they are."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from throng.data.errors import StoreError
from throng.hub.access import Principal
from throng.hub.log.log import Log
from throng.hub.sensors.authority import SENSOR_S, Authority
from throng.hub.sensors.refusal import Refused
from throng.hub.sensors.signature import Peer, peer_of
from throng.store.records import Change, Records

LATE_S = 30 * 24 * 3600
"""How long after its end a certificate may still be renewed, with a proof in place of the connection."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor.

    Attributes
    ----------
    name, site : str
    serial : str
        Of its newest certificate, hexadecimal.
    previous : str
        Of the one before, with which the newest was asked for; empty after an enrolment.
    confirmed : bool
        Whether the newest has been used, so that the sensor is known to have received it.
    expires_s, enrolled_s, renewed_s : float
        Unix time: end of the newest certificate, the last enrolment, the newest certificate's making.
    """

    name: str
    site: str
    serial: str
    previous: str
    confirmed: bool
    expires_s: float
    enrolled_s: float
    renewed_s: float

    def body(self) -> dict[str, Any]:
        """As its record holds it."""
        return {
            "site": self.site,
            "serial": self.serial,
            "previous": self.previous,
            "confirmed": self.confirmed,
            "expires_s": self.expires_s,
            "enrolled_s": self.enrolled_s,
            "renewed_s": self.renewed_s,
        }


@dataclass(frozen=True, slots=True)
class Health:
    """What a sensor last said of itself since the hub started.

    Attributes
    ----------
    seen_s : float
        Unix time of its last request; 0 before any.
    version : str
        Of Throng, on the sensor.
    cameras : mapping of str to (str, str)
        State and reason of each of its cameras.
    """

    seen_s: float
    version: str
    cameras: Mapping[str, tuple[str, str]]


class Sensors:
    """Keeps the sensors' records, and a copy of them in memory by which every request is judged.

    A certificate holds only while its serial number is on record here: what is removed is refused at the next request.

    Parameters
    ----------
    records : Records
        Open.
    authority : Authority
    log : Log
        Open.
    clock : callable
        Unix time.
    life_s : int
        Of a certificate, seconds.

    Raises
    ------
    StoreError
        The records cannot be read.
    """

    def __init__(
        self,
        records: Records,
        *,
        authority: Authority,
        log: Log,
        clock: Callable[[], float] = time.time,
        life_s: int = SENSOR_S,
    ) -> None:
        self._records, self._authority, self._log, self._clock = records, authority, log, clock
        self._life_s = life_s
        self._lock = threading.Lock()
        self._sensors: dict[str, Sensor] = {}
        self._seen_s: dict[str, float] = {}
        self._said: dict[str, tuple[str, Mapping[str, tuple[str, str]]]] = {}
        self._used: set[tuple[str, str]] = set()
        self.refresh()

    def refresh(self) -> None:
        """Read the records anew, as another hub may have changed them, and note there which certificates came to be used.

        To be called at least twice a minute where several hubs share the records.

        Raises
        ------
        StoreError
            The records cannot be read or written.
        """
        with self._lock:
            records = self._records.all("sensor")
            found = {record.key: Sensor(name=record.key, **record.body) for record in records}
            changes = []
            for record in records:
                sensor = found[record.key]
                if not sensor.confirmed and (sensor.name, sensor.serial) in self._used:
                    found[record.key] = sensor = replace(sensor, confirmed=True)
                    changes.append(Change("sensor", sensor.name, sensor.body(), record.version))
            self._sensors = found
            if changes:
                self._records.change(changes)
            self._used = {(name, serial) for name, serial in self._used if name in found and found[name].serial == serial}

    def principal_of_peer(self, der: bytes) -> Principal | None:
        """Who shows a certificate, of which TLS has checked that the authority signed it; None where it does not hold."""
        peer = peer_of(der)
        if peer is None or not self._holds(peer):
            return None
        self._seen_s[peer.name] = self._clock()
        self._used.add((peer.name, peer.serial))
        return Principal("sensor", peer.name)

    def is_welcome(self, der: bytes) -> bool:
        """Whether a certificate holds; unlike `principal_of_peer`, no sign of life."""
        peer = peer_of(der)
        return peer is not None and self._holds(peer)

    def _holds(self, peer: Peer) -> bool:
        sensor = self._sensors.get(peer.name)
        return sensor is not None and peer.serial in (sensor.serial, sensor.previous) and self._clock() < peer.expires_s

    def all(self) -> list[tuple[Sensor, Health]]:
        """Every sensor, by name."""
        sensors = self._sensors
        return [(sensors[name], self._health(name)) for name in sorted(sensors)]

    def of(self, name: str) -> tuple[Sensor, Health] | None:
        """One sensor, or None."""
        sensor = self._sensors.get(name)
        return None if sensor is None else (sensor, self._health(name))

    def heard(self, name: str, *, version: str, cameras: Mapping[str, tuple[str, str]]) -> None:
        """Note what a sensor says of itself: its version, and the state and reason of each of its cameras."""
        self._said[name] = (version, dict(cameras))

    def _health(self, name: str) -> Health:
        version, cameras = self._said.get(name, ("", {}))
        return Health(self._seen_s.get(name, 0.0), version, cameras)

    def enrol(
        self, name: str, key: ec.EllipticCurvePublicKey, *, site: str, used: Change, address: str = ""
    ) -> x509.Certificate:
        """Take in a sensor, or give one that is known a new identity: its earlier certificates end at once.

        Parameters
        ----------
        name : str
            The sensor's.
        key : public key
            Of its request.
        site : str
            Where it is.
        used : Change
            Removes the enrolment, in the same transaction.
        address : str
            Where it came from, for the log.

        Raises
        ------
        StoreError, LogError
            It could not be kept; nothing was changed.
        """
        with self._lock:
            known = self._records.get("sensor", name)
            certificate, now = self._issue(name, key)
            sensor = Sensor(
                name=name,
                site=site,
                serial=f"{certificate.serial_number:x}",
                previous="",
                confirmed=False,
                expires_s=certificate.not_valid_after_utc.timestamp(),
                enrolled_s=now,
                renewed_s=now,
            )
            change = Change("sensor", name, sensor.body(), known.version if known else 0)
            self._log.write("sensor.enrol", who=name, about=site, address=address)
            self._change([used, change], event="sensor.enrol", who=name, address=address)
            self._sensors[name] = sensor
            return certificate

    def renew(self, peer: Peer, key: ec.EllipticCurvePublicKey, *, address: str = "") -> x509.Certificate:
        """A new certificate for a sensor that showed its newest, or the one before while the newest was never used.

        So of two that hold one key only one can be renewed for long: a copied key is found out.

        Raises
        ------
        Refused
            It is another.
        StoreError, LogError
            It could not be kept; nothing was changed.
        """
        with self._lock:
            record = self._records.get("sensor", peer.name)
            sensor = Sensor(name=peer.name, **record.body) if record else None
            if record is None or sensor is None or peer.serial not in self._renewable(sensor):
                detail = "its certificate was replaced or removed: if nobody enrolled it anew, its key may have been copied"
                self._log.write("sensor.renew", who=peer.name, outcome="refused", detail=detail, address=address)
                raise Refused(403, "this certificate is not the sensor's newest: enrol the sensor anew")
            certificate, now = self._issue(peer.name, key)
            sensor = replace(
                sensor,
                serial=f"{certificate.serial_number:x}",
                previous=peer.serial,
                confirmed=False,
                expires_s=certificate.not_valid_after_utc.timestamp(),
                renewed_s=now,
            )
            self._log.write("sensor.renew", who=peer.name, address=address)
            self._change(
                [Change("sensor", peer.name, sensor.body(), record.version)],
                event="sensor.renew",
                who=peer.name,
                address=address,
            )
            self._sensors[peer.name] = sensor
            return certificate

    def remove(self, name: str, *, who: str, address: str = "") -> bool:
        """Forget a sensor: none of its certificates holds from now on. Whether there was one.

        Raises
        ------
        StoreError, LogError
            It could not be removed.
        """
        with self._lock:
            if self._records.get("sensor", name) is None:
                return False
            self._log.write("sensor.remove", who=who, about=name, address=address)
            open_ones = [record for record in self._records.all("enrolment") if record.body.get("sensor") == name]
            changes = [Change("enrolment", record.key, None) for record in open_ones]
            self._change([Change("sensor", name, None), *changes], event="sensor.remove", who=who, address=address)
            self._sensors.pop(name, None)
            self._seen_s.pop(name, None)
            self._said.pop(name, None)
            return True

    def _renewable(self, sensor: Sensor) -> tuple[str, ...]:
        is_confirmed = sensor.confirmed or (sensor.name, sensor.serial) in self._used
        return (sensor.serial,) if is_confirmed or not sensor.previous else (sensor.serial, sensor.previous)

    def _issue(self, name: str, key: ec.EllipticCurvePublicKey) -> tuple[x509.Certificate, float]:
        now = self._clock()
        return self._authority.issue_sensor(name, key, now_s=now, life_s=self._life_s), now

    def _change(self, changes: list[Change], *, event: str, who: str, address: str) -> None:
        try:
            self._records.change(changes)
        except StoreError as error:
            self._log.write(event, who=who, outcome="failed", detail=str(error), address=address)
            raise
