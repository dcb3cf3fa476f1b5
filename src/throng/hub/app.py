"""The hub: what is released, for people who signed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from starlette.responses import JSONResponse

from throng import __version__
from throng.alarm.rule import Rule
from throng.data.errors import StoreError
from throng.hub.alarms import Alarms
from throng.hub.api import add_alarms, add_health, add_heat, add_live, add_numbers, add_site
from throng.hub.cameras import CameraEntry, Cameras
from throng.hub.door import Door
from throng.hub.gate import Gate
from throng.hub.ingest import Ingest
from throng.hub.live import Feed
from throng.hub.models import Budget
from throng.hub.pages import add_pages
from throng.store.store import Store

# FastAPI would hand requests, with the sign-in code of their address, to whatever exporter the environment names.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands behind the routes."""

    cameras: Cameras
    door: Door
    feed: Feed
    ingest: Ingest


class Hub(FastAPI):
    """The hub's application, with the parts that its routes share.

    Attributes
    ----------
    ingest : Ingest
        Takes releases and camera states; `serve` runs it.
    feed : Feed
        Ends every live page when it is closed.
    door : Door
        Makes sign-in codes.
    """

    def __init__(self, parts: Parts, *, port: int, title: str) -> None:
        self.ingest = parts.ingest
        self.feed = parts.feed
        self.door = parts.door
        self._port = port
        super().__init__(
            title=title,
            version=__version__,
            openapi_url="/api/v1/openapi.json",
            docs_url=None,
            redoc_url=None,
            telemetry=_NO_TELEMETRY,
        )

    def sign_in_url(self) -> str:
        """An address that signs in one person once, within half an hour: for the terminal that started the hub, never a log."""
        return f"http://127.0.0.1:{self._port}/sign-in?code={self.door.new_code()}"


def create_app(
    *,
    site_name: str,
    tick_s: float,
    budget: Mapping[str, Any],
    cameras: Sequence[CameraEntry],
    store: Store,
    port: int,
    page_dir: Path,
    alarms: Sequence[Rule] = (),
) -> Hub:
    """The hub of one site.

    Parameters
    ----------
    site_name : str
        As people call the place.
    tick_s : float
        Length of a tick, seconds.
    budget : mapping
        The fields of `throng.hub.models.Budget`.
    cameras : sequence of CameraEntry
        In the order in which they are shown.
    store : Store
        Open; the caller closes it after the hub has stopped.
    port : int
        Where it will be served, for the addresses it hands out.
    page_dir : Path
        Where the built dashboard lies, or will.
    alarms : sequence of Rule
        In the order in which they are shown.

    Raises
    ------
    AlarmError
        Two alarms have one name.
    StoreError
        The store, from which the alarms' states are replayed, cannot be read.
    """
    states, watched = Cameras(cameras), Alarms(alarms)
    watched.replay(store)
    feed, door = Feed(), Door()
    parts = Parts(cameras=states, door=door, feed=feed, ingest=Ingest(store, feed, states, watched))
    hub = Hub(parts, port=port, title=f"Throng: {site_name}")
    add_health(hub)
    add_site(hub, site_name=site_name, tick_s=tick_s, budget=Budget.model_validate(budget), cameras=states)
    add_numbers(hub, store=store, cameras=states)
    add_heat(hub, store=store, cameras=states)
    add_alarms(hub, alarms=watched)
    add_live(hub, feed=feed, door=door, cameras=states)
    add_pages(hub, site_name=site_name, page_dir=page_dir, door=door, feed=feed)
    hub.add_exception_handler(StoreError, _store_failed)
    hub.add_middleware(Gate, door=door)
    return hub


def _store_failed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=503)
