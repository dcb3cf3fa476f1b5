"""Into how many tracks one person's passage breaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Pieces:
    """In how many tracks one true person is found, over those who are found at all; noughts where nobody is.

    The wall protects a passage of so many tracks; a track counts here though it was that person's for one frame only, and
    whether it crossed anything or not, so that what the wall has to bound is no more than this.

    Attributes
    ----------
    people : int
        True people that some track matches in some frame.
    mean : float
    p95, p99 : int
        So many tracks or fewer have 95 and 99 people in 100.
    most : int
    """

    people: int
    mean: float
    p95: int
    p99: int
    most: int


def pieces(together: NDArray[np.bool_]) -> Pieces:
    """Count tracks of true people, from which (people, tracks) `throng.evaluate.clear` matches in some frame."""
    tracks = together.sum(axis=1)
    tracks = tracks[tracks > 0]
    if not len(tracks):
        return Pieces(0, 0.0, 0, 0, 0)
    p95, p99 = (int(np.quantile(tracks, share, method="inverted_cdf")) for share in (0.95, 0.99))
    return Pieces(len(tracks), float(tracks.mean()), p95, p99, int(tracks.max()))
