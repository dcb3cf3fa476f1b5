"""What the documents show works as they show it."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from tests.conftest import ROOT

from throng.detect.onnx import FAMILIES


def test_the_example_of_the_tracker_runs(capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "tracking.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 2
    names: dict[str, object] = {}
    for example in examples:
        exec(example, names)
    # One person, followed and shown.
    assert capsys.readouterr().out.startswith("1 [[")
    # What supervision hands over: single precision, as arrays of a `Detections` of its own.
    found = SimpleNamespace(xyxy=np.array([[1, 2, 3, 4]], np.float32), confidence=np.array([0.5], np.float32))
    convert = names["detections_of"]
    assert callable(convert)
    assert len(convert(found, 1.0)) == 1


def test_the_example_of_the_measures_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "metres.md").read_text(encoding="utf-8"), re.DOTALL)
    exec(example, {})
    # Each has half the width and what the cut-off leaves up and down the corridor, some of it before the section.
    assert capsys.readouterr().out == "0.50 people/m2, 1.20 m/s\n"


def test_every_family_of_models_is_on_the_page() -> None:
    page = (ROOT / "docs" / "seeing.md").read_text(encoding="utf-8").lower()
    assert [family for family in FAMILIES if family not in page] == []
