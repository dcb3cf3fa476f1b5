"""`throng calibrate`: what it tells of cameras that are known exactly, what it draws, and what each mistake is told like."""

import json
import math
import re
import shlex
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.conftest import ROOT
from typer.testing import CliRunner

from throng.calibrated import calibration_of
from throng.cli.app import app
from throng.cli.calibrate.place import find_place
from throng.data.errors import CalibrationError, GeometryError, SiteError, SourceError, ThrongError
from throng.simulate.camera import SimulatedCamera, mounted
from throng.site.calibration import CalibrationTable

SIZE = ("--size", "768x432")
LINE_M = [(-2.0, 9.0), (3.0, 9.0)]
ZONE_M = [(-2.0, 8.0), (2.0, 8.0), (2.0, 11.0), (-2.0, 11.0)]


def camera(*, tilt_deg: float = 30.0, height_m: float = 6.0) -> SimulatedCamera:
    """Over the origin, looking north; 90 degrees wide, so that the focal length is 384 pixels."""
    return mounted(
        "north",
        at_m=(0.0, 0.0, height_m),
        pan_deg=0.0,
        tilt_deg=tilt_deg,
        field_of_view_deg=90.0,
        lines_m={"door": LINE_M},
        zones_m={"square": ZONE_M},
    )


def points(seen: SimulatedCamera, count: int | None = None) -> list[str]:
    """Its control points as options."""
    pairs = zip(seen.points_px[:count], seen.points_m[:count], strict=True)
    return [word for (x, y), (X, Y) in pairs for word in ("--point", f"{x:.3f},{y:.3f}={X:.4f},{Y:.4f}")]


def places(seen: SimulatedCamera) -> list[str]:
    """Its line and zone as options."""
    (line,), (zone,) = seen.lines_px, seen.zones_px
    words = [" ".join(f"{x:.3f},{y:.3f}" for x, y in ends) for ends in (line.ends_px, zone.corners_px)]
    return ["--line", f"door: {words[0]}", "--zone", f"square: {words[1]}"]


def told(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["calibrate", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def refused(*arguments: str, kind: type[ThrongError] = CalibrationError) -> str:
    """The one sentence that a mistake is told with."""
    with pytest.raises(kind) as caught:
        CliRunner().invoke(app, ["calibrate", *arguments], catch_exceptions=False)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_a_camera_that_is_known_is_found() -> None:
    seen = camera()
    answer = told(*SIZE, *points(seen), *places(seen))
    view = answer["view"]
    assert (view["height_m"], view["focal_px"]) == (pytest.approx(6.0, abs=0.01), pytest.approx(384.0, abs=0.5))
    assert (view["tilt_deg"], view["roll_deg"]) == (pytest.approx(30.0, abs=0.05), pytest.approx(0.0, abs=0.05))
    assert all(pair["used"] and pair["missed_by_m"] < 1e-3 for pair in answer["pairs"])
    (line,), (zone,) = answer["lines"], answer["zones"]
    assert line["length_m"] == pytest.approx(5.0, rel=1e-3)
    assert zone["area_m2"] == pytest.approx(12.0, rel=1e-3)
    assert 0 < line["error"] < 0.1
    assert 0 < zone["error"] < 0.5


def test_the_expected_error_grows_with_the_distance() -> None:
    rows = told(*SIZE, *points(camera()))["distances"]
    # The lowest pixel of the middle column sees the ground at 6 / tan(30 + 29.4 degrees) = 3.6 m from the foot.
    assert [row["distance_m"] for row in rows][:3] == [5.0, 10.0, 15.0]
    errors = [row["error_m"] for row in rows[1:]]
    assert errors == sorted(errors)
    for row in rows[:3]:
        y = 216 + 384 * math.tan(math.atan2(6.0, row["distance_m"]) - math.radians(30))
        assert row["y_px"] == pytest.approx(y, abs=1.0)


def test_the_map_tells_the_sky_from_the_ground() -> None:
    # The horizon lies tan(15 degrees) x 384 = 103 pixels above the middle of the picture, on row 113.
    rows = told(*SIZE, *points(camera(tilt_deg=15.0)))["error_map"]
    assert [row["y_px"] for row in rows] == [36.0, 108.0, 180.0, 252.0, 324.0, 396.0]
    assert all(error is None for row in rows[:2] for error in row["error_m"])
    assert all(error is not None for row in rows[2:] for error in row["error_m"])


def test_a_wrong_pair_is_left_out_and_explained() -> None:
    seen = camera()
    words = points(seen)
    x, y = seen.points_m[3]
    words[7] = f"{words[7].partition('=')[0]}={y:.4f},{x:.4f}"
    right = told(*SIZE, *points(seen))
    answer = told(*SIZE, *words)
    assert [pair["used"] for pair in answer["pairs"]] == [number != 3 for number in range(len(seen.points_m))]
    assert answer["pairs"][3]["because"] == "were x and y of its ground point swapped?"
    assert answer["view"]["height_m"] == pytest.approx(right["view"]["height_m"], abs=0.02)
    shown = CliRunner().invoke(app, ["calibrate", *SIZE, *words], catch_exceptions=False).stdout
    assert "pair 4 is left out: were x and y of its ground point swapped?" in shown


def test_latitudes_and_longitudes_are_taken_as_metres_are() -> None:
    seen = camera()
    # A degree of the meridian at 51.75 degrees north is 111,257 m, of the parallel 69,065 m (WGS84).
    degrees = [(51.75 + y / 111_257, -1.25 + x / 69_065) for x, y in seen.points_m]
    words = [
        word
        for (x, y), (latitude, longitude) in zip(seen.points_px, degrees, strict=True)
        for word in ("--latlon", f"{x:.3f},{y:.3f}={latitude:.8f},{longitude:.8f}")
    ]
    answer = told(*SIZE, *words, *places(seen))
    assert answer["view"]["height_m"] == pytest.approx(6.0, rel=1e-3)
    assert answer["zones"][0]["area_m2"] == pytest.approx(12.0, rel=1e-3)


def test_the_printed_piece_calibrates_the_site(tmp_path: Path) -> None:
    seen = camera()
    out = tmp_path / "piece.toml"
    answer = told(*SIZE, *points(seen), *places(seen), "--out", str(out))
    assert out.read_text() == answer["site"]
    (line,), (zone,) = seen.lines_px, seen.zones_px
    head = 'name = "Central"\n[[camera]]\nname = "north"\naddress = "absent.mp4"\n'
    head += f'[[camera.line]]\nname = "door"\nfrom = {line.ends_px[0].tolist()}\nto = {line.ends_px[1].tolist()}\n'
    head += f'[[camera.zone]]\nname = "square"\ncorners = {zone.corners_px.tolist()}\n'
    site = tmp_path / "site.toml"
    site.write_text(head + answer["site"])
    # The table remembers the picture's size, so that the camera need not be there.
    again = told("--site", str(site), "--camera", "north")
    assert again["camera"] == "north"
    assert again["pairs"] == answer["pairs"]
    assert again["zones"][0]["area_m2"] == pytest.approx(12.0, rel=1e-3)
    # Of a stream half as large, all is told in its own pixels, and the pairs are missed by as little.
    half = told("--site", str(site), "--camera", "north", "--size", "384x216", "--picture", str(tmp_path / "error.svg"))
    assert all(pair["used"] and not pair["because"] for pair in half["pairs"])
    assert half["view"]["focal_px"] == pytest.approx(192.0, abs=0.5)
    (label,) = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>9</text>', (tmp_path / "error.svg").read_text())
    np.testing.assert_allclose([float(each) for each in label], seen.points_px[8] / 2, atol=5.0)
    shown = CliRunner().invoke(app, ["calibrate", "--site", str(site), "--camera", "north"], catch_exceptions=False).stdout
    assert shown.endswith(answer["site"])


def test_a_second_stream_of_the_same_shape_is_scaled_and_another_shape_is_refused() -> None:
    seen = camera()
    table = CalibrationTable.model_validate(tomllib.loads(told(*SIZE, *points(seen))["site"])["camera"]["calibration"])
    half = calibration_of(table, 384, 216)
    zone = seen.zones_px[0].corners_px
    assert half.area_m2(zone / 2)[0] == pytest.approx(12.0, rel=1e-3)
    # The points were read off the larger picture, as well as before.
    assert half.area_m2(zone / 2)[1] == pytest.approx(calibration_of(table, 768, 432).area_m2(zone)[1], rel=1e-3)
    assert half.view is not None
    np.testing.assert_allclose(half.view.to_ground(zone / 2)[0], half.to_ground(zone / 2)[0], atol=0.01)
    with pytest.raises(CalibrationError) as caught:
        calibration_of(table, 704, 576)
    assert str(caught.value) == (
        "the calibration was made for pictures of 768x432 pixels, and these, of 704x576, have another shape: calibrate again, "
        "or let the camera send pictures of the first shape"
    )


def test_a_view_is_scaled_like_everything_in_the_picture() -> None:
    keys = {"focal_px": 384.0, "tilt_deg": 30.0, "height_m": 6.0, "scale_error": 0.02}
    table = CalibrationTable.model_validate({"view": keys, "width_px": 768, "height_px": 432})
    zone = camera().zones_px[0].corners_px
    for factor in (0.5, 1, 2):
        calibration = calibration_of(table, round(768 * factor), round(432 * factor))
        assert calibration.area_m2(zone * factor)[0] == pytest.approx(12.0, rel=0.01)
        assert calibration.scale_error == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("name", ["error.svg", "error.png"])
def test_the_drawing_holds_geometry_only(tmp_path: Path, name: str) -> None:
    seen = camera(tilt_deg=15.0)
    told(*SIZE, *points(seen), *places(seen), "--picture", str(tmp_path / name))
    if name.endswith(".png"):
        image = cv2.imread(str(tmp_path / name))
        assert image is not None
        assert image.shape == (432 + 69, 768, 3)
        # Sky above the horizon of row 113, one of the colours of errors below.
        assert image[20, 700].tolist() == [238, 230, 225]
        return
    tree = ET.parse(tmp_path / name)
    kinds = {element.tag.partition("}")[2] for element in tree.iter()}
    assert kinds == {"svg", "rect", "polygon", "polyline", "text"}
    texts = [element.text for element in tree.iter() if element.tag.endswith("text")]
    assert {"horizon", "door", "square", "1"} <= set(texts)


def test_the_grid_of_the_drawing_is_a_metre_wide(tmp_path: Path) -> None:
    seen = camera()
    told(*SIZE, *points(seen), "--picture", str(tmp_path / "error.svg"))
    lines = [
        np.array([[float(number) for number in pair.split(",")] for pair in element.attrib["points"].split()])
        for element in ET.parse(tmp_path / "error.svg").iter()
        if element.attrib.get("stroke") == "#ffffff"
    ]
    assert len(lines) > 20
    for line in lines:
        x, y = seen.ground(line).T
        # In the drawing a point is rounded to a tenth of a pixel.
        assert min(np.ptp(x), np.ptp(y)) < 0.05 * max(np.ptp(x), np.ptp(y))
        at = np.median(x if np.ptp(x) < np.ptp(y) else y)
        assert abs(at - round(at)) < 0.05


FOUR = "--point 100,300=0,0 --point 600,300=4,0 --point 500,150=4,9 --point 200,150=0,9"


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        ("", "there is nothing to calibrate from: give four or more --point x,y=X,Y, known lengths as --length, or --auto"),
        (
            "--size 768x432 --point 1,1=0,0 --point 500,1=1,0 --point 500,400=1,1",
            "point pairs alone determine the ground from 4 on, not 3",
        ),
        (
            "--size 768x432 --point 1,1=0,0 --point 100,100=1,1 --point 200,200=2,2 --point 300,300=3,3",
            "points 2, 3 and 4 of points_px lie on one line",
        ),
        (
            "--size 768x432 --point 0,0=100,100 --point 4,0=400,100 --point 4,9=420,400 --point 0,9=90,390",
            "all points_px lie within 9 pixels of each other: were pixels and metres swapped?",
        ),
        (
            f"--size 640x360 {FOUR} --point 700,20=9,9",
            "point 5 of points_px, 700, 20, lies outside the picture of 640x360",
        ),
        (f"--size 768x432 {FOUR} --point 350,20=2,-30", "the horizon would run between the calibration points"),
        ("--size 768x432 --latlon 100,300=151.75,-1.25", '--latlon "100,300=151.75,-1.25": a latitude lies between -90 and 90'),
        ("--size 768x432 --length 100,300:200,300=0", '--length "100,300:200,300=0": a length on the ground is above zero'),
        ("--size 768x432 --point 1,1=0,0 --latlon 2,2=3,3", "points on the ground are given either in metres or in degrees"),
        ("--size 768x432 --lens fisheye --length 1,1:2,2=3", '--lens must be auto or none, not "fisheye"'),
        (f"--size big {FOUR}", '--size "big" is no size of a picture'),
    ],
)
def test_a_mistake_is_one_sentence(arguments: str, begins: str) -> None:
    assert refused(*arguments.split()).startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "kind", "begins"),
    [
        (FOUR, GeometryError, "the size of the picture is unknown: name the footage or the camera"),
        (f"absent.mp4 {FOUR}", SourceError, 'cannot read "absent.mp4": it is not there'),
        (f"--camera north {FOUR}", SiteError, "--camera names a camera of a site file: give --site too"),
        (f"--size 768x432 {FOUR} --picture a.jpg", GeometryError, 'a drawing is written as .svg or .png, not as "a.jpg"'),
        (f"--size 768x432 {FOUR} --out /absent/a.toml", SiteError, "the piece for the site file cannot be written to"),
    ],
)
def test_so_are_those_of_files_and_cameras(arguments: str, kind: type[ThrongError], begins: str) -> None:
    assert refused(*arguments.split(), kind=kind).startswith(begins)


def test_the_page_shows_what_the_command_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```console\n\$ throng calibrate (.*?[^\\])\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    done = CliRunner(env={"COLUMNS": "100"}).invoke(
        app, ["calibrate", *shlex.split(shown[0].replace("\\\n", " "))], catch_exceptions=False
    )
    assert "\n".join(line.rstrip() for line in done.stdout.splitlines()) == shown[1].rstrip("\n")
    assert (tmp_path / "error.svg").exists()


def test_points_typed_take_the_place_of_the_sites(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        'name = "Central"\n[[camera]]\nname = "north"\naddress = "absent.mp4"\n[camera.calibration]\nwidth_px = 768\n'
        "height_px = 432\npoints_px = [[1,400],[9,400],[9,300],[1,300]]\npoints_deg = [[0,0],[1,0],[1,1],[0,1]]\n"
    )
    seen = camera()
    answer = told("--site", str(site), "--camera", "north", *points(seen))
    assert answer["view"]["height_m"] == pytest.approx(6.0, abs=0.01)
    assert len(answer["pairs"]) == len(seen.points_m)


def test_a_cameras_login_goes_to_no_other_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        'name = "Central"\n[[camera]]\nname = "north"\naddress = "rtsp://10.0.0.5/1"\nuser = "viewer"\n'
        'password_env = "NORTH_PASSWORD"\n'
    )
    monkeypatch.setenv("NORTH_PASSWORD", "hunter2-geheim")
    own, other = find_place(None, site, "north"), find_place("rtsp://10.9.9.9/1", site, "north")
    assert own.password is not None
    assert own.password.get_secret_value() == "hunter2-geheim"
    assert (other.user, other.password) == (None, None)
    assert "geheim" not in repr(own)
    assert "10.0.0.5" not in repr(own)
