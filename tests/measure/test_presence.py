"""Visits, occupancy and dwell: against counting by hand."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.walkers import backwards, moved, recordings, walkers, with_places

from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.inside import inside
from throng.measure.intervals import interval_edges, interval_means
from throng.measure.presence import Visits, dwell, entries, exits, occupancy, visits

SQUARE = Area("hall", np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]))
PILLARED = Area(
    "hall", np.array([[-2.0, -1.5], [1.7, -1.0], [1.2, 2.0], [-1.0, 1.0]]), (np.array([[0, 0], [0.6, 0], [0, 0.6]]),)
)


def stays(lasted_s: list[float], seen: list[bool], *, entered: bool = True) -> Visits:
    size = len(lasted_s)
    return Visits(np.arange(size), np.zeros(size), np.array(lasted_s), np.full(size, entered), np.array(seen, dtype=bool))


def by_hand(trajectories: Trajectories, area: Area, longest_gap_s: float) -> list[tuple[int, float, float, bool, bool]]:
    """Every stay, found step by step and person by person."""
    polygon = shapely.Polygon(area.corners_m, area.holes_m)
    found = []
    for person in np.unique(trajectories.ids):
        own = trajectories.ids == person
        times = (trajectories.frames[own] - trajectories.first_frame) / trajectories.rate_hz
        places = trajectories.xy_m[own]
        since: float | None = None
        seen = False
        for k, (time, place) in enumerate(zip(times, places, strict=True)):
            lost = k == 0 or time - times[k - 1] > max(longest_gap_s, 1 / trajectories.rate_hz) + 1e-9
            if since is not None and lost:
                found.append((int(person), since, float(times[k - 1]), seen, False))
                since = None
            now = shapely.Point(place).within(polygon)
            if now == (since is not None):
                continue
            if lost:
                since, seen = time, False
                continue
            inner, outer = (place, places[k - 1]) if now else (places[k - 1], place)
            out = shapely.LineString([inner, outer]).intersection(polygon.boundary)
            share = shapely.Point(inner).distance(out) / shapely.Point(inner).distance(shapely.Point(outer))
            at = time - share * (time - times[k - 1]) if now else times[k - 1] + share * (time - times[k - 1])
            if now:
                since, seen = float(at), True
            else:
                assert since is not None
                found.append((int(person), since, float(at), seen, True))
                since = None
        if since is not None:
            found.append((int(person), since, float(times[-1]), seen, False))
    return found


def check_by_hand(trajectories: Trajectories, area: Area, longest_gap_s: float = 1.0) -> None:
    ours, theirs = visits(trajectories, area, longest_gap_s=longest_gap_s), by_hand(trajectories, area, longest_gap_s)
    assert list(zip(ours.ids, ours.entry_seen, ours.exit_seen, strict=True)) == [(v[0], v[3], v[4]) for v in theirs]
    np.testing.assert_allclose(ours.entered_s, [v[1] for v in theirs], atol=1e-9)
    np.testing.assert_allclose(ours.left_s, [v[2] for v in theirs], atol=1e-9)


def test_visits_of_a_crowd_are_those_counted_by_hand() -> None:
    crowd = walkers(people=80, rate_hz=10.0)
    check_by_hand(crowd, PILLARED)
    assert len(visits(crowd, PILLARED).ids) > 50


@given(recordings(), st.sampled_from([0.0, 0.3, 1.0]))
def test_visits_are_those_counted_by_hand(trajectories: Trajectories, longest_gap_s: float) -> None:
    check_by_hand(trajectories, PILLARED, longest_gap_s)


def test_a_visit_begins_and_ends_on_the_outline() -> None:
    xy = np.array([[-1.0, 1.0], [1.0, 1.0], [1.5, 1.0], [4.0, 1.0]])
    found = visits(Trajectories(np.zeros(4, int), np.arange(4), xy, 2.0), SQUARE)
    np.testing.assert_allclose(found.entered_s, [0.25])
    np.testing.assert_allclose(found.left_s, [(2 + 0.2) / 2])
    assert found.entry_seen.all()
    assert found.exit_seen.all()


def test_a_step_over_a_pillar_to_the_outside_leaves_at_the_pillar() -> None:
    pillared = Area("hall", SQUARE.corners_m, (np.array([[0.8, 0.2], [1.2, 0.2], [1.2, 1.8], [0.8, 1.8]]),))
    there = Trajectories(np.zeros(2, int), np.arange(2), np.array([[0.4, 1.0], [4.4, 1.0]]), 1.0)
    np.testing.assert_allclose(visits(there, pillared).left_s, [0.1])
    np.testing.assert_allclose(visits(backwards(there), pillared).entered_s, [0.9])


@given(recordings(gaps=False))
def test_occupancy_counts_the_visits_under_way(trajectories: Trajectories) -> None:
    found = visits(trajectories, PILLARED)
    times_s = np.arange(len(trajectories.starts) - 1) / trajectories.rate_hz
    under_way = (found.entered_s <= times_s[:, None] + 1e-12) & (times_s[:, None] <= found.left_s + 1e-12)
    np.testing.assert_array_equal(occupancy(trajectories, PILLARED), under_way.sum(axis=1))


@given(recordings(), st.floats(0.2, 4.0))
def test_who_comes_and_goes_changes_who_is_there(trajectories: Trajectories, interval_s: float) -> None:
    found, edges_s = visits(trajectories, PILLARED), interval_edges(trajectories, interval_s)
    appeared, vanished = (~found.entry_seen).sum(), (~found.exit_seen).sum()
    assert appeared + entries(found, edges_s).sum() == vanished + exits(found, edges_s).sum() == len(found.ids)


@given(recordings(), st.floats(-3, 3))
def test_turning_the_scene_changes_nothing_and_turning_time_swaps_entries_and_exits(
    trajectories: Trajectories, angle: float
) -> None:
    found, shift = visits(trajectories, PILLARED), (20.0, 3.0)
    area = Area(
        "turned", moved(PILLARED.corners_m, angle, shift), tuple(moved(hole, angle, shift) for hole in PILLARED.holes_m)
    )
    turned = visits(with_places(trajectories, moved(trajectories.xy_m, angle, shift)), area)
    np.testing.assert_array_equal(turned.ids, found.ids)
    np.testing.assert_allclose(turned.entered_s, found.entered_s, atol=1e-6)
    np.testing.assert_allclose(turned.left_s, found.left_s, atol=1e-6)
    back = visits(backwards(trajectories), PILLARED)
    np.testing.assert_allclose(np.sort(back.left_s - back.entered_s), np.sort(found.left_s - found.entered_s), atol=1e-9)
    assert back.entry_seen.sum() == found.exit_seen.sum()
    assert back.exit_seen.sum() == found.entry_seen.sum()


def test_the_outline_and_the_pillar_are_outside() -> None:
    places = np.array([[0.2, 0.2], [0.3, 0.3], [-0.5, 0.0], [-2.0, -1.5], [5.0, 5.0]])
    assert inside(places, PILLARED).tolist() == [False, False, True, False, False]


def test_mean_occupancy_is_that_of_the_frames() -> None:
    xy = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [9.0, 9.0]])
    trajectories = Trajectories(np.array([0, 1, 0, 0]), np.array([0, 0, 1, 4]), xy, 1.0)
    assert occupancy(trajectories, SQUARE).tolist() == [2, 1, 0, 0, 0]
    means = interval_means(trajectories, occupancy(trajectories, SQUARE).astype(float), interval_edges(trajectories, 2.0))
    np.testing.assert_allclose(means, [1.5, 0.0, 0.0])


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=40))
def test_dwell_of_whole_visits_is_the_plain_distribution(lasted_s: list[float]) -> None:
    found = dwell(stays(lasted_s, [True] * len(lasted_s)))
    assert found.mean_s == pytest.approx(np.mean(lasted_s))
    assert found.p90_s == pytest.approx(np.quantile(lasted_s, 0.9, method="inverted_cdf"))
    assert (found.complete, found.cut, found.left_out, found.reason) == (len(lasted_s), 0, 0, "")


def test_dwell_of_cut_visits_is_kaplan_and_meiers() -> None:
    """The example of Kaplan and Meier's paper: 0.8, 3.1, 5.4 and 9.2 ended, 1.0, 2.7, 7.0 and 12.1 cut."""
    found = dwell(stays([0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1], [True, False, False, True, True, False, True, False]))
    np.testing.assert_allclose(found.durations_s, [0.8, 3.1, 5.4, 9.2])
    np.testing.assert_allclose(found.staying, np.cumprod([7 / 8, 4 / 5, 3 / 4, 1 / 2]))
    assert np.isnan(found.mean_s)
    assert found.reason == "the longest stay was not seen to end"
    assert np.isnan(found.p90_s)
    assert found.quantile(0.5) == 9.2
    assert (found.complete, found.cut) == (4, 4)


def test_visits_not_seen_to_begin_are_left_out_and_counted() -> None:
    found = dwell(stays([3.0, 4.0], [True, False], entered=False))
    assert (found.complete, found.cut, found.left_out) == (0, 0, 2)
    assert np.isnan(found.mean_s)
    assert found.reason == "no stay was seen to begin"


def test_dwell_finds_the_stay_behind_a_short_recording() -> None:
    """Exponential stays of 20 s, people coming over a minute: leaving out the cut ones would say 16 s."""
    random = np.random.default_rng(11)
    entered, stay = random.uniform(0, 60, 4000), random.exponential(20.0, 4000)
    seen = entered + stay < 100
    lasted = np.where(seen, stay, 100 - entered)
    found = dwell(Visits(np.arange(4000), entered, entered + lasted, np.full(4000, True), seen))
    assert found.p90_s == pytest.approx(20 * np.log(10), rel=0.05)
    assert found.quantile(0.5) == pytest.approx(20 * np.log(2), rel=0.05)
    assert stay[seen].mean() < 18.5
