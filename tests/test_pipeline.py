"""One camera from pictures to measurements, with a detector that says what it is told to."""

from functools import partial

import numpy as np
import pytest
from tests.track.crowds import oblique_camera

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.data.measurement import Measurement
from throng.data.outage import Outage
from throng.data.place import Extras, Line, Zone, counters_of
from throng.ground.calibration import exact
from throng.pipeline import Pipeline, Plan, Totals

SIZE_PX = (1920, 1080)
LINES = (Line("door", np.array([[900.0, 300.0], [900.0, 1000.0]])),)
ZONES = (Zone("hall", np.array([[600.0, 300.0], [1400.0, 300.0], [1400.0, 1000.0], [600.0, 1000.0]])),)
ALL = Extras(speed_now=True, dwell=True, heat=True)
RATE_HZ = 10.0
SECONDS = 10.0


class _Walker:
    """Sees one person who walks from left to right through the middle of the picture."""

    name = "walker"
    rest_s = 0.0

    def detect(self, frame: Frame) -> Detections:
        x = 400.0 + 120.0 * frame.time_s
        return Detections(np.array([[x - 40, 450.0, x + 40, 650.0]]), np.array([0.95]), frame.time_s)


def _frames() -> list[Frame]:
    black = np.zeros((SIZE_PX[1], SIZE_PX[0], 3), dtype=np.uint8)
    return [Frame(black, frame / RATE_HZ, frame, "hall") for frame in range(int(RATE_HZ * SECONDS))]


def _plan(extras: Extras, *, in_metres: bool) -> Plan:
    return Plan(lines=LINES, zones=ZONES, extras=extras, calibrate=partial(exact, oblique_camera()) if in_metres else None)


def _measured(plan: Plan) -> list[Measurement]:
    found = Pipeline(plan, detector=_Walker()).run([Outage("the camera does not answer", 0.0), *_frames()])
    return [each for each in found if isinstance(each, Measurement)]


@pytest.mark.parametrize("in_metres", [True, False])
@pytest.mark.parametrize("extras", [Extras(), Extras(dwell=True), ALL])
def test_what_the_plan_asks_for_is_measured_under_the_counters_of_the_wall(extras: Extras, in_metres: bool) -> None:
    counters = counters_of(LINES, ZONES, in_metres=in_metres, extras=extras)
    found = {counters[at].quantity for each in _measured(_plan(extras, in_metres=in_metres)) for at in each.counters.tolist()}
    assert found == {counter.quantity for counter in counters} - {"in"}


def test_totals_are_of_people_alone() -> None:
    plan = _plan(ALL, in_metres=True)
    totals, plain = Totals.of(plan), Totals.of(plan)
    for each in _measured(plan):
        totals.add(each)
    for each in _measured(_plan(Extras(), in_metres=True)):
        plain.add(each)
    assert totals.counts.tolist() == plain.counts.tolist() == [0, 1, 1, 1]
    assert totals.occupancy_seconds.tolist() == plain.occupancy_seconds.tolist()


class _Unsteady:
    """Sees one person who stands, each time somewhat elsewhere, and may know that it does."""

    name = "unsteady"
    rest_s = 0.0

    def __init__(self, error: float | None) -> None:
        self._rng = np.random.default_rng(3)
        self._errors = None if error is None else np.array([error])

    def detect(self, frame: Frame) -> Detections:
        x, y = np.array([800.0, 600.0]) + 26.0 * self._rng.normal(size=2)
        box = np.array([[x - 40, y - 100, x + 40, y + 100]])
        return Detections(box, np.array([0.8]), frame.time_s, self._errors)


@pytest.mark.parametrize("in_metres", [True, False])
def test_boxes_whose_error_is_stated_are_followed_more_patiently(in_metres: bool) -> None:
    def people(error: float | None) -> int:
        ids: set[int] = set()
        plan = _plan(Extras(), in_metres=in_metres)
        pipeline = Pipeline(plan, detector=_Unsteady(error), on_tracks=lambda tracks: ids.update(tracks.ids.tolist()))
        for frame in _frames():
            pipeline.measure(frame)
        return len(ids)

    assert people(0.15) == 1
    assert people(None) > 1
