"""What one passage may cost: the wall's three numbers."""

import math
from dataclasses import dataclass

from throng.data.errors import SiteError


@dataclass(frozen=True, slots=True)
class Budget:
    """The privacy budget of one camera.

    Why these defaults: docs/decisions/0002-unit-of-privacy.md.

    Attributes
    ----------
    rho_per_day : float
        Zero-concentrated differential privacy of one passage, all counters of the camera and all epochs of a UTC day together.
    passage_counters : int
        How many counters one track may change in an epoch. A zone visit takes two, a line crossing one.
    pieces : int
        Into how many tracks one passage may break and still be protected at `rho_per_day`.

    Raises
    ------
    SiteError
        A number is outside its range.
    """

    rho_per_day: float = 0.2
    passage_counters: int = 3
    pieces: int = 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rho_per_day) and 1e-4 <= self.rho_per_day <= 10.0):
            raise SiteError(f"budget.rho_per_day must lie between 0.0001 and 10, not {self.rho_per_day}; the default is 0.2")
        for name, most in (("passage_counters", 64), ("pieces", 16)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise SiteError(f"budget.{name} must be a whole number from 1 to {most}, not {value!r}")
