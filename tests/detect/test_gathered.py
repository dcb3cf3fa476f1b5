"""Cameras that wait for one model at the same moment are answered in one call, each as if it had been alone."""

import gc
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.data.errors import ModelError
from throng.detect.engine import Array, Signature, Tensor
from throng.detect.gathered import Gathered

SPOILT = 777.0


class Doubling:
    """Gives the mean of each picture twice; a picture of `SPOILT` makes it fail, and it can be held up."""

    described = "a stub"
    gains_by_batches = True
    signature = Signature((Tensor("images", (None, 3, None, None)),), (Tensor("output", (None, 1)),))

    def __init__(self, *, longest: int = 100) -> None:
        self.given: list[list[float]] = []
        self.free = threading.Event()
        self.free.set()
        self.longest = longest

    def run(self, inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
        means = inputs["images"].mean(axis=(1, 2, 3))
        self.given.append(means.tolist())
        assert self.free.wait(20)
        if SPOILT in means:
            raise ModelError("the model failed on a picture")
        if len(means) > self.longest:
            raise MemoryError
        return [2 * means[:, None]]


def _picture(value: float, *, columns: int = 4) -> dict[str, Array]:
    return {"images": np.full((1, 3, 4, columns), value, np.float32)}


@dataclass
class Crowd:
    """Cameras that ask a model one after the other, while it is held up by one of them."""

    engine: Doubling
    model: Gathered
    threads: list[threading.Thread] = field(default_factory=list)
    answers: dict[float, float | str] = field(default_factory=dict)

    def ask(self, value: float, **more: int) -> None:
        queued = len(self.model._waiting)
        calls = len(self.engine.given)

        def work() -> None:
            try:
                self.answers[value] = float(self.model.run(_picture(value, **more))[0].item())
            except ModelError as error:
                self.answers[value] = str(error)

        self.threads.append(threading.Thread(target=work, daemon=True))
        self.threads[-1].start()
        while len(self.model._waiting) == queued and len(self.engine.given) == calls:
            time.sleep(0.001)

    def end(self) -> None:
        self.engine.free.set()
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()


def _crowd(*, most: int = 16, longest: int = 100) -> Crowd:
    """A model that a picture of 0 keeps busy until the crowd's end."""
    engine = Doubling(longest=longest)
    engine.free.clear()
    crowd = Crowd(engine, Gathered(engine, most=most))
    crowd.ask(0.0)
    return crowd


def test_those_who_wait_are_answered_in_one_call_and_each_gets_his_own_answer() -> None:
    crowd = _crowd()
    for value in (3.0, 1.0, 4.0, 2.0):
        crowd.ask(value)
    crowd.end()
    assert crowd.engine.given == [[0.0], [3.0, 1.0, 4.0, 2.0]]
    assert crowd.answers == {0.0: 0.0, 1.0: 2.0, 2.0: 4.0, 3.0: 6.0, 4.0: 8.0}


def test_one_who_is_alone_waits_for_nobody_and_his_picture_is_not_copied() -> None:
    given: list[Array] = []

    class Keeping(Doubling):
        def run(self, inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
            given.append(inputs["images"])
            return super().run(inputs)

    picture, model = _picture(5.0), Gathered(Keeping())
    for _ in range(3):
        assert model.run(picture)[0].tolist() == [[10.0]]
    assert all(each is picture["images"] for each in given)


def test_calls_go_by_the_order_of_asking_and_hold_a_power_of_two_of_pictures() -> None:
    crowd = _crowd(most=4)
    for value in range(1, 12):
        crowd.ask(float(value))
    crowd.end()
    assert crowd.engine.given == [[0.0], [1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0], [11.0]]


def test_inputs_of_another_shape_wait_for_a_call_of_their_own_and_no_longer_than_their_turn() -> None:
    crowd = _crowd()
    for value, columns in ((1.0, 4), (2.0, 8), (3.0, 4), (4.0, 8), (5.0, 16), (6.0, 4), (7.0, 4)):
        crowd.ask(value, columns=columns)
    crowd.end()
    assert crowd.engine.given == [[0.0], [1.0, 3.0, 6.0, 7.0], [2.0, 4.0], [5.0]]
    assert crowd.answers == {float(value): 2.0 * value for value in range(8)}


def test_callers_with_batches_of_their_own_are_answered_one_by_one() -> None:
    crowd = _crowd()
    crowd.ask(1.0)
    own: list[list[float]] = []

    def work(first: float) -> None:
        pictures = np.stack([np.full((3, 4, 4), value, np.float32) for value in (first, first + 1)])
        own.append(crowd.model.run({"images": pictures})[0][:, 0].tolist())

    for number, first in enumerate((20.0, 30.0)):
        crowd.threads.append(threading.Thread(target=work, args=(first,), daemon=True))
        crowd.threads[-1].start()
        while len(crowd.model._waiting) < 2 + number:
            time.sleep(0.001)
    crowd.ask(2.0)
    crowd.end()
    assert crowd.engine.given == [[0.0], [1.0, 2.0], [20.0, 21.0], [30.0, 31.0]]
    assert sorted(own) == [[40.0, 42.0], [60.0, 62.0]]


def test_nobody_starves_where_most_have_another_shape() -> None:
    """Five cameras ask again as soon as they are answered; a sixth is alone with its shape."""
    engine = Doubling()
    model = Gathered(engine)
    asked = [0] * 6
    done = threading.Event()

    def work(number: int) -> None:
        picture = _picture(float(number), columns=8 if number == 5 else 4)
        while not done.is_set():
            assert model.run(picture)[0].item() == 2.0 * number
            asked[number] += 1
            if asked[5] == 100:
                done.set()

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(6)]
    for thread in threads:
        thread.start()
    assert done.wait(20)
    for thread in threads:
        thread.join(20)


def test_a_bad_picture_is_its_own_cameras_trouble_alone() -> None:
    crowd = _crowd()
    for value in (1.0, SPOILT, 2.0, 3.0):
        crowd.ask(value)
    crowd.end()
    assert crowd.engine.given == [[0.0], [1.0, SPOILT, 2.0, 3.0], [1.0], [SPOILT], [2.0], [3.0]]
    assert crowd.answers == {0.0: 0.0, 1.0: 2.0, 2.0: 4.0, 3.0: 6.0, SPOILT: "the model failed on a picture"}
    # The model goes on, and in batches as large as before.
    crowd.engine.free.clear()
    crowd.ask(10.0)
    for value in (11.0, 12.0, 13.0, 14.0):
        crowd.ask(value)
    crowd.end()
    assert crowd.engine.given[-1] == [11.0, 12.0, 13.0, 14.0]


def test_batches_that_are_too_large_for_the_card_become_smaller() -> None:
    crowd = _crowd(longest=2)
    for value in range(1, 9):
        crowd.ask(float(value))
    crowd.end()
    assert crowd.answers == {float(value): 2.0 * value for value in range(9)}
    crowd.engine.free.clear()
    crowd.ask(20.0)
    for value in range(21, 29):
        crowd.ask(float(value))
    crowd.end()
    # Eight failed, then four, then two at a time.
    assert [len(call) for call in crowd.engine.given] == [1, 8] + [1] * 8 + [1, 4] + [1] * 4 + [2, 2]
    assert crowd.answers[28.0] == 56.0


def test_a_fault_that_is_none_of_the_models_ends_one_camera_and_the_others_try_again_alone() -> None:
    crowd = _crowd()
    healthy = crowd.engine.run

    def broken(inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
        if len(inputs["images"]) > 1:
            raise KeyError
        return healthy(inputs)

    crowd.engine.run = broken  # type: ignore[method-assign]
    faults: list[type[BaseException]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda fault: faults.append(fault.exc_type))
        for value in (1.0, 2.0, 3.0, 4.0):
            crowd.ask(value)
        crowd.ask(6.0, columns=8)
        crowd.end()
    # The thread that made the call ends by the fault, as a camera's does, which is then started again.
    assert faults == [KeyError]
    assert crowd.answers == {0.0: 0.0, 2.0: 4.0, 3.0: 6.0, 4.0: 8.0, 6.0: 12.0}
    assert crowd.engine.given == [[0.0], [2.0], [3.0], [4.0], [6.0]]
    assert crowd.model.run(_picture(5.0))[0].item() == 10.0


def test_nothing_is_kept_of_a_picture_or_its_answer() -> None:
    crowd = _crowd()
    for value in (1.0, SPOILT):
        crowd.ask(value)
    crowd.end()
    picture = np.full((1, 3, 4, 4), 2.0, np.float32)
    (answer,) = crowd.model.run({"images": picture})
    gone = [weakref.ref(picture), weakref.ref(answer)]
    del picture, answer
    gc.collect()
    assert [each() for each in gone] == [None, None]
    assert crowd.model._waiting == []
    assert not crowd.model._busy
