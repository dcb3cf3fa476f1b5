"""Fitting a picture into a model's input and bringing boxes back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

PADDING = 114
"""Grey that YOLOX and its relatives were trained with around the picture."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A picture scaled to fit a model's input, aspect kept, in its top left corner.

    x_model = scale * x_image, y_model = scale * y_image.

    Attributes
    ----------
    width_px, height_px : int
        The picture's size after scaling.
    scale : float
    """

    width_px: int
    height_px: int
    scale: float

    @classmethod
    def fitting(cls, image_size_px: tuple[int, int], input_size_px: tuple[int, int]) -> "Letterbox":
        """The letterbox for a picture of (width, height) in an input of (width, height), pixels."""
        scale = min(input_size_px[0] / image_size_px[0], input_size_px[1] / image_size_px[1])
        width, height = (max(1, round(side * scale)) for side in image_size_px)
        return cls(min(width, input_size_px[0]), min(height, input_size_px[1]), scale)

    def fill(self, blob: NDArray[np.float32], image_bgr: NDArray[np.uint8]) -> None:
        """Write the scaled picture into the corner of a (1, 3, rows, columns) blob, 0 to 255; the rest stays as it is."""
        shrinks = self.scale < 1
        scaled = cv2.resize(
            image_bgr, (self.width_px, self.height_px), interpolation=cv2.INTER_LINEAR if shrinks else cv2.INTER_CUBIC
        )
        for channel, plane in enumerate(cv2.split(scaled)):
            blob[0, channel, : self.height_px, : self.width_px] = plane

    def to_image(self, boxes_model: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes (n, 4) from model to image pixels."""
        return boxes_model / self.scale
