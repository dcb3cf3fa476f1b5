"""The streams of a camera and their parts of the budget: nothing is spent twice, and levels cost what is said."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.privacy.response import GAUSSIAN, Make, name, response

from throng.data.place import Line, Zone, counters_of
from throng.privacy import choose
from throng.privacy.budget import MECHANISMS, Budget, Shares
from throng.privacy.choose import make_mechanism
from throng.privacy.ledger import Epoch
from throng.privacy.streams import COUNTS, DWELL, HEAT, SPEED_NOW, UNIT, Stream, streams_of

DOORS = tuple(Line(f"door {n}", np.array([[0.0, 0.0], [100.0, 0.0]])) for n in range(3))
ROOMS = tuple(Zone(f"room {n}", np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]])) for n in range(3))

PARTS = st.floats(0, 0.3, allow_subnormal=False).map(lambda share: share if share > 1e-6 else 0.0)
SHARES = st.builds(Shares, speed_now=PARTS, dwell=PARTS, heat=PARTS)
BUDGETS = st.builds(
    Budget,
    rho_per_day=st.floats(1e-4, 10),
    epsilon_per_day=st.floats(1e-2, 20),
    passage_counters=st.integers(2, 8),
    pieces=st.integers(1, 4),
    mechanism=st.sampled_from(MECHANISMS),
    shares=SHARES,
)


def made(budget: Budget, lines: int, zones: int, *, in_metres: bool) -> tuple[Stream, ...]:
    counters = counters_of(DOORS[:lines], ROOMS[:zones], in_metres=in_metres, extras=budget.shares.extras)
    return streams_of(counters, budget)


@given(BUDGETS, st.integers(0, 3), st.integers(1, 3), st.booleans())
def test_streams_have_columns_of_their_own_and_share_one_budget(
    budget: Budget, lines: int, zones: int, in_metres: bool
) -> None:
    streams = made(budget, lines, zones, in_metres=in_metres)
    wanted = [
        COUNTS,
        *[each for each in (DWELL, SPEED_NOW, HEAT) if getattr(budget.shares, each, 0) and (in_metres or each != SPEED_NOW)],
    ]
    assert [stream.name for stream in streams] == wanted
    assert [stream.first for stream in streams] == [0, *np.cumsum([stream.columns for stream in streams])[:-1]]
    assert sum(stream.share for stream in streams) == 1
    assert streams[0].share >= Fraction(1, 10) - Fraction(1, 10**8)
    for stream in streams[1:]:
        assert stream.share == Fraction(getattr(budget.shares, stream.name))
    assert [stream.by_hour for stream in streams] == [stream.name == HEAT for stream in streams]


@given(BUDGETS, st.integers(0, 3), st.integers(1, 3), st.booleans())
def test_lengths_and_sizes_are_those_of_the_proof_rounded_up(budget: Budget, lines: int, zones: int, in_metres: bool) -> None:
    m, f, v = budget.passage_counters, budget.pieces, min(budget.passage_counters // 2, zones)
    counts, timed = min(m, 2 * (lines + zones)), v if in_metres else 0
    squares: dict[str, Fraction] = {
        COUNTS: counts + Fraction(timed, 4),
        DWELL: Fraction(v),
        SPEED_NOW: Fraction(2 * v),
        HEAT: Fraction(1),
    }
    sizes: dict[str, Fraction] = {
        COUNTS: counts + Fraction(timed, 2),
        DWELL: Fraction(v),
        SPEED_NOW: Fraction(2 * v),
        HEAT: Fraction(1),
    }
    for stream in made(budget, lines, zones, in_metres=in_metres):
        for claimed, least in (
            (Fraction(stream.length) ** 2, f**2 * squares[stream.name]),
            (stream.size, f * sizes[stream.name]),
        ):
            assert least <= claimed <= least * (1 + Fraction(1, 10**14))


class Recorded:
    """In the place of a mechanism: what it was made for."""

    def __init__(self, **settings: float) -> None:
        self.settings = settings


@given(BUDGETS, st.integers(1, 3), st.floats(1e-6, 10), st.floats(1e-4, 20))
def test_the_streams_parts_never_add_up_to_more_than_the_epoch(budget: Budget, zones: int, rho: float, epsilon: float) -> None:
    streams = made(budget, 1, zones, in_metres=True)
    unit, whole = ("epsilon", epsilon) if budget.pure else ("rho", rho)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choose, "PureTree", Recorded)
        patch.setattr(choose, "_GAUSSIAN", dict.fromkeys(MECHANISMS, Recorded))
        all_made = [make_mechanism(budget.mechanism, stream, 24, Epoch("2026-11-24/1", rho, epsilon)) for stream in streams]
    spent = Fraction(0)
    for mechanism, stream in zip(all_made, streams, strict=True):
        settings = mechanism.settings  # type: ignore[attr-defined]
        assert settings["counters"] == stream.columns
        assert (settings["ticks"], settings["unit"]) == (24, UNIT)
        assert settings["sensitivity"] == (stream.size if budget.pure else stream.length)
        spent += Fraction(settings[unit])
    assert Fraction(whole) * (1 - Fraction(1, 10**15)) <= spent <= Fraction(whole)


@pytest.mark.parametrize("make", GAUSSIAN, ids=name)
@pytest.mark.parametrize("ticks", [2, 40])
def test_levels_cost_no_more_than_root_two(make: Make, ticks: int) -> None:
    """|C d| <= root 2 times the rise: for one rise and fall at any two ticks, and for walks of many small ones.

    C as it is in the code, from its response to noise. The first are the extreme points of all levels that rise by one.
    """
    of = response(make, ticks=ticks, rho=0.5, sensitivity=1.0, unit=UNIT)
    rng = np.random.default_rng(1)
    pairs = np.array([np.eye(ticks)[i] - np.eye(ticks)[j] for i in range(ticks) for j in range(i + 1, ticks)])
    levels = rng.exponential(size=(200, ticks)) * (rng.random((200, ticks)) < 0.6)
    walks = np.diff(levels, axis=1, prepend=0.0)
    walks /= np.maximum(np.maximum(walks, 0).sum(axis=1, keepdims=True), 1e-9)
    mu = np.linalg.norm(of.shift(np.vstack([pairs, walks]).T), axis=0) / of.variance**0.5
    assert 0.99 < mu.max() <= 2**0.5 * (1 + 1e-9)
