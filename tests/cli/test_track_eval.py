"""`throng track-eval`: from two text files to scores, and what it says of mistakes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.evaluate.films import crowd, write

from throng.site.read import read_site

THRONG = [str(Path(sys.executable).parent / "throng")]
KEYS = {
    *("detections", "truth", "tracker", "rate_hz", "logistic_scores", "truth_has_classes", "lines"),
    *("hota", "deta", "assa", "loca", "mota", "motp", "idf1", "idp", "idr"),
    *("switches", "fragmentations", "false_positives", "false_negatives"),
    *("truth_boxes", "track_boxes", "truth_people", "track_people"),
    *("pieces_mean", "pieces_p95", "pieces_p99", "pieces_most", "pieces_people"),
}
DOOR = "door: 300,0 300,480"


def throng(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*THRONG, "track-eval", *arguments], capture_output=True, text=True, check=False, env=environ, cwd=folder, timeout=60
    )


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A folder with det.txt and gt.txt: one person who walks from right to left for four seconds, at 25 frames a second."""
    lefts = np.linspace(480, 80, 100)
    rows = np.array([[frame, 7, left, 100, 40, 90, 1, -1, -1, -1] for frame, left in enumerate(lefts, start=1)])
    write(rows, tmp_path / "gt.txt")
    write(np.column_stack([rows[:, 0], np.full(100, -1), rows[:, 2:6], np.full(100, 0.9), rows[:, 7:]]), tmp_path / "det.txt")
    return tmp_path


def test_detections_are_tracked_and_scored(film: Path) -> None:
    done = throng("det.txt", "gt.txt", "--rate", "25", "--line", DOOR, "--json", folder=film)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert set(result) == KEYS
    assert (result["truth_boxes"], result["truth_people"], result["track_people"]) == (100, 1, 1)
    assert result["rate_hz"] == 25.0
    assert result["tracker"]
    assert result["logistic_scores"] is result["truth_has_classes"] is False
    # A person is followed once confirmed, a quarter of a second here at most.
    assert result["false_negatives"] <= 7
    assert result["false_positives"] == result["switches"] == 0
    assert result["hota"] > 0.85
    right = {"truth": 1, "counted": 1, "over": 0, "under": 0}
    assert result["lines"] == [{"name": "door", "in": right, "out": dict.fromkeys(right, 0)}]
    # Nothing is kept.
    assert sorted(path.name for path in film.rglob("*")) == ["det.txt", "gt.txt"]


def test_the_table_says_what_was_scored_and_how(film: Path) -> None:
    write(np.loadtxt(film / "det.txt", delimiter=",") * [1, 1, 1, 1, 1, 1, 3, 1, 1, 1], film / "dpm.txt")
    done = throng("dpm.txt", "gt.txt", "--rate", "25", "--line", DOOR, folder=film)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for words in (
        *("HOTA", "DetA", "AssA", "LocA", "MOTA", "MOTP", "IDF1", "IDP", "IDR"),
        *("switches", "fragmentations", "false positives", "false negatives"),
        *("door", "truth", "counted", "over", "under", "people in truth 1 (100 boxes)", "at 25 frames/s", "nothing stored"),
        "all were mapped by 1/(1+exp(-score))",
        "truth has no classes (MOT15)",
    ):
        assert words in text


def test_tracks_are_scored_as_they_stand_and_need_no_rate(tmp_path: Path) -> None:
    truth, tracks = crowd(0, classes=True)
    write(truth, tmp_path / "gt.txt")
    write(tracks, tmp_path / "tracks.txt")
    result = json.loads(throng("tracks.txt", "gt.txt", "--json", folder=tmp_path).stdout)
    assert result["tracker"] is result["rate_hz"] is None
    assert result["truth_has_classes"] is True
    # As TrackEval prints, see tests/evaluate/trackeval.csv.
    assert result["hota"] == pytest.approx(0.218784549, abs=1e-6)
    assert "tracks scored as they stand" in " ".join(throng("tracks.txt", "gt.txt", folder=tmp_path).stdout.split())


def test_the_lines_for_the_site_file_are_ones(film: Path) -> None:
    """One person in four tracks: the site file that protects four of them can be read."""
    rows = np.loadtxt(film / "gt.txt", delimiter=",")
    rows[:, 1] = rows[:, 0] // 26
    write(rows, film / "tracks.txt")
    done = throng("tracks.txt", "gt.txt", folder=film)
    _, lines = done.stdout.split("under [budget]:\n")
    camera = '[[camera]]\nname = "north"\naddress = "film.mp4"\n'
    (film / "site.toml").write_text(f'name = "Central"\n[budget]\n{lines}{camera}')
    budget = read_site(film / "site.toml").budget
    assert budget.pieces == 4
    assert re.fullmatch(r"track-eval, .+, \d{4}-\d\d-\d\d: 99 % of 1 passages in at most 4 tracks", budget.pieces_measured)
    assert str(film.parent) not in done.stdout


def test_the_rate_comes_from_seqinfo(film: Path) -> None:
    (film / "seqinfo.ini").write_text("[Sequence]\nframeRate=14\n")
    assert json.loads(throng("det.txt", "gt.txt", "--json", folder=film).stdout)["rate_hz"] == 14.0
    assert json.loads(throng("det.txt", "gt.txt", "--rate", "20", "--json", folder=film).stdout)["rate_hz"] == 20.0


def test_the_anchor_is_heeded(film: Path) -> None:
    # Feet are at 190, centres at 145: this line reaches down to 160 only.
    arguments = ["gt.txt", "gt.txt", "--rate", "25", "--line", "door: 300,0 300,160", "--json"]
    for anchor, crossed in (("foot", 0), ("centre", 1)):
        (line,) = json.loads(throng(*arguments, "--anchor", anchor, folder=film).stdout)["lines"]
        assert line["in"]["truth"] == crossed


def test_weak_detections_can_be_dropped(film: Path) -> None:
    rows = np.loadtxt(film / "det.txt", delimiter=",")
    rows[50:, 6] = 0.6
    write(rows, film / "det.txt")
    arguments = ["det.txt", "gt.txt", "--rate", "25", "--json"]
    every = json.loads(throng(*arguments, folder=film).stdout)["track_boxes"]
    strong = json.loads(throng(*arguments, "--least-score", "0.7", folder=film).stdout)["track_boxes"]
    assert every - strong == 50


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.txt", "gt.txt", "--rate", "25"], "missing.txt cannot be read"),
        (["det.txt", "missing.txt", "--rate", "25"], "missing.txt cannot be read"),
        (["letters.txt", "gt.txt", "--rate", "25"], 'letters.txt, line 1: "these are letters" is no number'),
        (["det.txt", "gt.txt"], "frames per second are unknown"),
        (["gt.txt", "gt.txt", "--line", DOOR], "give --rate"),
        (["det.txt", "gt.txt", "--rate", "0"], "--rate must be a positive number of frames per second, not 0"),
        (["det.txt", "gt.txt", "--rate", "nan"], "--rate must be a positive number"),
        (["det.txt", "det.txt", "--rate", "25"], "det.txt has no identities"),
        (["gt.txt", "unflagged.txt"], "unflagged.txt has no box that counts"),
        (["gt.txt", "later.txt"], "have no frame in common"),
        (["gt.txt", "gt.txt", "--least-score", "0.5"], "--least-score is for detections"),
        (["det.txt", "gt.txt", "--rate", "25", "--least-score", "0.95"], "the highest is 0.9"),
        (["det.txt", "gt.txt", "--rate", "25", "--line", "1,1 50,50"], "has no name"),
        (["det.txt", "gt.txt", "--rate", "25", "--line", DOOR, "--line", DOOR], 'two places called "door"'),
        (["det.txt", "gt.txt", "--rate", "25", "--anchor", "head"], "foot or centre"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(film: Path, arguments: list[str], words: str) -> None:
    (film / "letters.txt").write_text("these are letters")
    rows = np.loadtxt(film / "gt.txt", delimiter=",")
    write(rows * [1, 1, 1, 1, 1, 1, 0, 1, 1, 1], film / "unflagged.txt")
    rows[:, 0] += 1000
    write(rows, film / "later.txt")
    done = throng(*arguments, folder=film)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.startswith("throng: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_help_has_an_example(tmp_path: Path) -> None:
    done = throng("--help", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "throng track-eval det/det.txt gt/gt.txt" in " ".join(done.stdout.split())


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "least"), [("TUD-Campus", 0.4), ("MOT17-09", 0.3)])
def test_real_detections_are_followed(shared_data: Path, tmp_path: Path, name: str, least: float) -> None:
    film = shared_data / "mot" / name
    rate = [] if (film / "seqinfo.ini").exists() else ["--rate", "25"]
    done = throng(str(film / "det" / "det.txt"), str(film / "gt" / "gt.txt"), *rate, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["logistic_scores"] is result["truth_has_classes"] is name.startswith("MOT17")
    assert result["hota"] > least


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["TUD-Campus", "TUD-Stadtmitte", "MOT17-09", "MOT17-11"])
def test_real_passages_break_into_a_few_tracks(shared_data: Path, tmp_path: Path, name: str) -> None:
    """People are found, most of them in few tracks; and with the truth for tracks in one each."""
    film = shared_data / "mot" / name
    rate = [] if (film / "seqinfo.ini").exists() else ["--rate", "25"]
    truth = str(film / "gt" / "gt.txt")
    result = json.loads(throng(str(film / "det" / "det.txt"), truth, *rate, "--json", folder=tmp_path).stdout)
    assert result["truth_people"] / 2 < result["pieces_people"] <= result["truth_people"]
    assert 1 <= result["pieces_mean"] < 4
    assert 1 <= result["pieces_p95"] <= result["pieces_p99"] <= result["pieces_most"] <= result["track_people"]
    # No more switches and no fewer tracks than it takes to have so many.
    spare = result["pieces_mean"] * result["pieces_people"] - result["pieces_people"]
    assert spare <= result["switches"] + 1e-9
    rows = np.loadtxt(truth, delimiter=",")
    people = (rows[:, 6] != 0) & ((rows[:, 7] == 1) if name.startswith("MOT17") else True)
    write(np.column_stack([rows[people][:, :6], np.ones(people.sum())]), tmp_path / "tracks.txt")
    itself = json.loads(throng("tracks.txt", truth, "--json", folder=tmp_path).stdout)
    assert (itself["pieces_mean"], itself["pieces_most"], itself["pieces_people"]) == (1.0, 1, itself["truth_people"])
