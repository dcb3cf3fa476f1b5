"""Cameras are exchanged while the others go on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.doing_tasks import do

from throng.cli import workers as module
from throng.cli.workers import Workers, dealt
from throng.data.plate_picture import PlatePicture, Why
from throng.data.release import Release
from throng.site.model import Site


def _site(*cameras: str, **settings: Any) -> Site:
    """Cameras by name; "name@rate" looks so often."""
    tables = []
    for camera in cameras:
        name, _, rest = camera.partition("@")
        address, _, rate = rest.partition("/")
        tables.append({"name": name, "address": f"simulate:scenario/x{address}", "rate_hz": float(rate or 5)})
    return Site.model_validate({"name": "site", "camera": tables, **settings})


class Plates:
    """Keeps the plates that come."""

    def __init__(self) -> None:
        self.came: list[PlatePicture] = []
        self.told: list[tuple[str, Why]] = []

    def put(self, picture: PlatePicture) -> None:
        self.came.append(picture)

    def tell(self, camera: str, why: Why) -> None:
        self.told.append((camera, why))


class Heard:
    """A sink that keeps what it hears of each camera, newest last."""

    def __init__(self) -> None:
        self.states: dict[str, list[tuple[str, str]]] = {}
        self.plates = Plates()
        self.came = threading.Condition()

    def put(self, release: Release) -> None:
        raise AssertionError("nothing is measured here")

    def camera_state(self, name: str, state: str, reason: str = "") -> None:
        with self.came:
            self.states.setdefault(name, []).append((state, reason))
            self.came.notify_all()

    def wait(self, enough: Callable[[], bool]) -> None:
        with self.came:
            assert self.came.wait_for(enough, 20), self.states

    def pid(self, name: str) -> str:
        return self.states[name][-1][1].split()[0]

    def times(self, name: str) -> int:
        return len(self.states.get(name, ()))


@contextmanager
def _working(site: Site | None, heard: Heard, **settings: Any) -> Iterator[Workers]:
    workers = Workers(site, heard, work=do, plates=heard.plates, **settings)
    workers.start()
    try:
        yield workers
    finally:
        workers.stop()


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "usable_cores", lambda: 2)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)


def test_cameras_come_change_and_go_while_the_others_are_left_alone() -> None:
    heard = Heard()
    with _working(_site("a", "b", "c"), heard) as workers:
        heard.wait(lambda: all(heard.times(name) for name in "abc"))
        first = {name: heard.pid(name) for name in "abc"}
        assert first["a"] == first["c"] != first["b"]
        # In the process of a: c changes, d comes to the smaller hand, b stays.
        workers.set_site(_site("a", "b", "c@/7", "d"))
        heard.wait(lambda: heard.times("c") >= 2 and heard.times("d") >= 1)
        assert heard.states["c"][-1] == ("live", f"{first['c']} 7 ")
        assert heard.pid("d") == first["b"]
        told = heard.times("b")
        # Nothing changes: nobody is told anything.
        workers.set_site(_site("a", "b", "c@/7", "d", alarm=[], port=9000))
        # b and d go, and their process with them.
        workers.set_site(_site("a", "c@/7", "e"))
        heard.wait(lambda: heard.times("e") >= 1)
        assert heard.times("b") == told
        assert heard.pid("a") == first["a"]
        workers.set_site(None)
        workers.set_site(_site("f"))
        heard.wait(lambda: heard.times("f") >= 1)


def test_what_runs_the_detectors_is_told_once_and_not_for_each_camera() -> None:
    heard, told = Heard(), list[str]()
    with _working(_site("a", "b", "c@/7", "d"), heard, tell=told.append):
        heard.wait(lambda: all(heard.times(name) for name in "abcd"))
    assert sorted(told) == ["what looks at 5 Hz", "what looks at 7 Hz"]


def test_what_is_common_to_all_changes_all() -> None:
    heard = Heard()
    with _working(_site("a"), heard) as workers:
        heard.wait(lambda: heard.times("a") == 1)
        workers.set_site(_site("a", tick_s=30))
        heard.wait(lambda: heard.times("a") == 2)


def test_a_password_reaches_its_own_process_alone() -> None:
    heard = Heard()
    site = Site.model_validate(
        {
            "name": "site",
            "camera": [
                {"name": "a", "address": "rtsp://a", "user": "u", "password_env": "A"},
                {"name": "b", "address": "rtsp://b", "user": "u", "password_env": "B"},
            ],
        }
    )
    assert module.Task.of(site, site.camera[:1], {"A": "secret-one", "B": "secret-two"}).passwords == {"A": "secret-one"}
    assert "secret-one" not in repr(module.Task.of(site, site.camera, {"A": "secret-one"}))
    with _working(site, heard, passwords={"A": "secret-one", "B": "secret-two"}) as workers:
        heard.wait(lambda: heard.times("a") == 1 and heard.times("b") == 1)
        assert heard.states["a"][-1][1].endswith(" secret-one")
        assert heard.states["b"][-1][1].endswith(" secret-two")
        workers.set_site(site, passwords={"A": "three", "B": "secret-two"})
        heard.wait(lambda: heard.times("a") == 2)
        assert heard.states["a"][-1][1].endswith(" three")


def test_a_process_that_dies_is_started_again_and_a_failed_camera_stays_down_until_it_changes() -> None:
    heard = Heard()
    with _working(_site("a@dying", "b", "c@failing"), heard) as workers:
        heard.wait(lambda: sum(state == "live" for state, _ in heard.states.get("a", ())) >= 2)
        assert ("unknown", "the camera's process ended and is started again") in heard.states["a"]
        assert [state for state, _ in heard.states["c"]] == ["unknown"]
        assert heard.times("b") == 1
        workers.set_site(_site("a", "b", "c"))
        heard.wait(lambda: heard.states["c"][-1][0] == "live")


def test_a_plate_is_asked_of_the_process_that_watches_the_camera_also_when_it_is_started_again() -> None:
    heard = Heard()
    with _working(_site("a", "b"), heard) as workers:
        heard.wait(lambda: heard.times("a") == 1 and heard.times("b") == 1)
        workers.set_plates({"a": 4, "not here": 9})
        heard.wait(lambda: heard.times("a") == 2)
        heard.wait(lambda: len(heard.plates.came) == 1 or not heard.came.wait(0.05))
        (picture,) = heard.plates.came
        assert (picture.camera, picture.ask, picture.image.decode()) == ("a", 4, heard.pid("a"))
        assert [camera for camera, _ in heard.plates.told] == ["a"]
        assert heard.times("b") == 1
        workers.set_plates({"a": 4})  # nobody is told the same twice
        workers.set_plates({})
        heard.wait(lambda: heard.times("a") == 3)
        assert len(heard.plates.came) == 1
    task = module.Task.of(_site("a", "b"), _site("a", "b").camera, {}, {"a": 4})
    assert task.without({"b"}).plates == {"a": 4}
    assert task.of_camera("a") == module.Task.of(_site("a"), _site("a").camera, {}).of_camera("a")


@given(st.lists(st.integers(0, 30), unique=True), st.integers(1, 8), st.lists(st.integers(0, 30), unique=True))
def test_cameras_are_dealt_evenly_and_stay_in_the_hand_that_holds_them(before: list[int], hands: int, after: list[int]) -> None:
    def cameras(numbers: list[int]) -> Any:
        return _site(*(f"c{number}" for number in numbers)).camera if numbers else ()

    dealt_before = dealt(cameras(before), hands)
    sizes = [len(hand) for hand in dealt_before]
    assert len(sizes) == min(hands, len(before))
    assert not sizes or max(sizes) - min(sizes) <= 1
    held = [frozenset(camera.name for camera in hand) for hand in dealt_before]
    dealt_after = dealt(cameras(after), hands, held=held)
    assert sorted(camera.name for hand in dealt_after for camera in hand) == sorted(f"c{number}" for number in after)
    for names, hand in zip(held, dealt_after, strict=False):
        assert names & {f"c{number}" for number in after} <= {camera.name for camera in hand}
    assert len(dealt_after) <= max(hands, len(held))
    assert all(dealt_after[len(held) :])
