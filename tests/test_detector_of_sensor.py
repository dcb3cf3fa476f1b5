"""A camera says once what runs its model."""

import multiprocessing
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.detect import tiny

from throng.cli.worker import _Crew
from throng.cli.workers import Task
from throng.data.detector_news import DetectorNews
from throng.data.release import Release
from throng.site.model import Site


@pytest.mark.parametrize(("detector", "told"), [("person.onnx", ["yolox (person) runs on "]), ("foreground", [])])
def test_a_camera_says_once_what_runs_its_model(tmp_path: Path, detector: str, told: list[str]) -> None:
    tiny.CASES["yolox"].save(tmp_path / "person.onnx", [])
    with av.open(tmp_path / "film.avi", "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(20):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((120, 160, 3), 90, np.uint8), format="bgr24")))
        film.mux(stream.encode())
    door = {"name": "door", "from": [0, 60], "to": [160, 60]}
    chosen = str(tmp_path / detector) if detector.endswith(".onnx") else detector
    north = {"name": "north", "address": "film.avi", "loop": True, "detector": chosen, "line": [door]}
    site = Site.model_validate({"name": "site", "tick_s": 1, "camera": [north]}, context={"folder": tmp_path})
    ours, theirs = multiprocessing.Pipe()
    crew, got, until = _Crew(theirs, 1), list[Any](), time.monotonic() + 60
    crew.take(Task(site))
    while sum(isinstance(one, Release) for one in got) < 2:
        assert time.monotonic() < until, got
        crew.look_after()
        while ours.poll(0.1):
            got.append(ours.recv())
    crew.take(Task(site.model_copy(update={"camera": ()})))
    news = [one for one in got if isinstance(one, DetectorNews)]
    assert [one.camera for one in news] == ["north"] * len(told)
    assert [one.told.removesuffix("ONNX Runtime, CPU, float32") for one in news] == told
