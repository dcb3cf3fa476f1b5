"""What the models at hand find on real clips is what they found before; `python -m tests.detect.golden` writes that anew.

Another processor adds a network's numbers up in another order. With ONNX Runtime's optimisations off, and with two threads,
scores moved by 0.000003 at most, and without OpenCV's faster paths not at all. With one in a hundred pixels of each resized
picture a grey level up or down, as another rounding might give, they moved by 0.005; only where the other of two overlapping
boxes was kept was it 0.1 in one picture, which its sum bears.
"""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from tests.detect.golden import CLIPS, GOLDEN, MODELS, scores

from throng.data.frame import Frame

pytestmark = pytest.mark.realdata

TOLERANCE = 0.02
"""Of a score. Boxes that score so near to the limit may count or not."""
ROUNDED = 0.05
"""What a stored sum lacks or has too much."""


@lru_cache
def _frames(clip: str, data: Path) -> list[Frame]:
    return list(CLIPS[clip].frames(data))


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("model", MODELS)
def test_a_model_finds_what_it_found_before(model: str, clip: str, shared_data: Path, shared_models: Path) -> None:
    kept = json.loads(GOLDEN.read_text())[f"{clip} {model}"]
    found = scores(model, _frames(clip, shared_data), shared_models)
    assert len(found) == len(kept)
    for number, (now, (count, total)) in enumerate(zip(found, kept, strict=True)):
        surely, perhaps = np.sum(now >= MODELS[model] + TOLERANCE), np.sum(now >= MODELS[model] - TOLERANCE)
        assert surely <= count <= perhaps, f"picture {number}"
        # Those counted are the strongest: a count between takes of the doubtful ones what it needs.
        strongest = np.sort(now)[::-1][:count]
        assert total == pytest.approx(strongest.sum(), abs=ROUNDED + TOLERANCE * count), f"picture {number}"


def test_both_clips_have_pictures_with_people_and_one_without() -> None:
    kept = json.loads(GOLDEN.read_text())
    assert set(kept) == {f"{clip} {model}" for clip in CLIPS for model in MODELS}
    assert all(max(count for count, _ in rows) > 0 for rows in kept.values())
    assert min(count for count, _ in kept["corridor yolox_nano"]) == 0
