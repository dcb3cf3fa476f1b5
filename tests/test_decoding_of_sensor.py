"""A camera whose pictures are to be decoded on a card says so where they are not, and counts."""

import multiprocessing
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from throng.capture import card
from throng.capture.card import NONE_OPENS
from throng.cli.worker import _Crew
from throng.cli.workers import Task
from throng.data.camera_state import CameraState
from throng.data.release import Release
from throng.site.model import Site


def test_a_camera_without_its_card_is_live_and_says_once_who_decodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "hwdevices_available", list)
    with av.open(tmp_path / "film.avi", "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        noise = np.random.default_rng(8)
        for _ in range(20):
            picture = noise.integers(60, 200, (12, 16, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        film.mux(stream.encode())
    door = {"name": "door", "from": [0, 60], "to": [160, 60]}
    north = {"name": "north", "address": "film.avi", "loop": True, "detector": "foreground", "decoding": "card", "line": [door]}
    site = Site.model_validate({"name": "site", "tick_s": 1, "camera": [north]}, context={"folder": tmp_path})
    ours, theirs = multiprocessing.Pipe()
    crew, got, until = _Crew(theirs, 1), list[Any](), time.monotonic() + 60
    crew.take(Task(site))
    while sum(isinstance(one, Release) for one in got) < 4:
        assert time.monotonic() < until, got
        crew.look_after()
        while ours.poll(0.1):
            got.append(ours.recv())
    crew.take(Task(site.model_copy(update={"camera": ()})))
    live = [one.reason for one in got if isinstance(one, CameraState) and one.state == "live"]
    assert live == [NONE_OPENS]
