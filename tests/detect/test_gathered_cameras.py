"""Cameras in threads of one process count the same whether the model looks at them together or in turns."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest
from tests.detect.seer import SIDE, put_on_card, seer
from tests.detect.tiny import CASES

from throng.data.detections import Detections
from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.data.measurement import Measurement
from throng.data.place import Line, Zone
from throng.detect.attention import Attention
from throng.detect.onnx import open_detector
from throng.detect.tiles import Grid, Tiles
from throng.detect.turns import Turns
from throng.pipeline import Pipeline, Plan


def _scene(seed: int) -> Frame:
    picture = np.random.default_rng(seed).integers(0, 40, (SIDE, SIDE, 3), np.uint8)
    x, y = np.random.default_rng(seed).integers(0, SIDE - 8, 2)
    picture[y : y + 8, x : x + 8] = 255
    return Frame(picture, 0.0, 0, "north")


@pytest.mark.parametrize("case", ["seer", "yolox", "nanodet", "picodet finished", "rt-detr", "yolov10"])
def test_many_threads_find_together_what_each_finds_alone(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny.onnx"
    if case == "seer":
        seer(path)
    else:
        CASES[case].save(path, [(10.0, 10.0, 34.0, 50.0, 0.7)], gain=0.002)
    alone = open_detector(path)
    expected = [alone.detect(_scene(seed)) for seed in range(64)]
    card, calls = put_on_card(path, monkeypatch)
    detectors = [open_detector(card) for _ in range(8)]
    assert [each.gathers for each in detectors] == [case != "picodet finished"] * 8
    found: dict[int, Detections] = {}

    def look(number: int) -> None:
        for seed in range(number, 64, 8):
            found[seed] = detectors[number].detect(_scene(seed))

    calls.clear()
    _all(look)
    assert (max(calls) > 1) == (case != "picodet finished")
    assert len({tuple(each.boxes_px.ravel()) + tuple(each.scores) for each in expected}) > 10
    for seed, each in enumerate(expected):
        np.testing.assert_allclose(found[seed].boxes_px, each.boxes_px, atol=1e-3)
        np.testing.assert_allclose(found[seed].scores, each.scores, atol=1e-5)


def _all(work: Callable[[int], None], *, count: int = 8) -> None:
    """Do something in many threads at once; a failure in one is the test's."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except (AssertionError, ModelError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("on_card", [False, True])
def test_cameras_take_turns_at_a_processor_and_not_at_a_card(
    tiled: bool, on_card: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = seer(tmp_path / "seer.onnx")
    model = open_detector(put_on_card(path, monkeypatch)[0] if on_card else path)
    held: list[bool] = []

    class Watched(Turns):
        def __enter__(self) -> None:
            held.append(True)
            super().__enter__()

    found = Attention(Tiles(model, Grid(2, 1)) if tiled else model, turns=Watched()).detect(_scene(1))
    assert len(found) > 0
    assert held == ([] if on_card else [True])


@dataclass
class Counted:
    """What a camera's pipeline gave: for each frame who entered and left where, and how many there were."""

    counters: list[list[int]] = field(default_factory=list)
    occupancy: list[list[int]] = field(default_factory=list)


def _counted(path: Path, cameras: Sequence[Sequence[Frame]], size_px: tuple[int, int]) -> list[Counted]:
    """The cameras of a worker process, all at once, as `throng run` has them."""
    width, height = size_px
    lines = (Line("middle", np.array([[width / 2, 0.0], [width / 2, height]])),)
    zones = (Zone("left", np.array([[0.0, 0.0], [width / 2, 0.0], [width / 2, height], [0.0, height]])),)
    turns, found = Turns(), [Counted() for _ in cameras]

    def work(number: int) -> None:
        pipeline = Pipeline(Plan(lines=lines, zones=zones, detector=str(path)), turns=turns)
        for item in pipeline.run(cameras[number]):
            assert isinstance(item, Measurement)
            found[number].counters.append(item.counters.tolist())
            found[number].occupancy.append(item.occupancy.tolist())

    _all(work, count=len(cameras))
    return found


def _walk(camera: int) -> list[Frame]:
    """Somebody bright walks through a dark hall, each camera's at another height and pace, half of them backwards."""
    frames = []
    for number in range(40):
        picture = np.full((128, 192, 3), 10, np.uint8)
        x = 8 + round((2.5 + 0.25 * camera) * number)
        x = 176 - x if camera % 2 else x
        picture[40 + 4 * camera :, max(0, x) : x + 12][:12] = 255
        frames.append(Frame(picture, number / 5, number, f"camera {camera}"))
    return frames


def _compare(path: Path, cameras: Sequence[Sequence[Frame]], monkeypatch: pytest.MonkeyPatch) -> list[Counted]:
    """What cameras count in turns, which is what they count gathered; at least one call in that was for several."""
    size_px = cameras[0][0].size_px
    in_turns = _counted(path, cameras, size_px)
    card, calls = put_on_card(path, monkeypatch)
    assert open_detector(card).gathers
    calls.clear()
    assert _counted(card, cameras, size_px) == in_turns
    assert 1 < max(calls) <= 16
    return in_turns


def test_eight_cameras_count_gathered_what_they_count_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _compare(seer(tmp_path / "seer.onnx"), [_walk(camera) for camera in range(8)], monkeypatch)
    # Counters: the line's two directions, then the zone's entries and exits.
    crossings = [[counter for counters in each.counters for counter in counters if counter < 2] for each in found]
    assert crossings == [[1], [0]] * 4


@pytest.mark.realdata
def test_eight_simulated_cameras_count_the_same_with_a_real_model(
    shared_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from throng.capture.source import open_source

    with open_source("simulate:concourse-50/hall", camera="hall", max_rate_hz=5.0) as source:
        frames = [frame for frame in islice(source, 8 * 9) if isinstance(frame, Frame)]
    # Eight cameras: one after the other nine pictures of the hall.
    cameras = [frames[9 * camera : 9 * camera + 9] for camera in range(8)]
    path = Path(copyfile(shared_models / "yolox_nano.onnx", tmp_path / "yolox_nano.onnx"))
    found = _compare(path, cameras, monkeypatch)
    assert sum(np.sum(each.occupancy) for each in found) > 0
