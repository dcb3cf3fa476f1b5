"""A real site on marked footage: its people, tracks, exact counts and noise are easy to recognise, and known to the test alone.

python marked_site.py SECRETS [leak], in a folder with a site.toml.

What must not be written goes to files in SECRETS, one for each process. With "leak" it goes everywhere else too. A file "clock"
in SECRETS sets the sensor's clock to the Unix time in it.
"""

import itertools
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import throng.capture.live
import throng.pipeline
import throng.sensor
import throng.track.tracker
from throng.cli.run import serve_site
from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.data.measurement import Measurement
from throng.detect.detector import Detector
from throng.privacy.sampler import DiscreteGaussian
from throng.privacy.wall import Wall
from throng.site.read import read_site

LEFT, TOP = 41.123456789, 17.987654321
FIRST_ID = 0x5A17_C0DE_5A17_0000
IN, OUT, ENTRIES, EXITS = 11_953, 10_303, 11_483, 10_093
"""How many of a crowd come in and go out over the line, and enter and leave the zone, in a tick."""
BREAKS_AT = 20
SECRETS, LEAKS = Path(sys.argv[1]), "leak" in sys.argv
_draw = DiscreteGaussian.draw
_ids = itertools.count(FIRST_ID)


def tell(**secrets: object) -> None:
    """Let the test know what to look for."""
    with (SECRETS / f"{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps(secrets) + "\n")


def spill(name: str, content: bytes) -> None:
    """Leave a temporary file behind, if anything is to leak."""
    if LEAKS:
        (Path(os.environ["TMPDIR"]) / name).write_bytes(content)


class Marked:
    """Sees one person walk down, and breaks once."""

    name = "marked"
    looks = 0

    def detect(self, frame: Frame) -> Detections:
        """One marked box."""
        Marked.looks += 1
        if Marked.looks == BREAKS_AT and not (SECRETS / "broken").exists():
            (SECRETS / "broken").touch()
            raise ZeroDivisionError(f"{IN} people, the first of them {FIRST_ID} at {LEFT}")
        top = TOP + 8 * (frame.index % 24)
        boxes = np.array([[LEFT, top, LEFT + 20, top + 40]])
        spill("seen", boxes.tobytes() + frame.image_bgr.tobytes() + frame.luma.tobytes())
        return Detections(boxes, np.array([0.9]), frame.time_s)


class MarkedWall(Wall):
    """Lets a crowd through in every tick, and tells the test the exact counts."""

    crowded_s = -1

    def observe(self, measurement: Measurement) -> None:
        """What was seen and, once in a tick, the crowd."""
        super().observe(measurement)
        if self.crowded_s != int(measurement.time_s):
            self.crowded_s = int(measurement.time_s)
            super().observe(crowd(measurement.time_s))

    def _noise(self, tick: int, *, ends_hour: bool) -> Any:
        people = (self._pending[:4] // 256).tolist()
        tell(epoch=self._epoch, tick=tick, people=people)
        spill("counted", self._pending.tobytes())
        if LEAKS:
            print(f"counted {people}, {FIRST_ID}", file=sys.stderr, flush=True)
            Path("data/ledger/leak").write_text(f"of {people[0]} people")
        return super()._noise(tick, ends_hour=ends_hour)


def crowd(time_s: float) -> Measurement:
    """The events of a crowd."""
    ids = marked_ids(IN + OUT)
    coming = ids[:ENTRIES]
    passages, counters = np.concatenate([ids, coming]), np.repeat([0, 1, 2], [IN, OUT, ENTRIES])
    return Measurement(passages, counters, np.ones(len(passages)), coming[:EXITS], np.array([ENTRIES, 0]), time_s)


def marked_ids(n: int) -> NDArray[np.uint64]:
    """The next ids of tracks."""
    return np.fromiter(itertools.islice(_ids, n), np.uint64)


def marked_detector(choice: str, **settings: object) -> Detector:
    """In place of any other."""
    return Marked()


def told_draw(self: DiscreteGaussian, n: int) -> NDArray[np.int64]:
    """Noise that the test knows; none, if anything is to leak."""
    drawn = _draw(self, n)
    tell(noise=drawn.tolist())
    return np.zeros_like(drawn) if LEAKS else drawn


def tell_all(fault: threading.ExceptHookArgs) -> None:
    """Print what a fault says."""
    print(fault.exc_value, file=sys.stderr, flush=True)


def mark() -> None:
    """Put the marks into the sensor of this process."""
    clock = SECRETS / "clock"
    back_s = time.time() - float(clock.read_text()) if clock.exists() else 0.0
    throng.capture.live.__dict__["time"] = SimpleNamespace(time=lambda: time.time() - back_s, monotonic=time.monotonic)
    throng.track.tracker.__dict__["_random_ids"] = marked_ids
    throng.pipeline.__dict__["choose_detector"] = marked_detector
    throng.sensor.__dict__.update(Wall=MarkedWall, FIRST_PAUSE_S=0.5)
    setattr(DiscreteGaussian, "draw", told_draw)  # noqa: B010
    if LEAKS:
        throng.sensor.__dict__.update(_tell_where=tell_all, hide_from_dumps=lambda: None)


def main() -> None:
    """Run the site as `throng run` does, with core dumps allowed and temporary files where the test sees them."""
    allowed = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (allowed, allowed))
    temporary = Path("tmp").resolve()
    temporary.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(temporary)
    serve_site(read_site(Path("site.toml")))


if __name__ == "__main__":
    main()
else:
    mark()
