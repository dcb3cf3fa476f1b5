"""A plate is taken only while it is asked for, from minutes of one scene, and sent once."""

import pickle
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.capture.judges import found_by_others

from throng.capture import plate_taker as module
from throng.capture.plate import FindPeople
from throng.capture.plate_taker import FIRST_S, PlateTaker, Queue
from throng.capture.source import open_source
from throng.data.detections import Detections
from throng.data.errors import SecrecyError
from throng.data.frame import Frame
from throng.data.planes import Planes
from throng.data.plate_picture import COLLECTING, NO_MODEL, NO_PICTURE, SOMEBODY, WAITS, PlatePicture, Why

SCENE = np.full((24, 32, 3), 90, np.uint8)


def find_nobody(frame: Frame) -> Detections:
    return Detections(np.zeros((0, 4)), np.zeros(0), frame.time_s)


def find_always(frame: Frame) -> Detections:
    return Detections(np.array([[0.0, 0.0, 4.0, 4.0]]), np.ones(1), frame.time_s)


@dataclass
class Watched:
    """A camera, what it sent and said."""

    find: FindPeople | None = find_nobody
    queue: Queue = field(default_factory=Queue)
    name: str = "north"
    sent: list[PlatePicture] = field(default_factory=list)
    said: list[Why] = field(default_factory=list)
    now_s: float = 1000.0
    crowded: bool = False

    def __post_init__(self) -> None:
        self.taker = PlateTaker(
            self.name, find_people=lambda: self.find, send=self.sent.append, tell=self.said.append, queue=self.queue
        )

    def see(self) -> None:
        self.taker.see(Frame(SCENE.copy(), self.now_s, 0, self.name))
        self.settle()

    def watch(self, seconds: float, *, step_s: float = 2.0) -> None:
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            self.see()

    def settle(self) -> None:
        if self.taker._check is not None:
            self.taker._check.join()


def test_a_plate_comes_after_three_minutes_once_for_each_request() -> None:
    camera = Watched()
    camera.taker.ask(7)
    camera.watch(FIRST_S - 2)
    assert camera.sent == []
    camera.watch(10)
    assert [(picture.camera, picture.ask) for picture in camera.sent] == [("north", 7)]
    assert (camera.sent[0].width_px, camera.sent[0].height_px, camera.sent[0].covered) == (32, 24, 0)
    camera.watch(3 * FIRST_S)
    camera.taker.ask(8)
    camera.watch(FIRST_S + 10)
    assert [picture.ask for picture in camera.sent] == [7, 8]
    assert camera.said == [COLLECTING, COLLECTING]
    assert len(camera.taker._builder or ()) == 0


def test_no_picture_is_looked_at_while_nobody_asks() -> None:
    def refuse() -> NDArray[np.uint8]:
        raise AssertionError("a picture was converted")

    plane = np.zeros((4, 4), np.uint8)
    camera = Watched()
    for ask in (None, 3):
        camera.find = None  # and none where nobody could check it
        camera.taker.ask(ask)
        for number in range(100):
            planes = Planes(luma=plane, cb=plane, cr=plane, to_bgr=np.zeros((3, 4)), convert=refuse)
            camera.taker.see(Frame(planes, number * 5.0, number, "north"))
    assert camera.said == [NO_MODEL]
    assert camera.sent == []


def test_a_model_that_is_installed_later_is_found() -> None:
    camera = Watched(find=None)
    camera.taker.ask(1)
    camera.watch(60)
    camera.find = find_nobody
    camera.watch(FIRST_S + 60)
    assert camera.said == [NO_MODEL, COLLECTING]
    assert len(camera.sent) == 1


def test_somebody_who_stays_gives_no_plate_until_he_has_gone() -> None:
    camera = Watched(find=find_always)
    camera.taker.ask(1)
    camera.watch(FIRST_S + 10)
    assert (camera.said[-1], camera.sent) == (SOMEBODY, [])
    camera.taker._find = find_nobody
    camera.watch(FIRST_S - 20)
    assert camera.sent == []  # not looked at again so soon
    camera.watch(20)
    assert len(camera.sent) == 1


def test_whoever_cannot_be_served_lets_the_next_camera_have_its_turn() -> None:
    queue = Queue()
    crowded, empty = Watched(find=find_always, queue=queue), Watched(name="south", queue=queue)
    for camera in (crowded, empty):
        camera.taker.ask(1)
    for _ in range(1000):
        crowded.watch(4, step_s=4)
        empty.watch(4, step_s=4)
    assert crowded.sent == []
    assert empty.said == [WAITS, COLLECTING]
    assert len(empty.sent) == 1
    assert crowded.said[:2] == [COLLECTING, SOMEBODY]
    assert COLLECTING in crowded.said[2:]  # begun anew


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_model_that_fails_lets_the_next_camera_have_its_turn() -> None:
    def fails(frame: Frame) -> Detections:
        raise ZeroDivisionError

    queue = Queue()
    failing, empty = Watched(find=fails, queue=queue), Watched(name="south", queue=queue)
    for camera in (failing, empty):
        camera.taker.ask(1)
    for _ in range(600):
        failing.watch(4, step_s=4)
        empty.watch(4, step_s=4)
    assert failing.sent == []
    assert len(empty.sent) == 1


def test_what_was_collected_before_an_outage_is_let_go() -> None:
    camera = Watched()
    camera.taker.ask(1)
    camera.watch(FIRST_S - 10)
    camera.taker.interrupted()
    camera.watch(FIRST_S - 10)
    assert camera.sent == []
    assert camera.said == [COLLECTING, NO_PICTURE, COLLECTING]
    camera.watch(20)
    assert len(camera.sent) == 1


@pytest.mark.parametrize("jump_s", [-400.0, -4.0, 40.0, 4000.0])
def test_what_was_collected_before_a_pause_or_a_clock_that_was_set_is_let_go(jump_s: float) -> None:
    camera = Watched()
    camera.taker.ask(1)
    camera.watch(FIRST_S - 10)
    camera.now_s += jump_s
    camera.watch(FIRST_S - 10)
    assert camera.sent == []
    camera.watch(20)
    assert len(camera.sent) == 1


def test_an_outage_during_the_check_lets_nothing_out() -> None:
    camera = Watched()

    def find(frame: Frame) -> Detections:
        camera.taker.interrupted()
        return find_nobody(frame)

    camera.find = find
    camera.taker.ask(1)
    camera.watch(3 * FIRST_S)
    assert camera.sent == []


def test_a_request_that_is_withdrawn_is_not_answered_and_a_newer_one_gets_what_was_collected() -> None:
    camera = Watched()
    camera.taker.ask(1)
    camera.watch(100)
    camera.taker.ask(2)
    camera.watch(100)
    assert [picture.ask for picture in camera.sent] == [2]
    camera.taker.ask(3)
    camera.watch(100)
    camera.taker.ask(None)
    camera.watch(300)
    assert len(camera.sent) == 1


Event = tuple[str, float]
events = st.lists(
    st.one_of(
        st.tuples(st.just("watch"), st.floats(1.0, 400.0)),
        st.tuples(st.just("crowd"), st.floats(1.0, 200.0)),
        st.tuples(st.just("jump"), st.floats(-500.0, 500.0)),
        st.tuples(st.just("outage"), st.just(0.0)),
        st.tuples(st.just("ask"), st.just(0.0)),
        st.tuples(st.just("withdraw"), st.just(0.0)),
    ),
    max_size=15,
)


@given(events)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_a_plate_answers_the_present_request_from_minutes_of_one_scene(told: list[Event]) -> None:
    camera, ask, asks = Watched(), 0, set[int]()
    quiet_since_s = 0.0
    answers: list[tuple[bool, bool, float]] = []

    def find(frame: Frame) -> Detections:
        return find_always(frame) if camera.crowded else find_nobody(frame)

    def seen(picture: PlatePicture) -> None:
        answers.append((picture.ask == ask and ask in asks, camera.crowded, camera.now_s - quiet_since_s))
        asks.discard(ask)  # once

    camera.find, camera.taker._send = find, seen
    begins = True
    for kind, amount in [("ask", 0.0), *told, ("outage", 0.0), ("watch", 400.0)]:
        if kind in ("watch", "crowd"):
            for _ in range(max(1, round(amount / 5))):
                camera.now_s += 5.0
                if begins:
                    quiet_since_s, begins = camera.now_s, False
                camera.crowded = kind == "crowd"
                camera.see()
        elif kind == "jump":
            camera.now_s += amount
            begins = begins or not -1.0 <= amount + 5.0 <= module._LONGEST_GAP_S
        elif kind == "outage":
            camera.taker.interrupted()
            begins = True
        elif kind == "ask":
            ask += 1
            asks = {ask}
            camera.taker.ask(ask)
        else:
            asks = set()
            camera.taker.ask(None)
    assert not asks
    for is_present, crowded, calm_s in answers:
        assert is_present
        assert not crowded
        assert calm_s >= FIRST_S


def test_a_check_that_takes_its_time_costs_no_sample() -> None:
    camera, slow = Watched(), threading.Event()

    def find(frame: Frame) -> Detections:
        slow.wait(10)
        return find_always(frame)

    camera.find = find
    camera.taker.ask(1)
    settle, camera.settle = camera.settle, lambda: None  # type: ignore[method-assign]
    camera.watch(FIRST_S + 200)
    slow.set()
    settle()
    assert (camera.said, camera.sent) == ([COLLECTING, SOMEBODY], [])
    assert len(camera.taker._builder or ()) >= 9
    camera.taker._find = find_nobody
    camera.watch(4)
    settle()
    assert len(camera.sent) == 1


def test_samples_stay_in_memory() -> None:
    camera = Watched()
    camera.taker.ask(1)
    camera.watch(20)
    with pytest.raises(SecrecyError):
        pickle.dumps(camera.taker)
    assert "[" not in repr(camera.taker)


@pytest.mark.realdata
def test_a_real_room_gives_a_plate_in_which_nobody_is_found(shared_data: Path, shared_models: Path) -> None:
    from throng.detect.onnx import open_detector

    film = shared_data / "video" / "intel_one_by_one" / "one-by-one-person-detection.mp4"
    model = open_detector(shared_models / "yolox_nano.onnx")
    camera = Watched(find=model.detect)
    camera.taker.ask(1)
    for start_s in (0.0, 140.0, 280.0):
        with open_source(str(film), camera="north", max_rate_hz=4.0) as source:
            for frame in source:
                assert isinstance(frame, Frame)
                camera.taker.see(replace(frame, time_s=start_s + frame.time_s))
                camera.settle()
    (picture,) = camera.sent
    image = cv2.imdecode(np.frombuffer(picture.image, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert len(model.detect(Frame(image.astype(np.uint8), 0.0, 0, "north"))) == 0
    # Nor do models that had no part in it.
    assert found_by_others(image.astype(np.uint8), shared_models) == [0, 0]
