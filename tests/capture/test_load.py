"""A camera that is looked at less often than it should be is told from one that is not."""

import pytest

from throng.capture.load import Load


def _after(*, due_hz: float, looked_hz: float, seconds: float) -> str:
    load = Load()
    for k in range(int(seconds * looked_hz)):
        time_s = k / looked_hz
        load.looked(time_s, missed=round(time_s * (due_hz - looked_hz)))
    return load.slowed


@pytest.mark.parametrize(("looked_hz", "slowed"), [(5.0, False), (4.9, False), (4.0, True), (0.5, True)])
def test_a_machine_that_cannot_keep_up_is_told(looked_hz: float, slowed: bool) -> None:
    sentence = _after(due_hz=5.0, looked_hz=looked_hz, seconds=40)
    assert bool(sentence) == slowed
    if slowed:
        assert f"{looked_hz:.1f} times a second instead of 5.0" in sentence


def test_it_is_taken_back_and_a_pause_says_nothing() -> None:
    load = Load()
    for k in range(100):
        load.looked(k * 0.4, missed=k)
    assert load.slowed
    for k in range(100):
        load.looked(40 + k * 0.2, missed=100)
    assert not load.slowed
    load.looked(5000.0, missed=20_000)
    load.looked(5000.2, missed=20_000)
    assert not load.slowed
