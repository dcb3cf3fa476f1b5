"""Pictures made small: planes scaled one by one give what converting them first gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.detect.pictures import Matrix, decoded, smooth

from throng.capture.pixels import PLANAR, pixels_of
from throng.data.frame import Frame
from throng.data.planes import Planes
from throng.detect.pixels import scaled_bgr

FORMATS = sorted(PLANAR)
MATRICES: list[Matrix] = ["bt601", "bt709", "unsaid"]


def _two(picture: NDArray[np.uint8], pixel_format: str, matrix: Matrix, *, full: bool) -> tuple[Frame, Frame]:
    """The same picture in planes, and in colours made from them by the decoder's own library."""
    pixels = pixels_of(decoded(picture, pixel_format, matrix=matrix, full=full or pixel_format.startswith("yuvj")))
    assert isinstance(pixels, Planes)
    return Frame(pixels, 0.0, 0, "north"), Frame(pixels.image_bgr, 0.0, 0, "north")


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.int64]:
    assert one.shape == other.shape
    assert one.dtype == other.dtype == np.uint8
    difference: NDArray[np.int64] = np.abs(one.astype(np.int64) - other)
    return difference


@given(
    size=st.tuples(st.integers(100, 300), st.integers(100, 200)),
    share=st.floats(0.15, 1.0),
    seed=st.integers(0, 10_000),
    pixel_format=st.sampled_from(FORMATS),
    matrix=st.sampled_from(MATRICES),
    full=st.booleans(),
    even=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_scaling_planes_is_scaling_colours(
    size: tuple[int, int], share: float, seed: int, pixel_format: str, matrix: Matrix, full: bool, even: bool
) -> None:
    planes, colours = _two(smooth(*size, seed), pixel_format, matrix, full=full)
    wanted = (max(1, round(size[0] * share)), max(1, round(size[1] * share)))
    difference = _difference(scaled_bgr(planes, wanted, smooth=even), scaled_bgr(colours, wanted, smooth=even))
    assert difference.mean() < 4.0
    # At the border, and where four columns share a colour, more.
    assert np.quantile(difference, 0.98) <= 12


@given(
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    wanted=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    pixel_format=st.sampled_from(FORMATS),
    matrix=st.sampled_from(MATRICES),
    full=st.booleans(),
    data=st.data(),
)
@settings(max_examples=200, deadline=None)
def test_one_colour_stays_itself_at_any_size_and_in_any_region(
    colour: tuple[int, int, int],
    size: tuple[int, int],
    wanted: tuple[int, int],
    pixel_format: str,
    matrix: Matrix,
    full: bool,
    data: st.DataObject,
) -> None:
    planes, colours = _two(np.full((size[1], size[0], 3), colour, np.uint8), pixel_format, matrix, full=full)
    left, top = data.draw(st.integers(0, size[0] - 1)), data.draw(st.integers(0, size[1] - 1))
    region = (left, top, data.draw(st.integers(left + 1, size[0])), data.draw(st.integers(top + 1, size[1])))
    for frame in (planes, colours):
        for part in (None, region):
            scaled = scaled_bgr(frame, wanted, region=part)
            assert scaled.shape == (wanted[1], wanted[0], 3)
            np.testing.assert_allclose(scaled, np.full_like(scaled, colour), atol=4)


@given(
    size=st.tuples(st.integers(100, 300), st.integers(100, 200)),
    seed=st.integers(0, 10_000),
    pixel_format=st.sampled_from(FORMATS),
    data=st.data(),
)
@settings(max_examples=100, deadline=None)
def test_a_region_of_planes_is_the_region_of_the_picture(
    size: tuple[int, int], seed: int, pixel_format: str, data: st.DataObject
) -> None:
    planes, colours = _two(smooth(*size, seed), pixel_format, "bt601", full=False)
    left, top = data.draw(st.integers(0, size[0] - 50)), data.draw(st.integers(0, size[1] - 50))
    region = (left, top, data.draw(st.integers(left + 50, size[0])), data.draw(st.integers(top + 50, size[1])))
    cut = Frame(np.ascontiguousarray(colours.image_bgr[region[1] : region[3], region[0] : region[2]]), 0.0, 0, "north")
    wanted = (40, 30)
    np.testing.assert_array_equal(scaled_bgr(colours, wanted, region=region), scaled_bgr(cut, wanted))
    # A coarse plane is cut at whole samples of its own, up to four pixels away.
    assert _difference(scaled_bgr(planes, wanted, region=region), scaled_bgr(cut, wanted)).mean() < 6.0


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_planes_are_not_converted_to_be_made_small(pixel_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planes, _ = _two(smooth(120, 90, 0), pixel_format, "bt601", full=False)
    monkeypatch.setattr(Planes, "image_bgr", property(lambda self: pytest.fail("the whole picture became colour")))
    assert scaled_bgr(planes, (40, 30)).shape == (30, 40, 3)


def test_a_picture_of_the_wanted_size_is_given_as_it_is() -> None:
    picture = smooth(40, 30, 1)
    np.testing.assert_array_equal(scaled_bgr(Frame(picture.copy(), 0.0, 0, "north"), (40, 30)), picture)
