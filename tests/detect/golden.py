"""What each model at hand finds on real clips, kept in `golden.json` and written anew by

    python -m tests.detect.golden

run at the root, after looking into why it changed. No box is kept: how many in a picture score above a limit, and the sum of
their scores.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.capture.source import open_source
from throng.data.frame import Frame
from throng.detect.onnx import open_detector

GOLDEN = Path(__file__).with_suffix(".json")
MODELS = {"yolox_nano": 0.4, "nanodet_m_320": 0.4, "FastestDet": 0.7}
"""From which score on boxes are counted: well above the score below which each family drops them."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Every so many-eth picture of a film, up to one."""

    file: str
    every: int
    until: int

    def frames(self, data: Path) -> Iterator[Frame]:
        with open_source(str(data / "video" / self.file), camera="golden") as source:
            for item in source:
                assert isinstance(item, Frame)
                if item.index > self.until:
                    return
                if item.index % self.every == 0:
                    yield item


CLIPS = {
    "street": Clip("towncentre/TownCentre_f0-125_1080p25.mp4", 15, 120),
    "corridor": Clip("intel_one_by_one/one-by-one-person-detection.mp4", 40, 600),
}


def scores(model: str, frames: list[Frame], models: Path) -> list[NDArray[np.float64]]:
    """The scores (n,) of what the model finds in each picture."""
    detector = open_detector(models / f"{model}.onnx")
    return [detector.detect(frame).scores for frame in frames]


def _written(data: Path, models: Path) -> str:
    lines = []
    for clip, each in CLIPS.items():
        frames = list(each.frames(data))
        for model, limit in MODELS.items():
            strong = [found[found >= limit] for found in scores(model, frames, models)]
            rows = [[len(found), round(float(found.sum()), 1)] for found in strong]
            lines.append(f"{json.dumps(f'{clip} {model}')}: {json.dumps(rows)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    shared = Path(__file__).resolve().parents[3] / "shared"
    folders = [Path(os.environ.get(f"THRONG_{name.upper()}", shared / name)) for name in ("data", "models")]
    GOLDEN.write_text(_written(*folders))
