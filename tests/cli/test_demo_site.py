"""The site of the demo: a site file like any other, whose plan and calibrations agree."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from throng.calibrated import calibration_of
from throng.cli.demo import ALARMS, SCENARIO, site_text
from throng.simulate.layout import CONCOURSE
from throng.simulate.plan import PX_A_METRE, plan_of
from throng.simulate.scenario import load
from throng.site.read import read_site


def test_every_camera_counts_where_it_is_drawn_on_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(site_text(SCENARIO, port=0) + ALARMS, encoding="utf-8")
    site = read_site(path)
    assert len(site.camera) == 4
    for camera in site.camera:
        assert camera.calibration is not None
        assert camera.where is not None
        corners_m, known = calibration_of(camera.calibration, *load(SCENARIO).camera(camera.name).size_px).to_ground(
            camera.zone[0].corners
        )
        assert known.all()
        assert corners_m.mean(axis=0) == pytest.approx((camera.where.x, camera.where.y), abs=0.1)


def test_the_plan_shows_every_door_pillar_and_wall_where_it_is() -> None:
    picture, metres_wide = plan_of(CONCOURSE)
    grey = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    assert grey.shape[1] == metres_wide * PX_A_METRE

    def shade(x_m: float, y_m: float) -> int:
        # North is up, and around the hall's 24 m from north to south are 4 m.
        return int(grey[int((24 + 4 - y_m) * PX_A_METRE), int((x_m + 4) * PX_A_METRE)])

    floor, wall = shade(10.0, 12.0), shade(2.0, 0.0)
    assert floor - wall > 100
    for west, south, east, north in CONCOURSE.pillars_m:
        assert shade((west + east) / 2, (south + north) / 2) == wall
    for door in CONCOURSE.doors:
        # One may walk through, and not beside it.
        assert min(shade(*CONCOURSE.at_door(door, along_m=0.0, behind_m=behind_m)) for behind_m in (-0.5, 0.0, 0.5)) > 200
        assert shade(*CONCOURSE.at_door(door, along_m=door.width_m / 2 + 0.5, behind_m=0.0)) == wall
