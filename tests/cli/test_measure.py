"""`throng measure`: what it prints and writes, that it keeps nothing, and what it says of mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
from tests.study.walkers import rows_of, walkers, write_rows

from throng.measure.flow import crossings
from throng.measure.presence import visits
from throng.study.places import parse_line, parse_zone

THRONG = [str(Path(sys.executable).parent / "throng")]
DOOR, HALL = "door: 5,4 5,0", "hall: 2,0 8,0 8,4 2,4"
PLACES = """
[[line]]
name = "door"
from = [5, 4]
to = [5, 0]

[[zone]]
name = "hall"
corners = [[2, 0], [8, 0], [8, 4], [2, 4]]

[walkable]
corners = [[-1, -0.5], [11, -0.5], [11, 4.5], [-1, 4.5]]
holes = [[[9, 4.1], [9.2, 4.1], [9.2, 4.3]]]
"""


def throng(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*THRONG, "measure", *arguments], capture_output=True, text=True, check=False, env=environ, cwd=folder, timeout=280
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rows(tmp_path / "walk.csv", rows_of(walkers(30, 300)), header="# framerate: 25\nid,frame,x_m,y_m", separator=",")
    (tmp_path / "places.toml").write_text(PLACES)
    return tmp_path


def test_the_summary_shows_exact_totals_and_nothing_is_kept(folder: Path) -> None:
    recording = walkers(30, 300)
    crossed = crossings(recording, parse_line(DOOR))
    stays = visits(recording, parse_zone(HALL))
    before = sorted(folder.iterdir())
    done = throng("walk.csv", "--line", DOOR, "--zone", HALL, folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    assert ["door", str(crossed.inward.sum()), str((~crossed.inward).sum())] in [row[:3] for row in rows]
    assert any(row[0] == "hall" and row[3:5] == [str(stays.entry_seen.sum()), str(stays.exit_seen.sum())] for row in rows), (
        done.stdout
    )
    assert "convex hull" in done.stdout
    assert "nothing else kept" in done.stdout
    assert sorted(folder.iterdir()) == before


def test_places_of_a_file_and_of_options_are_the_same(folder: Path) -> None:
    one = throng("walk.csv", "--places", "places.toml", "--interval", "4", "--json", folder=folder)
    assert one.returncode == 0, one.stderr
    result = json.loads(one.stdout)
    assert result["notes"] == []
    other = json.loads(throng("walk.csv", "--line", DOOR, "--zone", HALL, "--interval", "4", "--json", folder=folder).stdout)
    assert result["lines"] == other["lines"]
    assert [row["occupancy_mean"] for row in result["zones"]] == [row["occupancy_mean"] for row in other["zones"]]
    assert (result["frames"], result["rate_hz"], result["seconds"]) == (300, 25.0, 12.0)
    assert [row["start_s"] for row in result["zones"]] == [0.0, 4.0, 8.0]


def test_tables_are_written_as_csv_and_parquet(folder: Path) -> None:
    arguments = ("walk.csv", "--places", "places.toml", "--interval", "frame")
    done = throng(*arguments, "--out", "results", folder=folder)
    assert done.returncode == 0, done.stderr
    assert throng(*arguments, "--out", "hall.parquet", folder=folder).returncode == 0
    names = {file.stem for file in (folder / "results").iterdir()}
    assert {"lines", "zones", "floor", "capacity"} <= names
    for name in names:
        text = pandas.read_csv(folder / "results" / f"{name}.csv", keep_default_na=False, na_values=["", "nan"])
        binary = pandas.read_parquet(folder / f"hall-{name}.parquet")
        assert list(text.columns) == list(binary.columns)
        numbers = binary.select_dtypes("number").columns
        np.testing.assert_allclose(text[numbers], binary[numbers], rtol=1e-12)
    assert len(pandas.read_parquet(folder / "hall-zones.parquet")) == 300


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.csv", "--line", DOOR], "cannot be read"),
        (["walk.csv"], "nowhere to measure"),
        (["walk.csv", "--line", "1,1 5,5"], "has no name"),
        (["walk.csv", "--line", "door: 1,1 5"], "needs points x,y in metres"),
        (["walk.csv", "--line", "door: 1,1 1,1"], "two ends that differ"),
        (["walk.csv", "--zone", "hall: 0,0 9,9 9,0 0,5"], "self-intersection"),
        (["walk.csv", "--line", "a: 1,1 5,5", "--zone", "a: 0,0 1,0 1,1"], 'two places called "a"'),
        (["walk.csv", "--line", DOOR, "--interval", "minute"], "positive number of seconds or frame"),
        (["walk.csv", "--line", DOOR, "--interval", "nan"], "positive number of seconds or frame"),
        (["walk.csv", "--line", DOOR, "--rate", "10"], "its rate is 25.0, not 10.0"),
        (["walk.csv", "--line", DOOR, "--unit", "ft"], 'no unit "ft"'),
        (["walk.csv", "--line", DOOR, "--level", "lift"], "no level of service"),
        (["walk.csv", "--line", DOOR, "--homography", "walk.csv"], "walk.csv"),
        (["walk.csv", "--line", DOOR, "--out", "walk.csv/results"], "cannot be written"),
        (["walk.csv", "--places", "absent.toml"], "cannot be read"),
        (["walk.csv", "--places", "walk.csv"], "no TOML file"),
        (["places.toml", "--line", DOOR], "names no"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(folder: Path, arguments: list[str], words: str) -> None:
    done = throng(*arguments, folder=folder)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert done.stderr.startswith("throng: ")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.realdata
def test_a_bottleneck_of_juelich_is_measured(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "trajectories" / "juelich" / "040_c_56_h-.txt"
    zone = "front: -1,0.5 1,0.5 1,2.5 -1,2.5"
    done = throng(str(path), "--line", "door: 0.4,0 -0.4,0", "--zone", zone, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["people"], result["lines"][-1]["total_out"], result["lines"][-1]["total_in"]) == (75, 75, 0)
    assert 3 < result["zones"][0]["density_classic_per_m2"] < 6
    assert result["zones"][0]["density_voronoi_per_m2"] == pytest.approx(result["zones"][0]["density_classic_per_m2"], rel=0.2)
