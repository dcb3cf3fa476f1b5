"""Least squares over every window: power where each answer has noise of its own, none where all come from one release."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from tests.audit.scenes import events_of, first_epoch, last_of_day, series, wall

from throng.audit.attacks.differencing import best_hit_rate, hit_rate, windows
from throng.audit.attacks.reconstruction import all_windows, reconstruct
from throng.privacy.budget import Budget

TICKS, LINES, DAYS = 20, 50, 6


@pytest.mark.parametrize("mechanism", ["buffered", "independent"])
def test_every_window_of_a_release_says_what_its_ticks_say_and_no_more(tmp_path: Path, mechanism: str) -> None:
    budget = Budget(passage_counters=2, mechanism=mechanism)
    asked = all_windows(TICKS)
    assert len(asked) == 210
    hits = 0
    for day in range(DAYS):
        truth = np.random.default_rng(day).poisson(1.0, (2 * LINES, TICKS))
        through = wall(tmp_path, budget, camera=f"day {day}", number_of_lines=LINES)
        releases = last_of_day(through, events_of(truth), ticks=TICKS)
        errors = np.ones(len(asked))
        for counter, totals in enumerate(series(releases, "in_total", "out_total")):
            found = reconstruct(asked, windows(totals, *asked.T), errors, ticks=TICKS)
            if counter == 0:
                np.testing.assert_allclose(found, series(releases, "in", "out")[0], atol=1e-6)
            hits += round(found[7]) == truth[counter, 7]
    bound = best_hit_rate(first_epoch(budget).rho, length=2**-0.5)
    assert hits <= binom.isf(1e-8, DAYS * 2 * LINES, bound)


@pytest.mark.usefixtures("_noise_off")
def test_exact_windows_give_every_count_back(tmp_path: Path) -> None:
    truth = np.random.default_rng(1).poisson(1.0, (2, TICKS))
    releases = last_of_day(wall(tmp_path, Budget(passage_counters=2), number_of_lines=1), events_of(truth), ticks=TICKS)
    asked = all_windows(TICKS)
    for counter, totals in enumerate(series(releases, "in_total", "out_total")):
        found = reconstruct(asked, windows(totals, *asked.T), np.ones(len(asked)), ticks=TICKS)
        assert hit_rate(found, truth[counter]) == 1.0


def test_windows_with_noise_of_their_own_give_most_counts_back() -> None:
    """The attack has power: answers as good as those of the store, but each noised anew."""
    ticks, error = 100, 2.0
    rng = np.random.default_rng(5)
    truth, asked = rng.poisson(1.0, ticks), all_windows(ticks)
    answers = windows(np.cumsum(truth), *asked.T) + rng.normal(0, error, len(asked))
    assert hit_rate(reconstruct(asked, answers, np.full(len(asked), error), ticks=ticks), truth) > 0.85
    assert hit_rate(truth + rng.normal(0, error, ticks), truth) < 0.4


def test_too_few_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="determine 1 of 3 counts"):
        reconstruct([[0, 3]], [4.0], [1.0], ticks=3)
