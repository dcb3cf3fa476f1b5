"""`throng models`: what it says of what it did."""

from pathlib import Path

import numpy as np
import pytest
from tests.detect import tiny
from typer.testing import CliRunner

from throng.cli.app import app
from throng.data.errors import ModelError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THRONG_MODELS_FOLDER", str(tmp_path / "a folder of models"))


def models(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["models", *arguments])
    if done.exception is not None:
        raise done.exception
    return done.output


def test_a_crowd_counter_is_told_apart_from_what_auto_takes(tmp_path: Path) -> None:
    crowd = tiny.save(tmp_path / "a_very_long_name_of_a_crowd[er].onnx", {"density": np.zeros((1, 1, 12, 12), np.float32)})
    person = tiny.CASES["yolox"].save(tmp_path / "person.onnx", [])
    assert models("add", str(person)) == 'added "person", a person detector of the yolox family; auto takes it from now on\n'
    told = models("add", str(crowd))
    assert told == (
        f'added "{crowd.stem}", a crowd counter of the density family; '
        f"use it with `throng count --zone ... --detector {crowd.stem}`\n"
    )
    rows = {cells[1].strip(): cells[4].strip() for line in models("list").splitlines() if len(cells := line.split("│")) > 4}
    assert rows[crowd.stem] == "installed, counts crowds"
    assert rows["person"] == "installed, taken by auto"
    assert rows["yolox_nano"] == "throng models pull yolox_nano (Apache-2.0)"


def test_a_model_is_replaced_when_asked_to_and_removed(tmp_path: Path) -> None:
    person = tiny.CASES["yolox"].save(tmp_path / "person.onnx", [])
    models("add", str(person))
    tiny.CASES["nanodet"].save(person, [])
    with pytest.raises(ModelError, match="--replace"):
        models("add", str(person))
    assert "nanodet family" in models("add", str(person), "--replace")
    assert models("remove", "person") == 'removed "person"\n'
    assert "person" not in models("list")


def test_what_is_no_model_is_refused_without_the_words_of_the_library(tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("this is no model")
    with pytest.raises(ModelError) as refused:
        models("add", str(text))
    assert str(refused.value) == "text.onnx is not an ONNX model that can be run: it is damaged, or of another format"
