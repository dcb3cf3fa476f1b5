"""Alarms that noise will drown are named at the start, and no others."""

from pathlib import Path

import pytest

from throng.cli.alarm_warnings import alarm_warnings
from throng.site.read import read_site

SITE = """
name = "Station"
[budget]
rho_per_day = {rho}
[[camera]]
name = "hall"
address = "film.mp4"
{tick}
[[camera.zone]]
name = "floor"
corners = [[0, 0], [{side}, 0], [{side}, {side}], [0, {side}]]
[camera.calibration]
{size}
points_px = [[0, 0], [1000, 0], [1000, 1000], [0, 1000]]
points_m = [[0, 0], [20, 0], [20, 20], [0, 20]]
[[alarm]]
name = "crush"
camera = "hall"
place = "floor"
preset = "standing-crowd"
"""
SIZED = "width_px = 1000\nheight_px = 1000"


def warnings(folder: Path, *, side: int = 1000, rho: float = 0.2, size: str = SIZED, tick: str = "") -> list[str]:
    path = folder / "site.toml"
    path.write_text(SITE.format(side=side, rho=rho, size=size, tick=tick))
    return list(alarm_warnings(read_site(path)))


def test_a_large_zone_can_be_told_and_a_small_one_cannot(tmp_path: Path) -> None:
    assert warnings(tmp_path, side=1000) == []
    (sentence,) = warnings(tmp_path, side=200)
    assert 'alarm "crush" will not always be able to tell' in sentence


def test_a_larger_budget_tells_more(tmp_path: Path) -> None:
    assert len(warnings(tmp_path, side=380)) == 1
    assert warnings(tmp_path, side=380, rho=10.0) == []


def test_a_cameras_own_longer_ticks_tell_more(tmp_path: Path) -> None:
    assert len(warnings(tmp_path, side=380)) == 1
    assert warnings(tmp_path, side=380, tick="tick_s = 3600") == []


@pytest.mark.parametrize("side", [200, 1000])
def test_where_the_size_is_not_known_nothing_is_said(tmp_path: Path, side: int) -> None:
    assert warnings(tmp_path, side=side, size="") == []
