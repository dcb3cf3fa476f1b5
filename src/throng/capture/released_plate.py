"""A checked plate as a picture that may be shown: small, and encoded anew, so that nothing but its pixels goes with it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.capture.plate import Plate
from throng.data.plate_picture import MOST_WIDE_PX, PlatePicture

_GOAL_BYTES = 200_000
"""A thousand plates are kept among the hub's records: they should stay small."""
_QUALITIES = (88, 78, 66, 50)


def released(plate: Plate, *, camera: str, ask: int) -> PlatePicture:
    """The picture that answers a request for a camera's plate.

    Parameters
    ----------
    plate : Plate
        Only a check makes one.
    camera : str
        Its name.
    ask : int
        The number of the request.
    """
    height, width = plate.image_bgr.shape[:2]
    image: NDArray[np.uint8] = plate.image_bgr
    most_px = MOST_WIDE_PX
    while True:
        image = _at_most(image, most_px)
        for quality in _QUALITIES:
            _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if data.size <= _GOAL_BYTES:
                return PlatePicture(camera, ask, data.tobytes(), width, height, plate.covered)
        most_px = 3 * max(image.shape[:2]) // 4


def _at_most(image: NDArray[np.uint8], most_px: int) -> NDArray[np.uint8]:
    """The picture, made smaller where its longer side is longer than that."""
    height, width = image.shape[:2]
    share = most_px / max(height, width)
    if share >= 1:
        return image
    size = (max(1, round(share * width)), max(1, round(share * height)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
