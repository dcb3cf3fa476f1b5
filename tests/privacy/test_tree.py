"""Trees: nodes by brute force, the coupling that proves their epsilon through the code, errors against published ones."""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.privacy.response import worst_errors

from throng.privacy.mechanism import most_per_tick
from throng.privacy.sampler import DiscreteLaplace
from throng.privacy.tree import Node, PureTree, Tree, balanced_nodes, best_shape, binary_nodes

Nodes = Callable[[int], dict[Node, int]]
BINARY: Nodes = binary_nodes


def balanced(arity: int) -> Nodes:
    return lambda ticks: balanced_nodes(ticks, arity)


def span(node: Node, arity: int) -> range:
    """The ticks below a node."""
    level, number = node
    return range(number * arity**level, (number + 1) * arity**level)


TREES = [(2, BINARY), *[(arity, balanced(arity)) for arity in (3, 5, 7, 13)]]


@pytest.mark.parametrize(("arity", "nodes"), TREES)
def test_nodes_sum_to_the_first_ticks(arity: int, nodes: Nodes) -> None:
    for ticks in range(200):
        whole = [0] * 800
        for node, sign in nodes(ticks).items():
            for tick in span(node, arity):
                whole[tick] += sign
        assert whole == [1] * ticks + [0] * (800 - ticks)


@given(st.integers(0, 86_400), st.sampled_from([3, 5, 7, 9, 11, 45]))
def test_digits_are_balanced_and_of_their_levels(ticks: int, arity: int) -> None:
    nodes = balanced_nodes(ticks, arity)
    assert sum(sign * arity**level for (level, _), sign in nodes.items()) == ticks
    for level in {level for level, _ in nodes}:
        signs = [sign for (of, _), sign in nodes.items() if of == level]
        assert len(set(signs)) == 1
        assert len(signs) <= (arity - 1) // 2


@pytest.mark.parametrize(("arity", "nodes"), TREES)
def test_a_node_is_in_use_over_one_stretch_with_one_sign(arity: int, nodes: Nodes) -> None:
    last: dict[tuple[Node, int], int] = {}
    for ticks in range(1, 3_000):
        for node, sign in nodes(ticks).items():
            assert last.get((node, sign), ticks - 1) == ticks - 1, "a node came back with other noise"
            assert (node, -sign) not in last
            last[node, sign] = ticks
    assert len(last) > 1_000 / arity


@pytest.mark.parametrize("ticks", [1, 2, 3, 7, 24, 40, 100, 365, 1_440])
def test_a_tick_is_in_no_more_nodes_than_there_are_levels_and_in_one_of_each(ticks: int) -> None:
    arity, height = best_shape(ticks)
    for nodes, base, levels in ((balanced(arity), arity, height), (BINARY, 2, ticks.bit_length())):
        used = {node for t in range(1, ticks + 1) for node in nodes(t)}
        assert {level for level, _ in used} <= set(range(levels))
        counted = np.zeros(base**levels, dtype=np.int64)
        for node in used:
            counted[span(node, base)] += 1
        assert counted[:ticks].max() <= levels


def test_the_shape_is_the_best_of_those_that_reach() -> None:
    for ticks in (1, 2, 24, 100, 1_440, 8_640, 86_400):
        every = [(h**3 * (k - 1), k, h) for h in range(1, 14) for k in range(3, 2 * ticks + 4, 2) if (k**h - 1) // 2 >= ticks]
        assert best_shape(ticks) == min(every)[1:]
        arity, height = best_shape(ticks)
        assert max(level for level, _ in balanced_nodes(ticks, arity)) < height


Policy = Callable[[list[float]], int]


def play(
    monkeypatch: pytest.MonkeyPatch, tree: PureTree, policy: Policy, ticks: int, noise: list[int]
) -> tuple[list[float], list[int]]:
    """All totals in the game of adaptive release, and the counts that were chosen; draws are taken from `noise`, in order."""
    draws = iter(noise)
    monkeypatch.setattr(DiscreteLaplace, "draw", lambda _self, n: np.array([next(draws) for _ in range(n)]))
    totals: list[float] = []
    counts: list[int] = []
    for _ in range(ticks):
        counts.append(policy(totals))
        totals.append(float(tree.step(np.array([counts[-1]])).totals[0]))
    return totals, counts


def drawn(ticks: int, arity: int) -> list[Node]:
    """The nodes in the order of their draws."""
    seen: dict[Node, None] = {}
    for tick in range(1, ticks + 1):
        seen |= dict.fromkeys(balanced_nodes(tick, arity))
    return list(seen)


def below(nodes: list[Node], arity: int, difference: list[int]) -> list[int]:
    """By how much each node's sum differs."""
    return [sum(difference[tick] for tick in span(node, arity) if tick < len(difference)) for node in nodes]


def adversary(seed: int, ticks: int) -> tuple[Policy, Policy]:
    """Two candidates' counts that depend on all that was released, and differ by one person, who passes when that says so."""

    def chosen(totals: list[float]) -> tuple[int, int]:
        here = int(np.random.default_rng([seed, len(totals), *[int(abs(total)) for total in totals]]).integers(0, 5))
        passed = [t for t in range(len(totals)) if _strikes(seed, totals[:t], t)]
        return here, int(not passed and (_strikes(seed, totals, len(totals)) or len(totals) == ticks - 1))

    return lambda totals: sum(chosen(totals)), lambda totals: chosen(totals)[0]


def _strikes(seed: int, totals: list[float], tick: int) -> bool:
    return (int(sum(totals)) * 31 + tick * 7 + seed) % 5 == 0


@pytest.mark.parametrize("ticks", [1, 4, 40, 120])
def test_whatever_is_released_could_have_been_without_the_passage_at_a_cost_of_epsilon(
    ticks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The coupling of the proof, through the code: noise z and the passage release what z + R d and no passage do."""
    epsilon = 0.5
    arity, height = best_shape(ticks)
    nodes, rng = drawn(ticks, arity), np.random.default_rng(ticks)

    def tree() -> PureTree:
        return PureTree(counters=1, ticks=ticks, epsilon=epsilon, sensitivity=1.0)

    scale = tree()._totals._noise._scale
    for seed in range(25):
        noise = rng.integers(-40, 40, size=len(nodes)).tolist()
        here, there = adversary(seed, ticks)
        totals, counts = play(monkeypatch, tree(), here, ticks, noise)
        difference = [count - there(totals[:t]) for t, count in enumerate(counts)]
        assert sorted(difference)[-1] == sum(difference) == 1
        moved = below(nodes, arity, difference)
        again, _ = play(monkeypatch, tree(), there, ticks, [z + each for z, each in zip(noise, moved, strict=True)])
        assert again == totals
        assert Fraction(sum(map(abs, moved)), scale) <= Fraction(epsilon)
    assert height == (1 if ticks < 30 else 2)


def test_probabilities_of_all_outcomes_differ_by_no_more_than_epsilon_and_some_by_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree of three, two high, over four ticks: totals and draws determine each other, so that probabilities are known.

    P(o | x) = c exp(-|z| / s), z what must have been drawn; for all o within a box, all neighbours, in whole numbers.
    """
    ticks, arity, height, epsilon = 4, 3, 2, 1.0
    monkeypatch.setattr("throng.privacy.tree.best_shape", lambda _ticks: (arity, height))
    tree = PureTree(counters=1, ticks=ticks, epsilon=epsilon, sensitivity=1.0)
    scale = tree._totals._noise._scale
    nodes = drawn(ticks, arity)
    assert len(nodes) == ticks
    of_draws = np.array([[balanced_nodes(t, arity).get(node, 0) for node in nodes] for t in range(1, ticks + 1)])
    back = np.rint(np.linalg.inv(of_draws)).astype(np.int64)
    assert (of_draws @ back == np.eye(ticks)).all()
    outcomes = np.array(list(product(range(-4, 5), repeat=ticks)))
    for z in outcomes[::500]:
        totals, _ = play(
            monkeypatch, PureTree(counters=1, ticks=ticks, epsilon=1.0, sensitivity=1.0), lambda _: 0, ticks, z.tolist()
        )
        assert totals == (of_draws @ z).tolist()
    exponents = np.abs(outcomes @ back.T).sum(axis=1)
    worst = 0
    for tick in range(ticks):
        passage = (np.arange(ticks) >= tick).astype(np.int64)
        for sign in (-1, 1):
            others = np.abs((outcomes - sign * passage) @ back.T).sum(axis=1)
            worst = max(worst, int(np.abs(exponents - others).max()))
    assert Fraction(worst, scale) == Fraction(epsilon)


def test_releases_are_whole_units_and_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, most = 400, most_per_tick(400, 256)
    arity, _ = best_shape(ticks)
    rng = np.random.default_rng(2)
    counts = rng.integers(-most, most, endpoint=True, size=ticks).tolist()
    nodes = drawn(ticks, arity)
    noise = rng.integers(-(2**40), 2**40, size=len(nodes)).tolist()
    tree = PureTree(counters=1, ticks=ticks, epsilon=1.0, sensitivity=1.0, unit=256)
    totals, _ = play(monkeypatch, tree, lambda before: int(counts[len(before)]), ticks, noise)
    of = dict(zip(nodes, noise, strict=True))
    for t, total in enumerate(totals, 1):
        exact = sum(counts[:t]) + sum(sign * of[node] for node, sign in balanced_nodes(t, arity).items())
        assert Fraction(total) == Fraction(exact, 256)


@pytest.mark.parametrize(("ticks", "total"), [(1_440, 10.5), (8_640, 13.5)])
def test_the_binary_tree_errs_as_published(ticks: int, total: float) -> None:
    _, worst = worst_errors(Tree(counters=1, ticks=ticks, rho=0.5, sensitivity=1.0), ticks)
    assert worst == pytest.approx(total, abs=0.06)


@pytest.mark.parametrize("ticks", [24, 1_440, 8_640])
def test_the_pure_tree_errs_less_than_its_bound_and_than_a_binary_one(ticks: int) -> None:
    _, worst = worst_errors(PureTree(counters=1, ticks=ticks, epsilon=1.0, sensitivity=1.0, unit=256), ticks)
    arity, height = best_shape(ticks)
    assert worst <= math.sqrt(height**3 * (arity - 1)) * 1.001
    levels = ticks.bit_length()
    assert worst < math.sqrt(2 * levels**2 * max(len(binary_nodes(t)) for t in range(1, ticks + 1)))
