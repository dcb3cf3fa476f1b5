"""A camera's plate comes from the process that watches it, beside its numbers and without disturbing them."""

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

import throng.pipeline
from throng import sensor
from throng.capture import plate_taker
from throng.cli.worker import _Crew
from throng.cli.workers import Task
from throng.data.camera_state import CameraState
from throng.data.detections import Detections
from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.data.plate_picture import COLLECTING, NO_MODEL, PlateNews, PlatePicture
from throng.data.release import Release
from throng.detect.detector import Detector
from throng.detect.turns import Turns
from throng.site.model import Site

SIZE = (160, 120)
FIRST_S = 4.2


class Still:
    """Stands for a model: finds nobody in a still picture."""

    name = "still"

    def detect(self, frame: Frame) -> Detections:
        return Detections(np.zeros((0, 4)), np.zeros(0), frame.time_s)


class Foreground(Still):
    name = "foreground"


def _film(path: Path) -> None:
    """A room of blocks through which a bright square walks."""
    room = np.random.default_rng(7).integers(60, 160, (6, 8, 3)).repeat(20, axis=0).repeat(20, axis=1)
    noise = np.random.default_rng(8)
    with av.open(path, "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *SIZE, "yuv420p", 4_000_000
        for number in range(40):
            picture = room + noise.integers(-4, 5, room.shape)
            picture[40:80, 4 * number % 140 : 4 * number % 140 + 16] = 250
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="bgr24")))
        film.mux(stream.encode())


def _site(folder: Path, **more: Any) -> Site:
    camera = {
        "name": "north",
        "address": "film.avi",
        "loop": True,
        "line": [{"name": "door", "from": [0, 60], "to": [160, 60]}],
    }
    tree = {"name": "site", "data": "data", "tick_s": 1, "camera": [camera | more]}
    return Site.model_validate(tree, context={"folder": folder})


def _use(monkeypatch: pytest.MonkeyPatch, choose: Callable[..., Detector]) -> None:
    monkeypatch.setattr(sensor, "choose_detector", choose)
    monkeypatch.setattr(throng.pipeline, "choose_detector", choose)


def test_a_plate_comes_beside_the_numbers_and_the_camera_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plate_taker, "FIRST_S", FIRST_S)
    _use(monkeypatch, lambda choice, **settings: Still())
    _film(tmp_path / "film.avi")
    ours, theirs = multiprocessing.Pipe()
    crew, site, got = _Crew(theirs, 1), _site(tmp_path), list[Any]()
    passes = {"asked": False, "over": False}
    until = time.monotonic() + 60
    crew.take(Task(site))
    while not passes["over"]:
        assert time.monotonic() < until, got
        crew.look_after()
        while ours.poll(0.1):
            got.append(ours.recv())
        numbers = sum(isinstance(one, Release) for one in got)
        pictures = [one for one in got if isinstance(one, PlatePicture)]
        if numbers and not passes["asked"]:
            assert not any(isinstance(one, PlateNews) for one in got)
            passes["asked"] = True
            crew.take(Task(site, plates={"north": 5, "south": 6}))
        passes["over"] = bool(pictures) and isinstance(got[-1], Release)
    crew.take(Task(site.model_copy(update={"camera": ()})))
    (picture,) = pictures
    assert (picture.camera, picture.ask, picture.width_px, picture.height_px) == ("north", 5, *SIZE)
    shown = cv2.imdecode(np.frombuffer(picture.image, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.max() < 200  # nobody is left in it
    assert next(one for one in got if isinstance(one, PlateNews)) == PlateNews("north", COLLECTING)
    # Not started anew: a day's second epoch would have the number 2.
    assert {one.epoch.partition("/")[2] for one in got if isinstance(one, Release)} <= {"0", "1"}
    # On disk there is what there would be without it: the film, and the account of the budget.
    written = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {"film.avi", "data"}
    assert {path.parent.name for path in (tmp_path / "data").rglob("*") if path.is_file()} == {"ledger"}


def test_a_camera_that_has_no_place_yet_gives_its_plate_and_numbers_once_it_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plate_taker, "FIRST_S", FIRST_S)
    _use(monkeypatch, lambda choice, **settings: Still())
    _film(tmp_path / "film.avi")
    ours, theirs = multiprocessing.Pipe()
    crew, site, got = _Crew(theirs, 1), _site(tmp_path, line=[]), list[Any]()
    until = time.monotonic() + 60
    crew.take(Task(site, plates={"north": 5}))

    def await_one(kind: type) -> None:
        while not any(isinstance(one, kind) for one in got):
            assert time.monotonic() < until, got
            crew.look_after()
            while ours.poll(0.1):
                got.append(ours.recv())

    await_one(PlatePicture)
    states = [(one.state, one.reason) for one in got if isinstance(one, CameraState)]
    assert ("live", "it counts nothing yet: give it a line or zone") in states
    assert "failed" not in {state for state, _ in states}
    assert not any(isinstance(one, Release) for one in got)
    crew.take(Task(_site(tmp_path)))  # a line is drawn on it
    await_one(Release)
    crew.take(Task(site.model_copy(update={"camera": ()})))


def _finder(site: Site) -> object:
    return sensor._still_finder(site, site.camera[0], turns=Turns(), threads=1)


def test_what_finds_motion_alone_checks_no_plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[str] = []

    def choose(choice: str, **settings: object) -> Detector:
        chosen.append(choice)
        return Foreground() if installed == "nothing" or choice == "foreground" else Still()

    _use(monkeypatch, choose)
    installed = "nothing"
    assert _finder(_site(tmp_path)) is None
    assert _finder(_site(tmp_path, detector="foreground")) is None
    installed = "a model"
    assert _finder(_site(tmp_path)) is not None
    assert _finder(_site(tmp_path, detector="foreground")) is not None
    assert chosen == ["auto", "auto", "foreground", "auto", "auto", "foreground", "auto"]


def test_a_model_that_does_not_open_checks_no_plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(choice: str, **settings: object) -> Detector:
        raise ModelError("it is damaged")

    _use(monkeypatch, choose)
    assert _finder(_site(tmp_path)) is None
    assert "throng models add" in NO_MODEL


def test_nobody_real_is_in_a_simulated_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(monkeypatch, lambda choice, **settings: Foreground())
    assert _finder(_site(tmp_path, address="simulate:concourse/gates")) is not None
    assert _finder(_site(tmp_path, address="film.avi")) is None
