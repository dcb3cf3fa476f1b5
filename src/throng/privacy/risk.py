"""What a budget means for someone who passes a camera: numbers, and words."""

import math

from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from throng.privacy.budget import Budget

_BUDGETS = (0.1, 0.2, 0.5, 1.0)
_PASSAGES = (1, 5, 20)


def recognition_rate(rho: float, passages: float, *, false_alarm: float = 0.01) -> float:
    """How often a best attacker recognises a known person's passages, at a given rate of false alarms.

    The trade-off between two Gaussians of unit variance, mu = root(2 rho passages) apart (Dong, Roth and Su 2022, "Gaussian
    differential privacy", equation 6 and corollary 3.3): Phi(Phi^-1(false_alarm) + mu). Budgets add over passages and over
    cameras.
    """
    return float(ndtr(ndtri(false_alarm) + math.sqrt(2 * rho * passages)))


def epsilon(rho: float, delta: float) -> float:
    """The least epsilon for which rho-zCDP is known to imply (epsilon, delta)-DP.

    Canonne, Kamath and Steinke 2020, corollary 13: the minimum over a > 1 of a rho + log(1 / (a delta)) / (a - 1) + log(1 - 1
    / a).
    """

    def of(log_a1: float) -> float:
        a = 1 + math.exp(log_a1)
        return a * rho - math.log(a * delta) / (a - 1) + math.log1p(-1 / a)

    return max(0.0, float(minimize_scalar(of, bounds=(-20.0, 25.0), method="bounded").fun))


def table() -> list[str]:
    """Recognition at 1 per cent false alarms and epsilon at delta 1e-6, over budgets and passages: rows of Markdown.

    A passage seen by k cameras counts as k passages.
    """
    heads = [f"{n} passage{'s' * (n > 1)}" for n in _PASSAGES]
    rows = [f"| rho | {' | '.join(heads)} | epsilon of 1 |", "|" + " --- |" * (len(heads) + 2)]
    for rho in _BUDGETS:
        rates = [f"{_in_100(recognition_rate(rho, n))} in 100" for n in _PASSAGES]
        rows.append(f"| {rho:g} | {' | '.join(rates)} | {epsilon(rho, 1e-6):.1f} |")
    return rows


def describe(budget: Budget) -> list[str]:
    """The promise of a budget in plain sentences, its weak sides included."""
    rates = [_in_100(recognition_rate(budget.rho_per_day, n)) for n in _PASSAGES]
    one_piece_more = recognition_rate(budget.rho_per_day * ((budget.pieces + 1) / budget.pieces) ** 2, 1)
    return [
        f"One passage through this camera's view costs its person at most rho = {budget.rho_per_day:g} "
        "on each UTC day it touches.",
        "Someone who holds everything ever released and looks for a person whose one passage he knows exactly recognises it at "
        f"most {rates[0]} times in 100 if he may be wrong 1 time in 100.",
        f"Five such passages he recognises {rates[1]} times in 100, twenty {rates[2]} times in 100: a person who comes every "
        "day is protected far less than one who passes once.",
        "Passages at several cameras add up in the same way: one way past five cameras counts as five passages.",
        "A day without a restart spends half of this, and the other half is kept for restarts; all of it is epsilon = "
        f"{epsilon(budget.rho_per_day, 1e-6):.1f} at delta = 0.000001.",
        f"A passage may change {_many(budget.passage_counters, 'counter')} and may break into {_many(budget.pieces, 'track')}; "
        f"broken into one more, it is recognised at most {_in_100(one_piece_more)} times in 100.",
    ]


def _in_100(rate: float) -> int:
    return round(100 * rate)


def _many(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n > 1)}"
