"""Defocused: the fine structure is gone and the coarse is still there."""

import cv2
import numpy as np

from throng.capture.health.thumbnail import Floats, Thumbnail, quantile

DEFOCUSED = "the picture is out of focus"

_STEEPEST = 0.99
_BROAD_STEEPEST = 0.95
_LEAST_COARSE_LEVELS = 4.0
_LEAST_BROAD_LEVELS = 1.5
_LEFT = (0.5, 0.3)
_LOOKS_TO_KNOW = 5


class Focus:
    """Tells loss of focus by the steepest edges: how much of their height is left at a finer scale.

    The measures are the 99th percentile of the local differences of the fine thumbnail over those of one four times as coarse,
    and of that one over one four times as coarse again; loss of half of the first, or of seven tenths of the second (a heavy
    blur, in which noise is all that is fine), against its own slow mean is loss of focus. The light's strength cancels out;
    people and vehicles have edges of their own; noise, and its removal at night, touch texture and not the steepest edges;
    shaking does not matter. A blur too small to show in a picture 512 pixels long is not told.
    """

    def __init__(self) -> None:
        self._usual = [0.0, 0.0]
        self._looks = [0, 0]
        self._now: tuple[float | None, float | None] = (None, None)

    def judge(self, thumbnail: Thumbnail) -> bool:
        """Whether the picture has lost its sharpness; no where there is too little to judge by."""
        self._now = sharpness(thumbnail)
        return any(
            now is not None and looks >= _LOOKS_TO_KNOW and now < left * usual
            for now, looks, left, usual in zip(self._now, self._looks, _LEFT, self._usual, strict=True)
        )

    def learn(self, share: float) -> None:
        """The picture last judged is one of the scene as it usually is."""
        for scale, now in enumerate(self._now):
            if now is not None:
                self._looks[scale] += 1
                self._usual[scale] += max(share, 1.0 / self._looks[scale]) * (now - self._usual[scale])


def sharpness(thumbnail: Thumbnail) -> tuple[float | None, float | None]:
    """Steepest edges, fine over coarse and coarse over broad; None where the picture has hardly any at the larger scale."""
    coarse_picture = _smaller(thumbnail.middle, 2)
    coarse = _steepest(coarse_picture, _STEEPEST)
    broad = _steepest(_smaller(coarse_picture, 4), _BROAD_STEEPEST)
    return (
        thumbnail.detail(_STEEPEST) / coarse if coarse >= _LEAST_COARSE_LEVELS else None,
        coarse / broad if broad >= _LEAST_BROAD_LEVELS else None,
    )


def _steepest(picture: Floats, share: float) -> float:
    return quantile(np.abs(picture - cv2.GaussianBlur(picture, (3, 3), 0)), share)


def _smaller(picture: Floats, times: int) -> Floats:
    rows, columns = picture.shape
    size = (max(1, columns // times), max(1, rows // times))
    smaller: Floats = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return smaller
