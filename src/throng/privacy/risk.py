"""What a budget means for someone who passes a camera: numbers, and words."""

import math

from scipy.optimize import minimize_scalar
from scipy.special import expit, ndtr, ndtri
from scipy.stats import binom

from throng.privacy.budget import Budget

DELTA = 1e-6
"""What an epsilon is shown at."""
PASSAGES = (1, 5, 20)
"""One visit, a week's work days, and a commuter's month."""
WEAK_GUESS, WEAK_RECOGNITION = 0.75, 0.5
"""Where an attacker is right more often than this, a guarantee is called weak."""

_BUDGETS = (0.1, 0.2, 0.5, 1.0)
_EPSILONS = (0.5, 1.0, 2.0)
_EACH = "each on another day or at another camera"


def recognition_rate(rho: float, passages: float, *, epsilon: float = 0.0, false_alarm: float = 0.01) -> float:
    """How often a best attacker recognises a known person's passages, at a given rate of false alarms.

    The trade-off between two Gaussians of unit variance, mu = root(2 rho passages) apart (Dong, Roth and Su 2022, "Gaussian
    differential privacy", equation 6 and corollary 3.3): Phi(Phi^-1(false_alarm) + mu). Budgets add over days and over cameras.

    Parameters
    ----------
    rho : float
        What a passage costs under Gaussian noise.
    passages : float
        How many, each on another day or at another camera; a whole number where there is an epsilon.
    epsilon : float
        What a passage costs, beside rho, under noise with a delta of zero. No attacker does better than against as many
        randomised responses (Kairouz, Oh and Viswanath 2015, "The composition theorem for differential privacy", theorem 3.3);
        one alone gives min(e^epsilon a, 1 - (1 - a) e^-epsilon) at a rate a. Where both are spent it is a bound: the first
        test's recognitions are the second's false alarms.
    false_alarm : float
        How often he is wrong about people who did not pass.
    """
    return float(ndtr(ndtri(_responses(epsilon, passages, false_alarm)) + math.sqrt(2 * rho * passages)))


def guessing_rate(rho: float, passages: float, *, epsilon: float = 0.0) -> float:
    """How often an attacker who would be right half the time without the numbers is right with them, at most.

    One half and half the total variation distance: of two Gaussians, mu = root(2 rho passages) apart, Phi(mu / 2) in all (Dong,
    Roth and Su 2022, equation 6, where both errors are equal); with an epsilon, how often most of as many randomised responses
    are true, which for one is e^epsilon / (1 + e^epsilon) (Kairouz, Oh and Viswanath 2015). Where both are spent, the distances
    are added, which is a bound. For the parameters see `recognition_rate`.
    """
    pure = 0.5
    if epsilon:
        n, true = int(passages), float(expit(epsilon))
        pure = float(binom.sf(n // 2, n, true)) + float(binom.pmf(n / 2, n, true)) / 2
    return min(1.0, float(ndtr(math.sqrt(rho * passages / 2))) + pure - 0.5)


def epsilon(rho: float, delta: float) -> float:
    """The least epsilon for which rho-zCDP is known to imply (epsilon, delta)-DP.

    Canonne, Kamath and Steinke 2020, corollary 13: the minimum over a > 1 of a rho + log(1 / (a delta)) / (a - 1) + log(1 - 1
    / a).
    """

    def of(log_a1: float) -> float:
        a = 1 + math.exp(log_a1)
        return a * rho - math.log(a * delta) / (a - 1) + math.log1p(-1 / a)

    return max(0.0, float(minimize_scalar(of, bounds=(-20.0, 25.0), method="bounded").fun))


def is_weak(guess: float, recognition: float) -> bool:
    """Whether a guarantee with these rates must be called weak."""
    return guess > WEAK_GUESS or recognition > WEAK_RECOGNITION


def at_most_percent(rate: float) -> int:
    """A rate in whole per cent, rounded up: "at most" stays true."""
    return math.ceil(100 * rate - 1e-9)


def table() -> list[str]:
    """Recognition at 1 per cent false alarms and epsilon at delta 1e-6, over budgets and passages: rows of Markdown.

    A passage seen by k cameras counts as k passages.
    """
    heads = [f"{n} passage{'s' * (n > 1)}" for n in PASSAGES]
    rows = [f"| rho | {' | '.join(heads)} | epsilon of 1 |", "|" + " --- |" * (len(heads) + 2)]
    for rho in _BUDGETS:
        rates = [f"{_in_100(recognition_rate(rho, n))} in 100" for n in PASSAGES]
        rows.append(f"| {rho:g} | {' | '.join(rates)} | {epsilon(rho, DELTA):.1f} |")
    return rows


def guessing_table() -> list[str]:
    """How often an attacker is right who is right half the time by guessing, over budgets and passages: rows of Markdown."""
    heads = [f"{n} passage{'s' * (n > 1)}" for n in PASSAGES]
    rows = [f"| budget of a day | {' | '.join(heads)} |", "|" + " --- |" * (len(heads) + 1)]
    costs = [(f"rho {rho:g}", rho, 0.0) for rho in _BUDGETS] + [(f"epsilon {each:g}", 0.0, each) for each in _EPSILONS]
    for name, rho, pure in costs:
        cells = [known(rho, n, epsilon=pure) for n in PASSAGES]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def known(rho: float, passages: int, *, epsilon: float = 0.0) -> str:
    """How often an attacker is right, short: "at most 63 %", with "(weak)" where it is; see `guessing_rate`."""
    guess = guessing_rate(rho, passages, epsilon=epsilon)
    weak = is_weak(guess, recognition_rate(rho, passages, epsilon=epsilon))
    return f"at most {at_most_percent(guess)} %" + " (weak)" * weak


def describe(budget: Budget) -> list[str]:
    """The promise of a budget in plain sentences, its weak sides included."""
    rho, pure = (0.0, budget.epsilon_per_day) if budget.pure else (budget.rho_per_day, 0.0)
    rates = [_in_100(recognition_rate(rho, n, epsilon=pure)) for n in PASSAGES]
    guesses = [known(rho, n, epsilon=pure) for n in PASSAGES]
    more = (budget.pieces + 1) / budget.pieces
    one_piece_more = recognition_rate(rho * more**2, 1, epsilon=pure * more)
    cost = f"epsilon = {pure:g} with a delta of zero" if budget.pure else f"rho = {rho:g}"
    whole = cost if budget.pure else f"epsilon = {epsilon(rho, DELTA):.1f} at delta = 0.000001"
    return [
        f"One passage through this camera's view costs its person at most {cost} on each UTC day it touches.",
        "Someone who holds everything ever released and looks for a person whose one passage he knows exactly recognises it at "
        f"most about {rates[0]} times in 100 if he may be wrong 1 time in 100.",
        f"Five such passages, {_EACH}, he recognises {rates[1]} times in 100, twenty {rates[2]} times in 100: a person who "
        "comes every day is protected far less than one who passes once.",
        f"An attacker who is right half the time by guessing is right {guesses[0]} of the time about one passage, "
        f"{guesses[1]} about five and {guesses[2]} about twenty.",
        "Passages at several cameras add up in the same way: one way past five cameras counts as five passages. Two passages "
        f"of one person at one camera on one day may cost {'two' if budget.pure else 'four'} times what one does.",
        f"A day without a restart spends half of this, and the other half is kept for restarts; all of it is {whole}.",
        f"A passage may change {_many(budget.passage_counters, 'counter')} and may break into {_many(budget.pieces, 'track')}; "
        f"broken into one more, it is recognised at most about {_in_100(one_piece_more)} times in 100.",
    ]


def _responses(epsilon: float, n: float, false_alarm: float) -> float:
    """The most that n randomised responses recognise at a rate of false alarms: the best test counts them.

    Neyman and Pearson: whoever has more than so many true responses is recognised, and of those with just so many a part.
    """
    if not epsilon:
        return false_alarm
    false = float(expit(-epsilon))
    least = int(binom.isf(false_alarm, n, false))
    above = float(binom.sf(least, n, false))
    part = (false_alarm - above) / float(binom.pmf(least, n, false))
    return min(1.0, float(binom.sf(least, n, 1 - false)) + part * float(binom.pmf(least, n, 1 - false)))


def _in_100(rate: float) -> int:
    return round(100 * rate)


def _many(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n > 1)}"
