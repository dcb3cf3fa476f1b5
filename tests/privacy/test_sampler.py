"""Integer noise: its law, exactly and by drawing, its secrecy, and its scale in exact arithmetic."""

import os
import pickle
from collections import Counter
from collections.abc import Iterator
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
import opendp.prelude as dp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from throng.data.errors import SecrecyError
from throng.privacy import sampler
from throng.privacy.sampler import DiscreteGaussian, DiscreteLaplace, gaussian_scale, laplace_scale

ERROR_RATE = 1e-7
"""How often each of the statistical tests fails although all is well."""
DIGITS = Context(prec=100)
Noise = DiscreteGaussian | DiscreteLaplace
Law = type[DiscreteGaussian] | type[DiscreteLaplace]
LAWS: tuple[Law, ...] = (DiscreteGaussian, DiscreteLaplace)
SCALES = st.one_of(st.integers(1, 200), st.integers(1, 2**50), st.integers(0, 50).map(lambda k: 2**k))


def density(law: Law, scale: int, z: int) -> Fraction:
    """P(z) / P(0), to a hundred digits."""
    exponent = Fraction(z * z, 2 * scale**2) if law is DiscreteGaussian else Fraction(abs(z), scale)
    return Fraction(DIGITS.exp(DIGITS.divide(Decimal(-exponent.numerator), Decimal(exponent.denominator))))


def probabilities(law: Law, scale: int, z: NDArray[np.int64]) -> NDArray[np.float64]:
    """P(z), by the closed form in doubles."""

    def of(k: NDArray[np.int64]) -> NDArray[np.float64]:
        ratios = np.abs(k) / scale
        return np.asarray(np.exp(-ratios * ratios / 2 if law is DiscreteGaussian else -ratios))

    return np.asarray(of(z) / of(np.arange(-50 * scale, 50 * scale + 1)).sum())


def short_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tail begins at one scale or before, and a tenth of all candidates are decided in exact arithmetic."""
    monkeypatch.setattr(sampler, "_TABLE_EXPONENT", 0.5)
    monkeypatch.setattr(sampler, "_MARGIN", 0.05)


def feed(monkeypatch: pytest.MonkeyPatch, *parts: bytes) -> None:
    """Make the operating system's next random bytes these, asked for in these pieces."""
    left: Iterator[bytes] = iter(parts)

    def urandom(n: int) -> bytes:
        part = next(left)
        assert len(part) == n
        return part

    monkeypatch.setattr(os, "urandom", urandom)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("scale", [1, 3, 100])
@pytest.mark.parametrize("short", [False, True])
def test_draws_follow_the_closed_form(law: Law, scale: int, short: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chi-square over cells of an integer, or of a tenth of a scale, and the two sides beyond them; 17 or more in each."""
    if short:
        short_table(monkeypatch)
    draws = law(scale).draw(10_000 if short else 200_000)
    reach, step = int(2.5 * scale), max(1, scale // 10)
    inner = probabilities(law, scale, np.arange(-reach, reach)).reshape(-1, step).sum(axis=1)
    above = probabilities(law, scale, np.arange(reach, 50 * scale)).sum()
    expected = np.concatenate(([1 - inner.sum() - above], inner, [above])) * draws.size
    assert expected.min() > 17
    seen = np.bincount(np.clip((draws + reach) // step, -1, inner.size) + 1, minlength=expected.size)
    assert stats.chisquare(seen, expected).pvalue > ERROR_RATE


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("scale", [1, 5, 1_000, 3**29])
def test_draws_look_like_those_of_opendp(law: Law, scale: int) -> None:
    """Two samples over cells of a quarter of a scale."""
    dp.enable_features("contrib")
    domain, n = dp.vector_domain(dp.atom_domain(T="i64")), 20_000
    if law is DiscreteGaussian:
        other = dp.m.make_gaussian(domain, dp.l2_distance(T="i64"), scale=float(scale))
    else:
        other = dp.m.make_laplace(domain, dp.l1_distance(T="i64"), scale=float(scale))
    samples = law(scale).draw(n), np.array(other([0] * n))
    cells = [np.bincount(np.clip(z * 4 // scale, -12, 12) + 12, minlength=25) for z in samples]
    counts = np.array(cells)[:, np.sum(cells, axis=0) > 0]
    assert stats.chi2_contingency(counts).pvalue > ERROR_RATE


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("scale", [2**40, 2**50 - 1])
def test_large_scales_are_no_multiple_of_anything(law: Law, scale: int) -> None:
    """The low bits of a wide draw are as good as uniform: no coarse grid shows through."""
    low_bits = law(scale).draw(100_000) & 63
    assert stats.chisquare(np.bincount(low_bits, minlength=64)).pvalue > ERROR_RATE


@given(st.sampled_from(LAWS), SCALES)
@settings(deadline=None, max_examples=30)
def test_the_table_lies_above_the_density_and_its_weights_are_whole(law: Law, scale: int) -> None:
    noise = law(scale)
    weights, width, tail_width = noise._weights.tolist(), noise._width, noise._tail_width
    for number, weight in enumerate(weights):
        assert noise._height * density(law, scale, number * width) <= weight
    assert sum(weights[:-1]) + 2 * tail_width // width * weights[-1] == 2**63
    assert density(law, scale, tail_width) < Fraction(1, 2)
    assert noise._edges.tolist() == [sum(weights[: i + 1]) for i in range(len(weights) - 1)]


def law_of_output(noise: Noise, monkeypatch: pytest.MonkeyPatch, *, tail_bins: int) -> dict[int, Fraction]:
    """The probability that a candidate is a certain integer and is kept, from every value that its random words can take."""
    asked: list[Fraction] = []

    def record(_level: int, ratio: Fraction, exponent: Fraction) -> bool:
        power = DIGITS.exp(DIGITS.divide(Decimal(-exponent.numerator), Decimal(exponent.denominator)))
        asked.append(ratio * Fraction(power))
        return True

    monkeypatch.setattr(sampler, "_lies_below", record)
    found: dict[int, Fraction] = {}
    edges = [0, *noise._edges.tolist(), 2**63]
    last = len(edges) - 2
    for number in range(last + 1):
        tail = number == last
        width = noise._tail_width if tail else noise._width
        for further in range(tail_bins if tail else 1):
            chance = Fraction(edges[number + 1] - edges[number], 2**64 * width) / (2 ** (further + 1) if tail else 1)
            for sign, place in ((sign, place) for sign in (0, 1) for place in range(width)):
                feed(monkeypatch, *[b"\x01"] * further, b"\x00")
                draw, _ = noise._exactly(number, sign, place + (place << 60), 0)
                assert draw not in found
                found[draw] = chance * asked[-1]
    assert max(asked) <= 1
    return found


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("scale", [1, 2, 3, 70])
@pytest.mark.parametrize("short", [False, True])
def test_the_law_of_what_is_kept_is_exact(law: Law, scale: int, short: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By enumeration: every integer up to the sixth bin of the tail comes in one way, in proportion to its density."""
    if short:
        short_table(monkeypatch)
    noise = law(scale)
    found = law_of_output(noise, monkeypatch, tail_bins=6)
    end = len(noise._edges) * noise._width + 6 * noise._tail_width
    assert sorted(found) == list(range(-end, end))
    for z, chance in found.items():
        assert abs(chance / (found[0] * density(law, scale, z)) - 1) < Fraction(1, 10**90)


@given(st.sampled_from(LAWS), SCALES, st.integers(0, 2**32))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_fast_decision_is_the_exact_one(law: Law, scale: int, seed: int) -> None:
    """Given words, of which some lie at the edges of bins and at or about the probability of being kept."""
    rng = np.random.default_rng(seed)
    noise = law(scale)
    weights, edges = noise._weights.tolist(), noise._edges.tolist()
    n = sampler._BLOCK
    numbers = rng.integers(0, len(edges), n).tolist()
    words: list[list[int]] = [[], [], []]
    expected = []
    for number, sign, place in zip(numbers, rng.integers(0, 2, n).tolist(), rng.integers(0, 2**63, n).tolist(), strict=True):
        first, last = (edges[number - 1] if number else 0), edges[number] - 1
        magnitude = number * noise._width + place % noise._width
        z = -1 - magnitude if sign else magnitude
        limit = int(2**64 * noise._height * density(law, scale, z) / weights[number])
        distance = int(rng.choice([1, -1])) << int(rng.choice([1, 10, 20, 24, 26, 30, 60]))
        level = min(max(limit + distance, 0), 2**64 - 1)
        for column, word in zip(words, (int(rng.choice([first, last])) << 1 | sign, place, level), strict=True):
            column.append(word)
        if level < limit:
            expected.append(z)
    with pytest.MonkeyPatch.context() as patch:
        feed(patch, np.array(words, dtype=np.uint64).tobytes())
        assert noise._candidates().tolist() == expected


@given(
    ratio=st.fractions(Fraction(1, 2**60), 1, max_denominator=2**62).filter(bool),
    exponent=st.fractions(0, 45, max_denominator=2**50),
    words=st.integers(1, 4),
    distance=st.sampled_from([-(2**30), -2, 2, 2**30]),
)
@settings(deadline=None)
def test_a_close_decision_takes_as_many_bits_as_it_needs(
    ratio: Fraction, exponent: Fraction, words: int, distance: int
) -> None:
    """A uniform number of 64 to 256 bits, one unit of its last place beside the bound, against arithmetic of 100 digits."""
    bits = 64 * words
    bound = ratio * Fraction(DIGITS.exp(DIGITS.divide(Decimal(-exponent.numerator), Decimal(exponent.denominator))))
    uniform = int(bound * 2**bits) + distance
    if not 0 <= uniform < 2**bits:
        return
    parts = uniform.to_bytes(8 * words, "big")
    with pytest.MonkeyPatch.context() as patch:
        feed(patch, *[parts[i : i + 8] for i in range(8, len(parts), 8)])
        assert sampler._lies_below(int.from_bytes(parts[:8], "big"), ratio, exponent) == (distance < 0)


@given(st.integers(2**63, 2**64 - 1), st.fractions(Fraction(1, 100), 45, max_denominator=2**50), st.booleans())
@settings(deadline=None)
def test_the_digits_of_a_decision_are_not_trusted_too_far(level: int, exponent: Fraction, above: bool) -> None:
    """A bound so near the uniform number that the 40 digits of the first attempt cannot tell them apart."""
    bound = Fraction(level, 2**64) * (1 + Fraction(1 if above else -1, 10**45))
    power = Fraction(DIGITS.exp(DIGITS.divide(Decimal(-exponent.numerator), Decimal(exponent.denominator))))
    with pytest.MonkeyPatch.context() as patch:
        feed(patch, bytes(8), bytes(8))
        assert sampler._lies_below(level, bound / power, exponent) == above


def test_a_tie_ends() -> None:
    """A uniform number that begins like 1/2 lies at or above it."""
    assert not sampler._lies_below(2**63, Fraction(1, 2), Fraction(0))


def test_a_draw_beyond_63_bits_wraps_as_a_sum_does(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = DiscreteLaplace(2**50)
    monkeypatch.setattr(sampler, "_lies_below", lambda *_: True)
    feed(monkeypatch, *[b"\x01"] * 2**12, b"\x00")
    draw, _ = noise._exactly(len(noise._edges), 0, 5, 0)
    assert draw == -(2**63) + len(noise._edges) * noise._width + 5


@pytest.mark.parametrize("law", LAWS)
def test_no_draw_is_given_twice_and_none_given_is_kept(law: Law) -> None:
    """Among 20,000 draws of this scale two are alike less than once in ten million times."""
    noise = law(2**50)
    noise.draw(1)
    ahead = noise._block
    now = noise.draw(300)
    assert not ahead[:300].any()
    assert ahead[300:].tolist() == noise.draw(len(ahead) - 300).tolist()
    assert not ahead.any()
    chunks = [noise.draw(n) for n in (0, 1, 7, 2_000, 10_000, 8, 5_000)]
    assert [len(chunk) for chunk in chunks] == [0, 1, 7, 2_000, 10_000, 8, 5_000]
    assert max(Counter(np.concatenate([now, *chunks]).tolist()).values()) == 1


def in_a_child(noise: Noise) -> tuple[NDArray[np.int64], bool]:
    """What a forked child draws, and whether it holds anything of what its parent drew ahead after its first draw."""
    ahead = noise._block
    before = set(ahead.tolist())
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            drawn = noise.draw(64)
            os.write(theirs, drawn.tobytes() + bytes([int(bool(before & set(ahead.tolist())))]))
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        sent = pipe.read()
    os.waitpid(child, 0)
    return np.frombuffer(sent[:-1], dtype=np.int64), bool(sent[-1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_process_never_repeats_its_parents_draws() -> None:
    noise = DiscreteGaussian(2**50)
    noise.draw(1)
    ahead = set(noise._block.tolist())
    children = [in_a_child(noise) for _ in range(2)]
    drawn = np.concatenate([children[0][0], children[1][0]])
    assert len(drawn) == len(set(drawn.tolist())) == 128
    assert not set(drawn.tolist()) & ahead
    assert not children[0][1]
    assert set(noise.draw(64).tolist()) <= ahead


@pytest.mark.parametrize("law", LAWS)
def test_its_state_leaves_memory_by_no_door(law: Law) -> None:
    noise = law(2**50)
    noise.draw(1)
    assert f"{noise!r}{noise}" == f"{law.__name__}()" * 2
    with pytest.raises(SecrecyError):
        pickle.dumps(noise)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("scale", [0, -1, 2**50 + 1])
def test_scale_is_bounded(law: Law, scale: int) -> None:
    with pytest.raises(ValueError, match="scale"):
        law(scale)


@given(st.integers(1, 10**24), st.floats(1e-4, 10, allow_nan=False))
def test_scale_is_the_least_that_the_theorem_allows(squared_length: int, rho: float) -> None:
    scale = gaussian_scale(squared_length=Fraction(squared_length), rho=rho)
    least = Fraction(squared_length) / (2 * Fraction(rho))
    assert scale**2 >= least
    assert scale == 1 or (scale - 1) ** 2 < least


@given(st.fractions(0, 10**15), st.floats(1e-4, 10, allow_nan=False))
def test_the_scale_of_laplace_noise_is_the_least_that_the_theorem_allows(length: Fraction, epsilon: float) -> None:
    scale = laplace_scale(length=length, epsilon=epsilon)
    assert scale * Fraction(epsilon) >= length
    assert scale == 1 or (scale - 1) * Fraction(epsilon) < length
