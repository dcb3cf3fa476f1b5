"""Levels of service: the published tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.data.level_of_service import (
    CROWD_THRESHOLDS,
    FLOW_PER_M_S,
    LEVELS,
    SPACE_M2,
    SQUARE_FOOT_M2,
    Kind,
    level_of_flow,
    level_of_service,
    possible_levels,
)

FRUIN_M2 = {
    "walkway": (3.25, 2.32, 1.39, 0.93, 0.46),
    "stairs": (1.86, 1.39, 0.93, 0.65, 0.37),
    "queue": (1.21, 0.93, 0.65, 0.28, 0.19),
}
"""As tables in metres print them, to the centimetre square."""
FRUIN_FLOWS = {"walkway": (23, 33, 49, 66, 82), "stairs": (16, 23, 33, 43, 56)}
"""People a metre and minute, as tables in metres print them."""
kinds = st.sampled_from(list(SPACE_M2))


@pytest.mark.parametrize("kind", FRUIN_M2)
def test_fruins_spaces_are_those_printed_in_metres(kind: str) -> None:
    np.testing.assert_allclose(SPACE_M2[kind], FRUIN_M2[kind], atol=0.006)


@pytest.mark.parametrize("kind", FRUIN_FLOWS)
def test_fruins_flows_are_those_printed_in_metres(kind: str) -> None:
    np.testing.assert_allclose(np.array(FLOW_PER_M_S[kind]) * 60, FRUIN_FLOWS[kind], atol=0.6)


@pytest.mark.parametrize(
    ("square_feet", "kind", "level"),
    [
        (36, "walkway", "A"), (35, "walkway", "A"), (30, "walkway", "B"), (20, "walkway", "C"), (12, "walkway", "D"),
        (7, "walkway", "E"), (5, "walkway", "E"), (4.9, "walkway", "F"), (18, "stairs", "B"), (4, "stairs", "E"),
        (14, "queue", "A"), (8, "queue", "C"), (3, "queue", "D"), (2.5, "queue", "E"), (1.9, "queue", "F"),
    ],
)  # fmt: skip
def test_levels_are_fruins(square_feet: float, kind: Kind, level: str) -> None:
    assert level_of_service(1 / (square_feet * SQUARE_FOOT_M2), kind) == level


@pytest.mark.parametrize(
    ("space_m2", "level"), [(6.0, "A"), (4.0, "B"), (3.0, "C"), (2.0, "D"), (1.0, "E"), (0.75, "E"), (0.7, "F")]
)
def test_levels_are_those_of_the_manual_of_2000(space_m2: float, level: str) -> None:
    assert level_of_service(1 / space_m2, "walkway-hcm2000") == level


def test_flows_have_levels_too() -> None:
    assert [level_of_flow(people / 60, "walkway") for people in (20, 30, 40, 60, 80, 90)] == list("ABCDEF")
    with pytest.raises(ValueError, match="by flow is defined for"):
        level_of_flow(1.0, "queue")


def test_what_is_unknown_stays_unknown_and_noise_below_zero_is_empty() -> None:
    assert level_of_service(np.nan, "walkway") == "unknown"
    assert level_of_flow(np.nan, "walkway") == "unknown"
    assert possible_levels(1.0, np.nan, "walkway") == possible_levels(np.nan, 0.1, "walkway") == "unknown"
    assert level_of_service(-0.3, "stairs") == level_of_service(0.0, "stairs") == "A"
    with pytest.raises(ValueError, match="is defined for walkway"):
        level_of_service(1.0, "escalator")  # type: ignore[arg-type]


@given(st.floats(-1, 9), st.floats(0, 9), kinds)
def test_denser_is_never_better(density: float, more: float, kind: Kind) -> None:
    assert level_of_service(density, kind) <= level_of_service(density + more, kind)


@given(st.floats(-1, 9), st.floats(0, 3), st.floats(-1.96, 1.96), kinds)
def test_possible_levels_hold_every_density_within_the_error(density: float, error: float, off: float, kind: Kind) -> None:
    possible = possible_levels(density, error, kind)
    assert level_of_service(density, kind) in possible
    assert level_of_service(density + off * error, kind) in possible
    assert possible in LEVELS
    assert possible_levels(density, 0.0, kind) == level_of_service(density, kind)


def test_thresholds_name_their_source_and_grow_worse() -> None:
    assert len({threshold.name for threshold in CROWD_THRESHOLDS}) == len(CROWD_THRESHOLDS)
    assert all(threshold.source and threshold.meaning and threshold.value > 0 for threshold in CROWD_THRESHOLDS)
    by_name = {threshold.name: threshold.value for threshold in CROWD_THRESHOLDS}
    assert by_name["level-egress"] * 60 == pytest.approx(82)
    assert by_name["standing-design"] == 4.7
    assert by_name["moving-limit"] < by_name["standing-limit"] < by_name["dangerous-forces"] < by_name["critical"]
