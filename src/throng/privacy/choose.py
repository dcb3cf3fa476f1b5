"""The mechanism that a stream gets."""

import math
from fractions import Fraction

from throng.privacy.buffered import Buffered
from throng.privacy.independent import Independent
from throng.privacy.ledger import Epoch
from throng.privacy.mechanism import Mechanism
from throng.privacy.square_root import SquareRoot
from throng.privacy.streams import UNIT, Stream
from throng.privacy.tree import PureTree, Tree

_GAUSSIAN: dict[str, type[Buffered] | type[SquareRoot] | type[Tree] | type[Independent]] = {
    "buffered": Buffered,
    "square-root": SquareRoot,
    "tree": Tree,
    "independent": Independent,
}


def make_mechanism(name: str, stream: Stream, ticks: int, epoch: Epoch) -> Mechanism:
    """The mechanism of this name, of `throng.privacy.budget.MECHANISMS`, for so many ticks and a stream's share of an epoch."""
    if name == "pure-tree":
        epsilon = _part(epoch.epsilon, stream.share)
        return PureTree(counters=stream.columns, ticks=ticks, epsilon=epsilon, sensitivity=stream.size, unit=UNIT)
    rho = _part(epoch.rho, stream.share)
    return _GAUSSIAN[name](counters=stream.columns, ticks=ticks, rho=rho, sensitivity=stream.length, unit=UNIT)


def _part(budget: float, share: Fraction) -> float:
    """Never more than the share of the budget, so that the parts never add up to more than the whole."""
    exact = Fraction(budget) * share
    part = float(exact)
    return part if Fraction(part) <= exact else math.nextafter(part, 0.0)
