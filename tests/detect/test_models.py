"""Installing models: recognised, checked, never silently downloaded."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.detect import tiny

from throng.data.errors import ModelError
from throng.detect.models import PublishedModel, add, installed, pull, remove


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "models"
    monkeypatch.setenv("THRONG_MODELS_FOLDER", str(path))
    return path


@pytest.fixture
def page(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server on loopback in place of a release page: its address, and the folder it serves."""
    root = tmp_path / "page"
    root.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(root))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", root
        server.shutdown()


def test_an_added_model_is_listed_last_first(yolox_model, folder: Path) -> None:  # type: ignore[no-untyped-def]
    assert installed() == []
    first = add(yolox_model([], "one.onnx"))
    assert (first.name, first.family) == ("one", "yolox")
    assert first.path == folder / "one.onnx"
    second = add(yolox_model([(20, 20, 8, 16, 0.9)], "two.onnx"))
    assert {model.name for model in installed()} == {"one", "two"}
    assert second.sha256 == hashlib.sha256(second.path.read_bytes()).hexdigest()


def test_what_is_no_detector_is_not_added(tmp_path: Path, folder: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\x00" * 100)
    with pytest.raises(ModelError):
        add(bad)
    assert installed() == []
    assert not list(folder.glob("*")) if folder.exists() else True


def test_what_fails_on_a_picture_is_not_added(tmp_path: Path, folder: Path) -> None:
    fails = tiny.save_failing(tmp_path / "fails.onnx")
    with pytest.raises(ModelError, match=r"^fails\.onnx was not added: on a blank picture of 96x96 pixels.*; export it anew$"):
        add(fails)
    # A point more than there are logits.
    odd = {"pred_points": np.zeros((1, 5, 2), np.float32), "pred_logits": np.zeros((1, 4, 2), np.float32)}
    with pytest.raises(ModelError, match=r"its family \(points\) does"):
        add(tiny.save(tmp_path / "crowd.onnx", odd))
    assert installed() == []


def test_another_model_is_not_given_up_unasked(yolox_model, folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    first, other = yolox_model([], "one.onnx"), tmp_path / "other"
    other.mkdir()
    second = yolox_model([(20, 20, 8, 16, 0.9)], "other/one.onnx")
    kept = add(first)
    # The same once more gives up nothing.
    assert add(first) == kept
    with pytest.raises(ModelError, match='another model is installed as "one": give --replace'):
        add(second)
    with pytest.raises(ModelError, match="give --replace"):
        pull("one", catalogue={"one": PublishedModel("http://127.0.0.1:9/x.onnx", "0" * 64, "MIT")})
    assert kept.path.read_bytes() == first.read_bytes()
    assert add(second, replace=True).path.read_bytes() == second.read_bytes()
    assert [model.name for model in installed()] == ["one"]


@pytest.mark.parametrize("name", ["auto", "foreground"])
def test_a_model_is_not_called_what_means_something_else(yolox_model, name: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=f'cannot be called "{name}"'):
        add(yolox_model([], f"{name}.onnx"), replace=True)


def test_a_removed_model_is_gone_and_nothing_else(yolox_model, folder: Path) -> None:  # type: ignore[no-untyped-def]
    add(yolox_model([], "one.onnx"))
    add(yolox_model([], "two.onnx"))
    remove("one")
    assert sorted(path.name for path in folder.iterdir()) == ["two.json", "two.onnx"]
    (folder.parent / "beside.json").write_text("{}")
    for name in ("one", "../beside", ""):
        with pytest.raises(ModelError, match=f'no model "{name}" to remove: installed are two'):
            remove(name)
    assert (folder.parent / "beside.json").exists()


def test_a_damaged_note_says_what_to_do(yolox_model, folder: Path) -> None:  # type: ignore[no-untyped-def]
    add(yolox_model([], "one.onnx"))
    (folder / "one.json").write_text("{")
    with pytest.raises(ModelError, match="`throng models remove one` and add the model again"):
        installed()
    remove("one")
    assert installed() == []


def test_a_pulled_model_is_checked(yolox_model, page: tuple[str, Path]) -> None:  # type: ignore[no-untyped-def]
    address, root = page
    data = yolox_model([]).read_bytes()
    (root / "net.onnx").write_bytes(data)
    good = PublishedModel(f"{address}/net.onnx", hashlib.sha256(data).hexdigest(), "Apache-2.0")
    told: list[int] = []
    model = pull("net", progress=lambda done, total: told.append(done), catalogue={"net": good})
    assert model.path.read_bytes() == data
    assert told[-1] == len(data)
    bad = PublishedModel(good.url, "0" * 64, "Apache-2.0")
    with pytest.raises(ModelError, match="not the expected file"):
        pull("other", catalogue={"other": bad})
    assert {found.name for found in installed()} == {"net"}


def test_a_page_that_does_not_answer_is_said(page: tuple[str, Path]) -> None:
    address, _ = page
    with pytest.raises(ModelError, match="File not found"):
        pull("gone", catalogue={"gone": PublishedModel(f"{address}/gone.onnx", "0" * 64, "MIT")})
    with pytest.raises(ModelError, match="could not be fetched"):
        pull("gone", catalogue={"gone": PublishedModel("http://127.0.0.1:9/x.onnx", "0" * 64, "MIT")})
    with pytest.raises(ModelError, match='no model "yolo_huge" to pull: known are yolox_nano'):
        pull("yolo_huge")
