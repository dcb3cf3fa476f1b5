"""The built-in detector where other things than people change the picture: light, shadows, leaves, parked things."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.detect.stage import HEIGHT, PERSON, WIDTH, Image, Stage, matched, run, scale

from throng.data.detections import Detections
from throng.detect.background import Background
from throng.detect.foreground import Foreground

ROWS, COLUMNS = np.ogrid[:HEIGHT, :WIDTH]
EMPTY_S = 12.0
"""The empty scene is shown first for so long: until the detector has done with taking it anew."""


def begun(stage: Stage, rate_hz: float = 10.0) -> Foreground:
    detector = Foreground(scale=scale())
    run(detector, [stage.image() for _ in range(round(EMPTY_S * rate_hz))], rate_hz=rate_hz)
    return detector


def lit(image: Image, factor: NDArray[np.floating] | float) -> Image:
    factors = np.asarray(factor, dtype=np.float32)
    changed: Image = np.clip(image * (factors[..., None] if factors.ndim else factors), 0, 255).astype(np.uint8)
    return changed


def sure(found: list[Detections]) -> list[int]:
    """How many people each picture shows well enough to begin a track."""
    return [int((detections.scores >= 0.5).sum()) for detections in found]


@pytest.mark.parametrize("end", [0.6, 1.4])
def test_light_that_changes_over_a_minute_is_nobody_and_hides_nobody(end: float) -> None:
    stage, rate_hz = Stage(), 5.0
    detector = begun(stage, rate_hz)
    lights = np.linspace(1.0, end, 300)
    feet = [(float(20 + 4 * (k % 100)), 200.0) for k in range(300)]
    inside = [20 <= foot[0] <= WIDTH - 20 for foot in feet]
    images = [lit(stage.image([foot] if here else []), light) for foot, here, light in zip(feet, inside, lights, strict=True)]
    found = run(detector, images, start_s=EMPTY_S, rate_hz=rate_hz)
    assert sum(len(detections) for detections, here in zip(found, inside, strict=True) if not here) == 0
    hits = [matched(detections, [foot], least=0.5) for detections, foot, here in zip(found, feet, inside, strict=True) if here]
    assert np.mean(hits) >= 0.97


def test_sun_that_comes_out_over_half_the_picture_is_nobody() -> None:
    stage = Stage()
    detector = begun(stage)
    half = 1.0 / (1.0 + np.exp((COLUMNS + 0 * ROWS - WIDTH / 2) / 6.0))
    images = [lit(stage.image(), 1.0 + 0.4 * min(1.0, k / 20) * half) for k in range(200)]
    found = run(detector, images, start_s=EMPTY_S)
    assert sum(sure(found)) == 0
    foot = (60.0, 200.0)
    (walking,) = run(detector, [lit(stage.image([foot]), 1.0 + 0.4 * half)], start_s=EMPTY_S + 20.0)
    assert matched(walking, [foot], least=0.5)


def test_the_cameras_own_jumps_of_exposure_are_nobody_and_hide_nobody() -> None:
    stage = Stage()
    detector = begun(stage)
    foot = (160.0, 200.0)
    images = [lit(stage.image([foot] if k % 40 >= 20 else []), 1.3 if k % 80 >= 40 else 0.85) for k in range(240)]
    found = run(detector, images, start_s=EMPTY_S)
    assert sum(sum(sure(found[k : k + 20])) for k in range(0, 240, 40)) == 0
    there = [detections for k, detections in enumerate(found) if k % 40 >= 20]
    assert np.mean([matched(detections, [foot], least=0.5) for detections in there]) >= 0.97


def in_ellipse(middle: tuple[float, float], size: tuple[float, float]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = ((COLUMNS - middle[0]) / size[0]) ** 2 + ((ROWS - middle[1]) / size[1]) ** 2 <= 0.25
    return inside


def in_front(stage: Stage, foot: tuple[float, float], image: Image) -> Image:
    """Somebody painted over a picture."""
    body = in_ellipse((foot[0], foot[1] - PERSON[1] / 2), PERSON)
    return np.where(body[..., None], stage.image([foot]), image)


def shadowed(image: Image, middle: tuple[float, float], size: tuple[float, float], *, light: float = 0.6) -> Image:
    """A shadow with sharp edges in which so much of the light is left."""
    return lit(image, np.where(in_ellipse(middle, size), light, 1.0))


def test_a_long_shadow_is_no_second_person_and_does_not_move_the_first() -> None:
    stage = Stage()
    detector = begun(stage)
    hits = []
    for k in range(50):
        foot = (30.0 + 4 * k, 200.0)
        ground = shadowed(stage.image(), (foot[0] + 40, 196.0), (90.0, 24.0))
        (found,) = run(detector, [in_front(stage, foot, ground)], start_s=EMPTY_S + k / 10)
        hits.append(matched(found, [foot], least=0.5))
    assert np.mean(hits) >= 0.95


def test_a_shadow_of_a_persons_own_shape_is_nobody() -> None:
    """A sharp one that leaves less than 0.64 of the light cannot be told from plain dark clothes, and is not asked for."""
    stage = Stage()
    detector = begun(stage)
    hits = []
    for k in range(50):
        foot, ground = (30.0 + 3 * k, 180.0), shadowed(stage.image(), (120.0 + 3 * k, 180.0), PERSON, light=0.7)
        (found,) = run(detector, [in_front(stage, foot, ground)], start_s=EMPTY_S + k / 10)
        hits.append(matched(found, [foot], least=0.5))
    assert np.mean(hits) >= 0.95


class Tree:
    """Leaves that sway about a stem in the upper left of a stage, with gaps through which the wall shows."""

    def __init__(self, stage: Stage) -> None:
        rng = np.random.default_rng(3)
        self._stage = stage
        self._leaves = rng.uniform([20, 30], [120, 150], (220, 2))
        self._phase, self._green = rng.uniform(0, 6.28, 220), rng.uniform(40, 130, 220)

    def image(self, time_s: float, people: list[tuple[float, float]] | None = None) -> Image:
        image = self._stage.image(people or []).copy()
        sway = 5 * np.sin(2 * np.pi * 0.7 * time_s + 0.5 * self._phase) + 2 * np.sin(9.0 * time_s + self._phase)
        for (x, y), shift, green in zip(self._leaves, sway, self._green, strict=True):
            left, top = int(x + shift), int(y)
            image[top : top + 5, left : left + 5] = (30, green, 40)
        return image


def test_a_swaying_tree_becomes_scenery_and_who_walks_in_front_is_found() -> None:
    tree = Tree(Stage())
    detector = Foreground(scale=scale())
    swaying = run(detector, [tree.image(k / 10) for k in range(400)])
    assert sum(sure(swaying[200:])) == 0
    hits = []
    for k in range(60):
        foot = (30.0 + 4 * k, 215.0)
        (found,) = run(detector, [tree.image(40 + k / 10, [foot])], start_s=40 + k / 10)
        hits.append(matched(found, [foot], least=0.5))
    assert np.mean(hits) >= 0.9


def test_who_stands_for_ten_minutes_stays_found_and_leaves_no_ghost() -> None:
    stage, rate_hz = Stage(), 2.0
    detector = begun(stage, rate_hz)
    rng = np.random.default_rng(1)
    # Nobody is a statue: the weight shifts now and then by a hand's breadth.
    feet = [(160.0 + step, 200.0) for step in np.repeat(rng.integers(-2, 3, 240), 5)]
    found = run(detector, [stage.image([foot]) for foot in feet], start_s=EMPTY_S, rate_hz=rate_hz)
    assert all(matched(detections, [foot], least=0.5) for detections, foot in zip(found, feet, strict=True))
    left = run(detector, [stage.image() for _ in range(20)], start_s=EMPTY_S + 600.0, rate_hz=rate_hz)
    assert sum(len(detections) for detections in left[4:]) == 0


def parked(image: Image, left: int, right: int, top: int, bottom: int) -> Image:
    with_it = image.copy()
    with_it[top:bottom, left:right] = (60, 60, 190)
    with_it[top + 6 : bottom - 6 : 8, left + 4 : right - 4] = (190, 190, 190)
    return with_it


@pytest.mark.parametrize(("box", "within_s"), [((120, 190, 160, 200), 30.0), ((150, 180, 118, 200), 200.0)])
def test_a_parked_trolley_is_no_person_for_long(box: tuple[int, int, int, int], within_s: float) -> None:
    """One wider than tall at once or in half a minute; one of a person's own shape is told by its never moving."""
    stage, rate_hz = Stage(), 2.0
    detector = begun(stage, rate_hz)
    pictures = round((within_s + 20.0) * rate_hz)
    found = run(detector, [parked(stage.image(), *box) for _ in range(pictures)], start_s=EMPTY_S, rate_hz=rate_hz)
    assert sum(sure(found[round(within_s * rate_hz) :])) == 0
    end_s = EMPTY_S + pictures / rate_hz
    foot = (float(box[0] + 5), 206.0)
    (passing,) = run(detector, [in_front(stage, foot, parked(stage.image(), *box))], start_s=end_s)
    assert matched(passing, [foot], least=0.5)
    taken = run(detector, [stage.image() for _ in range(30)], start_s=end_s + 1.0, rate_hz=rate_hz)
    assert sum(sure(taken[10:])) == 0


def test_while_the_scene_is_young_what_does_not_move_may_be_a_hole_in_it() -> None:
    background = Background()
    nobody, still, moving = np.empty((0, 4)), np.array([[40.0, 60.0, 70.0, 144.0]]), np.array([[200.0, 60.0, 230.0, 144.0]])
    answers = []
    for k in range(140):
        picture = np.full((HEIGHT, WIDTH, 3), 120, dtype=np.uint8)
        if k >= 20:
            picture[60:144, 40:70] = 30
            picture[60:144, 200:230] = 30 + 60 * (k % 2)
        mask = background.foreground(picture, k / 10)
        background.learn(picture, mask, np.zeros((HEIGHT, WIDTH), np.uint8), nobody)
        answers.append(background.doubtful(np.concatenate([still, moving])).tolist())
    assert answers[30] == [False, False]
    assert answers[45] == [True, False]
    assert answers[120] == [False, False]
