"""Run under a system-call trace: a real sensor on marked footage, with marked boxes and track ids.

python traced_sensor.py FOLDER [leak]
"""

import multiprocessing
import sys
import threading
from pathlib import Path

import numpy as np

import throng.pipeline
import throng.track.tracker
from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.detect.detector import Detector
from throng.sensor import run_sensor
from throng.site.read import read_site

LEFT, TOP = 41.123456789, 17.987654321
FIRST_ID = 0x5A17_C0DE_5A17_0000


class Marked:
    """A detector that sees one person walk down, in boxes that are easy to recognise."""

    name = "marked"

    def __init__(self, leak: Path | None) -> None:
        self._leak = leak

    def detect(self, frame: Frame) -> Detections:
        """One marked box."""
        top = TOP + 8 * frame.index
        boxes = np.array([[LEFT, top, LEFT + 20, top + 40]])
        if self._leak is not None:
            self._leak.write_bytes(boxes.tobytes() + frame.image_bgr.tobytes() + frame.luma.tobytes() + str(FIRST_ID).encode())
        return Detections(boxes, np.array([0.9]), frame.time_s)


def main() -> None:
    """Run the sensor of FOLDER/site.toml to the end of its film."""
    folder = Path(sys.argv[1])
    leak = folder / "leak" if "leak" in sys.argv else None
    given = 0

    def marked_ids(n: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        nonlocal given
        ids = np.arange(FIRST_ID + given, FIRST_ID + given + n, dtype=np.uint64)
        given += n
        return ids

    def marked_detector(choice: str, **settings: object) -> Detector:
        return Marked(leak)

    throng.track.tracker._random_ids = marked_ids
    throng.pipeline.__dict__["choose_detector"] = marked_detector
    site = read_site(folder / "site.toml")
    receiving, sending = multiprocessing.Pipe(duplex=False)
    got: list[str] = []

    def receive() -> None:
        while True:
            try:
                got.append(type(receiving.recv()).__name__)
            except EOFError:
                return

    listener = threading.Thread(target=receive)
    listener.start()
    run_sensor(site, site.camera[:1], sending)
    sending.close()
    listener.join()
    print(f"{got.count('Release')} releases, {given} tracks", flush=True)


if __name__ == "__main__":
    main()
