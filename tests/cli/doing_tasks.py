"""What worker processes do in the tests of `Workers`: they tell of each camera, and die when its address says so."""

import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from throng.cli.workers import Task
from throng.data.detector_news import DetectorNews
from throng.data.plate_picture import COLLECTING, PlateNews, PlatePicture


@dataclass(frozen=True, slots=True)
class Told:
    """In the form of `throng.sensor.CameraState`, which would load the detector."""

    camera: str
    state: str
    reason: str


def do(task: Task, messages: "Connection[Any, Any]", threads: int) -> None:
    """Tell of every camera of each task: this process, and what it was given; and send the plates that are asked for."""
    while True:
        for camera in task.site.camera:
            password = task.passwords.get(camera.password_env or "", "")
            state = "failed" if camera.address.endswith("failing") else "live"
            messages.send(DetectorNews(camera.name, f"what looks at {camera.rate_hz:g} Hz"))
            messages.send(Told(camera.name, state, f"{os.getpid()} {camera.rate_hz:g} {password}"))
        for name, ask in task.plates.items():
            messages.send(PlateNews(name, COLLECTING))
            messages.send(PlatePicture(name, ask, str(os.getpid()).encode(), 8, 6, 0))
        if any(camera.address.endswith("dying") for camera in task.site.camera):
            os._exit(1)
        task = messages.recv()
