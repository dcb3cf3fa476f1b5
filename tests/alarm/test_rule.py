"""Rules: what they refuse, and that noise within the bounds can neither ring nor silence them."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.alarm.rule import HIDDEN, INVENTED, Rule
from throng.data.errors import AlarmError

RULE = Rule("crowd", "north", "hall", "density", threshold=4.0, clear=2.0)
BELOW = Rule("still", "north", "hall", "mean_speed", threshold=0.3, clear=0.8, direction="below")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"quantity": "faces"}, "quantity must be one of in, out, "),
        ({"direction": "beside"}, "direction must be one of above, below"),
        ({"severity": "doom"}, "severity must be one of notice, warning, danger"),
        ({"threshold": math.inf}, "threshold and clear must be finite"),
        ({"clear": math.nan}, "threshold and clear must be finite"),
        ({"clear": 4.0}, "clear must lie below the threshold of 4, not at 4"),
        ({"direction": "below"}, "clear must lie above the threshold of 4, not at 2"),
        ({"for_s": 59}, "for_s must lie between 60 and 3600 seconds, not 59"),
        ({"within_s": 4000}, "within_s must lie between 60 and 3600 seconds, not 4000"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(AlarmError, match='alarm "crowd": ') as caught:
        replace(RULE, **changed)  # type: ignore[arg-type]
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "error", "verdict"),
    [
        (1.0, 0.1, "quiet"),
        (2.0, 0.1, "quiet"),
        (3.6, 0.1, "quiet"),
        (3.7, 0.1, "ring"),  # 4 cannot be ruled out any more
        (9.0, 0.1, "ring"),
        (9.0, 1.0, "ring"),  # 4.8 errors above the clear level, however large
        (3.0, 0.5, "cannot tell"),
        (4.0, 0.5, "cannot tell"),
        (2.0, 0.5, "quiet"),
        (-5.0, 1.0, "quiet"),
    ],
)
def test_verdicts(value: float, error: float, verdict: str) -> None:
    assert RULE.verdict(value, error) == verdict
    mirrored = replace(RULE, threshold=-4.0, clear=-2.0, direction="below")
    assert mirrored.verdict(-value, error) == verdict


numbers = st.floats(-20, 20)
errors = st.floats(0.001, 5)


@given(numbers, errors, st.floats(-1, 1))
def test_a_crowd_at_the_clear_level_rings_only_if_its_noise_passes_the_bound(below: float, error: float, z: float) -> None:
    truth = 2.0 - abs(below)
    assert RULE.verdict(truth + z * (INVENTED - 1e-6) * error, error) != "ring"


@given(numbers, errors, st.floats(-1, 1))
def test_a_crowd_at_the_threshold_is_quiet_only_if_its_noise_passes_the_bound(above: float, error: float, z: float) -> None:
    truth = 4.0 + abs(above)
    assert RULE.verdict(truth + z * (HIDDEN - 1e-6) * error, error) != "quiet"


@given(numbers, errors)
def test_a_rule_that_is_not_too_noisy_can_always_tell(value: float, error: float) -> None:
    for rule in (RULE, BELOW):
        if rule.too_noisy(error) <= 1 - 1e-9:
            assert rule.verdict(value, error) != "cannot tell"
        if rule.too_noisy(error) >= 1 + 1e-9:
            in_doubt = rule.threshold - rule.sign * HIDDEN * error
            assert rule.verdict(in_doubt + rule.sign * 1e-9, error) == "cannot tell"


def test_how_much_too_noisy_a_number_is() -> None:
    # 18.5 people on 37 m2 are 0.5 people/m2, twice what 4 - 2 people/m2 allow.
    assert RULE.too_noisy(18.5 / 37) == pytest.approx(2.0)
    assert BELOW.too_noisy(0.0625) == pytest.approx(1.0)
