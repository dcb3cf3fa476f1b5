"""The hub: what is released, for people who signed in, from sensors that are known."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from starlette.responses import JSONResponse

from throng import __version__
from throng.alarm.rule import Rule
from throng.data.errors import LogError, StoreError
from throng.hub.access import PRINCIPAL, Needs
from throng.hub.admin.routes import add_admin
from throng.hub.alarming.alarming import Alarming
from throng.hub.alarming.routes import add_alarming
from throng.hub.api import add_description, add_health, add_heat, add_live, add_numbers, add_site
from throng.hub.cameras import Cameras
from throng.hub.checks import Checks
from throng.hub.checks_routes import add_checks
from throng.hub.city import add_city
from throng.hub.dashboard import add_dashboard
from throng.hub.description import complete
from throng.hub.export import add_export
from throng.hub.gate import Gate, GateSettings
from throng.hub.ingest import Ingest, Spend
from throng.hub.ingest_door import BODY_BYTES, PATH, add_ingest
from throng.hub.live import Feed
from throng.hub.log.log import Entry, Log
from throng.hub.log.routes import add_log
from throng.hub.models import Budget, utc
from throng.hub.now import Now, add_now
from throng.hub.own_measures import OwnMeasures
from throng.hub.people.people import People
from throng.hub.people.routes import add_people
from throng.hub.plate_routes import PLATE_BYTES, SENSOR_PATH, add_plate_door, add_plates
from throng.hub.plates import Plates
from throng.hub.privacy_page import add_privacy
from throng.hub.public import Facts, add_public
from throng.hub.registry.plans import MOST_BYTES
from throng.hub.registry.registry import Registry
from throng.hub.registry.routes import add_registry
from throng.hub.registry.state import OwnSite
from throng.hub.registry.table_file import LARGEST_BYTES
from throng.hub.sensors.authority import Authority, load_authority
from throng.hub.sensors.enrolment import Enrolments
from throng.hub.sensors.routes import add_sensors
from throng.hub.sensors.sensors import Sensors
from throng.hub.spending import Spending
from throng.hub.well_known import add_well_known
from throng.hub.work_door import add_states, add_work
from throng.seal.box import Seal
from throng.store.records import Records
from throng.store.store import Store

_logger = logging.getLogger("throng.hub")

# FastAPI would hand requests, with the sign-in code of their address, to whatever exporter the environment names.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


FACTOR_ROLES = ("administrator", "auditor")
"""Beside a password these need a second factor, or in its place a passkey, where the hub is reached from other machines."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a hub keeps its things in; all open, and closed by the caller after the hub has stopped."""

    store: Store
    records: Records
    seal: Seal
    log: Log


@dataclass(frozen=True, slots=True)
class HubSettings:
    """How a hub is called, and what it says of itself.

    Attributes
    ----------
    site_name : str
        As people call the place.
    budget : mapping
        The fields of `throng.hub.models.Budget`.
    page_dir : Path
        Where the built dashboard lies, or will.
    origins : tuple of str
        Where people open the hub, "https://hub.example:8443"; the first is the one in links.
    names : tuple of str
        Host names and addresses by which it is called, without ports; loopback's are always among them.
    contact : str
        Whom to tell of a weakness.
    public : bool
        Whether anybody may open the page for the public.
    one_time : bool
        Whether a code of the terminal signs in without an account: on loopback only.
    """

    site_name: str
    budget: Mapping[str, Any]
    page_dir: Path
    origins: tuple[str, ...]
    names: tuple[str, ...] = ()
    contact: str = ""
    public: bool = False
    one_time: bool = False
    for_sensors: Mapping[str, Any] = field(default_factory=dict)


class Hub(FastAPI):
    """The hub's application, with the parts that its routes share.

    Attributes
    ----------
    ingest : Ingest
        Takes releases and camera states; `serve` runs it.
    alarming : Alarming
    feed : Feed
        Ends every live page when it is closed.
    people : People
    sensors : Sensors
    registry : Registry
    plates : Plates
    checks : Checks
    cameras : Cameras
    now : Now
        The newest tick of every camera.
    is_open : bool
        Whether others than this machine are answered; false while the hub is being looked at from outside.
    outside : (float, tuple of str) or None
        When it was last looked at as a stranger would, Unix time, and what was found.
    """

    is_open = True
    outside: tuple[float, tuple[str, ...]] | None = None

    def __init__(
        self, kept: Kept, settings: HubSettings, *, authority: Authority, registry: Registry, rules: Sequence[Rule]
    ) -> None:
        self.kept, self.settings, self.authority, self.registry = kept, settings, authority, registry
        self.spending = Spending(kept.records)
        self.feed = Feed()
        self.cameras = Cameras(registry.entries())
        self.now = Now(self.cameras)
        self.alarming = Alarming(
            kept.store,
            kept.records,
            kept.seal,
            registry,
            rules,
            feed=self.feed,
            site_of=self.cameras.site_of,
            hub=settings.origins[0],
        )
        self.ingest = Ingest(kept.store, self.feed, self.cameras, self.alarming.alarms, now=self.now, spent=self._spent)
        self.sensors = Sensors(kept.records, authority=authority, log=kept.log)
        self.people = People(
            kept.records,
            kept.seal,
            kept.log,
            site_name=settings.site_name,
            origins=settings.origins,
            one_time=settings.one_time,
            factor_roles=() if settings.one_time else FACTOR_ROLES,
        )
        self.people.on_end(self.feed.end)
        registry.on_change(self._registry_changed)
        self.plates = Plates(registry, kept.records)
        self.checks = Checks(
            kept.records, log=kept.log, store=kept.store, cameras=self.cameras, registry=registry, spending=self.spending
        )
        super().__init__(
            title=f"Throng: {settings.site_name}",
            version=__version__,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            telemetry=_NO_TELEMETRY,
        )

    def openapi(self) -> dict[str, Any]:
        """The description of the interface, with the answers that the gate and the framework give."""
        if self.openapi_schema is None:
            complete(super().openapi())
        assert self.openapi_schema is not None
        return self.openapi_schema

    def sign_in_url(self) -> str | None:
        """A link that sets the hub up or signs in, once, within half an hour; None where people have accounts.

        For the terminal that started the hub, never a log.
        """
        base = self.settings.origins[0]
        return self.people.sign_in_url(base) or self.people.set_up_url(base)

    def tell_refused(self, address: str, sentence: str) -> None:
        """Tell the audit log of bytes that the server has refused before they were a request."""
        try:
            self.kept.log.write("request.refused", who="", outcome="refused", detail=sentence, address=address)
        except LogError as error:
            _logger.error("%s", error)  # there is nothing to be undone

    def forget_older_than(self, keep_s: float) -> None:
        """Remove numbers, plates, checks and the history of alarms of more than some seconds ago.

        Raises
        ------
        StoreError, LogError
            They could not be removed.
        """
        before_s = time.time() - keep_s
        self.kept.log.write("store.forget", who="hub", detail=f"all before {utc(round(before_s * 1e6)):%Y-%m-%d %H:%M} UTC")
        self.plates.forget(before_s)
        self.checks.forget(before_s)
        self.alarming.rings.forget(round(before_s * 1e6))
        self.kept.store.forget(before_s)

    def _registry_changed(self) -> None:
        changed = self.cameras.replace_entries(self.registry.entries())
        self.now.forget_removed()
        self.ingest.publish_states(changed)

    def _spent(self, spends: Sequence[Spend]) -> None:
        self.spending.add(spends)
        entries = []
        for camera, epoch, mechanism in spends:
            entry = self.cameras.entry(camera)
            who = entry.sensor if entry and entry.sensor else "hub"
            entries.append(Entry("privacy.spend", who=who, about=camera, detail=f"epoch {epoch}: {mechanism}"))
        self.kept.log.write_all(entries)


def create_app(
    kept: Kept,
    settings: HubSettings,
    *,
    own: OwnSite,
    alarms: tuple[Rule, ...] = (),
    clock: Callable[[], float] = time.time,
) -> Hub:
    """The hub of one site, or of many.

    Parameters
    ----------
    kept : Kept
        Open.
    settings : HubSettings
        How it is called.
    own : OwnSite
        The cameras of the site file, in the order in which they are shown; the registry has the others.
    alarms : tuple of Rule
        In the order in which they are shown.
    clock : callable
        Unix time.

    Raises
    ------
    AlarmError
        Two alarms have one name.
    HubError
        A route states no need.
    StoreError
        The store, from which the alarms' states are replayed, or the records cannot be read.
    """
    authority = load_authority(kept.records, kept.seal, clock=clock)
    registry = Registry(kept.records, kept.seal, kept.log, own=own)
    hub = Hub(kept, settings, authority=authority, registry=registry, rules=alarms)
    hub.alarming.begin()
    hub.now.fill(kept.store.latest())
    _add_numbers(hub)
    _add_administration(hub)
    add_description(hub)
    for error in (StoreError, LogError):
        hub.add_exception_handler(error, _cannot_now)
    gate = GateSettings(
        names=settings.names,
        most_bytes=(
            (PATH, BODY_BYTES),
            ("/api/v1/registry/import", LARGEST_BYTES),
            ("/admin/cameras/trial", LARGEST_BYTES),
            ("/api/v1/sites/{name}/plan", MOST_BYTES),
            (SENSOR_PATH, PLATE_BYTES),
        ),
        is_open=lambda: hub.is_open,
    )
    hub.add_middleware(Gate, needs=Needs(hub), people=hub.people, sensors=hub.sensors, log=kept.log, settings=gate)
    return hub


def _add_numbers(hub: Hub) -> None:
    settings, store, cameras = hub.settings, hub.kept.store, hub.cameras
    add_health(hub)
    add_site(
        hub,
        site_name=settings.site_name,
        tick_s=hub.registry.own.tick_s,
        budget=Budget.model_validate(settings.budget),
        cameras=cameras,
    )
    add_numbers(hub, store=store, cameras=cameras)
    add_now(hub, now=hub.now, registry=hub.registry)
    add_city(hub, store=store, cameras=cameras)
    add_export(hub, store=store, cameras=cameras)
    add_heat(hub, store=store, cameras=cameras)
    add_privacy(hub, store=store, cameras=cameras, spending=hub.spending, public=settings.public)
    add_alarming(hub, alarming=hub.alarming, registry=hub.registry)
    add_live(hub, feed=hub.feed, is_open=hub.people.is_open, cameras=cameras)
    add_ingest(hub, ingest=hub.ingest, own=OwnMeasures(cameras), log=hub.kept.log)


def _add_administration(hub: Hub) -> None:
    settings = hub.settings
    add_people(hub, people=hub.people)
    add_dashboard(hub, site_name=settings.site_name, page_dir=settings.page_dir)
    add_registry(hub, registry=hub.registry)
    kept = hub.kept
    enrolments = Enrolments(kept.records, seal=kept.seal, sensors=hub.sensors, authority=hub.authority, log=kept.log)
    add_sensors(
        hub,
        sensors=hub.sensors,
        enrolments=enrolments,
        authority=hub.authority,
        has_site=lambda site: site in hub.registry.state.sites,
    )
    add_states(hub, sensors=hub.sensors, cameras=hub.cameras, ingest=hub.ingest, plates=hub.plates)
    add_work(hub, registry=hub.registry, plates=hub.plates, site=settings.for_sensors)
    add_plates(hub, plates=hub.plates, registry=hub.registry)
    add_plate_door(hub, plates=hub.plates, registry=hub.registry)
    add_log(hub, log=kept.log)
    add_admin(hub, enrolments=enrolments)
    add_well_known(hub, contact=settings.contact)
    _add_public(hub)


def _add_public(hub: Hub) -> None:
    kept, settings = hub.kept, hub.settings
    add_checks(hub, checks=hub.checks, cameras=hub.cameras)
    budget = Budget.model_validate(settings.budget)
    facts = Facts(kept.store, hub.cameras, site=settings.site_name, contact=settings.contact, budget=budget)
    add_public(hub, facts=facts if settings.public else None, address=settings.origins[0])


def _cannot_now(request: Request, error: Exception) -> JSONResponse:
    # Why it cannot, with the names of files, is for those who are in.
    told = str(error) if request.scope.get(PRINCIPAL) is not None else "the hub cannot do this at present: try again later"
    return JSONResponse({"detail": told}, status_code=503)
