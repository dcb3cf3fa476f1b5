"""`throng count`: on real footage, and what it says of mistakes."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.detect import tiny
from typer.testing import CliRunner

from throng import pipeline
from throng.capture.card import NONE_OPENS, NOT_TAKEN
from throng.cli.app import app
from throng.data.errors import ModelError
from throng.data.ground_place import Area
from throng.detect import choose
from throng.ground.homography import fit_homography
from throng.simulate.scenario import load

TC_LINE = "line: 661,166 1859,520"
THRONG = [str(Path(sys.executable).parent / "throng")]


def throng(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "THRONG_MODELS_FOLDER": str(folder / "models")}
    return subprocess.run(
        [*THRONG, *arguments], capture_output=True, text=True, check=False, env=environ, cwd=folder, timeout=280
    )


@pytest.mark.realdata
def test_six_people_come_one_at_a_time(shared_data: Path, shared_models: Path, tmp_path: Path) -> None:
    footage = shared_data / "video" / "intel_one_by_one" / "one-by-one-person-detection.mp4"
    model = str(shared_models / "yolox_nano.onnx")
    zone = "all: 0,0 768,0 768,432 0,432"
    done = throng("count", str(footage), "--zone", zone, "--detector", model, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) == {"source", "frames", "seconds", "detector", "lines", "zones"}
    assert result["frames"] == 1394
    assert result["seconds"] == pytest.approx(139.3, abs=0.2)
    (whole,) = result["zones"]
    assert set(whole) == {"name", "entries", "exits", "mean_occupancy", "peak_occupancy"}
    assert (whole["entries"], whole["exits"], whole["peak_occupancy"]) == (6, 6, 1)
    # The people are in view in frames 60-194, 228-447, 505-696, 745-865, 925-1196, 1235-1358.
    assert whole["mean_occupancy"] == pytest.approx(1065 / 1394, abs=0.15)


@pytest.mark.realdata
# Four (centre) and three (foot) go out; whether one of them is followed long enough hangs on how pictures are made small.
@pytest.mark.parametrize(("anchor", "ins", "outs"), [("centre", {2}, {3, 4}), ("foot", {1, 2}, {2, 3})])
def test_a_real_street_is_counted(
    shared_data: Path, shared_models: Path, tmp_path: Path, anchor: str, ins: set[int], outs: set[int]
) -> None:
    footage = shared_data / "video" / "towncentre" / "TownCentre_f0-250_1080p30dup.mp4"
    model = str(shared_models / "yolox_nano.onnx")
    done = throng("count", str(footage), "--line", TC_LINE, "--detector", model, "--anchor", anchor, "--csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert int(row["in"]) in ins
    assert int(row["out"]) in outs


@pytest.mark.realdata
def test_the_picture_shows_the_scene_without_its_people(shared_data: Path, shared_models: Path, tmp_path: Path) -> None:
    from throng.data.frame import Frame
    from throng.detect.onnx import open_detector

    footage = shared_data / "video" / "towncentre" / "TownCentre_f0-125_1080p25.mp4"
    model = shared_models / "yolox_nano.onnx"
    done = throng("count", str(footage), "--line", TC_LINE, "--detector", str(model), "--picture", "out.png", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    image = cv2.imread(str(tmp_path / "out.png"))
    assert image is not None
    assert image.shape == (1080, 1920, 3)
    assert image.std() > 20
    found = open_detector(model).detect(Frame(image.astype(np.uint8), 0.0, 0, "plate"))
    assert (found.scores < 0.45).all()


def _film(path: Path, frames: int = 5) -> Path:
    import av

    with av.open(path, "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(frames):
            picture = np.full((120, 160, 3), 90 + number, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        film.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.mp4", "--line", "door: 1,1 50,50"], "missing.mp4"),
        (["text.mp4", "--line", "door: 1,1 50,50"], "text.mp4"),
        (["film.mp4"], "nothing to count"),
        (["film.mp4", "--line", "1,1 50,50"], "has no name"),
        (["film.mp4", "--line", "door: 1,1 50"], "no point x,y"),
        (["film.mp4", "--line", "door: 500,500 900,900"], "outside the picture"),
        (["film.mp4", "--zone", "hall: 0,0 90,90 90,0 0,90"], "crosses itself"),
        (["film.mp4", "--line", "a: 1,1 50,50", "--line", "a: 1,1 9,50"], 'two places called "a"'),
        (["film.mp4", "--line", "door: 1,1 50,50", "--detector", "text.mp4.onnx"], "no model file"),
        (["film.mp4", "--line", "door: 1,1 50,50", "--detector", "fast"], 'no detector "fast"'),
        (["film.mp4", "--line", "door: 1,1 50,50", "--anchor", "head"], "foot or centre"),
        (["film.mp4", "--line", "door: 1,1 50,50", "--decoding", "gpu"], "processor or card"),
        (["film.mp4", "--line", "door: 1,1 50,50", "--homography", "text.mp4"], "text.mp4"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    _film(tmp_path / "film.mp4")
    (tmp_path / "text.mp4").write_text("this is no film")
    done = throng("count", *arguments, folder=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.startswith("throng: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_film_is_counted_alike_whoever_decodes_it(tmp_path: Path) -> None:
    _film(tmp_path / "film.mp4")
    asked = ["count", "film.mp4", "--zone", "hall: 0,0 160,0 160,120", "--json"]
    usual, on_card = throng(*asked, folder=tmp_path), throng(*asked, "--decoding", "card", folder=tmp_path)
    assert (usual.returncode, on_card.returncode, usual.stderr) == (0, 0, "")
    assert on_card.stdout == usual.stdout
    # Empty on a machine whose card took it.
    assert on_card.stderr in ("", f"throng: {NONE_OPENS}\n", f"throng: {NOT_TAKEN}\n")


def test_the_forms_of_output_agree(tmp_path: Path) -> None:
    _film(tmp_path / "film.mp4")
    places = ["--line", "door: 10,60 150,60", "--zone", "hall: 0,0 160,0 160,120"]
    result = json.loads(throng("count", "film.mp4", *places, "--json", folder=tmp_path).stdout)
    assert result["lines"] == [{"name": "door", "in": 0, "out": 0}]
    assert result["frames"] == 5
    assert result["detector"] == "foreground"
    rows = list(csv.DictReader(io.StringIO(throng("count", "film.mp4", *places, "--csv", folder=tmp_path).stdout)))
    assert [(row["kind"], row["name"]) for row in rows] == [("line", "door"), ("zone", "hall")]
    table = throng("count", "film.mp4", *places, folder=tmp_path).stdout
    assert "door" in table
    # In one line, since nobody looks at a terminal.
    (told,) = [line for line in table.splitlines() if "5 frames read" in line]
    assert told.endswith("exact, nothing stored")
    assert not list((tmp_path).glob("**/*.duckdb"))


@pytest.mark.parametrize(
    "command",
    [[], ["count"], ["run"], ["demo"], ["simulate"], ["models"], ["models", "add"], ["models", "pull"], ["models", "remove"]],
)
def test_help_has_an_example(tmp_path: Path, command: list[str]) -> None:
    done = throng(*command, "--help", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Example" in done.stdout
    assert " ".join(["throng", *command]) in " ".join(done.stdout.split())


def test_a_crowd_counter_gives_people_by_zone_and_nothing_that_needs_following(tmp_path: Path) -> None:
    """No such model is at hand: a tiny graph has the outputs of one, two and a half people in the left half."""
    people = np.zeros((1, 1, 32, 32), np.float32)
    people[0, 0, 10, 4], people[0, 0, 12, 9] = 2.0, 0.5
    tiny.save(tmp_path / "crowd.onnx", {"density": people})
    film = str(_film(tmp_path / "film.mp4"))
    zones = ("--zone", "left: 0,0 80,0 80,120 0,120", "--zone", "right: 80,0 160,0 160,120 80,120")
    done = throng("count", film, *zones, "--detector", "crowd.onnx", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    left, right = json.loads(done.stdout)["zones"]
    assert (left["mean_occupancy"], left["peak_occupancy"]) == (2.5, 2.5)
    assert (right["mean_occupancy"], right["entries"], right["exits"]) == (0.0, None, None)
    shown = throng("count", film, *zones, "--detector", "crowd.onnx", folder=tmp_path)
    assert "nobody is followed" in " ".join(shown.stdout.split())
    crossed = throng("count", film, "--line", "door: 10,10 100,100", "--detector", "crowd.onnx", folder=tmp_path)
    assert crossed.returncode == 2
    assert "follows nobody: give --zone and no --line" in crossed.stderr
    pictured = throng("count", film, *zones, "--detector", "crowd.onnx", "--picture", "plate.png", folder=tmp_path)
    assert pictured.returncode == 2
    assert not (tmp_path / "plate.png").exists()
    tiled = throng("count", film, *zones, "--detector", "crowd.onnx", "--tiles", "2x1", folder=tmp_path)
    assert tiled.returncode == 2
    assert tiled.stderr.startswith("throng: a crowd counter looks at the picture as a whole: leave --tiles out")


def test_what_runs_a_model_is_said_once_and_beside_the_numbers(tmp_path: Path) -> None:
    tiny.CASES["yolox"].save(tmp_path / "person.onnx", [])
    film = str(_film(tmp_path / "film.mp4"))
    done = throng("count", film, "--line", "door: 10,60 150,60", "--detector", "person.onnx", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["detector"] == "yolox (person)"
    assert done.stderr.startswith("throng: yolox (person) runs on ")
    assert done.stderr.endswith(", float32\n")
    assert done.stderr.count("\n") == 1


def test_a_model_that_fails_is_named_with_its_file_where_nobody_named_it(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    tiny.save_failing(models / "bad.onnx")
    (models / "bad.json").write_text(json.dumps({"name": "bad", "family": "yolox", "sha256": "0"}))
    done = throng("count", str(_film(tmp_path / "film.mp4")), "--line", "door: 10,60 150,60", folder=tmp_path)
    assert done.returncode == 2
    assert f'throng: the model "bad" ({models / "bad.onnx"}) failed on a picture: ' in done.stderr


@pytest.mark.parametrize("command", ["count", "calibrate"])
def test_a_command_asks_for_no_more_threads_than_cores(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(choice: str, *, threads: int, **settings: object) -> None:
        asked.append(threads)
        raise ModelError("asked")

    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)
    monkeypatch.setattr(choose, "choose_detector", refuse)
    monkeypatch.setattr(pipeline, "choose_detector", refuse)
    film = str(_film(tmp_path / "film.mp4"))
    arguments = {"count": ["--line", "door: 10,60 150,60"], "calibrate": ["--auto"]}[command]
    done = CliRunner().invoke(app, [command, film, *arguments])
    assert isinstance(done.exception, ModelError)
    assert asked == [1]


def test_with_a_homography_zones_are_measured_on_the_ground(tmp_path: Path) -> None:
    camera = load("concourse-50").cameras[0]
    matrix = fit_homography(camera.points_px, camera.points_m).matrix
    np.savetxt(tmp_path / "ground.txt", matrix, fmt="%.12g")
    zone = camera.zones_px[0]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in zone.corners_px)
    command = [
        "count", f"simulate:concourse-50/{camera.name}", "--detector", "foreground", "--seconds", "40",
        "--zone", f"hall: {corners}", "--homography", str(tmp_path / "ground.txt"),
    ]  # fmt: skip
    done = throng(*command, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (hall,) = json.loads(done.stdout)["zones"]
    ground = fit_homography(camera.points_px, camera.points_m).to_ground(zone.corners_px)[0]
    assert hall["area_m2"] == pytest.approx(Area("hall", ground).area_m2, rel=0.01)
    assert hall["mean_density"] == pytest.approx(hall["mean_occupancy"] / hall["area_m2"], rel=0.25)
    assert hall["peak_density"] >= hall["mean_density"]
    assert 0.6 < hall["mean_speed"] < 1.8
    assert hall["level_of_service"] in "ABCDEF"
