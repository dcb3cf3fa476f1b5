"""`throng calibrate --auto`: when it has seen enough, what it tells, and that it refuses in a sentence."""

import pickle
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from throng.calibrated import calibration_of
from throng.cli.app import app
from throng.cli.calibrate import auto
from throng.data.errors import CalibrationError, SecrecyError, SourceError
from throng.data.frame import Frame
from throng.data.outage import Outage
from throng.data.tracks import Tracks
from throng.ground.people_body import body_boxes
from throng.ground.people_watch import Watcher
from throng.ground.self_calibrate import calibrate_from_people
from throng.ground.view import View
from throng.site.calibration import CalibrationTable

VIEW = View(900.0, np.radians(30.0), np.radians(1.0), 6.0, 1280, 720)
STEP_S = 0.2


def frame(time_s: float) -> Frame:
    return Frame(np.zeros((720, 1280, 3), np.uint8), time_s, round(time_s / STEP_S), "north")


def moments(people: int, *, seed: int = 5) -> Iterator[Tracks]:
    """One walker after another, each seen whole and alone by the camera of `VIEW`."""
    chance = np.random.default_rng(seed)
    time_s = 0.0
    ended = np.empty(0, np.uint64)
    for person in range(people):
        height_m, heading = chance.normal(1.70, 0.07), chance.uniform(-np.pi, np.pi)
        pace = chance.uniform(1.1, 1.5) * np.array([np.cos(heading), np.sin(heading)])
        middle = np.array([chance.uniform(-2.5, 2.5), chance.uniform(7.0, 15.0)])
        for late_s in np.arange(-3.0, 3.0, STEP_S):
            box = body_boxes(VIEW, (middle + late_s * pace)[None], np.array([heading]), height_m)
            box = box * (1 + chance.normal(0, 0.001, box.shape))
            time_s += STEP_S
            foot = np.array([[box[0, [0, 2]].mean(), box[0, 3]]])
            yield Tracks(np.array([person], np.uint64), box, foot, None, ended, time_s, np.ones(1, np.bool_), foot)
            ended = np.empty(0, np.uint64)
        ended = np.array([person], np.uint64)


def watched(people: int, *, seconds: float = 1e6) -> tuple[auto._Watching, int]:
    """What was seen of so many people, and in how many moments."""
    watching = auto._Watching(1.70)
    tracks = list(moments(people))
    taken = 0
    for item in watching.until((frame(each.time_s) for each in tracks), seconds=seconds):
        watching.take(tracks[taken])
        assert item.time_s == tracks[taken].time_s
        taken += 1
    return watching, taken


@pytest.mark.slow
def test_it_stops_when_it_has_seen_enough_and_knows_the_camera() -> None:
    watching, taken = watched(200)
    assert 10 * 30 < taken < 200 * 30
    found = watching.result()
    assert found.confidence == "good"
    told = auto._outcome(found, (1280, 720), watching.seconds)
    assert told.view["height_m"] == pytest.approx(6.0, rel=0.05)
    assert told.view["tilt_deg"] == pytest.approx(30.0, abs=3.0)
    assert told.told["scale_error"] <= 0.03
    # The site file says of lengths what watching did.
    table = CalibrationTable.model_validate({"view": told.view, "width_px": 1280, "height_px": 720})
    calibration = calibration_of(table, 1280, 720)
    assert calibration.scale_error == pytest.approx(told.view["scale_error"], rel=0.05)
    ground_m = np.array([[-2.0, 10.0], [2.0, 10.0]])
    assert calibration.length_m(VIEW.to_image(ground_m)[0])[0] == pytest.approx(4.0, rel=0.06)


def test_taller_people_make_everything_larger() -> None:
    heights = []
    for mean_height_m in (1.70, 1.87):
        watcher = Watcher(1280, 720, mean_height_m=mean_height_m)
        for tracks in moments(60):
            watcher.take(tracks)
        heights.append(calibrate_from_people(watcher.walkers()).view.height_m)
    assert heights[1] / heights[0] == pytest.approx(1.1, rel=0.02)


def test_only_who_is_seen_alone_counts() -> None:
    watcher = Watcher(1280, 720)
    pair = np.array([[100.0, 100.0, 150.0, 220.0], [140.0, 110.0, 190.0, 230.0], [400.0, 100.0, 450.0, 220.0]])
    for step in range(40):
        boxes = pair + step * np.array([4.0, 0.0, 4.0, 0.0])
        ids, seen = np.arange(3, dtype=np.uint64), np.ones(3, np.bool_)
        watcher.take(Tracks(ids, boxes, boxes[:, 2:], None, ids[:0], STEP_S * step, seen, boxes[:, 2:]))
    assert len(watcher.walkers()) == 1


def test_what_is_held_of_a_long_watch_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throng.ground.people_watch.MOST_PEOPLE", 5)
    watcher = Watcher(1280, 720)
    for tracks in moments(20):
        watcher.take(tracks)
        assert len(watcher._walked) <= 5
    assert len(watcher._walked) == 5


def test_what_is_held_stays_in_memory() -> None:
    with pytest.raises(SecrecyError):
        pickle.dumps(Watcher(1280, 720))


def test_too_few_people_are_refused() -> None:
    watching, taken = watched(5)
    assert taken == 5 * 30
    with pytest.raises(CalibrationError, match="too few people walked through the picture"):
        watching.result()


def test_it_watches_for_so_long_and_no_longer() -> None:
    _, taken = watched(50, seconds=10.0)
    assert taken == pytest.approx(10.0 / STEP_S, abs=2)


def test_a_camera_that_never_answers_ends_too() -> None:
    watching = auto._Watching(1.7)
    outages = (Outage("the camera does not answer", 1e9 + second) for second in range(1000))
    assert len(list(watching.until(outages, seconds=60.0))) == 61


def test_a_film_in_which_nobody_walks_is_refused_in_a_sentence(tmp_path: Path) -> None:
    film = str(_film(tmp_path / "empty.mp4"))
    with pytest.raises(CalibrationError, match="too few people walked through the picture"):
        CliRunner().invoke(app, ["calibrate", film, "--auto", "--detector", "foreground"], catch_exceptions=False)


def test_points_do_without_the_people(tmp_path: Path) -> None:
    film = str(_film(tmp_path / "empty.mp4"))
    points = [word for point in POINTS for word in ("--point", point)]
    arguments = ["calibrate", film, "--auto", "--detector", "foreground", *points]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "throng: the people are left out: too few people walked" in done.stderr
    assert "[camera.calibration]\nwidth_px = 160\nheight_px = 120\npoints_px" in done.stdout
    assert "view" not in done.stdout.partition("[camera.calibration]")[2]


def test_somebody_who_names_no_camera_is_told() -> None:
    with pytest.raises(SourceError, match="--auto watches people walk by: name the footage or the camera to watch"):
        CliRunner().invoke(app, ["calibrate", "--auto"], catch_exceptions=False)


POINTS = ("20,110=0,0", "140,110=4,0", "110,40=4,9", "50,40=0,9")


def _film(path: Path) -> Path:
    import av

    with av.open(path, "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(20):
            picture = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 90, np.uint8), format="rgb24")
            film.mux(stream.encode(picture))
        film.mux(stream.encode())
    return path


def test_what_people_told_is_printed_and_goes_into_the_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    view = {"focal_px": 900.0, "tilt_deg": 30.0, "roll_deg": 1.0, "height_m": 6.0, "k1": 0.0, "scale_error": 0.028}
    told = {"seconds": 83.2, "mean_height_m": 1.7, "scale_error": 0.028, "confidence": "good"}
    monkeypatch.setattr(auto, "watch", lambda place, *, minutes, mean_height_m: auto.Watched((1280, 720), view, told))
    length = VIEW.to_image(np.array([[-2.0, 10.0], [2.0, 10.0]]))[0]
    option = "{:.2f},{:.2f}:{:.2f},{:.2f}=4".format(*length.ravel())
    done = CliRunner().invoke(app, ["calibrate", "street.mp4", "--auto", "--length", option], catch_exceptions=False)
    assert (
        "83 s of people walking by tell lengths to 2.8 per cent, if their mean height is 1.7 m; confidence: good" in done.stdout
    )
    assert "the camera hangs 6.00 m above the ground, looks down by 30.0 degrees, leans 1.0 degrees to its right" in done.stdout
    (camera,) = [tomllib.loads("[camera]\n" + done.stdout[done.stdout.index("[camera.calibration]") :])["camera"]]
    table = CalibrationTable.model_validate(camera["calibration"])
    assert table.view is not None
    assert table.view.model_dump() == view
    assert len(table.length) == 1


def test_people_watched_in_another_stream_than_the_sites_points_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        'name = "Central"\n[[camera]]\nname = "north"\naddress = "street.mp4"\n[camera.calibration]\nwidth_px = 640\n'
        "height_px = 360\npoints_px = [[20,110],[140,110],[110,40],[50,40]]\npoints_m = [[0,0],[4,0],[4,9],[0,9]]\n"
    )
    view = {"focal_px": 900.0, "tilt_deg": 30.0, "height_m": 6.0, "scale_error": 0.028}
    monkeypatch.setattr(auto, "watch", lambda place, *, minutes, mean_height_m: auto.Watched((1280, 720), view, {}))
    with pytest.raises(
        CalibrationError, match="made for pictures of 640x360 pixels, and the people were watched in pictures of"
    ):
        CliRunner().invoke(app, ["calibrate", "--site", str(site), "--camera", "north", "--auto"], catch_exceptions=False)
