"""The registry: which sites and cameras there are, changed while the hub runs."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from throng.data.errors import ConflictError, HubError, SiteError, StoreError
from throng.hub.cameras import CameraEntry
from throng.hub.log.log import Log
from throng.hub.registry.camera import Registered
from throng.hub.registry.draft import Draft, checked, is_name, name_sentence, where_mistakes
from throng.hub.registry.state import OwnSite, Site, State, read_state
from throng.seal.box import Seal
from throng.store.records import Change, Kind, Record, Records

MOST_CAMERAS, MOST_SITES = 20_000, 5_000
LONGEST_TITLE = 200
_OWN = OwnSite()


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something, and from where, for the audit log."""

    name: str
    address: str = ""


class Registry:
    """Keeps sites and cameras, with their addresses and logins sealed; safe to use from many threads.

    Whoever reads sees one state or the next, never half a change. A change is in the audit log before it is made, and
    durable when the call returns, with the subscribers told.

    Parameters
    ----------
    records : Records
        Open.
    seal : Seal
    log : Log
        Open.
    own : OwnSite
        What the site file says.

    Raises
    ------
    HubError
        A record makes no sense.
    SiteError
        A camera or site of the site file is in the registry too.
    StoreError
        The records cannot be read.
    """

    def __init__(self, records: Records, seal: Seal, log: Log, *, own: OwnSite = _OWN) -> None:
        self._records, self.seal, self._log, self.own = records, seal, log, own
        self._lock = threading.RLock()
        self._told: list[Callable[[], None]] = []
        self._state = read_state(records, own)

    @property
    def state(self) -> State:
        """All sites and cameras now."""
        return self._state

    def entries(self) -> list[CameraEntry]:
        """Every camera as the hub shows it: the site file's, then the others by name."""
        return [camera.entry(tick_s=self.own.tick_s, extras=self.own.extras) for camera in self._state.cameras.values()]

    def site_of(self, camera: str) -> str:
        """The site of a camera; empty where there is none of that name."""
        known = self._state.cameras.get(camera)
        return known.site if known else ""

    def cameras_of_sensor(self, sensor: str) -> frozenset[str]:
        """The names of the cameras that a sensor watches; with an empty name, of those that the hub's own machine does."""
        return frozenset(camera.name for camera in self._of_sensor(sensor))

    def work_of(self, sensor: str) -> list[dict[str, Any]]:
        """The tables of a sensor's registered cameras, as in a site file, with address, user and password: for it alone.

        Raises
        ------
        SealError
            An address does not open.
        """
        return [self._table(camera) for camera in self._of_sensor(sensor)]

    def work_tag(self, sensor: str) -> str:
        """A text that changes whenever the work of a sensor does, and is found without opening an address."""
        digest = hashlib.sha256()
        for camera in self._of_sensor(sensor):
            # A record that was removed and made again has its old version, but was sealed anew.
            digest.update(repr((camera.name, camera.version, camera.sealed["address"]["sealed"])).encode())
        return digest.hexdigest()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have something called after every change, in the thread that made it, one change after the other."""
        self._told.append(callback)

    def put(self, draft: Draft, *, version: int, by: By, fresh: bool = False) -> Registered:
        """Add a camera, or change it.

        Parameters
        ----------
        draft : Draft
            What it shall be.
        version : int
            The version that was looked at; 0 for a camera that is not there yet.
        by : By
            Who wants it.
        fresh : bool
            Whether what the draft leaves out takes its default, rather than stay as it is; an address and login stay.

        Raises
        ------
        ConflictError
            Somebody else changed the camera meanwhile.
        HubError
            The camera stands in the site file, or there would be too many.
        SiteError
            The draft breaks a rule: a sentence a line.
        """
        with self._lock:
            old = self.changeable(draft.name, version)
            secrets = old.secrets(self.seal) if old else None
            made, wrong = checked(draft, None if fresh else old, secrets, can_zone=self.own.can_zone)
            if made is None:
                raise SiteError("\n".join(one.sentence for one in wrong))
            if made.camera.site not in self._state.sites:
                raise SiteError(f'there is no site "{made.camera.site}": add it first')
            if old is None and len(self._state.cameras) >= MOST_CAMERAS:
                raise HubError(f"the hub has {MOST_CAMERAS:,} cameras, the most that it takes: remove some first")
            kept = replace(made.camera, version=version + 1)
            if old is not None:
                kept = kept.with_secrets_of(old)
            if made.secrets is not None:
                kept = kept.with_secrets(made.secrets, self.seal)
            event = "camera.change" if old else "camera.add"
            detail = ", ".join(parts_changed(old, kept)) if old else f"site {kept.site}"
            self.make([Change("camera", kept.name, kept.body(), version)], event, by=by, about=kept.name, detail=detail)
            self._state = self._state.with_cameras([kept])
            self.tell()
        return kept

    def remove(self, name: str, *, version: int, by: By) -> None:
        """Remove a camera; what was released of it stays stored.

        Raises
        ------
        ConflictError
            Somebody else changed or removed it meanwhile.
        HubError
            It stands in the site file.
        """
        with self._lock:
            if self.changeable(name, version) is None:
                raise ConflictError(f'there is no camera "{name}": it was removed already')
            self.make([Change("camera", name, None, version)], "camera.remove", by=by, about=name)
            self._state = self._state.with_cameras([], [name])
            self.tell()

    def put_site(self, site: Site, *, by: By) -> Site:
        """Add a site or change it; `site.version` is the version that was looked at, 0 for a new one.

        Raises
        ------
        ConflictError
            Somebody else changed the site meanwhile.
        HubError
            It is the site file's, or there would be too many.
        SiteError
            A rule is broken: a sentence a line.
        """
        found = [] if is_name(site.name) else [name_sentence("the name of a site")]
        found += [wrong.sentence for wrong in where_mistakes(site.where)]
        if len(site.title) > LONGEST_TITLE or not site.title.isprintable():
            found.append(f"the title must be a text of at most {LONGEST_TITLE} characters without line breaks")
        if found:
            raise SiteError("\n".join(found))
        with self._lock:
            old = self._changeable_site(site.name, site.version)
            if old is None and len(self._state.sites) >= MOST_SITES:
                raise HubError(f"the hub has {MOST_SITES:,} sites, the most that it takes: remove some first")
            kept = replace(site, version=site.version + 1, plan=old.plan if old else None)
            event = "site.change" if old else "site.add"
            # A new site does not inherit the plan of one that was called so.
            left = [] if old else _without_plan(kept.name)
            self.make([Change("site", kept.name, kept.body(), site.version), *left], event, by=by, about=kept.name)
            self._state = self._state.with_sites([kept])
            self.tell()
        return kept

    def remove_site(self, name: str, *, version: int, by: By) -> None:
        """Remove a site that has no camera.

        Raises
        ------
        ConflictError
            Somebody else changed or removed it meanwhile.
        HubError
            It is the site file's, or has cameras.
        """
        with self._lock:
            if self._changeable_site(name, version) is None:
                raise ConflictError(f'there is no site "{name}": it was removed already')
            if any(camera.site == name for camera in self._state.cameras.values()):
                raise HubError(f'the site "{name}" has cameras: remove them or give them another site first')
            self.make([Change("site", name, None, version), *_without_plan(name)], "site.remove", by=by, about=name)
            self._state = self._state.with_sites([], [name])
            self.tell()

    def changeable(self, name: str, version: int | None) -> Registered | None:
        """A camera that may be changed by somebody who looked at that version; None where there is none and none was seen.

        Raises
        ------
        ConflictError
            It has another version.
        HubError
            It stands in the site file.
        """
        old = self._state.cameras.get(name)
        if old is not None and old.of_file:
            raise HubError(f'the camera "{name}" stands in the site file: change it there')
        if version is not None and version != (old.version if old else 0):
            raise ConflictError(f'the camera "{name}" was changed by somebody else meanwhile: look at it again')
        return old

    def take(self, state: State) -> None:
        """Make a state that has been stored the present one; under `lock`."""
        self._state = state

    @property
    def lock(self) -> AbstractContextManager[bool]:
        """Held by whoever changes several things at once."""
        return self._lock

    def make(self, changes: Sequence[Change], event: str, *, by: By, about: str, detail: str = "") -> None:
        """Log changes and store them, all or none."""
        self._log.write(event, who=by.name, about=about, detail=detail, address=by.address)
        try:
            self._records.change(changes)
        except StoreError as error:
            self._log.write(event, who=by.name, outcome="failed", about=about, detail=str(error), address=by.address)
            raise

    def record(self, kind: Kind, key: str) -> Record | None:
        """What the records hold of something that no state holds, such as a picture.

        Raises
        ------
        StoreError
            The records cannot be read.
        """
        return self._records.get(kind, key)

    def refused(self, event: str, *, by: By, about: str, detail: str) -> None:
        """Log that a change was refused; the detail quotes nothing that was sent."""
        self._log.write(event, who=by.name, outcome="refused", about=about, detail=detail, address=by.address)

    def exported(self, number: int, *, by: By) -> None:
        """Log that so many cameras were exported."""
        self._log.write("camera.export", who=by.name, about="cameras", detail=f"{number} cameras", address=by.address)

    def tell(self) -> None:
        """Tell the subscribers that something changed."""
        for callback in self._told:
            callback()

    def _of_sensor(self, sensor: str) -> list[Registered]:
        return [camera for camera in self._state.cameras.values() if camera.sensor == sensor and not camera.of_file]

    def _table(self, camera: Registered) -> dict[str, Any]:
        secrets = camera.secrets(self.seal)
        told = {"name": camera.name, "address": secrets.address, "user": secrets.user, "password": secrets.password}
        return {**camera.table(), **{key: value for key, value in told.items() if value is not None}}

    def _changeable_site(self, name: str, version: int) -> Site | None:
        old = self._state.sites.get(name)
        if old is not None and not old.version:
            raise HubError(f'the site "{name}" is the site file\'s: change it there')
        if version != (old.version if old else 0):
            raise ConflictError(f'the site "{name}" was changed by somebody else meanwhile: look at it again')
        return old


def _without_plan(site: str) -> list[Change]:
    return [Change("plan", site, None), Change("plan-picture", site, None)]


def parts_changed(old: Registered, new: Registered) -> list[str]:
    """What differs, by name; an address and login as such, never what they are."""
    before, after = old.body(), new.body()
    told = [part for part in ("site", "sensor", "where") if before[part] != after[part]]
    told += sorted(key for key in before["table"] | after["table"] if before["table"].get(key) != after["table"].get(key))
    return told + (["address or login"] if before["sealed"] != after["sealed"] else [])
