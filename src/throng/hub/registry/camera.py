"""A camera of the registry: what is known of it, with its address and login sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from throng.data.errors import HubError
from throng.data.place import Extras
from throng.hub.cameras import CameraEntry, PlaceEntry, Where
from throng.seal.box import Seal, opened_value, sealed_value
from throng.site.model import Camera
from throng.store.records import Record

KEPT_APART = frozenset({"name", "address", "user", "password_env", "password_file", "loop", "where"})
"""Keys of a camera's table that its record does not hold, or holds apart."""
HIDDEN = "rtsp://sealed"
"""Stands for the address in tables: that of a registered camera is not opened to look at its lines."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """A camera's address, user and password, for the sensor alone; never shown."""

    address: str = field(repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Registered:
    """A camera of the registry.

    Attributes
    ----------
    camera : Camera
        The site file's table, checked; without its address.
    site, sensor : str
        An empty sensor is the hub's own machine.
    sealed : mapping of str to dict
        "address", and "user" and "password" where there are any.
    scheme : str
        What the address begins with.
    has_login : bool
        Whether a user is set.
    version : int
        Of its record; 0 for a camera of the site file.
    """

    camera: Camera
    site: str
    sensor: str = ""
    where: Where | None = None
    sealed: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    scheme: str = ""
    has_login: bool = False
    version: int = 0

    @property
    def name(self) -> str:
        """Unique in the hub."""
        return self.camera.name

    @property
    def of_file(self) -> bool:
        """Whether it stands in the site file, and is changed there."""
        return self.version == 0

    def table(self) -> dict[str, Any]:
        """What the record holds of the site file's table."""
        return table_of(self.camera)

    def body(self) -> dict[str, Any]:
        """As its record holds it."""
        return {
            "site": self.site,
            "sensor": self.sensor,
            "where": None if self.where is None else where_told(self.where),
            "scheme": self.scheme,
            "table": self.table(),
            "sealed": {name: dict(value) for name, value in self.sealed.items()},
        }

    def entry(self, *, tick_s: int, extras: Extras) -> CameraEntry:
        """As the hub shows it; `tick_s` is the site's tick, seconds."""
        metres = self.camera.calibration is not None
        lines = tuple(PlaceEntry(line.name, "line", metres) for line in self.camera.line)
        zones = tuple(PlaceEntry(zone.name, "zone", metres) for zone in self.camera.zone)
        tick_s = tick_s if self.camera.tick_s is None else self.camera.tick_s
        return CameraEntry(self.name, lines + zones, extras, float(tick_s), self.site, self.sensor, self.where)

    def secrets(self, seal: Seal) -> Secrets:
        """Its address and login, opened.

        Raises
        ------
        SealError
            They do not open.
        """
        opened = {name: opened_value(seal, value, f"camera/{self.name}/{name}").decode() for name, value in self.sealed.items()}
        return Secrets(opened["address"], opened.get("user"), opened.get("password"))

    def with_secrets(self, secrets: Secrets, seal: Seal) -> "Registered":
        """The same camera with that address and login, sealed."""
        told = {"address": secrets.address, "user": secrets.user, "password": secrets.password}
        sealed = {
            name: sealed_value(seal, value.encode(), f"camera/{self.name}/{name}")
            for name, value in told.items()
            if value is not None
        }
        return replace(self, sealed=sealed, scheme=scheme_of(secrets.address), has_login=secrets.user is not None)

    def with_secrets_of(self, other: "Registered") -> "Registered":
        """The same camera with the address and login of another of its versions."""
        return replace(self, sealed=other.sealed, scheme=other.scheme, has_login=other.has_login)


def of_record(record: Record) -> Registered:
    """A camera from its record.

    Raises
    ------
    HubError
        The record makes no sense.
    """
    body, where = record.body, record.body.get("where")
    try:
        return Registered(
            camera=Camera.model_validate({**body["table"], "name": record.key, "address": HIDDEN}),
            site=body["site"],
            sensor=body["sensor"],
            where=None if where is None else Where(**where),
            sealed=body["sealed"],
            scheme=body["scheme"],
            has_login="user" in body["sealed"],
            version=record.version,
        )
    except (KeyError, TypeError, ValueError):
        raise HubError(f'the record of the camera "{record.key}" is damaged: restore a backup, or remove the camera') from None


def table_of(camera: Camera) -> dict[str, Any]:
    """A camera's table as the site file would have it, without what is kept apart and what is not set."""
    return camera.model_dump(mode="json", by_alias=True, exclude=set(KEPT_APART), exclude_defaults=True)


def where_told(where: Where) -> dict[str, float]:
    """The coordinates that are known."""
    told = {"lat": where.lat, "lon": where.lon, "x": where.x, "y": where.y}
    return {name: value for name, value in told.items() if value is not None}


def hidden(camera: Camera) -> Camera:
    """A camera's table without its address and login."""
    return Camera.model_validate({**table_of(camera), "name": camera.name, "address": HIDDEN})


def scheme_of(address: str) -> str:
    """What an address begins with: "rtsp", "simulate", or "device"."""
    head, separator, _ = address.partition(":")
    return head.lower() if separator else "device"
