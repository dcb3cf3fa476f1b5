"""One camera as a worker process: the pipeline, the wall, and the sending of what has passed it."""

import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Literal

from throng.capture.source import Source, open_source
from throng.data.errors import BudgetError, ThrongError
from throng.data.outage import Outage
from throng.data.release import Release
from throng.ground.homography import fit_homography
from throng.pipeline import Pipeline, Plan
from throng.privacy.budget import Budget
from throng.privacy.ledger import Ledger
from throng.privacy.wall import Wall
from throng.site.credentials import credentials
from throng.site.model import Camera, Site


@dataclass(frozen=True, slots=True)
class CameraState:
    """What a sensor says of itself: whether it sees, and why not."""

    camera: str
    state: Literal["live", "unknown", "failed"]
    reason: str = ""


class _Sender:
    """Sends releases, and a camera's state when it changes."""

    def __init__(self, camera: str, messages: "Connection[Release | CameraState, None]") -> None:
        self._camera = camera
        self._messages = messages
        self._state = ("", "")

    def releases(self, releases: list[Release]) -> None:
        for release in releases:
            self._messages.send(release)

    def state(self, state: Literal["live", "unknown", "failed"], reason: str = "") -> None:
        if (state, reason) != self._state:
            self._state = (state, reason)
            self._messages.send(CameraState(self._camera, state, reason))


def run_sensor(site: Site, camera: Camera, messages: "Connection[Release | CameraState, None]") -> None:
    """Measure one camera of a site until the process is told to stop, sending `Release` and `CameraState`.

    A mistake that no retrying mends (a line outside the picture, a model that is none) is sent as the state "failed" and
    ends the worker.
    """
    _end_with_parent()
    sender = _Sender(camera.name, messages)
    try:
        with _open(site, camera) as source:
            _work(source, Pipeline(_plan(site, camera)), _wall(site, camera), sender)
    except ThrongError as error:
        sender.state("failed", str(error))
    except BrokenPipeError:
        # The hub has gone: there is nobody to send to, and nothing that may be kept.
        return


def _work(source: Source, pipeline: Pipeline, wall: Wall, sender: _Sender) -> None:
    lost_s = float("-inf")
    for item in pipeline.run(source):
        sender.releases(wall.advance(item.time_s))
        if isinstance(item, Outage):
            lost_s = item.time_s
            wall.outage(item.reason)
            sender.state("unknown", item.reason)
            continue
        if item.time_s > lost_s:
            # A frame after the outage, not the end of tracks from before it.
            wall.recovered()
            sender.state("live")
        wall.observe(item)
    sender.state("unknown", "the film has ended; set loop = true to play it again")


def _open(site: Site, camera: Camera) -> Source:
    user, password = credentials(camera, site)
    return open_source(
        site.address(camera),
        camera=camera.name,
        live=True,
        loop=camera.loop,
        max_rate_hz=camera.rate_hz,
        user=user.get_secret_value() if user else None,
        password=password.get_secret_value() if password else None,
    )


def _plan(site: Site, camera: Camera) -> Plan:
    pairs = camera.calibration
    return Plan(
        lines=camera.lines(),
        zones=camera.zones(),
        anchor=camera.anchor,
        detector=site.detector(camera),
        homography=fit_homography(pairs.points_px, pairs.points_m) if pairs else None,
    )


def _wall(site: Site, camera: Camera) -> Wall:
    budget = Budget(**site.budget.model_dump())
    folder = site.data_folder / "ledger"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BudgetError(f"the ledgers' folder {folder} cannot be made: {(error.strerror or str(error)).lower()}") from None
    ledger = Ledger(folder / f"{camera.key}.jsonl")
    return Wall(
        camera=camera.name, lines=camera.lines(), zones=camera.zones(), tick_s=site.tick_s, budget=budget, ledger=ledger
    )


def _end_with_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
