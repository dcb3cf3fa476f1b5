"""Scene health: every fault is told within ten seconds and taken back within ten, and everyday life never is one."""

import itertools
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capture.disturb import (
    EVENTS,
    FAULTS,
    Disturb,
    Luma,
    crowd,
    drawn,
    film,
    frame_of,
    noisy,
    simulated,
    turned,
)

from throng.capture.health.scene import SceneHealth
from throng.capture.source import open_source
from throng.data.errors import SecrecyError
from throng.data.frame import Frame

FOOTAGE = {
    "an entrance": lambda: simulated("concourse", "entrance"),
    "a full hall": lambda: simulated("concourse-150", "hall"),
    "an empty hall": lambda: simulated("concourse-5", "hall"),
    "a drawing": lambda: drawn(1),
    "another drawing": lambda: drawn(2),
}
BLIND = ("dark", "blinded", "covered")
BEGUN_S, ENDED_S, LENGTH_S = 15.0, 28.0, 40.0


def changes(
    footage: Sequence[Luma], disturb: Disturb, *, rate_hz: float = 1.0, length_s: float = LENGTH_S, until_s: float = ENDED_S
) -> list[tuple[float, str | None]]:
    """When what is told changes, and to what."""
    health = SceneHealth()
    told: list[tuple[float, str | None]] = [(0.0, None)]
    for time_s, frame in film(footage, disturb, rate_hz=rate_hz, from_s=BEGUN_S, until_s=until_s, length_s=length_s):
        reason = health.look(frame)
        if reason != told[-1][1]:
            told.append((time_s, reason))
    return told[1:]


def check(told: list[tuple[float, str | None]], kind: str) -> None:
    assert told, "nothing was told"
    assert BEGUN_S <= told[0][0] <= BEGUN_S + 10
    assert ENDED_S <= told[-1][0] <= ENDED_S + 10
    assert told[-1][1] is None
    allowed = BLIND if kind in BLIND else (kind,)
    for (from_s, reason), (to_s, _) in itertools.pairwise(told):
        assert reason is not None, f"taken back from {from_s} s to {to_s} s"
        assert any(word in reason for word in allowed), reason
    assert kind in str(told[0][1])


@pytest.mark.parametrize("scene", FOOTAGE)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_and_taken_back_within_ten_seconds(scene: str, fault: str) -> None:
    kind, disturb = FAULTS[fault]
    check(changes(FOOTAGE[scene](), disturb), kind)


@pytest.mark.parametrize("scene", FOOTAGE)
@pytest.mark.parametrize("event", EVENTS)
def test_everyday_life_is_no_fault(scene: str, event: str) -> None:
    length_s = 175.0 if event == "dusk" else 75.0
    assert changes(FOOTAGE[scene](), EVENTS[event], length_s=length_s, until_s=length_s) == []


@pytest.mark.parametrize("rate_hz", [1.0, 2.5, 5.0, 12.5, 30.0])
@pytest.mark.parametrize("fault", ["dark", "torch", "grey cap", "shifted by 2 per cent", "turned away", "out of focus"])
def test_faults_are_told_at_any_rate(fault: str, rate_hz: float) -> None:
    kind, disturb = FAULTS[fault]
    check(changes(drawn(1), disturb, rate_hz=rate_hz), kind)


@given(scale=st.floats(0.25, 1.4), offset=st.floats(0.0, 30.0), seed=st.integers(3, 6))
@settings(max_examples=12, deadline=None)
def test_brightness_within_a_usable_range_is_no_fault(scale: float, offset: float, seed: int) -> None:
    def exposure(picture: Luma, _since_s: float, rng: np.random.Generator) -> Luma:
        return noisy(scale * picture + offset, 1.5, rng)

    assert changes(drawn(seed), exposure) == []


@given(x=st.floats(0.02, 0.3), y=st.floats(0.02, 0.3), signs=st.tuples(st.booleans(), st.booleans()), seed=st.integers(3, 6))
@settings(max_examples=12, deadline=None)
def test_whatever_way_a_mount_is_turned_it_is_moved(x: float, y: float, signs: tuple[bool, bool], seed: int) -> None:
    check(changes(drawn(seed), turned(x=x if signs[0] else -x, y=y if signs[1] else -y)), "moved")


def test_a_moved_camera_stays_moved_and_learns_nothing() -> None:
    for turn in (turned(x=0.05), turned(x=-0.3)):
        told = changes(drawn(1), turn, length_s=430.0, until_s=420.0)
        assert [reason is not None for _, reason in told] == [True, False]
        assert told[1][0] >= 420.0


def test_a_camera_turned_while_it_was_covered_is_moved_when_it_sees_again() -> None:
    health = SceneHealth()
    footage, rng = drawn(1), np.random.default_rng(1)
    _, cap = FAULTS["grey cap"]
    told = []
    for i in range(60):
        picture = footage[i % len(footage)]
        if 20 <= i < 40:
            picture = cap(picture, 0.0, rng)
        elif i >= 40:
            picture = turned(x=0.3, y=0.1)(picture, 0.0, rng)
        told.append(health.look(frame_of(picture, float(i), i)))
    assert "covered" in str(told[30])
    assert all("moved" in str(reason) for reason in told[50:])


def test_lines_drawn_anew_make_the_new_view_the_scene() -> None:
    health = SceneHealth()
    footage, rng = drawn(1), np.random.default_rng(1)
    told = []
    for i in range(80):
        if i == 40:
            health.relearn()
        picture = footage[i % len(footage)] if i < 20 else turned(x=0.1)(footage[i % len(footage)], 0.0, rng)
        told.append(health.look(frame_of(picture, float(i), i)))
    assert all("moved" in str(reason) for reason in told[30:40])
    assert told[:20] + told[40:] == [None] * 60


def test_furniture_that_is_moved_becomes_the_scene() -> None:
    def moved_furniture(picture: Luma, _since_s: float, _rng: np.random.Generator) -> Luma:
        picture = picture.copy()
        picture[40:400, 60:360] = np.roll(picture, 200, axis=1)[40:400, 60:360]
        return picture

    footage = drawn(1)
    assert changes(footage, moved_furniture, length_s=400.0, until_s=400.0) == []
    health = SceneHealth()
    for _, frame in film(footage, moved_furniture, rate_hz=1.0, from_s=15.0, until_s=1e9, length_s=900.0):
        health.look(frame)
    for i in range(20):  # the known scene is the new one: a turn away from it is told
        picture = moved_furniture(footage[i], 0.0, np.random.default_rng(1))
        reason = health.look(frame_of(turned(x=0.05)(picture, 0.0, np.random.default_rng(1)), 900.0 + i, 900 + i))
    assert reason is not None
    assert "moved" in reason


def frozen_film(rate_hz: float, still_s: float) -> list[tuple[float, Frame]]:
    frames = []
    for index in range(round((30 + still_s) * rate_hz)):
        time_s = index / rate_hz
        shown_s = time_s if time_s < 15 else max(15.0, time_s - still_s)
        picture = drawn(1)[int(shown_s) % 30]
        if not 15 <= time_s < 15 + still_s:
            picture = noisy(picture, 1.0, np.random.default_rng(index))
        frames.append((time_s, frame_of(picture, time_s, index)))
    return frames


@pytest.mark.parametrize("rate_hz", [1.0, 5.0, 15.0])
def test_a_frozen_picture_is_told_and_a_short_stop_is_not(rate_hz: float) -> None:
    health = SceneHealth()
    told = [(time_s, reason) for time_s, frame in frozen_film(rate_hz, 12.0) if (reason := health.look(frame))]
    assert 15 < told[0][0] <= 25
    assert 27 <= told[-1][0] + 1 / rate_hz <= 37
    assert {reason for _, reason in told} == {"the picture is frozen: it has not changed for several seconds"}
    health = SceneHealth()
    assert not any(health.look(frame) for _, frame in frozen_film(rate_hz, 4.0))


def test_one_pixel_of_noise_is_life() -> None:
    health = SceneHealth()
    still = drawn(1)[0]
    for i in range(60):
        picture = still.copy()
        picture[(4 * i) % 432, i] ^= 1
        assert health.look(frame_of(picture, float(i), i)) is None


def test_a_camera_that_begins_in_the_dark_learns_its_scene_by_day() -> None:
    health = SceneHealth()
    footage, rng = drawn(1), np.random.default_rng(1)
    _, dark = FAULTS["dark"]
    told = []
    for i in range(100):
        picture = footage[i % len(footage)]
        picture = dark(picture, 0.0, rng) if i < 40 else turned(x=0.1 if i >= 80 else 0.0)(picture, 0.0, rng)
        told.append(health.look(frame_of(picture, float(i), i)))
    assert all("dark" in str(reason) for reason in told[4:40])
    assert told[45:80] == [None] * 35
    assert "moved" in str(told[-1])


def test_another_size_of_the_same_shape_is_no_fault() -> None:
    health = SceneHealth()
    for i in range(60):
        picture = drawn(1)[i % 30]
        if i >= 30:
            picture = np.ascontiguousarray(picture[::2, ::2])
        assert health.look(frame_of(picture, float(i), i)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (48, 64), (7, 5), (2160, 3840), (431, 767), (900, 300)])
def test_pictures_of_any_size_are_looked_at(shape: tuple[int, int]) -> None:
    health = SceneHealth()
    rng = np.random.default_rng(1)
    for i in range(12):
        reason = health.look(frame_of(rng.integers(0, 256, shape, dtype=np.uint8), float(i), i))
        assert reason is None or isinstance(reason, str)


def test_a_colour_picture_is_looked_at_as_it_is() -> None:
    health = SceneHealth()
    rng = np.random.default_rng(1)
    for i in range(20):
        luma = drawn(1)[i] if i < 10 else noisy(np.full((432, 768), 9.0), 1.0, rng)
        reason = health.look(Frame(pixels=np.dstack([luma] * 3), time_s=float(i), index=i, camera="north"))
    assert reason == "the picture is dark: nothing can be made out in it"


def test_health_stays_in_memory_and_says_nothing_of_the_scene() -> None:
    health = SceneHealth()
    for i in range(10):
        health.look(frame_of(drawn(1)[i], float(i), i))
    with pytest.raises(SecrecyError):
        pickle.dumps(health)
    assert "[" not in repr(health)


@pytest.mark.parametrize("standing", [True, False])
@pytest.mark.parametrize("scene", FOOTAGE)
def test_a_crowd_that_fills_the_picture_for_long_and_goes_again_is_no_fault(scene: str, standing: bool) -> None:
    gathering = crowd(standing=standing)

    def come_and_go(picture: Luma, since_s: float, rng: np.random.Generator) -> Luma:
        return gathering(picture, since_s if since_s < 400 else max(0.0, 30.0 - (since_s - 400)), rng)

    assert changes(FOOTAGE[scene](), come_and_go, length_s=520.0, until_s=1e9) == []


CLIPS = (
    "intel_one_by_one/one-by-one-person-detection.mp4",
    "scenescape/Cam_x1_0.mp4",
    "scenescape/Cam_x2_0.mp4",
    "towncentre/TownCentre_f0-125_1080p25.mp4",
    "towncentre/TownCentre_f0-250_1080p30dup.mp4",
)


def clip(folder: Path, name: str, *, most: int = 700) -> list[Luma]:
    """Five pictures a second of a clip."""
    with open_source(str(folder / "video" / name), camera="north", max_rate_hz=5.0) as source:
        return [frame.luma.copy() for frame in itertools.islice(source, most) if isinstance(frame, Frame)]


@pytest.mark.realdata
@pytest.mark.parametrize("name", CLIPS)
def test_real_footage_in_a_loop_is_never_unhealthy(shared_data: Path, name: str) -> None:
    pictures = clip(shared_data, name)
    health = SceneHealth()
    for i in range(max(600, len(pictures) + 100)):
        assert health.look(frame_of(pictures[i % len(pictures)], i / 5.0, i)) is None


@pytest.mark.realdata
@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("fault", ["dark", "torch", "grey cap", "sunk by 3 per cent", "zoomed by 40 per cent", "out of focus"])
def test_faults_of_real_footage_are_told_and_taken_back(shared_data: Path, name: str, fault: str) -> None:
    kind, disturb = FAULTS[fault]
    check(changes(clip(shared_data, name, most=50)[::5], disturb), kind)
