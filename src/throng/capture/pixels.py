"""From a decoded picture to the pixels that are handed on."""

from functools import lru_cache
from typing import cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from throng.data.planes import Planes

PLANAR = frozenset(f"yuv{j}{sampling}p" for j in ("", "j") for sampling in ("411", "420", "422", "440", "444"))
"""Pixel formats with 8 bits in three planes: brightness first, then blue and red differences."""

OF_CARDS = "nv12"
"""What cards give: 8 bits, brightness first, then a plane in which blue and red differences take turns."""

AS_PLANES = PLANAR | {OF_CARDS}

KR_KB = {int(Colorspace.ITU709): (0.2126, 0.0722)}
"""Weights of red and blue in the brightness by ITU-R BT.709; a stream that says nothing has those of BT.601."""
KR_KB_601 = (0.299, 0.114)


def pixels_of(picture: av.VideoFrame) -> NDArray[np.uint8] | Planes:
    """The pixels of a picture: its planes as they are where it lies upright in a common format, else blue, green, red.

    The planes are views of the decoder's memory, which it leaves alone while they are held.
    """
    if picture.format.name not in AS_PLANES or picture.rotation:
        return to_bgr(picture)
    luma, cb, cr = _interleaved(picture) if picture.format.name == OF_CARDS else map(_plane, picture.planes[:3])
    full_range = picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")
    conversion = _conversion(int(picture.colorspace), full_range)
    return Planes(luma=luma, cb=cb, cr=cr, to_bgr=conversion, convert=lambda: to_bgr(picture))


def to_bgr(picture: av.VideoFrame) -> NDArray[np.uint8]:
    """The picture as (height, width, 3) uint8, upright: a film's own rotation is applied."""
    image = cast(NDArray[np.uint8], picture.to_ndarray(format="bgr24"))
    turns = (picture.rotation // 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _plane(plane: av.video.plane.VideoPlane, channels: int = 1) -> NDArray[np.uint8]:
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    visible: NDArray[np.uint8] = rows[:, : channels * plane.width]
    return visible


def _interleaved(picture: av.VideoFrame) -> tuple[NDArray[np.uint8], ...]:
    luma, both = _plane(picture.planes[0]), _plane(picture.planes[1], 2)
    return luma, both[:, 0::2], both[:, 1::2]


@lru_cache(maxsize=16)
def _conversion(colorspace: int, full_range: bool) -> NDArray[np.float64]:
    """Blue, green, red as a linear function (3, 4) of Y, Cb, Cr, 1 (ITU-R BT.601-7, 2.5; BT.709-6, 3)."""
    red, blue = KR_KB.get(colorspace, KR_KB_601)
    green = 1.0 - red - blue
    y_scale, c_scale, y_zero = (1.0, 1.0, 0.0) if full_range else (255 / 219, 255 / 224, 16.0)
    rows = np.array(
        [
            [y_scale, c_scale * 2 * (1 - blue), 0.0],
            [y_scale, -c_scale * 2 * (1 - blue) * blue / green, -c_scale * 2 * (1 - red) * red / green],
            [y_scale, 0.0, c_scale * 2 * (1 - red)],
        ]
    )
    return np.column_stack([rows, -rows @ np.array([y_zero, 128.0, 128.0])])
