"""The registry's requests and answers; an address, user or password is written and never comes back."""

from typing import Annotated, Any

from pydantic import Field, SecretStr

from throng.data.place import Anchor
from throng.hub.cameras import Where
from throng.hub.models import Answer
from throng.hub.registry.camera import Registered, where_told
from throng.hub.registry.draft import FARTHEST, LONGEST_ADDRESS, LONGEST_LOGIN, Draft, Login
from throng.hub.registry.importing import Imported
from throng.hub.registry.registry import LONGEST_TITLE
from throng.hub.registry.state import Plan, Site
from throng.site.calibration import CalibrationTable
from throng.site.model import LineTable, ZoneTable

LARGEST_VERSION = 2**53
_ON_PLAN = "Metres on the site's plan from its upper left corner, x to the right and y down."

NameText = Annotated[str, Field(max_length=64)]
Version = Annotated[
    int, Field(ge=0, le=LARGEST_VERSION, description="The version that was looked at; 0 for what is not there yet.")
]
Lines = Annotated[tuple[LineTable, ...], Field(max_length=100, description="Lines to count at.")]
Zones = Annotated[tuple[ZoneTable, ...], Field(max_length=100, description="Zones to count in.")]


class Place(Answer):
    """On the map (WGS 84), on the site's plan, or both."""

    lat: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False, description="Degrees.")
    lon: float | None = Field(default=None, ge=-180, le=180, allow_inf_nan=False, description="Degrees.")
    x: float | None = Field(default=None, ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False, description=_ON_PLAN)
    y: float | None = Field(default=None, ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False, description=_ON_PLAN)

    def where(self) -> Where:
        """As the hub has it."""
        return Where(self.lat, self.lon, self.x, self.y)


class SiteBody(Answer):
    """A site as it shall be."""

    version: Version = 0
    title: str = Field(default="", max_length=LONGEST_TITLE, description="As people read it.")
    where: Place | None = None


class PlanFacts(Answer):
    """The plan of a site; /api/v1/sites/{name}/plan is the picture."""

    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    metres_wide: float = Field(description="How many metres the picture's width stands for.")
    version: int


class SiteAnswer(Answer):
    """A site."""

    name: str
    title: str
    where: Place | None
    plan: PlanFacts | None
    cameras: int = Field(description="How many belong to it.")
    version: int
    of_file: bool = Field(description="Whether it is the site file's, and changed there.")


class LoginBody(Answer):
    """What a camera asks for; with neither, it asks for nothing."""

    user: SecretStr | None = Field(default=None, max_length=LONGEST_LOGIN)
    password: SecretStr | None = Field(default=None, max_length=LONGEST_LOGIN)


class PlacesBody(Answer):
    """The places of a camera as they shall be; what is left out stays as it is."""

    version: Version
    line: Lines = ()
    zone: Zones = ()
    calibration: CalibrationTable | None = None

    def draft(self, name: str) -> Draft:
        """What is wanted."""
        told = self.model_dump(mode="json", by_alias=True, exclude={"version"}, exclude_unset=True)
        return Draft(name, table=told)


class CameraBody(Answer):
    """A camera as it shall be; what is left out takes its default, but an address and login stay as they are."""

    version: Version = 0
    site: NameText
    sensor: NameText = Field(default="", description="The sensor that watches it; empty for the hub's own machine.")
    where: Place | None = None
    address: SecretStr | None = Field(
        default=None, max_length=LONGEST_ADDRESS, description="Where its pictures come from. Written, never read."
    )
    login: LoginBody | None = Field(default=None, description="Its user and password. Written, never read.")
    detector: str = Field(default="auto", min_length=1, max_length=64)
    tiles: str | None = Field(default=None, max_length=3)
    anchor: Anchor = "foot"
    rate_hz: float = Field(default=5.0, gt=0, le=120)
    tick_s: int | None = Field(default=None, ge=1, le=3600)
    line: Lines = ()
    zone: Zones = ()
    calibration: CalibrationTable | None = None

    def draft(self, name: str) -> Draft:
        """What is wanted."""
        apart = {"version", "site", "sensor", "where", "address", "login"}
        return Draft(
            name,
            site=self.site,
            sensor=self.sensor,
            where=self.where.where() if self.where else None,
            address=self.address,
            login=Login(self.login.user, self.login.password) if self.login else None,
            table=self.model_dump(mode="json", by_alias=True, exclude=apart),
        )


class RegisteredAnswer(Answer):
    """A camera of the registry: never its address, user or password."""

    name: str
    site: str
    sensor: str
    where: Place | None
    has_address: bool
    scheme: str = Field(description="What its address begins with.")
    has_login: bool = Field(description="Whether a user is set.")
    detector: str
    tiles: str | None
    anchor: Anchor
    rate_hz: float
    tick_s: int | None = Field(description="Length of its ticks, seconds; null for the site's.")
    line: Lines
    zone: Zones
    calibration: CalibrationTable | None
    version: int
    of_file: bool = Field(description="Whether it stands in the site file, and is changed there.")


class ImportAnswer(Answer):
    """What an import changed, or would change."""

    dry_run: bool
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    new_sites: tuple[str, ...]


def site_answer(site: Site, cameras: int) -> SiteAnswer:
    """A site as people see it."""
    return SiteAnswer(
        name=site.name,
        title=site.title,
        where=_place(site.where),
        plan=None if site.plan is None else plan_facts(site.plan),
        cameras=cameras,
        version=site.version,
        of_file=site.version == 0,
    )


def plan_facts(plan: Plan) -> PlanFacts:
    """A site's plan as people see it."""
    return PlanFacts(width=plan.width, height=plan.height, metres_wide=plan.metres_wide, version=plan.version)


def registered_answer(registered: Registered) -> RegisteredAnswer:
    """A camera as people see it."""
    camera = registered.camera
    told: dict[str, Any] = {
        key: getattr(camera, key) for key in ("detector", "tiles", "anchor", "rate_hz", "tick_s", "line", "zone", "calibration")
    }
    return RegisteredAnswer(
        name=registered.name,
        site=registered.site,
        sensor=registered.sensor,
        where=_place(registered.where),
        has_address=True,
        scheme=registered.scheme,
        has_login=registered.has_login,
        version=registered.version,
        of_file=registered.of_file,
        **told,
    )


def import_answer(imported: Imported, *, dry_run: bool) -> ImportAnswer:
    """An import as people see it."""
    return ImportAnswer(
        dry_run=dry_run,
        added=imported.added,
        changed=imported.changed,
        unchanged=imported.unchanged,
        new_sites=imported.new_sites,
    )


def _place(where: Where | None) -> Place | None:
    return None if where is None else Place(**where_told(where))
