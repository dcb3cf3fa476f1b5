import builtins
import sys
from typing import Any

import numpy as np
import pytest
import shapely

from throng.data.errors import SourceError
from throng.simulate.crowd import simulate_crowd, walkable
from throng.simulate.layout import CONCOURSE


def test_a_new_crowd_walks_where_one_can_and_is_the_same_for_the_same_seed() -> None:
    pytest.importorskip("jupedsim", reason="needs the optional extra: pip install 'throng[simulate]'")
    told: list[float] = []
    crowd = simulate_crowd(CONCOURSE, 24, 30.0, 7, progress=told.append)
    again, other = (simulate_crowd(CONCOURSE, 24, 30.0, seed) for seed in (7, 8))
    np.testing.assert_array_equal(crowd.xy_cm, again.xy_cm)
    np.testing.assert_array_equal(crowd.start_knots, again.start_knots)
    assert crowd.xy_cm.shape != other.xy_cm.shape or (crowd.xy_cm != other.xy_cm).any()
    assert len(crowd) == 12
    assert (crowd.start_knots >= 0).all()
    assert (crowd.start_knots < 30 * 5).all()
    area = walkable(CONCOURSE).buffer(0.02)
    assert shapely.covers(area, shapely.points(crowd.xy_cm / 100)).all()
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= 1


def test_without_jupedsim_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "jupedsim":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "jupedsim", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SourceError, match=r"pip install 'throng\[simulate\]'"):
        simulate_crowd(CONCOURSE, 24, 30.0, 7)


@pytest.mark.parametrize(("people_per_minute", "seconds"), [(0, 60), (20, 10)])
def test_a_crowd_of_nobody_or_of_no_time_is_refused(people_per_minute: float, seconds: float) -> None:
    with pytest.raises(SourceError, match="more than 0 people a minute and at least 30 seconds"):
        simulate_crowd(CONCOURSE, people_per_minute, seconds, 1)
