"""The buffered form against integers without bounds, fractions, and the limit of all factorisations."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
from bench.privacy import limit
from tests.privacy.response import bytes_per_counter, fixed_noise, integers, released, worst_errors

from throng.privacy.buffered import BUFFERS, Buffered, course
from throng.privacy.mechanism import GRID_BITS, most_per_tick
from throng.privacy.normalised import noise_scale

Rows = Iterable[Iterable[int]]


def in_integers(counts: Rows, *, ticks: int, unit: int = 1) -> list[list[int]]:
    """w without its noise, in Python's unbounded integers, for (n, k) counts."""
    about = course(ticks, unit)
    weights, decays, gains = about.weights.tolist(), about.decays.tolist(), about.gains.tolist()
    streams = []
    for stream in zip(*counts, strict=True):
        buffers, noised = [0] * BUFFERS, []
        for count, gain in zip(stream, gains, strict=False):
            new = int(count) * gain
            noised.append(new + sum(weight * each // 2**31 for weight, each in zip(weights, buffers, strict=True)))
            buffers = [decay * each // 2**31 + new for decay, each in zip(decays, buffers, strict=True)]
        streams.append(noised)
    return [list(row) for row in zip(*streams, strict=True)]


def exactly(stream: Iterable[int], *, ticks: int, unit: int) -> list[Fraction]:
    """C x in grid steps, nothing rounded, for one counter."""
    about = course(ticks, unit)
    weights, decays = ([Fraction(each, 2**31) for each in some.tolist()] for some in (about.weights, about.decays))
    buffers, products = [Fraction(0)] * BUFFERS, []
    for count, gain in zip(stream, about.gains.tolist(), strict=False):
        new = int(count) * gain
        products.append(new + sum((weight * each for weight, each in zip(weights, buffers, strict=True)), Fraction(0)))
        buffers = [decay * each + new for decay, each in zip(decays, buffers, strict=True)]
    return products


@pytest.mark.parametrize(("ticks", "taken"), [(1, 1), (2, 2), (40, 40), (1_440, 300)])
def test_the_integers_are_those_of_the_definition(ticks: int, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    most = most_per_tick(ticks, 256)
    counts = np.random.default_rng(1).integers(-most, most, endpoint=True, size=(taken, 4))
    counts[:, 1] = counts[:, 1] % 3
    got = integers(monkeypatch, Buffered, counts, ticks=ticks, unit=256)
    assert got.tolist() == in_integers(counts.tolist(), ticks=ticks, unit=256)


@pytest.mark.parametrize("ticks", [512, 86_400])
def test_a_day_of_the_largest_counts_overflows_nothing(ticks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    most = most_per_tick(ticks, 256)
    counts = np.full((ticks, 2), most) * np.array([1, -1])
    got = integers(monkeypatch, Buffered, counts, ticks=ticks, unit=256)
    assert got.tolist() == in_integers(counts.tolist(), ticks=ticks, unit=256)


@pytest.mark.parametrize("unit", [1, 256])
@pytest.mark.parametrize("ticks", [1, 2, 3, 7, 24, 100, 1_440, 86_400])
def test_no_column_is_longer_than_one(ticks: int, unit: int) -> None:
    """In integers: the c on a grid of 2^-90, each rounded up; and within the rounding of g and its margin all are as long."""
    about = course(ticks, unit)
    powers = [2**90] * BUFFERS
    squares = [2**180]
    for _ in range(ticks - 1):
        c = sum(-(-weight * power // 2**31) for weight, power in zip(about.weights.tolist(), powers, strict=True))
        squares.append(squares[-1] + c * c)
        powers = [-(-power * decay // 2**31) for power, decay in zip(powers, about.decays.tolist(), strict=True)]
    whole = 2**180 * 2 ** (2 * GRID_BITS)
    for gain, square in zip(about.gains.tolist(), reversed(squares), strict=True):
        assert (gain * unit) ** 2 * square <= whole < ((gain + 3) * unit) ** 2 * square


def test_weights_and_decays_are_no_less_than_nothing_and_decays_below_one() -> None:
    for ticks in (1, 2, 3, 24, 1_440, 86_400):
        about = course(ticks, 256)
        assert (about.weights >= 0).all()
        assert about.weights.sum() < 2**31
        assert ((about.decays > 0) & (about.decays < 2**31)).all()


@pytest.mark.parametrize("ticks", [1, 2, 3, 7, 24, 100, 1_440])
def test_variances_are_those_of_the_matrices_written_out(ticks: int) -> None:
    """C^-1 and A C^-1 by a solver, A the matrix that sums."""
    about = course(ticks, 256)
    powers = (about.decays / 2**31) ** np.arange(ticks)[:, None]
    c = np.append(1.0, powers @ (about.weights / 2**31))[:ticks]
    lag = np.subtract.outer(np.arange(ticks), np.arange(ticks))
    inverse = np.linalg.inv(np.where(lag >= 0, c[lag], 0.0) * (about.gains * 256 / 2**GRID_BITS))
    totals = np.cumsum(inverse, axis=0)
    np.testing.assert_allclose(about.tick_variances, np.square(inverse).sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(about.total_variances, np.square(totals).sum(axis=1), rtol=1e-9)
    now = ticks - 1 - ticks // 5
    moments = sorted({now - min(now, back) for back in (ticks, ticks // 2, 60, 3, 0)})
    expected = totals[moments] @ totals[moments].T
    np.testing.assert_allclose(about.covariance(now, [now - moment for moment in moments]), expected, rtol=1e-9, atol=1e-9)


def neighbours(rng: np.random.Generator, ticks: int, unit: int) -> tuple[list[int], list[int]]:
    """A stream of one counter, and the same with one person more or less; quiet, busy, at the cut, or below nothing."""
    most = most_per_tick(ticks, unit)
    size = int(rng.choice([1, 300, most - unit]))
    stream = rng.integers(-size, size, endpoint=True, size=ticks)
    other = stream.copy()
    other[rng.integers(ticks)] += rng.choice([-unit, unit])
    return stream.tolist(), other.tolist()


@pytest.mark.parametrize("unit", [1, 256])
@pytest.mark.parametrize("ticks", [1, 2, 5, 24, 60])
def test_rounding_moves_neighbours_by_less_than_the_slack_and_the_noise_covers_it(ticks: int, unit: int) -> None:
    """In each number, in fractions; and in all together, to the scale that the noise has, in integers."""
    rng, slack, rho = np.random.default_rng(ticks + unit), Fraction(course(ticks, unit).slack), 0.4
    scale = noise_scale(sensitivity=1.0, rho=rho, slack=float(slack), entries=ticks)
    farthest = 0
    for _ in range(60):
        here, there = neighbours(rng, ticks, unit)
        moved = [
            a - b
            for (a,), (b,) in zip(*(in_integers([[c] for c in x], ticks=ticks, unit=unit) for x in (here, there)), strict=True)
        ]
        true = exactly([a - b for a, b in zip(here, there, strict=True)], ticks=ticks, unit=unit)
        assert max(abs(a - b) for a, b in zip(moved, true, strict=True)) < slack
        assert sum(each**2 for each in true) <= 2 ** (2 * GRID_BITS)
        farthest = max(farthest, sum(each**2 for each in moved))
    assert farthest <= 2 * Fraction(rho) * scale**2
    assert farthest >= 0.99999 * 2 * rho * scale**2


def test_a_search_for_the_worst_neighbours_stays_within_the_slack() -> None:
    """Counts are changed one by one, and kept where rounding then pulls a pair of streams further apart."""
    ticks, unit, rng = 40, 256, np.random.default_rng(8)
    slack = course(ticks, unit).slack
    worst = 0.0
    for _ in range(4):
        here, _ = neighbours(rng, ticks, unit)
        when = int(rng.integers(ticks))
        true = exactly([unit * (t == when) for t in range(ticks)], ticks=ticks, unit=unit)
        best = -1.0
        for _ in range(150):
            tried = list(here)
            tried[int(rng.integers(ticks))] += int(rng.integers(-500, 500))
            other = [count - unit * (t == when) for t, count in enumerate(tried)]
            both = zip(
                in_integers([[c] for c in tried], ticks=ticks, unit=unit),
                in_integers([[c] for c in other], ticks=ticks, unit=unit),
                true,
                strict=True,
            )
            gap = max(abs(float(a - b - exact)) for (a,), (b,), exact in both)
            if gap > best:
                best, here = gap, tried
        worst = max(worst, best)
    assert 2 < worst < slack


def test_releases_depend_on_the_noised_integers_alone_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    here, there = rng.integers(0, 1_000, size=(2, 60, 3))
    noise = rng.integers(-(2**36), 2**36, size=(60, 3))
    fixed_noise(monkeypatch, noise)
    first = released(Buffered, here, ticks=65)
    apart = np.array(in_integers(here.tolist(), ticks=65)) - np.array(in_integers(there.tolist(), ticks=65))
    fixed_noise(monkeypatch, noise + apart)
    second = released(Buffered, there, ticks=65)
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize(("ticks", "least"), [(1_440, 3.07), (8_640, 3.59)])
def test_errors_are_within_six_per_cent_of_what_no_factorisation_can_be_below(ticks: int, least: float) -> None:
    tick, total = worst_errors(Buffered(counters=1, ticks=ticks, rho=0.5, sensitivity=1.0), ticks)
    proved = limit(ticks)
    assert proved == pytest.approx(least, abs=0.005)
    assert proved < total <= 1.06 * proved
    assert tick <= 2.1


def test_a_counter_takes_less_than_200_bytes() -> None:
    assert bytes_per_counter(Buffered(counters=1_000, ticks=1_440, rho=0.5, sensitivity=1.0), 1_000) < 200
