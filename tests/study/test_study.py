"""A study's tables hold PedPy's numbers and exact counts, and nothing of a single person."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.conftest import ROOT
from tests.study.walkers import rows_of, walkers, write_rows

from throng.data.errors import GeometryError, TrajectoryError
from throng.data.ground_place import Area, GroundLine
from throng.data.trajectories import Trajectories
from throng.measure.inside import inside
from throng.measure.speed import speeds, velocities
from throng.study.places import parse_line, parse_zone, read_places
from throng.study.read import read_trajectories
from throng.study.study import TABLES, Study, measure

DOOR = parse_line("door: 5,4 5,0")
HALL = parse_zone("hall: 2,0 8,0 8,4 2,4")
WALKABLE = parse_zone("walkable: -1,-0.5 11,-0.5 11,4.5 -1,4.5")


def crowd(people: int = 30, frames: int = 300, seed: int = 5) -> Trajectories:
    return walkers(people, frames, seed=seed)


def studied(trajectories: Trajectories, **given: object) -> Study:
    return measure(trajectories, lines=[DOOR], zones=[HALL], walkable=WALKABLE, **given)  # type: ignore[arg-type]


def of_pedpy(trajectories: Trajectories):  # type: ignore[no-untyped-def]
    import pedpy

    data = pandas.DataFrame(
        {"id": trajectories.ids, "frame": trajectories.frames, "x": trajectories.xy_m[:, 0], "y": trajectories.xy_m[:, 1]}
    )
    return pedpy.TrajectoryData(data=data.sort_values(["id", "frame"]), frame_rate=trajectories.rate_hz)


def frame_indexed(series: pandas.DataFrame) -> pandas.DataFrame:
    return series.set_index("frame") if "frame" in series else series


def compare_with_pedpy(
    trajectories: Trajectories,
    line: GroundLine,
    zone: Area,
    walkable: Area,
    *,
    cut_off_m: float | None = None,
    frame_step: int = 10,
) -> None:
    import pedpy

    study = measure(
        trajectories,
        lines=[line],
        zones=[zone],
        walkable=walkable,
        interval_s="frame",
        window_s=2 * frame_step / trajectories.rate_hz,
        cut_off_m=cut_off_m,
    )
    ours, theirs = study.to_pandas("zones").set_index("frame"), of_pedpy(trajectories)
    place = pedpy.MeasurementArea(zone.corners_m)
    n_t, _ = pedpy.compute_n_t(traj_data=theirs, measurement_line=pedpy.MeasurementLine(line.ends_m))
    passed = study.to_pandas("lines").set_index("frame").people_passed
    # PedPy leaves out the last step of everybody's path, so also that into the last frame.
    np.testing.assert_array_equal(passed[:-1], n_t.set_index("frame").cumulative_pedestrians.loc[passed.index[:-1]])
    assert passed.iloc[-1] > 3
    classic = frame_indexed(pedpy.compute_classic_density(traj_data=theirs, measurement_area=place))
    np.testing.assert_allclose(ours.density_classic_per_m2.loc[classic.index], classic.density, rtol=1e-9)
    speed = pedpy.compute_individual_speed(
        traj_data=theirs, frame_step=frame_step, speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED
    )
    mean = frame_indexed(
        pedpy.compute_mean_speed_per_frame(traj_data=theirs, individual_speed=speed, measurement_area=place)
    ).speed
    known = ours.speed_mean_mps.notna()
    assert known.sum() > 50
    np.testing.assert_allclose(ours.speed_mean_mps[known], mean.loc[ours.index[known]], rtol=1e-9)
    cut_off = None if cut_off_m is None else pedpy.Cutoff(radius=cut_off_m)
    compare_voronoi(theirs, ours, speed, place, pedpy.WalkableArea(walkable.corners_m), cut_off=cut_off)


def compare_voronoi(theirs, ours, speed, place, walkable, *, cut_off) -> None:  # type: ignore[no-untyped-def]
    import pedpy

    cells = pedpy.compute_individual_voronoi_polygons(traj_data=theirs, walkable_area=walkable, cut_off=cut_off)
    density, shared = pedpy.compute_voronoi_density(individual_voronoi_data=cells, measurement_area=place)
    density = frame_indexed(density)
    np.testing.assert_allclose(ours.density_voronoi_per_m2.loc[density.index], density.density, rtol=1e-9, atol=1e-12)
    weighted = frame_indexed(
        pedpy.compute_voronoi_speed(
            traj_data=theirs, individual_voronoi_intersection=shared, individual_speed=speed, measurement_area=place
        )
    ).speed
    known = ours.speed_voronoi_mps.notna()
    assert known.sum() > 50
    np.testing.assert_allclose((ours.speed_voronoi_mps * ours.voronoi_cover)[known], weighted.loc[ours.index[known]], rtol=1e-9)
    assert np.allclose(ours.voronoi_cover[known], 1.0) == (cut_off is None)


@pytest.mark.parametrize("cut_off_m", [None, 1.0])
def test_every_frame_is_as_pedpy_has_it(cut_off_m: float | None) -> None:
    compare_with_pedpy(crowd(), DOOR, HALL, WALKABLE, cut_off_m=cut_off_m)


def test_flow_while_people_pass_is_pedpys() -> None:
    import pedpy

    recording = crowd()
    study = studied(recording, interval_s=2.0, window_s=0.8)
    theirs = of_pedpy(recording)
    n_t, crossing = pedpy.compute_n_t(traj_data=theirs, measurement_line=pedpy.MeasurementLine(DOOR.ends_m))
    speed = pedpy.compute_individual_speed(
        traj_data=theirs, frame_step=10, speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED
    )
    flow = pedpy.compute_flow(nt=n_t, crossing_frames=crossing, individual_speed=speed, delta_frame=50, frame_rate=25)
    ours = study.to_pandas("passings")
    np.testing.assert_allclose(ours.flow_per_s, flow.flow, rtol=1e-9)
    np.testing.assert_allclose(ours.speed_mean_mps, flow.mean_speed, rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.4, 3.0, 5.0, 60.0]))
def test_people_are_neither_lost_nor_made(seed: int, interval_s: float) -> None:
    recording = crowd(20, 200, seed=seed)
    study = studied(recording, interval_s=interval_s)
    zones, lines, floor = (study.to_pandas(name) for name in ("zones", "lines", "floor"))
    lasted = zones.end_s - zones.start_s
    assert lasted.sum() == pytest.approx(study.seconds)
    person_s = inside(recording.xy_m, HALL).sum() / recording.rate_hz
    assert (zones.occupancy_mean * lasted).sum() == pytest.approx(person_s, rel=1e-9)
    assert (floor.use_person_s_per_m2 * 0.25).sum() == pytest.approx(len(recording) / recording.rate_hz, rel=1e-9)
    assert (floor.density_voronoi_per_m2 * 0.25).sum() == pytest.approx(len(recording) / study.frames, rel=1e-6)
    assert (lines.flow_per_s * lasted).sum() == pytest.approx((lines["in"] + lines.out).sum())
    np.testing.assert_allclose(lines.net_flow_per_s * lasted, lines["in"] - lines.out, atol=1e-9)
    np.testing.assert_allclose(lines.specific_flow_per_m_s * 4, lines.flow_per_s)
    assert lines.total_in.iloc[-1] == lines["in"].sum()
    whole = studied(recording, interval_s=1e6).to_pandas("zones")
    assert (zones.entries.sum(), zones.exits.sum()) == (whole.entries[0], whole.exits[0])
    (dwell,) = study.dwell.to_pylist()
    assert dwell["complete"] + dwell["cut"] <= zones.entries.sum()
    for name in ("directions", "speeds"):
        shares = study.to_pandas(name).groupby("place").person_s.sum()
        assert shares["everywhere"] <= len(recording) / recording.rate_hz + 1e-9
        assert shares["hall"] <= person_s + 1e-9


@settings(max_examples=15, deadline=None)
@given(st.integers(-3141, 3141).map(lambda turn: turn / 1000), st.floats(-500, 500), st.floats(-500, 500))
def test_turning_and_shifting_everything_changes_nothing(turn: float, x: float, y: float) -> None:
    recording = crowd(20, 200)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = points @ turned + (x, y)
        return result

    other = Trajectories(recording.ids, recording.frames, moved(recording.xy_m), recording.rate_hz)
    where = {
        "lines": [GroundLine("door", moved(DOOR.ends_m))],
        "zones": [Area("hall", moved(HALL.corners_m))],
        "walkable": Area("walkable", moved(WALKABLE.corners_m)),
    }
    one, two = studied(recording, interval_s=2.0), measure(other, interval_s=2.0, **where)  # type: ignore[arg-type]
    for name in ("lines", "passings", "gaps", "dwell", "queues", "zones"):
        left, right = (study.to_pandas(name).drop(columns="pressure_max_per_s2", errors="ignore") for study in (one, two))
        pandas.testing.assert_frame_equal(left, right, rtol=1e-6, atol=1e-7)


def test_fewer_frames_a_second_give_nearly_the_same() -> None:
    recording = crowd(40, 600)
    fewer = recording.frames % 5 == 0
    slow = Trajectories(recording.ids[fewer], recording.frames[fewer] // 5, recording.xy_m[fewer], 5.0)
    fast, slow_ = (studied(one, interval_s=8.0) for one in (recording, slow))
    (a, b), (c, d) = ((study.to_pandas("zones"), study.to_pandas("lines")) for study in (fast, slow_))
    assert (b["in"].sum(), b.out.sum()) == (d["in"].sum(), d.out.sum())
    np.testing.assert_allclose(a.density_classic_per_m2, c.density_classic_per_m2, rtol=0.05)
    np.testing.assert_allclose(a.density_voronoi_per_m2, c.density_voronoi_per_m2, rtol=0.05)
    np.testing.assert_allclose(a.speed_mean_mps, c.speed_mean_mps, rtol=0.03)


def numbers(study: Study, *, but: str = "\0") -> set[float]:
    found: set[float] = set()
    for table in study.tables().values():
        for column in table.column_names:
            if but not in column and not pa.types.is_string(table[column].type):
                found |= set(table[column].to_numpy().astype(np.float64).tolist())
    return found


@pytest.mark.parametrize("interval_s", [2.0, "frame"])
def test_nothing_of_a_single_person_is_in_any_table(interval_s: float | str) -> None:
    recording = walkers(40, 300, first_id=987_654_321)
    # Places that no grid, edge or rounding shares.
    uneven = recording.xy_m * (1 + 1e-7 * np.pi) + 1e-7 * np.e
    recording = Trajectories(recording.ids, recording.frames, uneven, recording.rate_hz)
    study = measure(recording, lines=[DOOR], zones=[HALL], interval_s=interval_s)  # type: ignore[arg-type]
    assert set(study.tables()) == set(TABLES) - ({"passings"} if interval_s == "frame" else set())
    found = numbers(study)
    assert len(found) > 200
    assert not found & set(recording.ids.astype(np.float64).tolist())
    assert not found & set(recording.xy_m[:, 0].tolist())
    for table in study.tables().values():
        for column in table.column_names:
            if pa.types.is_string(table[column].type):
                assert not any("98765" in word for word in table[column].to_pylist())
    assert "98765" not in study.summary() + repr(study) + " ".join(study.notes)
    # A quantile is by its nature somebody's; and in a single frame somebody may be alone.
    if interval_s != "frame":
        own = set(speeds(velocities(recording, window_s=1.0)).tolist())
        assert not numbers(study, but="_mps") & own
        assert not set(study.zones["speed_mean_mps"].to_numpy().tolist()) & own


def test_frames_of_pandas_and_polars_hold_the_same() -> None:
    study = studied(crowd(), interval_s=2.0)
    for name, table in study.tables().items():
        ours, theirs = study.to_pandas(name), study.to_polars(name)
        assert isinstance(theirs, polars.DataFrame)
        pandas.testing.assert_frame_equal(ours, theirs.to_pandas(), check_dtype=False)
        assert ours.shape == (table.num_rows, table.num_columns)
    with pytest.raises(TrajectoryError, match='no table "people"'):
        study.to_pandas("people")


@pytest.mark.parametrize("module", ["pandas", "polars"])
def test_without_pandas_or_polars_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    study = studied(crowd())
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TrajectoryError, match=f"{module} is not installed: install it"):
        getattr(study, f"to_{module}")("lines")


def test_without_places_the_ground_alone_is_measured() -> None:
    study = measure(crowd())
    assert set(study.tables()) == {"floor", "directions", "speeds"}
    assert "greatest of intervals of 60 s" in study.summary()
    assert "convex hull" in study.notes[0]
    assert "300 frames" in study.summary()


def test_who_stands_outside_the_walkable_ground_is_told() -> None:
    recording = crowd()
    away = Trajectories(
        np.append(recording.ids, [500] * 300),
        np.append(recording.frames, np.arange(300)),
        np.append(recording.xy_m, [[40.0, 40.0]] * 300, axis=0),
        recording.rate_hz,
    )
    alone, seen = studied(recording), studied(away)
    assert alone.notes == ()
    assert f"{300 / len(away):.2%} of all rows have no Voronoi cell" in seen.notes[0]
    pandas.testing.assert_frame_equal(seen.to_pandas("zones"), alone.to_pandas("zones"), rtol=1e-9)


def test_one_person_for_one_frame_is_enough() -> None:
    study = studied(Trajectories(np.array([1]), np.array([7]), np.array([[5.0, 2.0]]), 25.0))
    (row,) = study.zones.to_pylist()
    assert row["occupancy_mean"] == 1
    assert np.isnan(row["speed_mean_mps"])
    assert np.isnan(row["counter_flow_share"])
    assert study.capacity.to_pylist()[0]["reason"]
    assert "-" in study.summary()


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"interval_s": 0.0}, TrajectoryError, "positive number of seconds"),
        ({"window_s": -1.0}, TrajectoryError, "positive number of seconds"),
        ({"cell_m": 0.0}, GeometryError, "positive size"),
        ({"cut_off_m": 0.0}, GeometryError, "positive radius"),
        ({"cell_m": 1e-4}, TrajectoryError, "too many"),
        ({"level": "lift"}, TrajectoryError, "no level of service"),
        ({"zones": [HALL, Area("door", HALL.corners_m)]}, GeometryError, 'two places called "door"'),
        ({"zones": [Area("bow", np.array([[0, 0], [2, 2], [2, 0], [0, 1]]))]}, GeometryError, "self-intersection"),
    ],
)
def test_settings_that_make_no_sense_are_told(given: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        measure(crowd(5, 50), **{"lines": [DOOR], "zones": [HALL], "walkable": WALKABLE} | given)  # type: ignore[arg-type]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "line", "zone", "walkable", "given"),
    [
        (
            "040_c_56_h-.txt",
            "door: 0.4,0 -0.4,0",
            "front: -0.5,0.5 0.5,0.5 0.5,1.5 -0.5,1.5",
            "walkable: -4,-3 4,-3 4,7 -4,7",
            {},
        ),
        (
            "uo-180-180-120.txt",
            "middle: 0,0 1.8,0",
            "middle: 0,-1 1.8,-1 1.8,1 0,1",
            "walkable: -3,-10 5,-10 5,10 -3,10",
            {"rate_hz": 16.0, "unit": "cm"},
        ),
    ],
)
def test_experiments_of_juelich_are_as_pedpy_has_them(
    shared_data: Path, name: str, line: str, zone: str, walkable: str, given: dict[str, object]
) -> None:
    recording = read_trajectories(shared_data / "trajectories" / "juelich" / name, **given)  # type: ignore[arg-type]
    some = recording.frames < recording.first_frame + 400
    recording = Trajectories(recording.ids[some], recording.frames[some], recording.xy_m[some], recording.rate_hz)
    compare_with_pedpy(recording, parse_line(line), parse_zone(zone.replace("middle", "area")), parse_zone(walkable))


def test_the_page_has_every_column_and_its_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "measure.md").read_text(encoding="utf-8")
    for study in (studied(crowd()), studied(crowd(), interval_s="frame")):
        for name, table in study.tables().items():
            assert f"`{name}`" in page
            assert [column for column in table.column_names if f"`{column}`" not in page] == []
    write_rows(tmp_path / "bottleneck.txt", rows_of(crowd()), header="# framerate: 25\n# id frame x/m y/m")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(example, names)
    assert isinstance(names["zones"], pandas.DataFrame)
    (places,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "places.toml").write_text(places)
    assert read_places(tmp_path / "places.toml").lines[0].name == "door"
