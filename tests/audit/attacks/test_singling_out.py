"""One walker in an empty night, when and where unknown: found less often than theory grants, and always without noise."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, binomtest
from tests.audit.scenes import events_of, first_epoch, last_of_day, noise_covariance, series, wall

from throng.audit.attacks.commuter import recognition_rate
from throng.audit.attacks.singling_out import evidence_by_tick, somebody
from throng.privacy.budget import Budget

TICKS, LINES, NIGHTS = 40, 150, 8
CONFIDENCE = 1 - 1e-8


def _night(folder: Path, budget: Budget, name: str, *, walkers: bool) -> list[float]:
    """For each line, which stands for a camera of its own, what the best test says of its night."""
    rng = np.random.default_rng()
    counts = np.zeros((2 * LINES, TICKS), dtype=np.int64)
    if walkers:
        counts[2 * np.arange(LINES) + rng.integers(0, 2, LINES), rng.integers(0, TICKS, LINES)] = 1
    through = wall(folder, budget, camera=name, number_of_lines=LINES)
    values = series(last_of_day(through, events_of(counts), ticks=TICKS), "in", "out")
    return _judged(values, noise_covariance(budget, ticks=TICKS, number_of_lines=LINES))


def _judged(values: NDArray[np.float64], covariance: NDArray[np.float64]) -> list[float]:
    scores, strengths = evidence_by_tick(values, covariance)
    return [somebody(scores[2 * line : 2 * line + 2], strengths) for line in range(LINES)]


@pytest.mark.parametrize("rho_per_day", [0.2, 10.0])
def test_a_walker_is_found_no_more_often_than_theory_grants(tmp_path: Path, rho_per_day: float) -> None:
    """The threshold is set on empty nights; other empty nights tell how often it errs, and the bound follows from that."""
    budget = Budget(rho_per_day=rho_per_day, passage_counters=1)
    empty = np.ravel([_night(tmp_path, budget, f"empty {i}", walkers=False) for i in range(2 * NIGHTS)])
    walked = np.ravel([_night(tmp_path, budget, f"walked {i}", walkers=True) for i in range(NIGHTS)])
    threshold = np.quantile(empty[: empty.size // 2], 0.95)
    alarms = int((empty[empty.size // 2 :] > threshold).sum())
    found = int((walked > threshold).sum())
    erring = binomtest(alarms, empty.size // 2).proportion_ci(CONFIDENCE).high
    bound = recognition_rate(first_epoch(budget).rho, 1, false_alarm=erring)
    assert found <= binom.isf(1 - CONFIDENCE, walked.size, bound)
    if rho_per_day == 10.0:  # the test has power: a budget fifty times as large is seen
        assert found > binom.isf(1 - CONFIDENCE, walked.size, 2 * erring)


@pytest.mark.usefixtures("_noise_off")
def test_without_noise_every_walker_is_found(tmp_path: Path) -> None:
    budget = Budget(passage_counters=1)
    empty = _night(tmp_path, budget, "empty", walkers=False)
    walked = _night(tmp_path, budget, "walked", walkers=True)
    assert min(walked) > max(empty)


def test_somebody_is_the_ratio_of_a_mixture() -> None:
    """Against the densities: the mean over all places of the ratio for a walker there."""
    rng = np.random.default_rng(8)
    root = rng.normal(size=(3, 3))
    covariance, values = root @ root.T + np.eye(3), rng.normal(size=(2, 3))
    inverse = np.linalg.inv(covariance)
    ratios = []
    for counter in range(2):
        for tick in range(3):
            without = values[counter]
            with_him = without - np.eye(3)[tick]
            ratios.append(np.exp((without @ inverse @ without - with_him @ inverse @ with_him) / 2))
    assert somebody(*evidence_by_tick(values, covariance)) == pytest.approx(np.log(np.mean(ratios)))
