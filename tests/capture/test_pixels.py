"""From decoded pictures to pixels: every format, matrix and range gives the colours that were there."""

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.detect.pictures import Matrix, decoded, smooth

from throng.capture.pixels import AS_PLANES, pixels_of
from throng.data.frame import Frame
from throng.data.planes import Planes
from throng.detect.pixels import scaled_bgr

MATRICES: list[Matrix] = ["bt601", "bt709", "unsaid"]
OTHERS = ("gray", "yuv420p10le")
LEVELS = 3
"""Grey levels by which rounding to whole Y, Cb, Cr and back may change a colour."""


def _bgr(pixels: NDArray[np.uint8] | Planes) -> NDArray[np.uint8]:
    return pixels.image_bgr if isinstance(pixels, Planes) else pixels


def _by_hand(planes: Planes) -> NDArray[np.float64]:
    """Colours (rows, columns, 3) of planes of which all are as fine as the brightness or of one colour."""
    shape = planes.luma.shape
    whole = [np.resize(plane, shape) if plane.shape != shape else plane for plane in (planes.cb, planes.cr)]
    colours: NDArray[np.float64] = np.dstack([planes.luma, *whole, np.ones(shape)]) @ planes.to_bgr.T
    return colours


@given(
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    pixel_format=st.sampled_from(sorted(AS_PLANES)),
    matrix=st.sampled_from(MATRICES),
    full=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_a_colour_comes_back(
    colour: tuple[int, int, int], size: tuple[int, int], pixel_format: str, matrix: Matrix, full: bool
) -> None:
    full = full or pixel_format.startswith("yuvj")
    picture = np.full((size[1], size[0], 3), colour, np.uint8)
    planes = pixels_of(decoded(picture, pixel_format, matrix=matrix, full=full))
    assert isinstance(planes, Planes)
    assert planes.luma.shape == (size[1], size[0])
    np.testing.assert_allclose(_by_hand(planes), picture, atol=LEVELS)
    np.testing.assert_allclose(planes.image_bgr, picture, atol=2 * LEVELS)  # the decoder's library rounds more than once


@given(
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    pixel_format=st.sampled_from(OTHERS),
)
@settings(max_examples=100, deadline=None)
def test_other_formats_become_colour_at_once(colour: tuple[int, int, int], size: tuple[int, int], pixel_format: str) -> None:
    if pixel_format == "gray":
        colour = (colour[0],) * 3
    picture = np.full((size[1], size[0], 3), colour, np.uint8)
    pixels = pixels_of(decoded(picture, pixel_format, full=pixel_format == "gray"))
    assert isinstance(pixels, np.ndarray)
    np.testing.assert_allclose(pixels, picture, atol=2 * LEVELS)


@pytest.mark.parametrize("pixel_format", [*sorted(AS_PLANES), *OTHERS])
def test_places_are_kept(pixel_format: str) -> None:
    picture = smooth(75, 53, 2)
    if pixel_format == "gray":
        picture[...] = picture[..., :1]
    full = pixel_format.startswith("yuvj") or pixel_format == "gray"
    pixels = _bgr(pixels_of(decoded(picture, pixel_format, full=full)))
    assert pixels.shape == picture.shape
    # Where colour is coarser than brightness, it is a little smeared.
    assert np.abs(pixels.astype(int) - picture).mean() < 5.0
    wrong = np.abs(pixels[:, ::-1].astype(int) - picture).mean()
    assert wrong > 15.0


@pytest.mark.parametrize(("width", "height"), [(76, 54), (75, 53)])
@pytest.mark.parametrize("matrix", MATRICES)
def test_a_picture_from_a_card_is_the_same_as_one_from_the_processor(width: int, height: int, matrix: Matrix) -> None:
    """NV12, as cards give it, made by FFmpeg of the same planes: nothing is lost or mixed up on the way."""
    apart = decoded(smooth(width, height, 3), matrix=matrix)
    together = apart.reformat(format="nv12")
    assert [plane.width for plane in together.planes] != [plane.width for plane in apart.planes]
    expected, found = pixels_of(apart), pixels_of(together)
    assert isinstance(expected, Planes)
    assert isinstance(found, Planes)
    for name in ("luma", "cb", "cr", "to_bgr"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    small, same = (scaled_bgr(Frame(pixels, 0.0, 0, "north"), (32, 24)) for pixels in (expected, found))
    np.testing.assert_array_equal(small, same)
    # At full size FFmpeg smears the colour of one of the two more than that of the other.
    assert np.abs(found.image_bgr.astype(int) - expected.image_bgr).mean() < LEVELS / 2


def test_a_turned_picture_is_turned_back_and_has_no_planes(film) -> None:  # type: ignore[no-untyped-def]
    with av.open(str(film("turned.mp4", [0.0, 0.04], rotation=90))) as container:
        picture = next(container.decode(video=0))
        assert picture.rotation
        pixels = pixels_of(picture)
    assert isinstance(pixels, np.ndarray)
    assert pixels.shape == (64, 48, 3)


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_a_turned_picture_stands_upright(turn: int, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A film whose left half is bright says that it is to be shown turned anticlockwise by this angle."""
    path = tmp_path / "turned.mp4"
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32] = 255
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(turn)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    with av.open(str(path)) as container:
        pixels = _bgr(pixels_of(next(container.decode(video=0))))
    bright = {90: pixels[32:], 180: pixels[:, 32:], -90: pixels[:32]}[turn]
    assert bright.mean() > 220
    assert pixels.mean() == pytest.approx(bright.mean() / 2, abs=20)


def test_planes_outlive_their_picture(film) -> None:  # type: ignore[no-untyped-def]
    """The decoder reuses its memory; what is held must not change."""
    held = []
    with av.open(str(film("many.mp4", [index / 25 for index in range(40)]))) as container:
        for picture in container.decode(video=0):
            held.append((pixels_of(picture), picture.to_ndarray(format="gray").mean()))
    for pixels, mean in held:
        assert isinstance(pixels, Planes)
        assert pixels.luma.std() < 3
        assert pixels.to_bgr[1] @ [pixels.luma.mean(), 128, 128, 1] == pytest.approx(mean, abs=4)
