"""The calibration table of a camera: what it takes, and what each mistake is told like."""

from pathlib import Path

import pytest

from throng.data.errors import SiteError
from throng.site.calibration import CalibrationTable
from throng.site.read import read_site

HEAD = 'name = "Central"\n[[camera]]\nname = "north"\naddress = "film.mp4"\n[camera.calibration]\n'
FOUR_PX = "points_px = [[0,0],[9,0],[9,9],[0,9]]\n"
VIEW = "view = { focal_px = 900, tilt_deg = 30, roll_deg = -1.5, height_m = 6, k1 = -0.1, scale_error = 0.04 }\n"
SIZE = "width_px = 1920\nheight_px = 1080\n"
LENGTH = "[[camera.calibration.length]]\nfrom = [100, 200]\nto = [180, 205]\nmetres = 1.5\n"


def read(folder: Path, text: str) -> CalibrationTable:
    (folder / "site.toml").write_text(HEAD + text)
    table = read_site(folder / "site.toml").camera[0].calibration
    assert table is not None
    return table


def test_everything_at_once(tmp_path: Path) -> None:
    table = read(
        tmp_path, FOUR_PX + "points_deg = [[51.75, -1.26],[51.76, -1.26],[51.76, -1.25],[-90, 180]]\n" + VIEW + SIZE + LENGTH
    )
    assert table.points_deg[3] == (-90.0, 180.0)
    assert table.view is not None
    assert (table.view.focal_px, table.view.roll_deg, table.view.scale_error) == (900.0, -1.5, 0.04)
    assert (table.length[0].from_px, table.length[0].to_px, table.length[0].metres) == ((100, 200), (180, 205), 1.5)
    assert (table.width_px, table.height_px, table.lens) == (1920, 1080, "auto")


@pytest.mark.parametrize("text", [3 * LENGTH, VIEW + SIZE, FOUR_PX + "points_m = [[0,0],[1,0],[1,1],[0,1]]\n"])
def test_each_way_alone(tmp_path: Path, text: str) -> None:
    read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "5: {}: says nothing of the ground: give points_px with points_m or points_deg, known lengths, or a view"),
        (
            "points_px = [[0,0],[9,0],[9,9]]\npoints_m = [[0,0],[1,0],[1,1]]\n",
            "6: {}.points_px: point pairs alone determine the ground from 4 on, not 3: give more, or known lengths or a view "
            "beside them",
        ),
        (
            FOUR_PX,
            "5: {}.points_m: points_px has 4 points and points_m has 0: give one ground point for every picture point, in the "
            "same order",
        ),
        (
            FOUR_PX + "points_deg = [[0,0]]\n",
            "7: {}.points_deg: points_px has 4 points and points_deg has 1: give one ground point for every picture point, in "
            "the same order",
        ),
        (
            FOUR_PX + "points_m = [[0,0],[1,0],[1,1],[0,1]]\npoints_deg = [[0,0],[1,0],[1,1],[0,1]]\n",
            "8: {}.points_deg: the points on the ground are given either in points_m or in points_deg: remove one of them",
        ),
        (
            FOUR_PX + "points_deg = [[0,0],[1,0],[1,1],[91,1]]\n",
            "7: {}.points_deg[3]: expected a point [latitude, longitude] with numbers from -90 to 90 and from -180 to 180 "
            "(degrees), found [91, 1]",
        ),
        (
            LENGTH.replace("1.5", "0"),
            "9: {}.length[0].metres: expected a number above 0 and at most 10000 (metres), found 0",
        ),
        (
            LENGTH.replace("[180, 205]", "[100, 200]"),
            "8: {}.length[0].to: a known length needs two ends that differ in the picture",
        ),
        (
            2 * LENGTH,
            "6: {}.length: without a view, and with fewer than 4 point pairs, it takes 3 known lengths or more, in different "
            "directions and places, not 2: give more, or more point pairs",
        ),
        (VIEW, "6: {}.view: a view holds for one size of picture: add the width_px and height_px that it was found for"),
        (
            LENGTH.replace("[[", "width_px = 1920\n[["),
            "5: {}: the size of the picture is a width and a height: give both width_px and height_px, or neither",
        ),
        (
            VIEW.replace("height_m = 6", "height_m = 0") + SIZE,
            "6: {}.view.height_m: expected a number above 0 and at most 1000 (metres), found 0",
        ),
        (
            VIEW.replace("height_m = 6, ", "") + SIZE,
            "6: {}.view.height_m: is missing; expected a number above 0 and at most 1000 (metres)",
        ),
        ('lens = "fisheye"\n' + LENGTH, '6: {}.lens: expected "auto" or "none", found "fisheye"'),
    ],
)
def test_one_mistake_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SiteError) as caught:
        read(tmp_path, text)
    assert str(caught.value).replace(f"{tmp_path / 'site.toml'}:", "") == message.format('camera["north"].calibration')
