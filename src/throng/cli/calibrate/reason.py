"""Why a point pair was probably left out."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

BETTER = 0.2
"""An explanation is believed if with it a pair is missed by less than this share of what it was missed by."""


def likely_reasons(mapped_m: Floats, given_m: Floats, used: Mask, *, degrees: bool = False) -> list[str]:
    """For every pair that was left out, what would explain it; empty texts for those that were used.

    Parameters
    ----------
    mapped_m : (n, 2) float64
        Where the calibration puts the picture points, metres; NaN above the horizon.
    given_m : (n, 2) float64
        Where they were said to be.
    used : (n,) bool
    degrees : bool
        Whether that was said as latitude and longitude; x then points east.
    """
    missed_m = np.hypot(*(mapped_m - given_m).T)
    return ["" if used[pair] else _reason(pair, mapped_m, given_m, missed_m, used, degrees) for pair in range(len(given_m))]


def _reason(pair: int, mapped_m: Floats, given_m: Floats, missed_m: Floats, used: Mask, degrees: bool) -> str:
    here = mapped_m[pair]
    if not np.isfinite(here).all():
        return "its picture point is above the horizon, where there is no ground"
    near_m = BETTER * missed_m[pair]
    others = [other for other in np.flatnonzero(~used) if other != pair and np.hypot(*(given_m[other] - here)) < near_m]
    if others:
        return f"it fits the ground point of pair {others[0] + 1}: were the two swapped?"
    x, y = given_m[pair]
    guesses = {
        "were x and y of its ground point swapped?": (y, x),
        "has x of its ground point the wrong sign?": (-x, y),
        "has y of its ground point the wrong sign?": (x, -y),
    }
    for sentence, guess in guesses.items():
        if not degrees and np.hypot(*(np.array(guess) - here)) < near_m:
            return sentence
    off_x, off_y = np.abs(here - given_m[pair])
    names = ("the longitude", "the latitude") if degrees else ("x", "y")
    for name, off, other in ((names[0], off_x, off_y), (names[1], off_y, off_x)):
        if other < BETTER * off:
            return f"{name} of its ground point is off by {off:.2f} m, the other fits: a misread number?"
    return "misread, clicked on another place, or not on the flat ground?"
