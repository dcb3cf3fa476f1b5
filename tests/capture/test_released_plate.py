"""A plate that leaves is small, has nothing in it but its pixels, and comes from a check."""

import ast
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.capture.plate import Plate
from throng.capture.released_plate import released
from throng.data.plate_picture import MOST_BYTES, MOST_WIDE_PX, PlatePicture
from throng.hub.pictures import picture_of

SOURCES = Path(__file__).resolve().parents[2] / "src" / "throng"
TABLES_AND_PIXELS = {0xC0, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0}
"""Kinds of JPEG segments that say nothing of who made a picture, where and when; 0xE0 is JFIF's own head."""


def segments(image: bytes) -> Iterator[tuple[int, bytes]]:
    """The parts of a JPEG up to its pixels."""
    place = 2
    while image[place] == 0xFF:
        kind, length = image[place + 1], int.from_bytes(image[place + 2 : place + 4], "big")
        yield kind, image[place + 4 : place + 2 + length]
        place += 2 + length
        if kind == 0xDA:
            return


@given(width=st.integers(1, 4200), height=st.integers(1, 2400), noise=st.integers(0, 2))
@settings(max_examples=15, deadline=None)
def test_it_is_small_keeps_its_shape_and_says_nothing_else(width: int, height: int, noise: int) -> None:
    image = np.full((height, width, 3), 120, np.uint8)
    if noise:
        image += np.random.default_rng(noise).integers(0, 8**noise, image.shape, dtype=np.uint8)
    picture = released(Plate(image, covered=3), camera="north", ask=5)
    assert len(picture.image) <= MOST_BYTES // 2
    assert (picture.width_px, picture.height_px, picture.covered, picture.ask) == (width, height, 3, 5)
    found = picture_of(picture.image)
    assert found.kind == "jpeg"
    assert max(found.width, found.height) <= MOST_WIDE_PX
    assert abs(found.width * height - found.height * width) <= 2 * (width + height)
    kinds = dict(segments(picture.image))
    assert kinds.keys() <= TABLES_AND_PIXELS
    assert kinds[0xE0].startswith(b"JFIF")
    assert len(kinds[0xE0]) == 14  # and no small picture in it


def test_what_is_seen_in_it_is_the_scene() -> None:
    image = np.zeros((1200, 2400, 3), np.uint8)
    image[:, 1200:] = (200, 40, 90)
    image[600:] += 30
    picture = released(Plate(image, covered=0), camera="north", ask=1)
    shown = cv2.imdecode(np.frombuffer(picture.image, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (960, 1920, 3)
    expected = cv2.resize(image, (1920, 960), interpolation=cv2.INTER_AREA)
    assert np.abs(shown.astype(int) - expected).mean() < 2


def test_it_is_not_printed() -> None:
    assert "JFIF" not in repr(released(Plate(np.zeros((9, 9, 3), np.uint8), covered=0), camera="north", ask=1))


@pytest.mark.parametrize("size", [0, MOST_BYTES + 1])
def test_nothing_else_fits(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 1,048,576 bytes"):
        PlatePicture("north", 1, bytes(size), 10, 10, 0)


MADE_IN = {"Plate": "capture/plate.py", "PlatePicture": "capture/released_plate.py"}
NOT_THE_HUBS = "hub/"
"""The hub has a record called `Plate`, which holds no picture."""


def makers(source: str) -> list[str]:
    """Calls that make a plate or the picture of one, under whatever name, or copy one with another picture."""
    tree = ast.parse(source)
    names = {name: name for name in MADE_IN}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname: alias.name for alias in node.names if alias.name in MADE_IN and alias.asname}
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called in names:
            found.append(names[called])
        elif called == "replace" and {keyword.arg for keyword in call.keywords} & {"image", "image_bgr"}:
            found.append("a copy")
    return found


def test_only_the_check_makes_a_plate_and_only_a_plate_becomes_a_picture() -> None:
    found = {str(path.relative_to(SOURCES)): makers(path.read_text()) for path in SOURCES.rglob("*.py")}
    made = {(name, path) for path, names in found.items() for name in names if not path.startswith(NOT_THE_HUBS)}
    assert made == set(MADE_IN.items())
    assert not any("PlatePicture" in names for path, names in found.items() if path.startswith(NOT_THE_HUBS))


@pytest.mark.parametrize(
    "code",
    [
        "PlatePicture('a', 1, b'', 1, 1, 0)",
        "plate_picture.PlatePicture('a', 1, b'', 1, 1, 0)",
        "from throng.data.plate_picture import PlatePicture as P\nP('a', 1, b'', 1, 1, 0)",
        "Plate(frame.image_bgr, 0)",
        "replace(picture, image=frame)",
    ],
)
def test_the_scan_sees_a_maker(code: str) -> None:
    assert makers(code)
