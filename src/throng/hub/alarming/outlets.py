"""Outlets: where the hub tells of alarms beside its page. Their secrets are sealed and never shown."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from throng.data.errors import ConflictError, HubError
from throng.hub.registry.registry import By, Registry
from throng.seal.box import Seal, opened_value, sealed_value
from throng.store.records import Change, Record, Records

OutletKind = Literal["webhook", "email", "mqtt"]
MOST_OUTLETS = 50


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how an outlet sends; never its secrets.

    Attributes
    ----------
    host, port : str, int
    encryption : str
        "tls" from the first byte, "starttls" after a greeting, or "none", to this machine and private networks only.
    user : str
        Empty where the target asks for none.
    sender, to : str, tuple of str
        Addresses of an e-mail.
    authority : str
        The certificate, PEM, by which the target's is judged; empty for the machine's own list.
    """

    host: str
    port: int
    encryption: str
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    authority: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet.

    Attributes
    ----------
    name : str
    kind : str
    severities, sites : frozenset of str
        What it wants to be told of; of no sites: of all.
    target : Target
    sealed : mapping
        Its secrets: a webhook's "path" and "secret", the others' "password" where there is one.
    version : int
        Of its record.
    """

    name: str
    kind: OutletKind
    severities: frozenset[str]
    sites: frozenset[str]
    target: Target
    sealed: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: int = 0

    def wants(self, severity: str, site: str) -> bool:
        """Whether it wants to be told of an alarm."""
        return severity in self.severities and (not self.sites or site in self.sites)

    def body(self) -> dict[str, Any]:
        """As its record holds it."""
        target = {key: getattr(self.target, key) for key in ("host", "port", "encryption", "user", "sender", "authority")}
        return {
            "kind": self.kind,
            "severities": sorted(self.severities),
            "sites": sorted(self.sites),
            "target": target | {"to": list(self.target.to)},
            "sealed": dict(self.sealed),
        }


class Outlets:
    """Keeps the outlets; safe to use from many threads.

    Parameters
    ----------
    records : Records
        Open.
    seal : Seal
    registry : Registry
        Tells the audit log.

    Raises
    ------
    HubError
        A record makes no sense.
    StoreError
        The records cannot be read.
    """

    def __init__(self, records: Records, seal: Seal, registry: Registry) -> None:
        self._seal, self._registry = seal, registry
        self._lock = threading.Lock()
        self._outlets = {record.key: _outlet(record) for record in records.all("alarm-outlet")}

    def all(self) -> list[Outlet]:
        """Every outlet, by name."""
        return [outlet for _, outlet in sorted(self._outlets.items())]

    def get(self, name: str) -> Outlet | None:
        """One outlet, or None."""
        return self._outlets.get(name)

    def wanting(self, severity: str, site: str) -> tuple[str, ...]:
        """The names of the outlets that want to be told of an alarm."""
        return tuple(outlet.name for outlet in self.all() if outlet.wants(severity, site))

    def secrets(self, outlet: Outlet) -> dict[str, str]:
        """An outlet's secrets, for whoever sends.

        Raises
        ------
        SealError
            They do not open.
        """
        if not outlet.sealed:
            return {}
        told: dict[str, str] = json.loads(opened_value(self._seal, outlet.sealed, _about(outlet.name)))
        return told

    def put(self, outlet: Outlet, secrets: Mapping[str, str], *, by: By) -> Outlet:
        """Add an outlet, or change it; `outlet.version` is the version that was looked at, 0 for a new one.

        Parameters
        ----------
        outlet : Outlet
            As it shall be.
        secrets : mapping of str to str
            All that it has.
        by : By
            Who wants it.

        Raises
        ------
        ConflictError
            Somebody else changed it meanwhile.
        HubError
            There would be too many.
        SealError, StoreError, LogError
            It could not be kept.
        """
        with self._lock:
            old = self._changeable(outlet.name, outlet.version)
            if old is None and len(self._outlets) >= MOST_OUTLETS:
                raise HubError(f"the hub has {MOST_OUTLETS} outlets, the most that it takes: remove some first")
            sealed = sealed_value(self._seal, json.dumps(dict(secrets)).encode(), _about(outlet.name)) if secrets else {}
            kept = Outlet(outlet.name, outlet.kind, outlet.severities, outlet.sites, outlet.target, sealed, outlet.version + 1)
            change = Change("alarm-outlet", kept.name, kept.body(), outlet.version)
            event = "alarm-outlet.change" if old else "alarm-outlet.add"
            self._registry.make([change], event, by=by, about=kept.name, detail=f"{kept.kind} to {kept.target.host}")
            self._outlets = {**self._outlets, kept.name: kept}
        return kept

    def remove(self, name: str, version: int, *, by: By) -> None:
        """Remove an outlet; see `put` for what it raises."""
        with self._lock:
            if self._changeable(name, version) is None:
                raise ConflictError(f'there is no outlet "{name}": it was removed already')
            change = Change("alarm-outlet", name, None, version)
            self._registry.make([change], "alarm-outlet.remove", by=by, about=name)
            self._outlets = {key: outlet for key, outlet in self._outlets.items() if key != name}

    def _changeable(self, name: str, version: int) -> Outlet | None:
        old = self._outlets.get(name)
        if version != (old.version if old else 0):
            raise ConflictError(f'the outlet "{name}" was changed by somebody else meanwhile: look at it again')
        return old


def _about(name: str) -> str:
    return f"alarm-outlet/{name}"


def _outlet(record: Record) -> Outlet:
    body = record.body
    try:
        if body["kind"] not in get_args(OutletKind):
            raise ValueError
        target = Target(**{**body["target"], "to": tuple(body["target"]["to"])})
        severities, sites = frozenset(body["severities"]), frozenset(body["sites"])
        return Outlet(record.key, body["kind"], severities, sites, target, body["sealed"], record.version)
    except (KeyError, TypeError, ValueError):
        raise HubError(f'the record of the outlet "{record.key}" is damaged: restore a backup, or remove the outlet') from None
