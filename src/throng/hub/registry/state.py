"""All sites and cameras at one moment, as everybody who reads sees them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from throng.data.errors import HubError, SiteError
from throng.data.place import NO_EXTRAS, Extras
from throng.hub.cameras import Where
from throng.hub.registry.camera import Registered, hidden, of_record, scheme_of, where_told
from throng.site.model import Camera
from throng.store.records import Record, Records


@dataclass(frozen=True, slots=True)
class OwnSite:
    """What the site file says: its name and cameras, which are changed there alone, and what is common to all cameras.

    Attributes
    ----------
    tick_s : int
        Length of a tick where a camera has none of its own, seconds.
    extras : Extras
        What is measured beside the counts.
    can_zone : bool
        Whether a passage may change two counters, as zones need.
    """

    name: str = ""
    cameras: Sequence[Camera] = field(default=(), repr=False)
    tick_s: int = 60
    extras: Extras = NO_EXTRAS
    can_zone: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a site's plan; the picture itself stays in the records.

    Attributes
    ----------
    width, height : int
        Pixels.
    metres_wide : float
        How many metres the width stands for.
    bytes : int
        Size of the picture's file.
    tag : str
        Differs between pictures.
    version : int
        Of its record.
    """

    width: int
    height: int
    metres_wide: float
    bytes: int
    tag: str
    version: int

    def body(self) -> dict[str, Any]:
        """As its record holds it."""
        return {name: value for name, value in asdict(self).items() if name != "version"}


@dataclass(frozen=True, slots=True)
class Site:
    """A site of the registry.

    Attributes
    ----------
    plan : Plan or None
        Has a record and a version of its own.
    version : int
        Of its record; 0 for the site of the site file.
    """

    name: str
    title: str = ""
    where: Where | None = None
    version: int = 0
    plan: Plan | None = None

    def body(self) -> dict[str, object]:
        """As its record holds it."""
        return {"title": self.title, "where": None if self.where is None else where_told(self.where)}


@dataclass(frozen=True, slots=True)
class State:
    """All there is, by name: the site file's first, then by name."""

    cameras: Mapping[str, Registered]
    sites: Mapping[str, Site]

    def with_cameras(self, changed: Iterable[Registered], removed: Iterable[str] = ()) -> "State":
        """The same with some cameras changed, added or removed."""
        gone = set(removed)
        cameras = {name: camera for name, camera in self.cameras.items() if name not in gone}
        return _sorted({**cameras, **{camera.name: camera for camera in changed}}, self.sites)

    def with_sites(self, changed: Iterable[Site], removed: Iterable[str] = ()) -> "State":
        """The same with some sites changed, added or removed."""
        gone = set(removed)
        sites = {name: site for name, site in self.sites.items() if name not in gone}
        return _sorted(self.cameras, {**sites, **{site.name: site for site in changed}})


def read_state(records: Records, own: OwnSite) -> State:
    """What the site file and the records hold.

    Raises
    ------
    HubError
        A record makes no sense.
    SiteError
        A camera or site of the site file is in the registry too.
    StoreError
        The records cannot be read.
    """
    cameras = {camera.name: _of_file(camera, own.name) for camera in own.cameras}
    sites = {own.name: Site(own.name)} if own.name else {}
    for record in records.all("site"):
        if record.key in sites:
            raise SiteError(f'the site "{record.key}" is in the registry too: give the site file another name')
        sites[record.key] = _site(record)
    for record in records.all("plan"):
        if record.key in sites:
            sites[record.key] = replace(sites[record.key], plan=_plan(record))
    for record in records.all("camera"):
        if record.key in cameras:
            raise SiteError(f'the camera "{record.key}" of the site file is in the registry too: give it another name')
        cameras[record.key] = of_record(record)
    return _sorted(cameras, sites)


def _of_file(camera: Camera, site: str) -> Registered:
    where = None if camera.where is None else Where(**camera.where.model_dump())
    has_login = camera.user is not None
    return Registered(hidden(camera), site, where=where, scheme=scheme_of(camera.address), has_login=has_login)


def _site(record: Record) -> Site:
    where = record.body.get("where")
    try:
        return Site(record.key, record.body["title"], None if where is None else Where(**where), record.version)
    except (KeyError, TypeError):
        raise HubError(f'the record of the site "{record.key}" is damaged: restore a backup, or remove the site') from None


def _plan(record: Record) -> Plan:
    try:
        return Plan(**record.body, version=record.version)
    except TypeError:
        raise HubError(f'the record of the plan of "{record.key}" is damaged: restore a backup') from None


def _sorted(cameras: Mapping[str, Registered], sites: Mapping[str, Site]) -> State:
    # The site file's cameras keep its order, which sorting by one key for them all leaves alone.
    in_order = sorted(cameras.items(), key=lambda item: (item[1].version > 0, item[0] if item[1].version else ""))
    by_name = sorted(sites.items(), key=lambda item: (item[1].version > 0, item[0]))
    return State(MappingProxyType(dict(in_order)), MappingProxyType(dict(by_name)))
