"""`throng calibrate`: how it reads what is typed, what it writes for the site file, and what it guesses of a wrong pair."""

import tomllib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.cli.calibrate.drawing import Label, Stroke, raster, save, svg
from throng.cli.calibrate.parse import parse_latlons, parse_lengths, parse_points, parse_size
from throng.cli.calibrate.piece import site_piece
from throng.cli.calibrate.reason import likely_reasons
from throng.data.errors import CalibrationError, GeometryError
from throng.site.calibration import CalibrationTable

numbers = st.floats(-1e5, 1e5, allow_nan=False)
pairs = st.tuples(numbers, numbers)


@given(st.lists(st.tuples(pairs, pairs), min_size=1, max_size=5))
def test_points_come_back_as_they_were_typed(points: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    texts = [f"{x!r},{y!r}={X!r},{Y!r}" for (x, y), (X, Y) in points]
    pixels, metres = parse_points(texts)
    assert list(zip(pixels, metres, strict=True)) == points


def test_lengths_sizes_and_degrees_are_read() -> None:
    assert parse_lengths(["100,200:180,205=1.5"]) == [((100, 200), (180, 205), 1.5)]
    assert parse_size(" 1920x1080") == (1920, 1080)
    assert parse_latlons(["1,2=-90,180"]) == ([(1, 2)], [(-90, 180)])


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (parse_points, "1,2", '--point "1,2" has no "=" between picture and ground: write it as "412,310=0,0"'),
        (parse_points, "1=2,3", '--point: "1" is no pair of numbers: write it as "412,310=0,0"'),
        (parse_points, "1,2=3,four", '--point: "four" is no number: write it as "412,310=0,0"'),
        (parse_points, "1,nan=3,4", '--point: "nan" is no number: write it as "412,310=0,0"'),
        (
            parse_latlons,
            "1,2=100.5,3",
            '--latlon "1,2=100.5,3": a latitude lies between -90 and 90, not at 100.5; the latitude comes first',
        ),
        (parse_latlons, "1,2=3,181", '--latlon "1,2=3,181": a longitude lies between -180 and 180, not at 181'),
        (parse_lengths, "1,2=3", '--length "1,2=3" needs two ends with a colon between: write it as "100,200:180,205=1.5"'),
        (parse_lengths, "1,2:3,4=0", '--length "1,2:3,4=0": a length on the ground is above zero, not 0 m'),
        (
            parse_lengths,
            "1,2:1,2=3",
            '--length "1,2:1,2=3": its two ends are the same place: give the two ends of what was measured',
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_an_example(parse: Any, text: str, message: str) -> None:
    with pytest.raises(CalibrationError) as caught:
        parse([text])
    assert str(caught.value) == message


def test_a_size_is_told_with_an_example() -> None:
    with pytest.raises(CalibrationError, match='--size "big" is no size of a picture: write it as "1920x1080"'):
        parse_size("big")


shares = st.floats(0, 1, allow_nan=False)


@given(
    points=st.lists(st.tuples(pairs, pairs), min_size=4, max_size=6),
    lengths=st.lists(st.tuples(pairs, st.floats(1e-9, 1e4)), max_size=2),
    view=st.none() | st.tuples(st.floats(1e-3, 1e6), st.floats(-90, 90), st.floats(-1, 1), shares),
    lens=st.sampled_from(["auto", "none"]),
)
def test_the_piece_for_the_site_file_reads_back_as_it_was(points: Any, lengths: Any, view: Any, lens: str) -> None:
    keys: dict[str, Any] = {"points_px": [pixel for pixel, _ in points], "points_m": [metres for _, metres in points]}
    keys |= {"lens": lens, "width_px": 640, "height_px": 480}
    keys["length"] = [{"from": (1e6 - 1e6, 2), "to": (end[0], 3.5), "metres": metres} for end, metres in lengths]
    if view is not None:
        keys["view"] = dict(zip(("focal_px", "tilt_deg", "k1", "scale_error"), view, strict=True)) | {"height_m": 3}
    table = CalibrationTable.model_validate(keys)
    read = tomllib.loads("[camera]\n" + site_piece(table))["camera"]["calibration"]
    assert CalibrationTable.model_validate(read) == table


GIVEN_M = np.array([(0.0, 0.0), (6.0, 0.0), (6.0, 9.0), (0.0, 9.0), (3.0, 4.0), (1.0, 7.0)])


def _told(pair: int, *, typed: tuple[float, float], used: tuple[int, ...] = ()) -> str:
    """The reason for a pair whose ground point was typed wrong."""
    given_m = GIVEN_M.copy()
    given_m[pair] = typed
    kept = np.isin(np.arange(len(GIVEN_M)), [other for other in range(len(GIVEN_M)) if other not in (pair, *used)])
    return likely_reasons(GIVEN_M + 0.01, given_m, kept)[pair]


def test_what_is_used_needs_no_reason() -> None:
    assert likely_reasons(GIVEN_M, GIVEN_M, np.ones(len(GIVEN_M), dtype=bool)) == [""] * len(GIVEN_M)


@pytest.mark.parametrize(
    ("pair", "typed", "reason"),
    [
        (5, (7.0, 1.0), "were x and y of its ground point swapped?"),
        (4, (-3.0, 4.0), "has x of its ground point the wrong sign?"),
        (4, (3.0, -4.0), "has y of its ground point the wrong sign?"),
        (4, (3.0, 14.0), "y of its ground point is off by 9.99 m, the other fits: a misread number?"),
        (4, (31.0, 40.0), "misread, clicked on another place, or not on the flat ground?"),
    ],
)
def test_a_wrong_pair_gets_its_likely_reason(pair: int, typed: tuple[float, float], reason: str) -> None:
    assert _told(pair, typed=typed) == reason


def test_two_swapped_pairs_name_each_other() -> None:
    given_m = GIVEN_M[[0, 1, 2, 3, 5, 4]]
    used = np.array([True, True, True, True, False, False])
    assert likely_reasons(GIVEN_M, given_m, used)[4:] == [
        "it fits the ground point of pair 6: were the two swapped?",
        "it fits the ground point of pair 5: were the two swapped?",
    ]


def test_a_point_in_the_sky_is_named_as_such() -> None:
    mapped = GIVEN_M.copy()
    mapped[0] = np.nan
    used = np.arange(len(GIVEN_M)) > 0
    assert likely_reasons(mapped, GIVEN_M, used)[0] == "its picture point is above the horizon, where there is no ground"


def test_a_drawing_is_the_same_in_both_formats(tmp_path: Path) -> None:
    square = np.array([[20.0, 20.0], [60.0, 20.0], [60.0, 60.0], [20.0, 60.0]])
    shapes: list[Stroke | Label] = [
        Stroke(square, (200, 0, 0), filled=True),
        Label("a < b & c", np.array([5.0, 90.0]), (0, 0, 0), 8.0),
    ]
    image = raster(shapes, 100, 100)
    assert image[40, 40].tolist() == [0, 0, 200]
    assert image[10, 10].tolist() == [255, 255, 255]
    assert '<polygon points="20.0,20.0 60.0,20.0 60.0,60.0 20.0,60.0" fill="#c80000"' in svg(shapes, 100, 100)
    assert "a &lt; b &amp; c" in svg(shapes, 100, 100)
    save(tmp_path / "a.png", shapes, 100, 100)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png")), image)
    save(tmp_path / "a.svg", shapes, 100, 100)
    assert (tmp_path / "a.svg").read_text() == svg(shapes, 100, 100)


def test_a_drawing_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(GeometryError, match=r'a drawing is written as .svg or .png, not as "a.jpg"'):
        save(tmp_path / "a.jpg", [], 10, 10)
    with pytest.raises(GeometryError, match=r"the drawing .* cannot be written: no such file or directory"):
        save(tmp_path / "none" / "a.svg", [], 10, 10)
