"""Reported errors hold against cameras simulated apart from the code under test, with lenses of which nothing is known."""

from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.data.errors import CalibrationError
from throng.ground.evidence import KnownLength
from throng.ground.solve import calibrate

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 1920, 1080
MIDDLE = np.array([WIDTH, HEIGHT]) / 2


class Camera:
    """Rays from a lens that bends by k1, turned by axes that are built from the line of sight."""

    def __init__(self, generator: np.random.Generator, k1: float, tilt_deg: tuple[float, float] = (10, 60)) -> None:
        tilt, yaw = np.radians(generator.uniform(*tilt_deg)), generator.uniform(-np.pi, np.pi)
        ahead = np.array([np.cos(tilt) * np.cos(yaw), np.cos(tilt) * np.sin(yaw), -np.sin(tilt)])
        right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
        self._axes = np.array([right, np.cross(ahead, right), ahead])
        self.place_m, self.height_m = generator.uniform(-50, 50, 2), generator.uniform(3, 15)
        self._focal_px = WIDTH * np.exp(generator.uniform(np.log(0.5), np.log(2)))
        self._k1, self._generator = k1, generator

    def ground(self, xy_px: Floats) -> Floats:
        offset = xy_px - MIDDLE
        straight = offset / (1 + self._k1 * np.sum(offset**2, axis=1) / np.sum(MIDDLE**2))[:, None]
        rays = np.column_stack([straight / self._focal_px, np.ones(len(straight))]) @ self._axes
        falls = np.where(rays[:, 2] < 0, -rays[:, 2], np.nan)
        return np.asarray(self.place_m + rays[:, :2] * (self.height_m / falls)[:, None])

    def places_px(self, n: int) -> Floats:
        """Places of the picture whose ground is no farther than eight times the camera's height."""
        some = self._generator.uniform(0.03, 0.97, (4000, 2)) * [WIDTH, HEIGHT]
        far = np.hypot(*(self.ground(some) - self.place_m).T)
        return np.asarray(some[far < 8 * self.height_m][:n])

    def pairs(self, n: int) -> dict[str, Floats]:
        places = self.places_px(n)
        return {"points_px": self.clicked(places), "points_m": self.ground(places)}

    def lengths(self, n: int) -> list[KnownLength]:
        return [self.length(self.places_px(2)) for _ in range(n)]

    def length(self, ends_px: Floats) -> KnownLength:
        return KnownLength(self.clicked(ends_px), self.truth(ends_px) * (1 + self._generator.normal(0, 0.01)))

    def truth(self, ends_px: Floats) -> float:
        one, other = self.ground(ends_px)
        return float(np.hypot(*(other - one)))

    def clicked(self, places: Floats) -> Floats:
        return places + self._generator.normal(0, 1.5, places.shape)


def deviations(*, pairs: int, lengths: int, seeds: int, lens: Literal["auto", "none"] = "auto") -> tuple[float, int]:
    """Root mean square of (length - truth) / standard error, over scenes with lenses from -0.3 to 0.1; and how many refuse."""
    found, refused = [], 0
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        camera = Camera(generator, 0.0 if lens == "none" else generator.uniform(-0.3, 0.1))
        given = camera.pairs(pairs) if pairs else {}
        try:
            calibration = calibrate(
                width_px=WIDTH,
                height_px=HEIGHT,
                known_lengths=camera.lengths(lengths),
                lens=lens,
                **given,  # type: ignore[arg-type]
            )
        except CalibrationError:
            refused += 1
            continue
        for _ in range(4):
            ends = camera.places_px(2)
            length, error = calibration.length_m(ends)
            found.append((length - camera.truth(ends)) / error)
    return float(np.sqrt(np.mean(np.square(found)))), refused


@pytest.mark.parametrize(("pairs", "lengths", "most"), [(5, 0, 2.2), (8, 0, 1.8), (0, 8, 1.5), (4, 3, 1.5)])
def test_errors_allow_for_a_lens_of_which_nothing_is_known(pairs: int, lengths: int, most: float) -> None:
    # Lenses bend up to three times LENS_ERROR here, so that one is exceeded; taken for straight they give 2.4 to 7.
    spread, refused = deviations(pairs=pairs, lengths=lengths, seeds=30)
    assert 0.6 < spread < most
    assert refused <= 3


def test_a_lens_known_to_be_straight_makes_few_pairs_surer() -> None:
    spread, _ = deviations(pairs=5, lengths=0, seeds=30, lens="none")
    assert 0.7 < spread < 1.4
    given = Camera(np.random.default_rng(3), 0.0).pairs(5)
    doubted, trusted = (calibrate(width_px=WIDTH, height_px=HEIGHT, lens=lens, **given) for lens in ("auto", "none"))  # type: ignore[arg-type]
    assert trusted.scale_error < 0.8 * doubted.scale_error
    np.testing.assert_allclose(trusted.homography.matrix, doubted.homography.matrix)


@pytest.mark.parametrize("seed", [0, 1, 49, 50, 55])
def test_lengths_side_by_side_do_not_determine_a_camera(seed: int) -> None:
    camera = Camera(np.random.default_rng(seed), 0.0)
    row = camera.places_px(1)[0, 1]
    stripes = [camera.length(np.array([[x, row], [x + 120, row]])) for x in (300.0, 650.0, 1000.0, 1350.0)]
    with pytest.raises(CalibrationError, match="does not determine"):
        calibrate(width_px=WIDTH, height_px=HEIGHT, known_lengths=stripes)


@pytest.mark.parametrize("seed", range(3))
def test_with_lengths_too_the_plan_may_lie_anywhere(seed: int) -> None:
    camera = Camera(np.random.default_rng(seed), 0.0)
    given, lengths, asked = camera.pairs(6), camera.lengths(2), camera.places_px(5)
    turn = np.array([[np.cos(2.0), -np.sin(2.0)], [np.sin(2.0), np.cos(2.0)]])
    moved = given | {"points_m": given["points_m"] @ turn.T + [4e5, 5e6]}
    first, second = (calibrate(width_px=WIDTH, height_px=HEIGHT, known_lengths=lengths, **each) for each in (given, moved))
    np.testing.assert_allclose(second.to_ground(asked)[0], first.to_ground(asked)[0] @ turn.T + [4e5, 5e6], atol=1e-5)
    np.testing.assert_allclose(second.error_m(asked), first.error_m(asked), rtol=1e-4)
    assert first.view is not None
    assert second.view is not None
    np.testing.assert_allclose(
        [second.view.x_m, second.view.y_m], turn @ [first.view.x_m, first.view.y_m] + [4e5, 5e6], atol=1e-4
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"points_deg": [[0, 0]] * 6}, "leave out one"),
        ({"points_m": [[np.nan, 0]] * 6}, "finite numbers"),
        ({"points_px": "six"}, "finite numbers"),
        ({"width_px": 0}, "positive"),
    ],
)
@pytest.mark.parametrize("lengths", [0, 2])
def test_nonsense_is_refused_in_words(change: dict[str, object], sentence: str, lengths: int) -> None:
    camera = Camera(np.random.default_rng(1), 0.0)
    given = {"width_px": WIDTH, "height_px": HEIGHT, "known_lengths": camera.lengths(lengths)} | camera.pairs(6) | change
    with pytest.raises(CalibrationError, match=sentence):
        calibrate(**given)  # type: ignore[arg-type]
