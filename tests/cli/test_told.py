"""What `throng run` tells the terminal of its cameras."""

from typing import Any

from throng.cli.told import Told


class Nothing:
    """A sink that keeps the states."""

    def __init__(self) -> None:
        self.states: list[tuple[str, ...]] = []

    def put(self, release: Any) -> None:
        raise AssertionError("nothing is measured here")

    def camera_state(self, *state: str) -> None:
        self.states.append(state)


def test_a_camera_that_is_lost_and_one_that_is_back_are_told_once() -> None:
    sink, sentences = Nothing(), list[str]()
    told = Told(sink, sentences.append)
    states = [
        ("north", "live", ""),
        ("north", "unknown", "it is dark"),
        ("east", "unknown", "the model fails"),
        ("north", "unknown", "no pictures come"),
        ("north", "live", ""),
        ("north", "live", "slowed to 3 looks a second"),
        ("north", "unknown", "it is dark"),
    ]
    for state in states:
        told.camera_state(*state)  # type: ignore[arg-type]
    assert sink.states == states
    assert sentences == [
        'camera "north" counts nothing: it is dark',
        'camera "east" counts nothing: the model fails',
        'camera "north" is back',
        'camera "north" counts nothing: it is dark',
    ]
