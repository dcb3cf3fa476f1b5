"""The noise that a rule will have to live with, known before anything is counted."""

import math

import numpy as np


def occupancy_error(*, tick_s: float, rho: float, sensitivity: float) -> float:
    """Standard error of a zone's occupancy at the end of a day, people; a density's is that over the zone's area.

    root(2) S |c|^2 / root(2 rho) with c_0 = 1, c_k = c_(k-1) (2 k - 1) / (2 k), k < n, n ticks a day: the standard error of a
    total, docs/privacy/0001-continual-counting.md, 1 and 2, and root two for entries minus exits.

    Parameters
    ----------
    tick_s : float
        Length of a tick, seconds.
    rho : float
        What the epoch may spend: half of the day's budget on a day without a restart, and half of what is left after each.
    sensitivity : float
        What one passage contributes, S: root of `passage_counters`, times `pieces`; for a calibrated camera root of
        `passage_counters` plus a quarter for every visit that fits.
    """
    k = np.arange(1, round(86_400 / tick_s))
    c = np.concatenate(([1.0], np.cumprod((2 * k - 1) / (2 * k))))
    return float(sensitivity * (c @ c) / math.sqrt(rho))
