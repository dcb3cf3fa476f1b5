"""The noise that is expected is the mechanism's own."""

import re

import numpy as np
import pytest
from tests.conftest import ROOT

from throng.alarm.expected import occupancy_error
from throng.alarm.rule import HIDDEN, INVENTED
from throng.data.alarm_presets import PRESETS
from throng.privacy.bound import sensitivity
from throng.privacy.budget import Budget
from throng.privacy.square_root import SquareRoot


@pytest.mark.parametrize(("tick_s", "rho", "passage_counters"), [(60, 0.1, 3), (600, 0.05, 2), (3600, 4.0, 5)])
def test_it_is_what_the_mechanism_ends_the_day_with(tick_s: int, rho: float, passage_counters: int) -> None:
    length = sensitivity(counters=8, passage_counters=passage_counters, pieces=1, speeds=4)
    mechanism = SquareRoot(counters=8, ticks=86_400 // tick_s, rho=rho, sensitivity=length)
    for _ in range(86_400 // tick_s):
        noised = mechanism.step(np.zeros(8, dtype=np.int64))
    expected = occupancy_error(tick_s=tick_s, rho=rho, sensitivity=length)
    assert expected == pytest.approx(2**0.5 * noised.total_standard_error, rel=1e-5)


def test_the_smallest_zones_of_the_document() -> None:
    """Every row `| budget | standing-crowd | moving-crowd |` of docs/alarms.md."""
    text = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d.]+) \| (\d+) m2 \| (\d+) m2 \|$", text, re.MULTILINE)
    assert len(rows) == 5
    assert str(Budget().rho_per_day) in {rho for rho, *_ in rows}
    length = sensitivity(counters=4, passage_counters=Budget().passage_counters, pieces=1, speeds=1)
    for rho, *areas in rows:
        error = occupancy_error(tick_s=60, rho=float(rho) / 2, sensitivity=length)
        for name, area in zip(("standing-crowd", "moving-crowd"), areas, strict=True):
            levels = PRESETS[name]  # type: ignore[index]
            assert int(area) == int(np.ceil((INVENTED + HIDDEN) * error / (levels.above - levels.clear)))
