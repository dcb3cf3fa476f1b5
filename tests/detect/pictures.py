"""Pictures as a decoder gives them, encoded here by the formulas of ITU-R BT.601 and BT.709 and not by the code under test."""

from typing import Literal

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from throng.capture.pixels import pixels_of
from throng.data.planes import Planes

Picture = NDArray[np.uint8]
Matrix = Literal["bt601", "bt709", "unsaid"]

WEIGHTS: dict[Matrix, tuple[float, float]] = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "unsaid": (0.299, 0.114)}
"""Of red and blue in the brightness."""
_SPACES: dict[Matrix, int] = {"bt601": int(Colorspace.ITU601), "bt709": int(Colorspace.ITU709), "unsaid": 2}


def ycbcr(picture: Picture, matrix: Matrix, *, full: bool) -> list[Picture]:
    """Y, Cb, Cr (rows, columns) of a picture (rows, columns, 3): blue, green, red."""
    blue, green, red = (picture[..., channel].astype(np.float64) for channel in range(3))
    of_red, of_blue = WEIGHTS[matrix]
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    differences = ((blue - luma) / (2 - 2 * of_blue), (red - luma) / (2 - 2 * of_red))
    if full:
        planes = [luma, *(difference + 128 for difference in differences)]
    else:
        planes = [16 + luma * 219 / 255, *(128 + difference * 224 / 255 for difference in differences)]
    return [np.clip(np.rint(plane), 0, 255).astype(np.uint8) for plane in planes]


def decoded(picture: Picture, pixel_format: str = "yuv420p", *, matrix: Matrix = "bt601", full: bool = False) -> av.VideoFrame:
    """A picture (rows, columns, 3), blue, green, red, as a decoder gives it."""
    frame = av.VideoFrame(picture.shape[1], picture.shape[0], pixel_format)
    planes = ycbcr(picture, matrix, full=full)
    if pixel_format == "nv12":
        half = [
            cv2.resize(plane, (frame.planes[1].width, frame.planes[1].height), interpolation=cv2.INTER_AREA)
            for plane in planes[1:]
        ]
        planes = [planes[0], np.dstack(half).reshape(half[0].shape[0], -1)]
    for target, plane in zip(frame.planes, planes, strict=False):
        width = plane.shape[1] if pixel_format == "nv12" else target.width
        sized = np.asarray(cv2.resize(plane, (width, target.height), interpolation=cv2.INTER_AREA))
        # Ten bits are two bytes each, the lower first.
        rows = (sized.astype("<u2") * 4).view(np.uint8) if pixel_format.endswith("10le") else sized.astype(np.uint8)
        memory = np.zeros((target.height, target.line_size), np.uint8)
        memory[:, : rows.shape[1]] = rows
        target.update(memory.tobytes())
    frame.colorspace = _SPACES[matrix]
    frame.color_range = int(ColorRange.JPEG if full else ColorRange.MPEG)
    return frame


def as_planes(picture: Picture, pixel_format: str = "yuv420p") -> Planes:
    """A picture (rows, columns, 3), blue, green, red, as planes."""
    pixels = pixels_of(decoded(picture, pixel_format))
    assert isinstance(pixels, Planes)
    return pixels


def smooth(width: int, height: int, seed: int, *, low: int = 30, high: int = 226) -> Picture:
    """A picture whose colours change slowly from place to place."""
    coarse = np.random.default_rng(seed).integers(low, high, (4, 5, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
