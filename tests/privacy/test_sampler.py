"""Integer noise: its law, and its scale in exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from throng.privacy.sampler import DiscreteGaussian, gaussian_scale


@pytest.mark.parametrize("scale", [1, 3])
def test_draws_follow_the_discrete_gaussian(scale: int) -> None:
    """Chi-square over the integers, wrongly failing once in a million."""
    draws = DiscreteGaussian(scale).draw(40_000)
    z = np.arange(-3 * scale, 3 * scale + 1)
    weights = np.exp(-np.square(np.arange(-60, 61)) / (2 * scale**2))
    inner = np.exp(-np.square(z) / (2 * scale**2)) / weights.sum()
    expected = np.append(inner, 1 - inner.sum()) * draws.size
    seen = np.append([(draws == k).sum() for k in z], (np.abs(draws) > 3 * scale).sum())
    assert stats.chisquare(seen, expected).pvalue > 1e-6


def test_large_scales_are_no_multiple_of_anything() -> None:
    """The low bits of a wide draw are as good as uniform: no coarse grid shows through."""
    low_bits = DiscreteGaussian(2**40).draw(16_000) & 7
    assert stats.chisquare(np.bincount(low_bits, minlength=8)).pvalue > 1e-6


@pytest.mark.parametrize("scale", [0, -1, 2**50 + 1])
def test_scale_is_bounded(scale: int) -> None:
    with pytest.raises(ValueError, match="scale"):
        DiscreteGaussian(scale)


@given(st.integers(1, 10**24), st.floats(1e-4, 10, allow_nan=False))
def test_scale_is_the_least_that_the_theorem_allows(squared_length: int, rho: float) -> None:
    scale = gaussian_scale(squared_length=Fraction(squared_length), rho=rho)
    least = Fraction(squared_length) / (2 * Fraction(rho))
    assert scale**2 >= least
    assert scale == 1 or (scale - 1) ** 2 < least
