"""Dark, blinded, covered: pictures in which there is nothing to be made out."""

import numpy as np
from numpy.typing import NDArray

from throng.capture.health.thumbnail import Floats, Thumbnail, cell_means, quantile

DARK = "the picture is dark: nothing can be made out in it"
BLINDED = "the camera is blinded: most of its picture is white"
COVERED = "the camera is covered: there is nothing to be made out in its picture"

_RELIEF_LEVELS = 0.7
_NOISES = 1.6
_GRAIN = 0.93
"""Standard deviation of white noise in the relief, by the median of its detail in the fine thumbnail."""
_LEAST_SHARE = 0.06
_LEAST_KEPT = 0.15
_KNOWN_SHARE = 0.25
_WHITE_LEVEL = 226
"""Below the white of limited range (235)."""
_WHITE_SHARE = 0.6
_DARK_LEVEL = 45


class Light:
    """Tells whether anything can be made out, by the relief of each cell against the picture's own noise.

    A cell has structure where the standard deviation of its relief is at least 0.7 levels and 1.6 times the noise; the noise is
    that of the quietest quarter of the cells between two looks. Nothing is to be made out where fewer than 6 in 100 cells have
    structure, or, once the scene is known, fewer than 15 in 100 of those that usually have it; most of the picture is white
    where 6 in 10 cells are white and without structure.
    """

    def __init__(self) -> None:
        self._before: Floats | None = None
        self._usual: Floats | None = None
        self._structured: NDArray[np.bool_] | None = None

    def judge(self, thumbnail: Thumbnail) -> str | None:
        """The reason why nothing can be made out, or None."""
        power = cell_means(np.square(thumbnail.relief))
        floor = max(_RELIEF_LEVELS**2, _NOISES**2 * self._noise(thumbnail))
        structured = power > floor
        self._structured = structured
        white = cell_means(thumbnail.middle) >= _WHITE_LEVEL
        if (white & ~structured).mean() >= _WHITE_SHARE:
            return BLINDED
        if structured.mean() >= _LEAST_SHARE and self._kept(structured) >= _LEAST_KEPT:
            return None
        level = float(np.mean(thumbnail.middle))
        if level < _DARK_LEVEL:
            return DARK
        return BLINDED if level >= _WHITE_LEVEL else COVERED

    def learn(self, share: float) -> None:
        """The picture last judged is one of the scene as it usually is."""
        if self._structured is None:
            return
        now = self._structured.astype(np.float32)
        self._usual = now if self._usual is None else self._usual + share * (now - self._usual)

    def _noise(self, thumbnail: Thumbnail) -> float:
        """Variance of the relief that is not the scene's: by the quietest quarter in time, or by the finest grain in space."""
        before, self._before = self._before, thumbnail.relief
        if before is None:
            return 0.0
        in_time = quantile(cell_means(np.square(thumbnail.relief - before)), 0.25) / 2.0
        return min(in_time, (_GRAIN * thumbnail.detail(0.5)) ** 2)

    def _kept(self, structured: NDArray[np.bool_]) -> float:
        """Share of the cells that usually have structure and have it now; 1 where too few usually have it."""
        if self._usual is None:
            return 1.0
        usual = self._usual > 0.7
        return float(structured[usual].mean()) if usual.mean() >= _KNOWN_SHARE else 1.0
