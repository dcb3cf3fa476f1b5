"""`throng run`, seen from outside: whenever a camera's frame has been measured, its worker process appends that to a file.

    LOOKS=FOLDER python -m bench.seeing_throng SITE.toml

The file named after the camera has a line `due done` for each frame, both the moment after the measurement, in seconds of the
monotonic clock. Nothing else of the product is touched: the worker processes import this module before they do anything.
"""

import os
import sys
import time
from pathlib import Path
from typing import TextIO

FOLDER = "LOOKS"


def watch(folder: Path) -> None:
    """Wrap the method that measures a frame."""
    from throng.data.frame import Frame  # noqa: PLC0415
    from throng.data.measurement import Measurement  # noqa: PLC0415
    from throng.pipeline import Pipeline  # noqa: PLC0415

    measure = Pipeline.measure
    logs: dict[str, TextIO] = {}

    def watched(self: Pipeline, frame: Frame) -> Measurement:
        measurement = measure(self, frame)
        if frame.camera not in logs:
            logs[frame.camera] = (folder / f"{frame.camera}.log").open("a", encoding="ascii", buffering=1)
        now_s = time.monotonic()
        logs[frame.camera].write(f"{now_s} {now_s}\n")
        return measurement

    Pipeline.measure = watched  # type: ignore[method-assign]


if __name__ == "__mp_main__":
    watch(Path(os.environ[FOLDER]))

if __name__ == "__main__":
    from throng.cli.app import main

    sys.argv = ["throng", "run", sys.argv[1], "--port", "0"]
    main()
