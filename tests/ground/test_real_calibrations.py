"""Calibrations of real cameras that others have published, beside ours from points on the same ground."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from throng.ground.file import read_homography
from throng.ground.solve import calibrate

pytestmark = pytest.mark.realdata

Floats = NDArray[np.float64]


def deviations(wrong_m: list[Floats], said_m: list[Floats]) -> float:
    return float(np.sqrt(np.mean((np.concatenate(wrong_m) / np.concatenate(said_m)) ** 2)))


@pytest.mark.parametrize(
    ("name", "size_px"),
    [
        ("trajectories/eth_hotel/H.txt", (720, 576)),
        ("trajectories/ucy_zara01/H-cam.txt", (720, 576)),
        ("video/towncentre/cam2world_dsy.txt", (1920, 1080)),
    ],
)
@pytest.mark.parametrize("n", [6, 12])
def test_published_homographies_are_found_again_within_the_errors_told(
    shared_data: Path, name: str, size_px: tuple[int, int], n: int
) -> None:
    published, generator = read_homography(shared_data / name), np.random.default_rng(n)
    wrong_m, said_m = [], []
    for _ in range(20):
        places = generator.uniform(0.05, 0.95, (n + 10, 2)) * size_px
        ground, _ = published.to_ground(places)
        clicked = places[:n] + generator.normal(0, 1.5, (n, 2))
        found = calibrate(width_px=size_px[0], height_px=size_px[1], points_px=clicked, points_m=ground[:n], lens="none")
        wrong_m.append(np.hypot(*(found.to_ground(places[n:])[0] - ground[n:]).T))
        said_m.append(found.error_m(places[n:]))
    assert 0.7 < deviations(wrong_m, said_m) < 1.4


def towncentre(path: Path) -> tuple[Floats, Floats]:
    """Ground within 40 m, (n, 2) metres, and where the published lens with two radial and two tangential terms shows it."""
    lines = [line.split("=") for line in path.read_text().splitlines() if "=" in line]
    told = {key.strip(): float(value) for key, value in lines}
    turn = Rotation.from_quat([told[f"Rotation{axis}"] for axis in "XYZW"]).as_matrix()
    ground = np.stack(np.meshgrid(np.linspace(-40, 40, 161), np.linspace(-40, 40, 161)), axis=-1).reshape(-1, 2)
    x, y, depth = turn[:, :2] @ ground.T + np.array([[told[f"Translation{axis}"]] for axis in "XYZ"])
    x, y = x / depth, y / depth
    square = x**2 + y**2
    radial = 1 + told["DistortionK1"] * square + told["DistortionK2"] * square**2
    p1, p2 = told["DistortionP1"], told["DistortionP2"]
    across, down = (
        x * radial + 2 * p1 * x * y + p2 * (square + 2 * x**2),
        y * radial + p1 * (square + 2 * y**2) + 2 * p2 * x * y,
    )
    picture = np.column_stack(
        [across * told["FocalLengthX"] + told["PrincipalPointX"], down * told["FocalLengthY"] + told["PrincipalPointY"]]
    )
    seen = (depth > 0) & (picture > 0).all(axis=1) & (picture < [1920, 1080]).all(axis=1)
    return ground[seen], picture[seen]


def test_a_street_with_a_lens_of_another_model_is_met_within_a_few_decimetres(shared_data: Path) -> None:
    ground, picture = towncentre(shared_data / "video/towncentre/TownCentre-calibration-ci.txt")
    generator = np.random.default_rng(0)
    wrong_m, said_m = [], []
    for _ in range(20):
        chosen, asked = generator.choice(len(ground), 12, replace=False), generator.choice(len(ground), 40)
        clicked = picture[chosen] + generator.normal(0, 1.5, (12, 2))
        found = calibrate(width_px=1920, height_px=1080, points_px=clicked, points_m=ground[chosen])
        wrong_m.append(np.hypot(*(found.to_ground(picture[asked])[0] - ground[asked]).T))
        said_m.append(found.error_m(picture[asked]))
    assert np.median(np.concatenate(wrong_m)) < 0.2
    # The tangential terms are beyond one radial term: errors are told up to three times too small.
    assert deviations(wrong_m, said_m) < 3.0


@pytest.mark.parametrize("camera", ["Cam_x1_0", "Cam_x2_0"])
def test_a_made_up_shops_cameras_have_about_the_focal_length_that_they_were_drawn_with(shared_data: Path, camera: str) -> None:
    told = json.loads((shared_data / "video/scenescape/config.json").read_text())["sensors"][camera]
    found = calibrate(
        width_px=800,
        height_px=600,
        points_px=told["camera points"],
        points_m=np.array(told["map points"], dtype=np.float64)[:, :2],
    )
    assert found.view is not None
    # The points were clicked up to twenty pixels off.
    assert found.view.focal_px == pytest.approx(told["intrinsics"][0], rel=0.06)
