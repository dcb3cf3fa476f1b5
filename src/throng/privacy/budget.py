"""What one passage may cost: the wall's numbers, and how they are shared out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from throng.data.errors import SiteError
from throng.data.place import Extras

MECHANISMS = ("buffered", "square-root", "tree", "pure-tree", "independent")
LEAST_FOR_COUNTS = 0.1


@dataclass(frozen=True, slots=True)
class Shares:
    """The parts of a camera's budget that go to what it measures beside its counts; the counts get the rest.

    Attributes
    ----------
    speed_now, dwell, heat : float
        At least 0, together at most 0.9. With 0 a thing is not measured. See `throng.data.place.Extras`.

    Raises
    ------
    SiteError
        A share is negative, or too little is left for the counts.
    """

    speed_now: float = 0.0
    dwell: float = 0.0
    heat: float = 0.0

    def __post_init__(self) -> None:
        for name in ("speed_now", "dwell", "heat"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise SiteError(f"budget.shares.{name} must lie between 0 and 0.9, not {getattr(self, name)}")
        if self.counts < LEAST_FOR_COUNTS - 1e-9:
            raise SiteError(
                f"budget.shares must add up to at most {1 - LEAST_FOR_COUNTS:g}, not {1 - self.counts:g}: "
                "the counts need the rest"
            )

    @property
    def counts(self) -> float:
        """What is left for lines, zones and the speeds of those who leave."""
        return 1.0 - self.speed_now - self.dwell - self.heat

    @property
    def extras(self) -> Extras:
        """What is measured."""
        return Extras(speed_now=self.speed_now > 0, dwell=self.dwell > 0, heat=self.heat > 0)


@dataclass(frozen=True, slots=True)
class Budget:
    """The privacy budget of one camera.

    Why these defaults: docs/decisions/0002-unit-of-privacy.md and 0009-the-wall.md.

    Attributes
    ----------
    rho_per_day : float
        Zero-concentrated differential privacy of one passage, all counters of the camera and all epochs of a UTC day together.
    passage_counters : int
        How many counters one track may change in an epoch. A zone visit takes two, a line crossing one.
    pieces : int
        Into how many tracks one passage may break and still be protected at `rho_per_day`.
    pieces_from : str
        Where that number comes from, for the ledger: "assumed", or what was measured.
    mechanism : str
        One of `MECHANISMS`.
    epsilon_per_day : float
        With "pure-tree" in place of `rho_per_day`: differential privacy with a delta of zero.
    shares : Shares

    Raises
    ------
    SiteError
        A number is outside its range, or the mechanism has another name.
    """

    rho_per_day: float = 0.2
    passage_counters: int = 3
    pieces: int = 1
    pieces_from: str = "assumed"
    mechanism: str = "buffered"
    epsilon_per_day: float = 1.0
    shares: Shares = field(default_factory=Shares)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rho_per_day) and 1e-4 <= self.rho_per_day <= 10.0):
            raise SiteError(f"budget.rho_per_day must lie between 0.0001 and 10, not {self.rho_per_day}; the default is 0.2")
        if not (math.isfinite(self.epsilon_per_day) and 1e-2 <= self.epsilon_per_day <= 20.0):
            raise SiteError(
                f"budget.epsilon_per_day must lie between 0.01 and 20, not {self.epsilon_per_day}; the default is 1"
            )
        for name, most in (("passage_counters", 64), ("pieces", 16)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise SiteError(f"budget.{name} must be a whole number from 1 to {most}, not {value!r}")
        if self.mechanism not in MECHANISMS:
            raise SiteError(f'budget.mechanism must be one of {", ".join(MECHANISMS)}, not "{self.mechanism}"')

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The budget of these keyword arguments, those of its shares in a mapping of their own, as a site file has them."""
        return cls(**{**settings, "shares": Shares(**settings["shares"])})

    @property
    def pure(self) -> bool:
        """Whether the day's cost is an epsilon with a delta of zero, and not a rho."""
        return self.mechanism == "pure-tree"
