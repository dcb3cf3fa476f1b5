"""What the document says of the noise that a rule will have to live with is what the mechanism of today makes."""

import re

import numpy as np
import pytest
from tests.conftest import ROOT

from throng.alarm.rule import HIDDEN, INVENTED
from throng.data.alarm_presets import PRESETS
from throng.data.place import Line, Zone, counters_of
from throng.privacy.budget import MECHANISMS, Budget
from throng.privacy.buffered import course
from throng.privacy.choose import make_mechanism
from throng.privacy.ledger import Epoch
from throng.privacy.plan import plan_of
from throng.privacy.streams import UNIT, streams_of

DOOR = Line("door", np.array([[0.0, 0.0], [100.0, 0.0]]))
SQUARE = Zone("square", np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]]))
TEXT = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")


def occupancy_error(budget: Budget, *, tick_s: float) -> float:
    """At its worst on a day without a restart, people: entries minus exits, whose noise is independent."""
    counts, *_ = plan_of([DOOR], [SQUARE], in_metres=True, tick_s=tick_s, budget=budget)
    return float(2**0.5 * counts.worst)


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("tick_s", [120, 3_600])
def test_it_is_the_worst_that_the_mechanism_says_of_itself(mechanism: str, tick_s: int) -> None:
    budget, ticks = Budget(mechanism=mechanism, rho_per_day=0.4, epsilon_per_day=2.0), 86_400 // tick_s
    counts, *_ = streams_of(counters_of((DOOR,), (SQUARE,), in_metres=True), budget)
    made = make_mechanism(mechanism, counts, ticks, Epoch("2026-11-24/1", rho=0.2, epsilon=1.0))
    nobody = np.zeros(counts.columns, dtype=np.int64)
    worst = max(made.step(nobody).total_standard_error for _ in range(ticks))
    assert occupancy_error(budget, tick_s=tick_s) == pytest.approx(2**0.5 * worst, rel=1e-3)


def test_the_smallest_zones_of_the_document() -> None:
    """Every row `| budget | standing-crowd | moving-crowd |` of docs/alarms.md."""
    rows = re.findall(r"^\| ([\d.]+) \| (\d+) m2 \| (\d+) m2 \|$", TEXT, re.MULTILINE)
    assert len(rows) == 5
    assert str(Budget().rho_per_day) in {rho for rho, *_ in rows}
    for rho, *areas in rows:
        error = occupancy_error(Budget(rho_per_day=float(rho)), tick_s=60)
        for name, area in zip(("standing-crowd", "moving-crowd"), areas, strict=True):
            levels = PRESETS[name]  # type: ignore[index]
            assert int(area) == int(np.ceil((INVENTED + HIDDEN) * error / (levels.above - levels.clear)))


def test_the_errors_of_a_day_in_the_document() -> None:
    """`off by 10 people in the first minute of a day, by 16 an hour later, by 18 at its worst, and by 16 again at midnight`."""
    (said,) = re.findall(
        r"off by (\d+) people \(standard error\) in\sthe first minute of a day, by (\d+) an hour later, by (\d+) at its worst, "
        r"early in the afternoon UTC, and by (\d+) again at midnight",
        TEXT,
    )
    counts, *_ = plan_of([DOOR], [SQUARE], in_metres=True, tick_s=60, budget=Budget())
    about = course(counts.ticks, UNIT)
    errors = occupancy_error(Budget(), tick_s=60) * np.sqrt(about.total_variances / about.total_variances.max())
    assert [int(people) for people in said] == [round(error) for error in (errors[0], errors[60], errors.max(), errors[-1])]
    assert 12 < np.argmax(errors) / 60 < 15


def test_the_ticks_of_the_document() -> None:
    """`Longer ticks help a little (5 minutes: 15 people instead of 18), shorter ones harm a little (2 seconds: 24)`."""
    (said,) = re.findall(r"\(5 minutes: (\d+) people instead of (\d+)\), shorter ones harm a little \(2 seconds: (\d+)\)", TEXT)
    assert [int(people) for people in said] == [round(occupancy_error(Budget(), tick_s=tick_s)) for tick_s in (300, 60, 2)]
