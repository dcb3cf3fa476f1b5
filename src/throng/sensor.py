"""Some cameras as a worker process: for each the pipeline, the wall, and the sending of what has passed it."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from math import isfinite, nan
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import numpy as np

from throng.calibrated import calibration_of
from throng.capture.load import Load
from throng.capture.plate import FindPeople
from throng.capture.plate_taker import PlateTaker, Queue
from throng.capture.source import Source, open_source
from throng.capture.watched import watched
from throng.data.camera_state import CameraState, State
from throng.data.detections import Detections
from throng.data.detector_news import DetectorNews
from throng.data.errors import BudgetError, ModelError, ThrongError
from throng.data.fault import told
from throng.data.frame import Frame
from throng.data.outage import Outage
from throng.data.place import Line, Zone
from throng.data.place_size import PlaceSize
from throng.data.plate_picture import PlateNews, PlatePicture, Why
from throng.data.release import Release
from throng.data.secret_memory import hide_from_dumps
from throng.detect.choose import choose_detector
from throng.detect.turns import Turns
from throng.ground.calibration import Calibration
from throng.pipeline import Pipeline, Plan
from throng.privacy.budget import Budget
from throng.privacy.ledger import Ledger
from throng.privacy.wall import Wall
from throng.site.credentials import credentials
from throng.site.model import Camera, Site

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
_LOOK_EVERY_S = 0.5
_NO_PLACE = "it counts nothing yet: give it a line or zone"
_ENDED = "the film has ended; set loop = true to play it again"


if TYPE_CHECKING:
    Messages = Connection[Release | CameraState | PlatePicture | PlateNews | DetectorNews, None]


class Sender:
    """Sends releases, a camera's state when it changes, and its plate; one at a time, since cameras share the connection."""

    def __init__(self, camera: str, messages: "Messages", lock: threading.Lock) -> None:
        self._camera = camera
        self._messages = messages
        self._lock = lock
        self._state = ("", "")

    def releases(self, releases: list[Release]) -> None:
        for release in releases:
            with self._lock:
                self._messages.send(release)

    def state(self, state: State, reason: str = "") -> None:
        if (state, reason) != self._state:
            self._state = (state, reason)
            with self._lock:
                self._messages.send(CameraState(self._camera, state, reason))

    def detector(self, told: str) -> None:
        with self._lock:
            self._messages.send(DetectorNews(self._camera, told))

    def plate(self, message: PlatePicture | PlateNews) -> None:
        # Where the hub has gone the camera ends by itself, and there is nothing that may be kept.
        with contextlib.suppress(BrokenPipeError), self._lock:
            self._messages.send(message)


def run_sensor(site: Site, cameras: Sequence[Camera], messages: "Messages", *, threads: int = 1) -> None:
    """Measure some cameras of a site until the process is told to stop, sending `Release` and `CameraState`.

    A mistake that no retrying mends (a line outside the picture, a model that is none) is sent as the state "failed" and
    ends that camera; a fault of ours ends it too, is printed, and it is started again after a pause that doubles.

    Parameters
    ----------
    site : Site
        The whole site.
    cameras : sequence of Camera
        Those of this process.
    messages : Connection
        Where what has passed the wall goes.
    threads : int
        Threads of each model call; cameras take turns, so that no more are busy at a time.
    """
    hide_from_dumps()
    _end_with_parent()
    threading.excepthook = _tell_where
    lock, turns, queue = threading.Lock(), Turns(), Queue()
    running = [
        Running(site, camera, Sender(camera.name, messages, lock), turns=turns, threads=threads, queue=queue)
        for camera in cameras
    ]
    while running:
        for camera in running:
            camera.look_after()
        running = [camera for camera in running if not camera.done]
        time.sleep(_LOOK_EVERY_S if running else 0.0)


class Running:
    """One camera's thread, started again when it dies of a fault; `plates` takes its plate while that is asked for."""

    def __init__(
        self,
        site: Site,
        camera: Camera,
        sender: Sender,
        *,
        turns: AbstractContextManager[None],
        threads: int,
        queue: Queue,
    ) -> None:
        self.done = False
        self._site, self._camera, self._sender = site, camera, sender
        self._turns, self._threads = turns, threads

        def tell(why: Why) -> None:
            sender.plate(PlateNews(camera.name, why))

        find_people = partial(_still_finder, site, camera, turns=turns, threads=threads)
        self.plates = PlateTaker(camera.name, find_people=find_people, send=sender.plate, tell=tell, queue=queue)
        self._pause_s = FIRST_PAUSE_S
        self._again_s = 0.0
        self._thread: threading.Thread | None = None

    def look_after(self) -> None:
        """Start the thread where there is none and its time has come."""
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None
            if not self.done:
                self._sender.state("unknown", "its measuring broke off and is started again")
                self._again_s = time.monotonic() + self._pause_s
                self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        if self._thread is None and not self.done and time.monotonic() >= self._again_s:
            self._thread = threading.Thread(target=self._run, name=f"camera {self._camera.name}", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            with _open(self._site, self._camera) as source:
                if self._camera.line or self._camera.zone:
                    self._count(source)
                else:
                    _watch(source, self._sender, self.plates)
        except ThrongError as error:
            self._sender.state("failed", str(error))
        except BrokenPipeError:
            # The hub has gone: there is nobody to send to, and nothing that may be kept.
            pass
        finally:
            self.plates.interrupted()
        # Not reached by a fault of ours, which ends the thread and is printed.
        self.done = True

    def _count(self, source: Source) -> None:
        plan = _plan(self._site, self._camera, threads=self._threads)
        pipeline = Pipeline(plan, on_frame=self.plates.see, turns=self._turns)
        _work(source, pipeline, _wall(self._site, self._camera), self._sender, self.plates)


def _tell_where(fault: threading.ExceptHookArgs) -> None:
    """Print where a fault of ours happened and of what kind it is, and not what it says: that may hold a number of people."""
    if fault.exc_value is not None:
        print(told(fault.exc_value), file=sys.stderr, flush=True)


def _work(source: Source, pipeline: Pipeline, wall: Wall, sender: Sender, plates: PlateTaker) -> None:
    lost_s = newest_s = float("-inf")
    load, sized, runs_on = Load(), False, ""
    for item in pipeline.run(watched(source)):
        if pipeline.runs_on != runs_on:
            sender.detector(runs_on := pipeline.runs_on)
        if pipeline.calibration is not None and not sized:
            wall.set_sizes(place_sizes(pipeline.calibration, pipeline.plan.lines, pipeline.plan.zones))
            sized = True
        sender.releases(wall.advance(item.time_s))
        if isinstance(item, Outage):
            # Frames may be timed a little ahead of the machine's clock, and so may the end of their tracks.
            lost_s = max(item.time_s, newest_s)
            wall.outage(item.reason)
            sender.state("unknown", item.reason)
            plates.interrupted()
            continue
        newest_s = max(newest_s, item.time_s)
        if item.time_s > lost_s:
            # A frame after the outage, not the end of tracks from before it.
            load.looked(item.time_s, missed=source.dropped)
            wall.recovered()
            sender.state("live", "; ".join(filter(None, (load.slowed, source.note))))
        wall.observe(item)
    sender.state("failed", _ENDED)


def _watch(source: Source, sender: Sender, plates: PlateTaker) -> None:
    """Look without counting: a camera that has no place yet is being set up, and its lines are drawn on its plate."""
    for item in watched(source):
        if isinstance(item, Outage):
            sender.state("unknown", item.reason)
            plates.interrupted()
            continue
        sender.releases([])  # ends the camera where its table has changed
        sender.state("live", _NO_PLACE)
        plates.see(item)
    sender.state("failed", _ENDED)


def _open(site: Site, camera: Camera) -> Source:
    user, password = credentials(camera, site)
    return open_source(
        site.address(camera),
        camera=camera.name,
        live=True,
        loop=camera.loop,
        max_rate_hz=camera.rate_hz,
        decoding=camera.decoding,
        user=user.get_secret_value() if user else None,
        password=password.get_secret_value() if password else None,
    )


def _plan(site: Site, camera: Camera, *, threads: int) -> Plan:
    table = camera.calibration
    return Plan(
        lines=camera.lines(),
        zones=camera.zones(),
        anchor=camera.anchor,
        detector=site.detector(camera),
        calibrate=partial(calibration_of, table) if table else None,
        extras=Budget.of(site.budget.settings()).shares.extras,
        threads=threads,
        tiles=camera.tiles,
        precision=site.precision,
    )


def _still_finder(site: Site, camera: Camera, *, turns: AbstractContextManager[None], threads: int) -> FindPeople | None:
    """What finds people in a still picture: the camera's own detector, else an installed model; None where there is neither."""
    detector = None
    with contextlib.suppress(ModelError):
        detector = choose_detector(site.detector(camera), threads=threads, tiles=camera.tiles, precision=site.precision)
        if detector.name == "foreground":  # finds what moves
            detector = choose_detector("auto", threads=threads, precision=site.precision)
    if detector is None or detector.name == "foreground":
        # Nobody real is ever in a simulated scene, so that its plate may be shown unchecked.
        return _nobody if site.address(camera).lower().startswith("simulate:") else None
    finder = detector

    def find(frame: Frame) -> Detections:
        with turns:
            return finder.detect(frame)

    return find


def _nobody(frame: Frame) -> Detections:
    return Detections(np.zeros((0, 4)), np.zeros(0), frame.time_s)


def _wall(site: Site, camera: Camera) -> Wall:
    folder = site.data_folder / "ledger"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BudgetError(f"the ledgers' folder {folder} cannot be made: {(error.strerror or str(error)).lower()}") from None
    return Wall(
        camera=camera.name,
        lines=camera.lines(),
        zones=camera.zones(),
        in_metres=camera.calibration is not None,
        tick_s=site.tick_of(camera),
        budget=Budget.of(site.budget.settings()),
        ledger=Ledger(folder / f"{camera.key}.jsonl"),
    )


def place_sizes(calibration: Calibration, lines: Sequence[Line], zones: Sequence[Zone]) -> list[PlaceSize]:
    """How long each line and how large each zone is on the ground, and how surely."""
    sizes = []
    for shape, (size, error) in [(line.ends_px, calibration.length_m(line.ends_px)) for line in lines] + [
        (zone.corners_px, calibration.area_m2(zone.corners_px)) for zone in zones
    ]:
        if isfinite(size) and isfinite(error):
            scale = calibration.scale_errors(shape.mean(axis=0))[0]
            sizes.append(PlaceSize(size, error, float(scale) if isfinite(scale) else error / size))
        else:
            sizes.append(PlaceSize(nan, unknown="it reaches the horizon, beyond which there is no ground: draw it lower"))
    return sizes


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
