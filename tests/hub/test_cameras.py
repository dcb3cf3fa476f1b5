"""The states of the cameras, as people see them."""

import pytest

from throng.hub.cameras import CameraEntry, Cameras

ENTRIES = (CameraEntry("north", ()), CameraEntry("south", ()))


class Clock:
    """Unix time that goes on when told."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def _seen(cameras: Cameras) -> list[tuple[str, str, str, float]]:
    return [(status.camera.name, status.state, status.reason, status.since_s) for status in cameras.all()]


def test_a_change_is_told_once_and_dated() -> None:
    clock = Clock()
    cameras = Cameras(ENTRIES, clock=clock)
    clock.now_s = 200.0
    assert cameras.change("north", "starting", "") is None
    assert cameras.change("north", "live", "") is not None
    clock.now_s = 300.0
    assert cameras.change("north", "live", "") is None
    assert _seen(cameras) == [("north", "live", "", 200.0), ("south", "starting", "", 100.0)]


def test_another_reason_for_the_same_state_keeps_its_date() -> None:
    clock = Clock()
    cameras = Cameras(ENTRIES, clock=clock)
    cameras.change("north", "unknown", "dark")
    clock.now_s = 300.0
    changed = cameras.change("north", "unknown", "moved")
    assert changed is not None
    assert (changed.reason, changed.since_s) == ("moved", 100.0)


def test_a_problem_of_the_store_covers_every_camera_until_it_is_over() -> None:
    clock = Clock()
    cameras = Cameras(ENTRIES, clock=clock)
    cameras.change("north", "live", "")
    clock.now_s = 200.0
    assert len(cameras.set_problem("the disk is full")) == 2
    clock.now_s = 300.0
    assert cameras.set_problem("the disk is full") == []
    assert cameras.change("south", "live", "") is None  # nobody sees it yet
    assert _seen(cameras) == [(name, "unknown", "the disk is full", 200.0) for name in ("north", "south")]
    assert [status.state for status in cameras.set_problem("")] == ["live", "live"]
    assert _seen(cameras) == [("north", "live", "", 100.0), ("south", "live", "", 300.0)]


def test_an_unknown_camera_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Cameras(ENTRIES).change("east", "live", "")
