"""Places of a study are read as written, and what is wrong with them is told."""

from pathlib import Path

import numpy as np
import pytest
from tests.study.walkers import walkers

from throng.data.errors import GeometryError
from throng.measure.inside import inside
from throng.study.places import MARGIN_M, parse_line, parse_zone, reached, read_places

LINE = '[[line]]\nname = "a"\nfrom = [0, 0]\nto = [1, 0.5]\n'
ZONE = '[[zone]]\nname = "b"\ncorners = [[0, 0], [4, 0], [4, 4], [0, 4]]\nholes = [[[1, 1], [2, 1], [2, 2]]]\n'


def test_words_and_files_give_the_same_places(tmp_path: Path) -> None:
    file = tmp_path / "places.toml"
    file.write_text("\ufeff" + LINE + ZONE, encoding="utf-8")
    places = read_places(file)
    assert places.walkable is None
    (line,), (zone,) = places.lines, places.zones
    np.testing.assert_array_equal(line.ends_m, parse_line("a: 0,0 1,0.5").ends_m)
    np.testing.assert_array_equal(zone.corners_m, parse_zone("b: 0,0 4,0 4,4 0,4").corners_m)
    assert zone.area_m2 == 15.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[door]]\n", "no table door"),
        ("[line]\nname = 'a'\n", r"write \[\[line\]\]"),
        ("[[line]]\nfrom = [0, 0]\nto = [1, 1]\n", "line 1 needs a name"),
        ("[[line]]\nname = 3\n", "line 1 needs a name"),
        ("[[line]]\nname = 'a'\nfrom = [0, 0]\n", "points x,y in metres"),
        ("[[line]]\nname = 'a'\nfrom = [0, 0]\nto = [0, 0]\n", "two ends that differ"),
        ("[[line]]\nname = 'a'\nfrom = [0, 0]\nto = ['x', 0]\n", "points x,y in metres"),
        ("[[line]]\nname = 'a'\nfrom = [0, 0]\nto = [nan, 0]\n", "finite"),
        (LINE + "width = 3\n", "a line has no key width"),
        ("[[zone]]\nname = 'b'\n", "points x,y in metres"),
        ("[[zone]]\nname = 'b'\ncorners = [[0, 0], [1, 1], [2, 2]]\n", "not on one line"),
        ("[[zone]]\nname = 'b'\ncorners = [[0, 0], [2, 2], [2, 0], [0, 1]]\n", "self-intersection"),
        (ZONE.replace("[2, 2]]]", "[9, 9]]]"), "makes no sense"),
        ("[walkable]\nholes = 3\n", "list of lists"),
        ("walkable = 3\n", "must be a table"),
        ("[walkable]\nname = 'hall'\n", "no key name"),
        ("line = [3]\n", "must be a table"),
        ("[[line]\n", "no TOML file"),
    ],
)
def test_what_is_wrong_with_places_is_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "places.toml"
    file.write_text(text)
    with pytest.raises(GeometryError, match=words) as caught:
        read_places(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_the_ground_that_was_reached_holds_everybody() -> None:
    recording = walkers(10, 100)
    ground = reached(recording)
    assert inside(recording.xy_m, ground).all()
    low, high = recording.xy_m.min(axis=0) - MARGIN_M, recording.xy_m.max(axis=0) + MARGIN_M
    assert (ground.corners_m.max(axis=0) >= high - MARGIN_M / 10).all()
    assert len(ground.corners_m) < 30
    assert ground.area_m2 < np.prod(high - low) * 1.5
