"""Pictures made small, without paying for the full size."""

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.data.frame import Frame
from throng.data.planes import Planes

Picture = NDArray[np.uint8]
Region = tuple[int, int, int, int]
"""Left, top, right, bottom in whole image pixels."""


def scaled_bgr(frame: Frame, size_px: tuple[int, int], *, region: Region | None = None, smooth: bool = False) -> Picture:
    """A frame, or a region of it, scaled to (width, height), as (height, width, 3) uint8 blue, green, red.

    Planes are scaled one by one and become colour only then, which spares converting the full size.

    Parameters
    ----------
    frame : Frame
        The picture.
    size_px : tuple of int
        Width and height to give.
    region : tuple of int, optional
        The whole picture where absent.
    smooth : bool
        Whether each pixel is the mean of those it stands for, which takes longer; else what lies at its middle, interpolated.
    """
    planes = frame.pixels
    if not isinstance(planes, Planes):
        return _resized(_cut(planes, frame.size_px, region), size_px, smooth)
    whole = frame.size_px
    parts = [_resized(_cut(plane, whole, region), size_px, smooth) for plane in (planes.luma, planes.cb, planes.cr)]
    scaled: Picture = cv2.transform(cv2.merge(parts), planes.to_bgr)
    return scaled


def _cut(plane: Picture, whole_px: tuple[int, int], region: Region | None) -> Picture:
    """The region of a plane that may be coarser than the picture."""
    if region is None:
        return plane
    across, down = plane.shape[1] / whole_px[0], plane.shape[0] / whole_px[1]
    left, top = int(region[0] * across), int(region[1] * down)
    right, bottom = max(left + 1, round(region[2] * across)), max(top + 1, round(region[3] * down))
    return plane[top:bottom, left:right]


def _resized(plane: Picture, size_px: tuple[int, int], smooth: bool) -> Picture:
    if (plane.shape[1], plane.shape[0]) == size_px:
        return plane
    shrinks = plane.shape[1] > size_px[0] or plane.shape[0] > size_px[1]
    enlarging = cv2.INTER_LINEAR if plane.ndim == 2 else cv2.INTER_CUBIC
    scaled: Picture = cv2.resize(plane, size_px, interpolation=_shrinking(smooth) if shrinks else enlarging)
    return scaled


def _shrinking(smooth: bool) -> int:
    return int(cv2.INTER_AREA if smooth else cv2.INTER_LINEAR)
