"""Whatever the bytes of a model file: a clear error or a detector; no crash, hang or flood of memory, no other file read."""

import io
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from tests.conftest import ROOT
from tests.detect import tiny
from tests.detect.fuzzing import mutations, outside

from throng.data.errors import ModelError
from throng.detect.models import add
from throng.detect.onnx import open_detector
from throng.detect.onnx_file import as_model_errors

PEOPLE = [(10.0, 6.0, 22.0, 40.0, 0.9)]


def _seed() -> int:
    seed = int(os.environ.get("THRONG_FUZZ_SEED", time.time_ns() % 1_000_000))
    print(f"THRONG_FUZZ_SEED={seed}")
    return seed


def _good(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    files = {
        f"{name.replace(' ', '_')}.onnx": case.save(folder / "good.onnx", PEOPLE).read_bytes()
        for name, case in tiny.CASES.items()
    }
    crowd = {"density": np.ones((1, 1, 12, 12), np.float32)}
    points = {"pred_points": np.ones((1, 9, 2), np.float32), "pred_logits": np.ones((1, 9, 2), np.float32)}
    files["density.onnx"] = tiny.save(folder / "good.onnx", crowd).read_bytes()
    files["points.onnx"] = tiny.save(folder / "good.onnx", points).read_bytes()
    return files


def _assert_all_harmless(contents: dict[str, bytes], folder: Path) -> None:
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    environment = {
        **os.environ,
        "THRONG_MODELS_FOLDER": str(folder / "installed"),
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.detect.fuzzing", str(folder)],
        env=environment, capture_output=True, text=True, timeout=1200, cwd=folder, check=False,
    )  # fmt: skip
    begun = done.stdout.split()
    assert done.returncode == 0, f"status {done.returncode}, last {begun[-1:]}:\n{done.stderr[-6000:]}"
    assert len(begun) == len(contents)


def test_broken_files_do_no_harm(tmp_path: Path) -> None:
    generator = np.random.default_rng(_seed())
    good = _good(tmp_path / "good")
    _assert_all_harmless(
        dict(mutations(good, generator, 300)) | {f"zz-{name}": good[name] for name in good}, tmp_path / "broken"
    )


@pytest.mark.slow
def test_very_many_broken_files_do_no_harm(tmp_path: Path) -> None:
    seed = _seed()
    for part in range(10):
        generator = np.random.default_rng([seed, part])
        _assert_all_harmless(dict(mutations(_good(tmp_path / f"good{part}"), generator, 600)), tmp_path / f"broken{part}")


@pytest.mark.realdata
def test_broken_files_of_a_real_model_do_no_harm(tmp_path: Path, shared_models: Path) -> None:
    generator = np.random.default_rng(_seed())
    good = {name: (shared_models / name).read_bytes() for name in ("FastestDet.onnx", "yolox_nano.onnx")}
    _assert_all_harmless(dict(mutations(good, generator, 40)), tmp_path / "broken")


def _archive() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("model.onnx", b"no model")
    return memory.getvalue()


def _greedy(path: Path, *, at_once: bool) -> bytes:
    """A model that wants 16 GB, when it is opened or when it first runs."""
    model = onnx.load(tiny.CASES["yolox"].save(path, PEOPLE))
    node = next(node for node in model.graph.node if list(node.output) == ["added"])
    node.input[1] = "vast_mean"
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1 << 22, 1 << 10], np.int64), "vastness"))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros((1, 1), np.float32), "nought"))
    place = next(place for place, other in enumerate(model.graph.node) if other is node)
    model.graph.node.insert(place, onnx.helper.make_node("ReduceMean", ["vast"], ["vast_mean"], keepdims=0))
    model.graph.node.insert(place, onnx.helper.make_node("Expand", ["much", "vastness"], ["vast"]))
    model.graph.node.insert(place, onnx.helper.make_node("Add", ["nought", "nought" if at_once else "mean"], ["much"]))
    return bytes(model.SerializeToString())


def _misspelt(path: Path) -> bytes:
    """A model in which a node computes something whose name is not UTF-8."""
    return tiny.CASES["yolox"].save(path, PEOPLE).read_bytes().replace(b"ReduceMean", b"Reduce\xff\xfean")


def test_files_that_never_were_models_do_no_harm(tmp_path: Path) -> None:
    generator = np.random.default_rng(_seed())
    contents = {f"random{n}.onnx": generator.bytes(n) for n in (1, 2, 10, 1000, 100_000)}
    contents |= {
        "empty.onnx": b"",
        "zip.onnx": _archive(),
        "zeros.onnx": bytes(100_000),
        # A field of 2^60 bytes; a nest of 10,000 messages.
        "huge_field.onnx": b"\x3a\x80\x80\x80\x80\x80\x80\x80\x80\x10",
        "nest.onnx": b"\x3a\x7f" * 10_000,
        "text.onnx": "männer".encode("utf-16"),
        "ort.onnx": b"\x20\x00\x00\x00ORTM" + generator.bytes(1000),
        "greedy_opened.onnx": _greedy(tmp_path / "good.onnx", at_once=True),
        "greedy_run.onnx": _greedy(tmp_path / "good.onnx", at_once=False),
        "misspelt.onnx": _misspelt(tmp_path / "good.onnx"),
        "json.onnx": b'{"irVersion": 9}',
    }
    _assert_all_harmless(contents, tmp_path / "files")


def test_inputs_too_large_to_hold_are_refused(tmp_path: Path) -> None:
    for side, words in ((8192, "takes pictures of 8192x8192"), (1 << 40, "takes pictures of")):
        path = tiny.save(
            tmp_path / "large.onnx",
            {"output0": np.zeros((1, 300, 6), np.float32)},
            inputs=(("images", [1, 3, side, side], TensorProto.FLOAT),),
        )
        with pytest.raises(ModelError, match=words):
            open_detector(path)


@pytest.mark.parametrize("location", ["{folder}/secret.bin", "../secret.bin", "secret.bin", "/dev/zero"])
@pytest.mark.parametrize("where", ["constant", "attribute", "inner graph"])
def test_weights_in_other_files_are_refused_and_never_read(
    tmp_path: Path, location: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for secret in (tmp_path / "secret.bin", folder / "secret.bin"):
        secret.write_bytes(np.full(189 * 85, 0.5, np.float32).tobytes())
    path = tiny.CASES["yolox"].save(folder / "leak.onnx", PEOPLE)
    model = onnx.load(path)
    known = next(tensor for tensor in model.graph.initializer if tensor.name == "output_known")
    outside(known, location.format(folder=tmp_path))
    if where != "constant":
        node = onnx.helper.make_node("Constant", [], ["output_known"], value=known)
        model.graph.initializer.remove(known)
        if where == "inner graph":
            branch = onnx.helper.make_graph([node], "branch", [], [onnx.helper.make_empty_tensor_value_info("output_known")])
            node = onnx.helper.make_node("If", ["yes"], ["output_known"], then_branch=branch, else_branch=branch)
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(True), "yes"))
        model.graph.node.insert(0, node)
    path.write_bytes(model.SerializeToString())
    monkeypatch.chdir(folder)
    for opened in (open_detector, add):
        with pytest.raises(ModelError, match=r"leak\.onnx keeps its weights in another file: export it as one file"):
            opened(path)


def test_a_model_that_names_a_location_and_refers_to_no_file_is_opened(tmp_path: Path) -> None:
    path = tiny.save(tmp_path / "named.onnx", tiny.yolov10(PEOPLE), inputs=(("location", [1, 3, 96, 96], TensorProto.FLOAT),))
    assert open_detector(path).name == "yolov10 (named)"


def test_what_libraries_raise_beside_their_own_errors_is_said_plainly() -> None:
    for raised, words in ((MemoryError(), "more memory than there is"), (ModelError("a\nb" + "c" * 9999), r"^a bc+\.\.\.$")):
        with pytest.raises(ModelError, match=words), as_model_errors("tiny.onnx"):
            raise raised
