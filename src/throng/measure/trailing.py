"""Velocities now, from where people were a moment ago: all that is known while a camera runs."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOOKS = 8
"""Past moments that are kept, evenly spread over the window, however many frames a second there are."""


class TrailingVelocities:
    """Each person's displacement over about the last `window_s`, divided by the time it took.

    Parameters
    ----------
    window_s : float
        Seconds. Steps sway people by some centimetres and boxes by more: a second evens it out.
    shortest_s : float
        A person seen for less time has no velocity yet.
    """

    def __init__(self, *, window_s: float = 1.0, shortest_s: float = 0.5) -> None:
        self._window_s, self._shortest_s = window_s, shortest_s
        self._past: deque[tuple[float, NDArray[np.uint64], Floats]] = deque(maxlen=LOOKS + 1)

    def update(self, ids: NDArray[np.uint64], xy_m: Floats, time_s: float) -> Floats:
        """Velocities (n, 2) of people (n,) at (n, 2) metres, m/s; NaN where unknown.

        Times must not fall; after a pause longer than the window nobody has a velocity.
        """
        velocities = np.full((len(ids), 2), np.nan)
        # From the newest moment that is far enough back to the oldest within the window; an older one is better.
        for then_s, then_ids, then_m in reversed(self._past):
            passed_s = time_s - then_s
            if passed_s > 1.5 * self._window_s:
                break
            if passed_s >= self._shortest_s:
                rows = np.searchsorted(then_ids, ids)
                rows[rows == len(then_ids)] = 0
                here = then_ids[rows] == ids if len(then_ids) else np.zeros(len(ids), dtype=bool)
                velocities[here] = (xy_m[here] - then_m[rows[here]]) / passed_s
            if passed_s >= self._window_s:
                break
        if not self._past or time_s - self._past[-1][0] >= self._window_s / LOOKS:
            order = np.argsort(ids)
            self._past.append((time_s, ids[order], xy_m[order]))
        return velocities
