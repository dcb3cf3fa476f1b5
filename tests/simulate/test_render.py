from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from throng.simulate.render import NOISE_SIGMA, Renderer
from throng.simulate.scenario import load
from throng.simulate.scene import PASSAGE, PILLAR

WALK = [(0, 14, 9), (12, 26, 12)]


def drawn(renderer: Renderer, time_s: float) -> NDArray[np.bool_]:
    """Where people (and their shadows) changed the picture."""
    image, empty = renderer.image_at(time_s), renderer.empty_image_at(time_s)
    return np.asarray(np.abs(image.astype(int) - empty).max(axis=2) > 12)


@pytest.fixture(scope="module")
def demo() -> Renderer:
    scenario = load("concourse")
    return Renderer(scenario, scenario.camera("gates"), noise=False)


def test_an_empty_scene_is_the_background_up_to_noise(crowd_of: Any, small_camera: Any) -> None:
    scenario = crowd_of([(0.0, [(0, 2, 2), (1, 2, 2)])], small_camera())
    renderer = Renderer(scenario, scenario.cameras[0])
    difference = renderer.image_at(20.0).astype(int) - renderer.empty_image_at(20.0)
    assert difference.std() == pytest.approx(NOISE_SIGMA, rel=0.1)
    assert abs(difference.mean()) < 0.1
    assert np.abs(difference).max() < 8 * NOISE_SIGMA
    silent = Renderer(scenario, scenario.cameras[0], noise=False)
    np.testing.assert_array_equal(silent.image_at(20.0), silent.empty_image_at(20.0))


def test_the_same_moment_gives_the_same_picture_and_noise_changes(crowd_of: Any, small_camera: Any) -> None:
    scenario = crowd_of([(0.0, WALK)], small_camera())
    one, two = (Renderer(scenario, scenario.cameras[0]) for _ in range(2))
    first = one.image_at(3.0)
    one.image_at(5.0)
    np.testing.assert_array_equal(one.image_at(3.0), first)
    np.testing.assert_array_equal(two.image_at(3.0), first)
    assert (one.image_at(20.0) != one.image_at(20.08)).mean() > 0.3
    assert first.shape == (108, 192, 3)
    assert first.dtype == np.uint8


def test_time_loops(crowd_of: Any, small_camera: Any) -> None:
    scenario = crowd_of([(0.0, WALK)], small_camera())
    renderer = Renderer(scenario, scenario.cameras[0], noise=False)
    np.testing.assert_array_equal(renderer.image_at(3.0), renderer.image_at(43.0))
    assert drawn(renderer, 3.0).any()


@pytest.mark.parametrize("time_s", [1.0, 4.3, 7.7, 10.9])
def test_a_person_stands_on_the_projected_foot_point(crowd_of: Any, small_camera: Any, time_s: float) -> None:
    scenario = crowd_of([(0.0, WALK)], small_camera())
    camera = scenario.cameras[0]
    renderer = Renderer(scenario, camera, noise=False)
    foot = camera.project_ground(scenario.positions(time_s)[1])[0]
    scale = renderer.figures_at(time_s).scale_px_per_m[0]
    rows, columns = np.nonzero(drawn(renderer, time_s))
    # Half a stride and the shadow may reach below and aside; the body reaches up.
    assert abs(rows.max() - foot[1]) < 0.45 * scale
    assert abs(np.median(columns) - foot[0]) < 0.35 * scale + 0.2 * abs(foot[0] - 96)
    assert foot[1] - rows.min() > 0.7 * scale
    box = renderer.figures_at(time_s).boxes_px[0]
    assert box[0] < foot[0] < box[2]
    assert box[1] < foot[1] < box[3] + 0.1 * scale


def test_a_box_holds_what_is_drawn(crowd_of: Any, small_camera: Any) -> None:
    """All but the shadow, which lies about the feet."""
    scenario = crowd_of([(0.0, WALK)], small_camera())
    renderer = Renderer(scenario, scenario.cameras[0], noise=False)
    for time_s in (1.0, 6.0, 11.0):
        left, top, right, bottom = renderer.figures_at(time_s).boxes_px[0]
        rows, columns = np.nonzero(drawn(renderer, time_s))
        body = rows < (top + bottom) / 2
        assert rows.min() == pytest.approx(top, abs=1.6)
        assert columns[body].min() >= left - 1.5
        assert columns[body].max() <= right + 1.5


def test_every_projected_foot_in_view_belongs_to_a_drawn_person(demo: Renderer) -> None:
    scenario, camera = demo.scenario, demo.camera
    for time_s in (10.0, 100.0):
        people, xy, _ = scenario.positions(time_s)
        group = demo.figures_at(time_s)
        assert set(people[scenario.in_view(camera, xy)]) <= set(group.people)
        away = np.hypot(*(group.xy_m - camera.centre_m[:2]).T)
        assert (np.diff(away) <= 0).all()
        foot = camera.project_ground(group.xy_m)
        middle = (group.boxes_px[:, 0] + group.boxes_px[:, 2]) / 2
        assert (np.abs(foot[:, 0] - middle) < 0.75 * (group.boxes_px[:, 3] - group.boxes_px[:, 1])).all()


def test_the_nearer_person_hides_the_farther(crowd_of: Any, small_camera: Any) -> None:
    camera = small_camera()
    near, far, elsewhere = ([(0, x, y), (20, x, y)] for x, y in ((20, 9), (20, 9.4), (28, 14)))
    both = [
        Renderer(crowd_of(walks, camera), camera, noise=False)
        for walks in ([(0.0, near), (0.0, far)], [(0.0, near), (0.0, elsewhere)])
    ]
    together, alone = (renderer.image_at(5.0) for renderer in both)
    box = both[1].figures_at(5.0).boxes_px[-1].round().astype(int)
    middle = (slice(box[1] + 3, (box[1] + box[3]) // 2), slice((box[0] + box[2]) // 2, (box[0] + box[2]) // 2 + 2))
    np.testing.assert_allclose(together[middle].astype(int), alone[middle], atol=3)
    around = (slice(max(0, box[1] - 6), box[3]), slice(box[0] - 3, box[2] + 3))
    assert (together[around] != alone[around]).any()


def test_a_pillar_hides_who_is_behind_and_not_who_is_in_front(crowd_of: Any) -> None:
    scenario = load("concourse")
    camera = scenario.camera("gates")
    axis = np.array([35.0, 8.0]) - camera.centre_m[:2]
    middle = camera.centre_m[:2] + axis
    behind, before = (middle + step * axis / np.hypot(*axis) for step in (1.0, -1.2))
    changed = []
    for spot in (behind, before):
        x, y = spot
        renderer = Renderer(crowd_of([(0.0, [(0, x, y), (10, x, y)])], camera), camera, noise=False)
        pillar = renderer._scene.surface == PILLAR + 1
        changed.append((drawn(renderer, 5.0) & pillar).sum())
    assert changed[0] == 0
    assert changed[1] > 100


def test_who_is_in_a_passage_is_seen_only_through_its_opening_and_fades(crowd_of: Any) -> None:
    scenario = load("concourse")
    camera = scenario.camera("gates")
    lightness = []
    for x in (40.5, 41.0, 42.5):
        renderer = Renderer(crowd_of([(0.0, [(0, x, 13.95), (10, x, 13.95)])], camera), camera, noise=False)
        seen = drawn(renderer, 5.0)
        surface = renderer._scene.surface
        assert not (seen & ~((surface >= PASSAGE) & (surface < PILLAR))).any()
        lightness.append(seen.sum())
    assert lightness[0] > 50
    assert lightness[0] > lightness[1] > lightness[2] == 0


def test_legs_swing_with_the_way_walked(crowd_of: Any, small_camera: Any) -> None:
    camera = small_camera()
    walking = Renderer(crowd_of([(0.0, [(0, 14, 11), (10, 26, 11)])], camera), camera, noise=False)
    standing = Renderer(crowd_of([(0.0, [(0, 20, 11), (10, 20, 11)])], camera), camera, noise=False)
    widths = [np.ptp(walking.figures_at(t).points_px[0, 27:51, 0]) for t in np.arange(4, 5.5, 0.1)]
    assert max(widths) > 1.5 * min(widths)
    np.testing.assert_array_equal(standing.image_at(4.0), standing.image_at(4.4))


def test_the_departures_board_changes_a_bit() -> None:
    scenario = load("concourse")
    renderer = Renderer(scenario, scenario.camera("board"))
    difference = np.abs(renderer.empty_image_at(5.0).astype(int) - renderer.empty_image_at(25.0)).max(axis=2) > 30
    assert 0.0005 < difference.mean() < 0.05
    np.testing.assert_array_equal(renderer.empty_image_at(5.0), renderer.empty_image_at(6.0))


def test_clothes_differ(demo: Renderer) -> None:
    group = demo.figures_at(30.0)
    tops = demo._wardrobe.tops[group.people]
    light = cv2.cvtColor(tops[None].astype(np.uint8), cv2.COLOR_BGR2GRAY)
    assert np.ptp(light) > 60
