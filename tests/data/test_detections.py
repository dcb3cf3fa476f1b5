"""Detections from any detector are checked once, and refused in a sentence that says what to do."""

import numpy as np
import pytest

from throng.data.detections import Detections

BOX = [10.0, 20.0, 30.0, 80.0]


@pytest.mark.parametrize(
    ("boxes_px", "scores", "time_s", "says"),
    [
        ([[10.0, 20.0, np.nan, 80.0]], [0.5], 0.0, "boxes_px must be finite"),
        ([[10.0, 20.0, np.inf, 80.0]], [0.5], 0.0, "boxes_px must be finite"),
        ([BOX, [30.0, 20.0, 10.0, 80.0]], [0.5, 0.5], 0.0, "bottom > top: leave boxes without area out"),
        ([[10.0, 20.0, 10.0, 80.0]], [0.5], 0.0, "leave boxes without area out"),
        ([BOX], [np.nan], 0.0, "scores must be finite"),
        ([BOX, BOX], [0.5], 0.0, "scores must have shape"),
        ([BOX], [2.5], 0.0, "scores must lie between 0 and 1: map them to probabilities"),
        ([BOX], [-0.1], 0.0, "scores must lie between 0 and 1"),
        ([BOX], [0.5], np.nan, "time_s must be a finite number of seconds, not nan"),
        ([10.0, 20.0, 30.0], [0.5], 0.0, "boxes_px must have shape"),
    ],
)
def test_what_cannot_be_used_is_refused(boxes_px: list[float], scores: list[float], time_s: float, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace(".", r"\.")):
        Detections(np.array(boxes_px), np.array(scores), time_s)


@pytest.mark.parametrize(
    ("errors", "says"),
    [([0.0], "errors must be above 0"), ([np.nan], "errors must be finite"), ([0.1, 0.1], "errors must have shape")],
)
def test_an_error_that_cannot_be_is_refused(errors: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Detections(np.array([BOX]), np.array([0.5]), 0.0, np.array(errors))


def test_nobody_is_no_mistake() -> None:
    assert len(Detections(np.empty((0, 4)), np.empty(0), 0.0)) == 0
