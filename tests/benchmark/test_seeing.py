import math
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from bench.report import ROOT
from bench.seeing_cameras import ENOUGH, STEP, Trial, search
from bench.seeing_film import FOOTAGE, RATE_HZ, VISITS, ZONE, order, splice
from bench.seeing_rounds import Run, described, in_turn, job, seconds, spread, waited
from bench.seeing_system import RATE_HZ as CAMERA_RATE_HZ
from bench.seeing_system import System, asked, films, looked_at, site_file, two_cores
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.site.read import read_site


@given(st.floats(0.75, 0.97), st.integers(1, 3))
def test_a_film_is_as_quiet_as_asked_and_shows_every_visit_once(quiet: float, people: int) -> None:
    visits = VISITS[:people]
    made = order(visits, quiet=quiet)
    in_view = sum(visit.frames_in_view for visit in visits)
    assert 1 - in_view / RATE_HZ / len(made) == pytest.approx(quiet, abs=0.5 * (1 - quiet) / len(made) + 1e-9)
    shown = Counter(made)
    assert {shown[second] for visit in visits for second in visit.seconds} == {1}
    assert set(made) == {second for visit in visits for part in (visit.seconds, visit.before, visit.after) for second in part}


def test_a_film_too_busy_for_its_visits_is_not_made() -> None:
    with pytest.raises(ValueError, match="longer than"):
        order(VISITS, quiet=0.1)


def _pictures(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    with av.open(path) as film:
        return [
            (float(picture.time or 0.0), cast(NDArray[np.uint8], picture.to_ndarray(format="gray")))
            for picture in film.decode(video=0)
        ]


@pytest.mark.realdata
@pytest.mark.parametrize("every", [1, 2])
def test_a_spliced_film_has_the_very_pictures_of_the_camera(shared_data: Path, tmp_path: Path, every: int) -> None:
    visits = VISITS[-1:]
    made = order(visits, quiet=0.6)
    film = splice(shared_data / FOOTAGE, tmp_path / "film.mp4", made, visits=visits, every=every)
    clip = [picture for _, picture in _pictures(shared_data / FOOTAGE)]
    expected = [clip[RATE_HZ * second + index] for second in made for index in range(0, RATE_HZ, every)]
    shown = _pictures(film.path)
    assert film.frames == len(shown) == len(expected)
    assert [time_s for time_s, _ in shown] == pytest.approx([k / film.rate_hz for k in range(film.frames)])
    assert all(np.array_equal(picture, wanted) for (_, picture), wanted in zip(shown, expected, strict=True))


@pytest.mark.realdata
def test_cameras_begin_at_different_moments_of_one_minute(shared_data: Path, tmp_path: Path) -> None:
    several = [[float(picture.mean()) for _, picture in _pictures(film.path)] for film in films(shared_data, tmp_path, 3)]
    assert all(sorted(each) == sorted(several[0]) for each in several)
    assert not any(one == other for one, other in pairwise([*several, several[0]]))


@given(st.integers(1, 400), st.floats(0.3, 3.0))
def test_the_search_ends_where_one_number_fits_and_the_next_does_not(most: int, misjudged: float) -> None:
    def attempt(count: int) -> Trial:
        assert count >= 1
        return Trial(count, 1.0 if count <= most else 0.5, 1.0, misjudged * 2 / most)

    trials = search(attempt)
    fitting = max((each.cameras for each in trials if each.fits), default=0)
    failing = min(each.cameras for each in trials if not each.fits)
    assert fitting <= most < failing <= fitting + max(1, round(STEP * fitting))
    assert len({each.cameras for each in trials}) == len(trials) <= 40


def test_a_camera_that_is_looked_at_a_little_too_seldom_does_not_fit() -> None:
    assert Trial(1, ENOUGH, 1.0, 0.1).fits
    assert not Trial(1, ENOUGH - 0.001, 1.0, 0.1).fits


def test_frames_missed_and_frames_not_come_to_yet_are_not_looked_at(tmp_path: Path) -> None:
    log = tmp_path / "camera.log"
    due = np.arange(0.0, 10.0, 1 / CAMERA_RATE_HZ)
    rows = [f"{due_s} {math.nan if k % 5 == 0 else due_s + 0.1}" for k, due_s in enumerate(due)]
    log.write_text("\n".join(rows) + "\n9.9", encoding="ascii")
    assert looked_at(log, 0.0, 10.0) == pytest.approx(0.8)
    assert looked_at(log, 5.0, 15.0) == pytest.approx(0.4)
    log.write_text("", encoding="ascii")
    assert looked_at(log, 0.0, 10.0) == 0.0


def test_the_site_of_the_benchmark_is_a_site(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        site_file([tmp_path / "a.mp4", tmp_path / "b.mp4"], tmp_path / "m.onnx"), encoding="utf-8"
    )
    site = read_site(tmp_path / "site.toml")
    assert [camera.loop for camera in site.camera] == [True, True]
    assert [camera.rate_hz for camera in site.camera] == [CAMERA_RATE_HZ, CAMERA_RATE_HZ]
    assert np.array_equal(site.camera[0].zones()[0].corners_px, ZONE)
    assert site.detector(site.camera[1]) == str(tmp_path / "m.onnx")


def test_the_peer_is_asked_for_the_same_line_zone_and_model() -> None:
    plan = asked(Path("m.onnx"))
    wanted = job(plan, Path("film.mp4"), stride=2)
    assert wanted["line"] == plan.lines[0].ends_px.tolist()
    assert wanted["zone"] == plan.zones[0].corners_px.tolist()
    assert (wanted["model"], wanted["anchor"], wanted["stride"]) == ("m.onnx", "foot", 2)


def test_a_round_of_warming_up_does_not_count() -> None:
    calls: list[str] = []

    def contender(name: str, cpu_s: float) -> Run:
        calls.append(name)
        return Run(cpu_s * len(calls), 2 * cpu_s * len(calls))

    runs = in_turn({"a": lambda: contender("a", 1.0), "b": lambda: contender("b", 1.0)}, 2)
    assert calls == ["a", "b"] * 3
    assert seconds(runs["a"]).tolist() == [3.0, 5.0]
    assert waited(runs) == 2.0
    calls.clear()
    assert len(in_turn({"a": lambda: contender("a", 1.0)}, 2, warm_up=False)["a"]) == len(calls) == 2


def test_a_spread_tells_median_least_and_most() -> None:
    assert spread(np.array([3.0, 1.0, 1.5])) == "1.50 | 1.00 to 3.00"


def _runs(pid: int) -> bool:
    """Whether there is such a process, one that has ended and that nobody has asked about left out."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_processes_are_seen_with_their_children_and_ended(tmp_path: Path) -> None:
    script = "sleep 30 & python3 -c 'while True: pass' & wait"
    with System() as system:
        system.start(["bash", "-c", script], output=tmp_path / "out.txt")
        while len(system.pids()) < 3 or system.cpu_s() < 0.1:
            assert system.alive()
        assert system.memory_mb() > 1.0
        pids = system.pids()
    deadline_s = time.monotonic() + 5
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline_s


def test_the_peers_versions_are_those_of_its_lock() -> None:
    text = (ROOT / "bench" / "peers" / "seeing.txt").read_text(encoding="utf-8")
    for each in described().split(", "):
        assert "==".join(each.split()) in text


def test_two_cores_at_most_are_used() -> None:
    assert 1 <= len(two_cores()) <= 2
