"""Calibrations are right, know how wrong they are, and refuse what does not determine the ground."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.data.errors import CalibrationError
from throng.ground.calibration import Calibration
from throng.ground.evidence import CLICK_PX, KnownLength, KnownView
from throng.ground.geodesy import to_plan
from throng.ground.solve import calibrate
from throng.ground.view import View

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 1280, 720
SHORT = KnownLength(np.array([[600.0, 600.0], [700.0, 600.0]]), 2.0)


def scene(generator: np.random.Generator, k1: float = 0.0) -> tuple[View, Floats, Floats]:
    """A camera 3 to 15 m high that looks down by 10 to 60 degrees, and many places no farther than eight times its height."""
    while True:
        focal = WIDTH * np.exp(generator.uniform(np.log(0.5), np.log(2.0)))
        tilt, roll = np.radians([generator.uniform(10, 60), generator.uniform(-3, 3)])
        pose = generator.uniform([-3, -50, -50], [3, 50, 50])
        view = View(focal, tilt, roll, generator.uniform(3, 15), WIDTH, HEIGHT, k1, *pose.tolist())
        points = generator.uniform([60, 60], [WIDTH - 60, HEIGHT - 60], (400, 2))
        ground, standing = view.to_ground(points)
        near = standing & (np.hypot(*(ground - [view.x_m, view.y_m]).T) < 8 * view.height_m)
        if near.sum() > 60:
            return view, points[near], ground[near]


def spread(generator: np.random.Generator, points: Floats, n: int) -> NDArray[np.intp]:
    """Points as somebody with a tape would choose them: far from each other, more or less."""
    chosen = [0]
    while len(chosen) < n:
        apart = np.min(np.hypot(*(points[:, None] - points[chosen]).transpose(2, 0, 1)), axis=1)
        chosen.append(int(np.argmax(apart + generator.uniform(0, 80, len(points)))))
    return np.array(chosen)


def clicked(generator: np.random.Generator, points: Floats) -> Floats:
    return points + generator.normal(0, CLICK_PX, points.shape)


def rms(values: list[float]) -> float:
    known = np.array(values)[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2)))


def deviations(n: int, *, k1: float = 0.0, seeds: range) -> tuple[float, float, float]:
    """Root mean square over scenes of (got - truth) / standard error, of places, lengths and areas."""
    places: list[float] = []
    lengths: list[float] = []
    areas: list[float] = []
    for seed in seeds:
        generator = np.random.default_rng(seed)
        view, points, ground = scene(generator, k1)
        chosen = spread(generator, points, n)
        try:
            found = calibrate(
                width_px=WIDTH, height_px=HEIGHT, points_px=clicked(generator, points[chosen]), points_m=ground[chosen]
            )
        except CalibrationError:
            continue
        asked = points[generator.choice(len(points), 12)]
        truth, got = view.to_ground(asked)[0], found.to_ground(asked)[0]
        places += (np.hypot(*(got - truth).T) / found.error_m(asked)).tolist()
        length, error = found.length_m(asked[:2])
        lengths.append(float((length - np.hypot(*(truth[1] - truth[0]))) / error))
        if not k1:
            # With a bending lens the sides of the polygon drawn here are no straight lines on the ground.
            area, error = found.area_m2(asked[2:5])
            one, other = truth[3:5] - truth[2]
            areas.append(float((area - abs(one[0] * other[1] - one[1] * other[0]) / 2) / error))
    assert len(lengths) >= 0.85 * len(seeds)
    return rms(places), rms(lengths), rms(areas) if areas else 1.0


@pytest.mark.parametrize(("n", "k1"), [(6, 0.0), (12, 0.0), (12, -0.25)])
def test_errors_are_as_large_as_they_say(n: int, k1: float) -> None:
    # Of about 300 places and 30 lengths: a root mean square of 1 is seen between about 0.7 and 1.4, and no error doubles it.
    place, length, area = deviations(n, k1=k1, seeds=range(100, 122))
    assert 0.6 < place < 1.6
    assert 0.5 < length < 2.0
    assert 0.5 < area < 2.0


def found_with_wrong_pairs(
    seed: int, n: int, wrong: int, k1: float = 0.0
) -> tuple[Calibration, NDArray[np.intp], View, Floats]:
    generator = np.random.default_rng(seed)
    view, points, ground = scene(generator, k1)
    chosen = spread(generator, points, n)
    measured = ground[chosen].copy()
    which = generator.choice(n, wrong, replace=False)
    # As far off as a tenth to a third of the scene is wide: a point taken for another.
    away = generator.uniform(0, 2 * np.pi, wrong)
    far = generator.uniform(0.1, 0.3, wrong) * np.ptp(measured, axis=0).max()
    measured[which] += (far * [np.cos(away), np.sin(away)]).T
    found = calibrate(width_px=WIDTH, height_px=HEIGHT, points_px=clicked(generator, points[chosen]), points_m=measured)
    return found, which, view, points


@pytest.mark.parametrize(("n", "wrong"), [(8, 1), (12, 3), (20, 5)])
def test_wrong_pairs_are_rejected_and_named(n: int, wrong: int) -> None:
    caught, lost = 0, 0
    off = []
    for seed in range(20):
        found, which, view, points = found_with_wrong_pairs(seed, n, wrong)
        caught += int(np.count_nonzero(~found.used[which]))
        lost += int(np.count_nonzero(~found.used) - np.count_nonzero(~found.used[which]))
        near = points[:40]
        off.append(float(np.median(np.hypot(*(found.to_ground(near)[0] - view.to_ground(near)[0]).T)) / view.height_m))
    assert caught >= 0.9 * 20 * wrong
    assert lost <= 0.05 * 20 * n
    assert np.median(off) < 0.03


def test_a_bending_lens_is_found_and_a_straight_one_is_not_bent() -> None:
    bent, straight = [], []
    for seed in range(15):
        found, _, _, _ = found_with_wrong_pairs(seed, 20, 0, k1=-0.2)
        bent.append(found.k1)
        straight.append(found_with_wrong_pairs(seed, 20, 0)[0].k1)
    assert np.median(bent) == pytest.approx(-0.2, abs=0.02)
    assert np.count_nonzero(straight) <= 2
    found = calibrate(width_px=WIDTH, height_px=HEIGHT, lens="none", **pairs_of_seed(3, 20, k1=-0.2))
    assert found.k1 == 0


def pairs_of_seed(seed: int, n: int, k1: float = 0.0) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    _, points, ground = scene(generator, k1)
    chosen = spread(generator, points, n)
    return {"points_px": clicked(generator, points[chosen]), "points_m": ground[chosen]}


@pytest.mark.parametrize("seed", range(5))
def test_moving_turning_and_scaling_the_plan_moves_turns_and_scales_the_ground(seed: int) -> None:
    pairs = pairs_of_seed(seed, 9)
    turn = 3.0 * np.array([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])
    moved = pairs | {"points_m": pairs["points_m"] @ turn.T + [4e5, 5e6]}
    first, second = (calibrate(width_px=WIDTH, height_px=HEIGHT, **each) for each in (pairs, moved))
    asked = pairs["points_px"]
    np.testing.assert_allclose(second.to_ground(asked)[0], first.to_ground(asked)[0] @ turn.T + [4e5, 5e6], atol=1e-3)
    np.testing.assert_allclose(second.error_m(asked), 3.0 * first.error_m(asked), rtol=1e-3)
    np.testing.assert_allclose(second.residuals_m, 3.0 * first.residuals_m, atol=1e-3)


def test_latitudes_and_longitudes_are_metres_east_and_north_of_their_middle() -> None:
    pairs = pairs_of_seed(1, 8)
    plan = pairs["points_m"] - pairs["points_m"].mean(axis=0)
    degrees = np.array([52.52, 13.405]) + plan[:, ::-1] / [111_276.0, 67_850.0]
    found = calibrate(width_px=WIDTH, height_px=HEIGHT, points_px=pairs["points_px"], points_deg=degrees)
    np.testing.assert_allclose(found.points_m, to_plan(degrees))
    np.testing.assert_allclose(found.points_m, plan, rtol=2e-3, atol=0.01)


def test_the_view_behind_the_pairs() -> None:
    generator = np.random.default_rng(4)
    view, points, ground = scene(generator)
    exact = spread(generator, points, 12)
    for mirrored in (1.0, -1.0):
        found = calibrate(
            width_px=WIDTH, height_px=HEIGHT, points_px=points[exact], points_m=ground[exact] * [1.0, mirrored]
        ).view
        assert found is not None
        got, wanted = found.parameters(), view.parameters()
        np.testing.assert_allclose(got[:4], wanted[:4], atol=1e-3)
        np.testing.assert_allclose(got[6:], wanted[6:], atol=1e-2)
        assert np.cos(got[5] - wanted[5]) > 0.999


def lengths_of(generator: np.random.Generator, view: View, ground: Floats, n: int) -> list[KnownLength]:
    found: list[KnownLength] = []
    while len(found) < n:
        here, angle, length = ground[generator.integers(len(ground))], generator.uniform(0, np.pi), generator.uniform(1, 4)
        ends, in_front = view.to_image(here + length * np.array([[0, 0], [np.cos(angle), np.sin(angle)]]))
        if in_front.all() and (ends > 0).all() and (ends < [WIDTH, HEIGHT]).all() and np.hypot(*(ends[1] - ends[0])) > 20:
            found.append(KnownLength(clicked(generator, ends), length))
    return found


@pytest.mark.parametrize(("lengths", "pairs"), [(8, 0), (2, 4), (4, 2)])
def test_lengths_alone_or_with_pairs_give_lengths(lengths: int, pairs: int) -> None:
    errors = []
    for seed in range(12):
        generator = np.random.default_rng(1000 + seed)
        view, points, ground = scene(generator)
        chosen = generator.choice(len(points), pairs, replace=False)
        try:
            found = calibrate(
                width_px=WIDTH,
                height_px=HEIGHT,
                known_lengths=lengths_of(generator, view, ground, lengths),
                points_px=clicked(generator, points[chosen]),
                points_m=ground[chosen],
            )
        except CalibrationError:
            continue
        ends = points[generator.choice(len(points), 2, replace=False)]
        errors.append(found.length_m(ends)[0] / np.hypot(*np.diff(view.to_ground(ends)[0], axis=0)[0]) - 1)
    assert len(errors) >= 9
    assert np.median(np.abs(errors)) < 0.06, errors


def test_a_view_found_before_is_kept_and_made_surer_by_a_length() -> None:
    generator = np.random.default_rng(5)
    view, _, ground = scene(generator)
    before = calibrate(width_px=WIDTH, height_px=HEIGHT, known_view=KnownView(view, 0.05))
    after = calibrate(
        width_px=WIDTH,
        height_px=HEIGHT,
        known_view=KnownView(view, 0.05),
        known_lengths=lengths_of(generator, view, ground, 3),
    )
    assert before.view is not None
    np.testing.assert_allclose(before.view.parameters()[:5], view.parameters()[:5], atol=5e-3)
    assert before.scale_error == pytest.approx(0.05, rel=0.6)
    assert after.scale_error < 0.7 * before.scale_error


def test_a_zone_on_the_ground() -> None:
    found = calibrate(width_px=WIDTH, height_px=HEIGHT, known_view=KnownView(View(1000, 0.3, 0, 5, WIDTH, HEIGHT), 0.02))
    corners = np.array([[400.0, 400.0], [900.0, 400.0], [900.0, 700.0], [400.0, 700.0]])
    assert found.polygon_m("hall", corners).area_m2 == pytest.approx(found.area_m2(corners)[0])
    with pytest.raises(CalibrationError, match="horizon"):
        found.polygon_m("sky", corners - [0, 390])
    assert np.isnan(found.area_m2(corners - [0, 390])[0])


def test_errors_grow_towards_the_horizon() -> None:
    view = View(1000.0, 0.25, 0.0, 5.0, WIDTH, HEIGHT)
    points = np.array([[200.0, 300.0], [1000.0, 300.0], [1100.0, 650.0], [150.0, 650.0], [640.0, 480.0]])
    found = calibrate(width_px=WIDTH, height_px=HEIGHT, points_px=points, points_m=view.to_ground(points)[0])
    standing = np.column_stack([np.full(50, 640.0), np.linspace(719, 150, 50)])
    errors = found.error_m(standing[found.to_ground(standing)[1]])
    assert errors[-1] > 3 * errors.min()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"points_px": [[0, 0], [1, 1]], "points_m": [[0, 0], [1, 1]]}, "at least four pairs"),
        ({}, "at least four pairs"),
        ({"points_px": [[100, 700]], "points_m": [[0, 0]], "known_lengths": [SHORT]}, "one point"),
        ({"points_px": [[1, 2]] * 3, "points_m": [[0, 0]] * 2}, "3 in the picture and 2 on the ground"),
        ({"known_lengths": [SHORT]}, "do not determine"),
    ],
)  # fmt: skip
def test_what_does_not_determine_the_ground_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(CalibrationError, match=sentence):
        calibrate(width_px=WIDTH, height_px=HEIGHT, **given)  # type: ignore[arg-type]


def test_pairs_and_lengths_that_contradict_each_other_are_refused() -> None:
    pairs = pairs_of_seed(7, 8)
    long = KnownLength(pairs["points_px"][:2], 3 * float(np.hypot(*np.diff(pairs["points_m"][:2], axis=0)[0])))
    with pytest.raises(CalibrationError, match="contradicts itself"):
        calibrate(width_px=WIDTH, height_px=HEIGHT, known_lengths=[long], **pairs)


def test_a_plan_whose_y_points_down_is_told_when_it_matters() -> None:
    pairs = pairs_of_seed(7, 8)
    mirrored = pairs | {"points_m": pairs["points_m"] * [1, -1]}
    length = KnownLength(pairs["points_px"][:2], 2.0)
    with pytest.raises(CalibrationError, match="change the sign"):
        calibrate(width_px=WIDTH, height_px=HEIGHT, known_lengths=[length], **mirrored)


@pytest.mark.parametrize(("ends", "metres", "why"), [([[0, 0], [0, 0]], 1.0, "apart"), ([[0, 0], [9, 9]], 0.0, "positive")])
def test_a_length_that_is_none_is_refused(ends: list[list[float]], metres: float, why: str) -> None:
    with pytest.raises(CalibrationError, match=why):
        KnownLength(np.array(ends, dtype=float), metres)
