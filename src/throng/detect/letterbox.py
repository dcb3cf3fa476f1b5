"""Fitting a picture into a model's input and bringing boxes back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.data.frame import Frame
from throng.detect.family import Preparation
from throng.detect.pixels import Region, scaled_bgr


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a picture lies in a model's input.

    x_model = scale_x * x_image + left_px, y_model = scale_y * y_image + top_px.

    Attributes
    ----------
    width_px, height_px : int
        The picture's size after scaling.
    left_px, top_px : int
        Its corner in the input.
    scale_x, scale_y : float
    """

    width_px: int
    height_px: int
    left_px: int
    top_px: int
    scale_x: float
    scale_y: float

    @classmethod
    def fitting(cls, image_size_px: tuple[int, int], input_size_px: tuple[int, int], *, fit: str = "corner") -> "Letterbox":
        """The letterbox for a picture of (width, height) in an input of (width, height), pixels; `fit` as in `Preparation`."""
        scales = [side / image_side for side, image_side in zip(input_size_px, image_size_px, strict=True)]
        if fit != "stretch":
            scales = [min(scales)] * 2
        width, height = (
            min(side, max(1, round(image_side * scale)))
            for side, image_side, scale in zip(input_size_px, image_size_px, scales, strict=True)
        )
        spare = (input_size_px[0] - width, input_size_px[1] - height)
        left, top = (spare[0] // 2, spare[1] // 2) if fit == "centre" else (0, 0)
        return cls(width, height, left, top, scales[0], scales[1])

    def fill(self, blob: NDArray[np.float32], frame: Frame, preparation: Preparation, *, region: Region | None = None) -> None:
        """Write the scaled picture, or a region of it, into its place in a (3, rows, columns) blob, and grey around it."""
        planes = cv2.split(scaled_bgr(frame, (self.width_px, self.height_px), region=region))
        if preparation.order == "rgb":
            planes = planes[::-1]
        right, bottom = self.left_px + self.width_px, self.top_px + self.height_px
        for target, plane, mean, deviation in zip(blob, planes, preparation.mean, preparation.deviation, strict=True):
            inside = target[self.top_px : bottom, self.left_px : right]
            inside[...] = plane
            if mean:
                inside -= np.float32(mean)
            if deviation != 1.0:
                inside *= np.float32(1.0 / deviation)
            grey = np.float32((preparation.padding - mean) / deviation)
            for around in (target[: self.top_px], target[bottom:], target[:, : self.left_px], target[:, right:]):
                around[...] = grey

    def to_image(self, boxes_model: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes (n, 4) from model to image pixels."""
        corner = np.array([self.left_px, self.top_px] * 2)
        boxes: NDArray[np.float64] = (boxes_model - corner) / np.array([self.scale_x, self.scale_y] * 2)
        return boxes


def input_size(image_size_px: tuple[int, int], size_px: tuple[int, int], *, stride: int) -> tuple[int, int]:
    """The smallest input (width, height) that shows a picture as large as the declared one does, without its padding.

    Parameters
    ----------
    image_size_px, size_px : tuple of int
        Width and height of the picture and of the declared input.
    stride : int
        Each side must be a multiple of this; 0 where only the declared size runs.
    """
    if not stride:
        return size_px
    scale = min(side / image_side for side, image_side in zip(size_px, image_size_px, strict=True))
    width, height = (
        min(side, stride * max(1, -(-round(image_side * scale) // stride)))
        for side, image_side in zip(size_px, image_size_px, strict=True)
    )
    return width, height
