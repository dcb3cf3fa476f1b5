"""Eight cameras on a detector that is too slow for them, in one sensor process; one camera's detector breaks at first.

python crowded_sensor.py FOLDER SECONDS

Prints as JSON how often each camera was looked at, and what was said of each.
"""

import json
import multiprocessing
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np

import throng.pipeline
import throng.sensor
from throng.data.camera_state import CameraState
from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.detect.detector import Detector
from throng.sensor import run_sensor
from throng.site.read import read_site

LOOK_S = 0.1
looks: Counter[str] = Counter()


class Slow:
    """Takes its time, and finds nobody."""

    name = "slow"

    def detect(self, frame: Frame) -> Detections:
        """Nobody, after a while."""
        looks[frame.camera] += 1
        if frame.camera == "broken" and looks["broken"] == 3:
            raise ZeroDivisionError(f"{1000 + 234} people")
        time.sleep(LOOK_S)
        return Detections(np.empty((0, 4)), np.empty(0), frame.time_s)


def main() -> None:
    """Run the sensor of FOLDER/site.toml for a while."""

    def slow_detector(choice: str, **settings: object) -> Detector:
        return Slow()

    throng.pipeline.__dict__["choose_detector"] = slow_detector
    throng.sensor.__dict__["FIRST_PAUSE_S"] = 1.0
    site = read_site(Path(sys.argv[1]) / "site.toml")
    receiving, sending = multiprocessing.Pipe(duplex=False)
    threading.Thread(target=run_for, args=(float(sys.argv[2]), receiving), daemon=True).start()
    run_sensor(site, site.camera, sending)


def run_for(seconds: float, receiving: "multiprocessing.connection.Connection[object, object]") -> None:
    """Collect what is said for so long, then print it and end the process."""
    said: dict[str, list[str]] = {}
    until = time.monotonic() + seconds
    while (left_s := until - time.monotonic()) > 0:
        if receiving.poll(left_s):
            message = receiving.recv()
            if isinstance(message, CameraState):
                said.setdefault(message.camera, []).append(f"{message.state} {message.reason}".strip())
    print(json.dumps({"looks": looks, "said": said}), flush=True)
    # The sensor itself never ends.
    import os

    os._exit(0)


if __name__ == "__main__":
    main()
