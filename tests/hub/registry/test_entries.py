"""The cameras that the hub shows, exchanged while it runs."""

import pytest

from throng.hub.cameras import CameraEntry, Cameras, PlaceEntry

NORTH, SOUTH = CameraEntry("north", (), site="west"), CameraEntry("south", ())
CHANGED = CameraEntry("north", (PlaceEntry("door", "line"),), site="east")


@pytest.fixture
def cameras() -> Cameras:
    made = Cameras([NORTH, SOUTH], clock=iter(range(100)).__next__)
    made.change("north", "live", "")
    return made


def test_cameras_that_stay_keep_their_state_and_those_that_came_or_changed_are_told(cameras: Cameras) -> None:
    told = cameras.replace_entries([CHANGED, CameraEntry("east", ()), SOUTH])
    assert [(status.camera.name, status.state) for status in told] == [("north", "live"), ("east", "starting")]
    assert [(status.camera.name, status.state) for status in cameras.all()] == [
        ("north", "live"),
        ("east", "starting"),
        ("south", "starting"),
    ]
    assert cameras.entry("north") is CHANGED
    assert cameras.replace_entries(cameras.entries) == []


def test_a_camera_that_is_the_same_stays_the_same_object(cameras: Cameras) -> None:
    cameras.replace_entries([CameraEntry("north", (), site="west")])
    assert cameras.entry("north") is NORTH


def test_a_removed_camera_that_still_speaks_is_passed_over(cameras: Cameras) -> None:
    cameras.replace_entries([SOUTH])
    assert cameras.change("north", "unknown", "it is being stopped") is None
    assert cameras.entry("north") is None
    assert cameras.site_of("north") == ""
    cameras.replace_entries([SOUTH, NORTH])
    came = cameras.change("north", "live", "")
    assert came is not None
    assert (came.state, cameras.site_of("north")) == ("live", "west")


def test_a_problem_of_all_is_told_of_those_that_came_too(cameras: Cameras) -> None:
    cameras.set_problem("the disk is full")
    (told,) = cameras.replace_entries([NORTH, SOUTH, CameraEntry("east", ())])
    assert (told.camera.name, told.state, told.reason) == ("east", "unknown", "the disk is full")
