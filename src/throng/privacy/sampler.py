"""Integer noise whose distribution is exact, drawn fast.

The proof, with what it assumes: docs/privacy/0002-exact-noise.md.
"""

import math
import os
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly
from throng.data.secret_memory import secret_array

_LARGEST_SCALE = 2**50
_TABLE_EXPONENT = 40.0
"""The table ends where the density has fallen to e^-40 of its peak."""
_MARGIN = 2.0**-38
"""Doubles that lie closer than this decide nothing: more than thirty times the error that they can have."""
_BLOCK = 512
"""Candidates drawn at a time."""


class _Process:
    """Counts the forks between the first process and this one, so that a child knows that it is one."""

    forks = 0

    @classmethod
    def forked(cls) -> None:
        cls.forks += 1


os.register_at_fork(after_in_child=_Process.forked)


class _ExactNoise(MemoryOnly):
    """Noise on the integers, P(z) proportional to f(|z|) = exp(-(|z| / scale)^power / power), by rejection from a table.

    A candidate's sign and its bin of `_width` magnitudes m come from one random word, the place in the bin from a second; a
    third decides whether it is kept. The sign makes it z = m or z = -1 - m. Bins weigh at least `_height` f(their start).

    It is for one thread at a time.
    """

    __slots__ = (
        "_block",
        "_edges",
        "_forks",
        "_height",
        "_power",
        "_ratios",
        "_scale",
        "_store",
        "_tail_width",
        "_weights",
        "_width",
    )

    def __init__(self, scale: int, *, power: int) -> None:
        if not 1 <= scale <= _LARGEST_SCALE:
            raise ValueError(f"scale must lie between 1 and 2^50, not {scale}")
        self._scale, self._power = scale, power
        # Powers of two: from scale / 64 to scale / 32, and from 2 to 4 scales, where f falls by more than half.
        self._width = 1 << max(0, scale.bit_length() - 6)
        self._tail_width = 1 << (2 * scale - 1).bit_length()
        bins = math.ceil((_TABLE_EXPONENT * power) ** (1 / power) * scale / self._width)
        self._height, self._weights = self._table(bins)
        self._edges = np.cumsum(self._weights[:-1]).astype(np.uint64)
        self._ratios = self._height / self._weights.astype(np.float64)
        self._store = secret_array(_BLOCK, np.int64)
        self._block, self._forks = self._store[:0], _Process.forks

    def draw(self, n: int) -> NDArray[np.int64]:
        """`n` independent draws. Beyond 63 bits a draw wraps, as the sum it is added to would."""
        if self._forks != _Process.forks:
            self._block[:] = 0
            self._block, self._forks = self._block[:0], _Process.forks
        drawn = np.empty(n, dtype=np.int64)
        filled = 0
        while filled < n:
            if not len(self._block):
                kept = self._candidates()
                self._block = self._store[: len(kept)]
                self._block[:] = kept
            ready = self._block[: n - filled]
            drawn[filled : filled + len(ready)] = ready
            filled += len(ready)
            self._block = self._block[len(ready) :]
            ready[:] = 0
        return drawn

    def _table(self, bins: int) -> tuple[int, NDArray[np.int64]]:
        """The peak's height, and the weights of the bins and of one more that would begin where the tail does.

        Bins, and the tail as a whole, weigh 2^63 together; what was left over from rounding goes to the first bin.
        """
        heights = np.exp(-self._exponents(np.arange(bins + 1) * self._width))
        widths = 2 * self._tail_width // self._width
        height = int(2**63 * (1 - 2**-20) / float(heights[:-1].sum() + widths * heights[-1]))
        weights = (height * heights * (1 + 2**-40)).astype(np.int64) + 2
        weights[0] = 2**63 - sum(weights[1:-1].tolist()) - widths * int(weights[-1])
        return height, weights

    def _exponents(self, magnitudes: NDArray[np.int64]) -> NDArray[np.float64]:
        ratios = magnitudes / float(self._scale)
        return ratios if self._power == 1 else ratios * ratios / 2

    def _candidates(self) -> NDArray[np.int64]:
        """Those of `_BLOCK` candidates that are kept."""
        where, place, level = np.frombuffer(os.urandom(24 * _BLOCK), dtype=np.uint64).reshape(3, _BLOCK)
        signs = (where & 1).astype(np.int64)
        bins = np.searchsorted(self._edges, where >> 1, side="right")
        magnitudes = bins * self._width + (place & (self._width - 1)).astype(np.int64)
        surplus = self._ratios[bins] * np.exp(-self._exponents(magnitudes + signs)) - level * 2.0**-64
        draws, kept = magnitudes ^ -signs, surplus > 0
        for i in np.flatnonzero((np.abs(surplus) < _MARGIN) | (bins == len(self._edges))).tolist():
            draws[i], kept[i] = self._exactly(int(bins[i]), int(signs[i]), int(place[i]), int(level[i]))
        return draws[kept]

    def _exactly(self, number: int, sign: int, place: int, level: int) -> tuple[int, bool]:
        """One candidate and whether it is kept, in exact arithmetic, from the bin's number and the rest of its random words."""
        start, width, halvings = number * self._width, self._width, 0
        if number == len(self._edges):
            while os.urandom(1)[0] & 1:
                halvings += 1
            width = self._tail_width
            start += halvings * width
        magnitude = start + (place & (width - 1))
        ratio = Fraction(self._height << halvings, int(self._weights[number]))
        exponent = Fraction(magnitude + sign, self._scale) ** self._power / self._power
        draw = -1 - magnitude if sign else magnitude
        return (draw + 2**63) % 2**64 - 2**63, _lies_below(level, ratio, exponent)


class DiscreteGaussian(_ExactNoise):
    """The discrete Gaussian on the integers: P(z) proportional to exp(-z^2 / (2 scale^2)).

    Its distribution is exact, from the operating system's random numbers. Drawing ahead, it keeps up to 512 draws in memory,
    each given out once and then overwritten. A process that was forked begins anew. It is for one thread at a time.

    Parameters
    ----------
    scale : int
        At least 1 and at most 2^50, so that no sum overflows.

    Notes
    -----
    docs/privacy/0002-exact-noise.md. The distribution: Canonne, Kamath and Steinke 2020, "The discrete Gaussian for
    differential privacy".
    """

    __slots__ = ()

    def __init__(self, scale: int) -> None:
        super().__init__(scale, power=2)


class DiscreteLaplace(_ExactNoise):
    """The discrete Laplace distribution on the integers: P(z) proportional to exp(-|z| / scale).

    As `DiscreteGaussian` in all else. Source: Ghosh, Roughgarden and Sundararajan 2012, "Universally utility-maximizing privacy
    mechanisms", section 2.

    Parameters
    ----------
    scale : int
        At least 1 and at most 2^50.
    """

    __slots__ = ()

    def __init__(self, scale: int) -> None:
        super().__init__(scale, power=1)


def _lies_below(level: int, ratio: Fraction, exponent: Fraction) -> bool:
    """Whether a uniform number in [0, 1), of which `level` holds the first 64 bits, lies below ratio e^-exponent.

    Bits and digits are added until it is certain.
    """
    bits, digits = 64, 40
    while True:
        context = Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX)
        quotient = context.divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
        bound = ratio * Fraction(context.exp(quotient.copy_negate()))
        error = bound * (exponent + 8) / 10 ** (digits - 2)
        if bound + error <= Fraction(level, 2**bits):
            return False
        if bound - error >= Fraction(level + 1, 2**bits):
            return True
        level = level << 64 | int.from_bytes(os.urandom(8), "big")
        bits, digits = bits + 64, digits + 20


def gaussian_scale(*, squared_length: Fraction, rho: float) -> int:
    """The least integer scale at which shifting an integer vector by a squared length of at most `squared_length` is rho-zCDP.

    scale^2 >= squared_length / (2 rho), docs/privacy/0001-continual-counting.md, step 2; in exact arithmetic, rounded up.
    """
    least = squared_length / (2 * Fraction(rho))
    root = math.isqrt(math.ceil(least))
    return max(1, root if root * root >= least else root + 1)


def laplace_scale(*, length: Fraction, epsilon: float) -> int:
    """The least integer scale at which shifting an integer vector by a sum of amounts of at most `length` is epsilon-DP.

    scale >= length / epsilon (Dwork, McSherry, Nissim and Smith 2006, proposition 1); in exact arithmetic, rounded up.
    """
    return max(1, math.ceil(length / Fraction(epsilon)))
