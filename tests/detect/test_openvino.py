"""OpenVINO: the same answers as ONNX Runtime, the precision that was asked for, and no report to its makers."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect import openvino as room
from throng.detect.onnx import OnnxDetector
from throng.detect.onnx_runtime import OnnxRuntime
from throng.detect.openvino import OpenVino, best_precision


class StubCore:
    def __init__(self, formats: list[str]) -> None:
        self.formats = formats

    def get_property(self, device: str, name: str) -> list[str]:
        return self.formats


@pytest.mark.parametrize(
    ("formats", "fast"),
    [
        (["BF16", "FP32", "INT8"], "bf16"),
        (["FP32", "FP16"], "f16"),
        (["FP16", "BF16"], "bf16"),
        (["FP32", "INT8"], "f32"),
        ([], "f32"),
    ],
)
def test_a_shorter_format_is_asked_for_only_where_that_is_wanted(formats: list[str], fast: str) -> None:
    assert best_precision(StubCore(formats), "CPU", "full") == "f32"
    assert best_precision(StubCore(formats), "CPU", "fast") == fast


def test_where_it_is_absent_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, yolox_model: Any) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match=r'OpenVINO does not load .*: pip install "throng\[openvino\]"'):
        OpenVino(yolox_model([]))
    assert "openvino.tools.ovc" not in sys.modules


def test_a_missing_file_is_told_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(room, "load", lambda: pytest.fail("loaded"))
    with pytest.raises(ModelError, match="there is no model file"):
        OpenVino(tmp_path / "missing.onnx")


@pytest.fixture
def installed() -> Any:
    """OpenVINO itself."""
    # Not importorskip, whose import would report to OpenVINO's makers.
    if not room.is_installed():
        pytest.skip('needs OpenVINO: pip install "throng[openvino]"')
    return room.load()


def test_it_is_loaded_without_the_part_that_reports(installed: Any) -> None:
    loading = "import sys; from throng.detect.openvino import load; load().Core(); "
    code = loading + "print([name for name in sys.modules if 'telemetry' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("any_size", [False, True])
def test_it_gives_what_onnx_runtime_gives(installed: Any, yolox_model: Any, any_size: bool) -> None:
    path = yolox_model([(20, 12, 8, 20, 0.9), (52, 12, 10, 20, 0.6)])
    one, other = OnnxRuntime(path, any_size=any_size), OpenVino(path, any_size=any_size)
    assert other.described == "OpenVINO, CPU, float32"
    assert str(other.signature) == str(one.signature)
    picture = np.random.default_rng(1).uniform(0, 255, (1, 3, 64, 64)).astype(np.float32)
    for _ in range(30):
        # So often that a model of this shape alone takes over from the one for any size.
        (expected,), (got,) = one.run({"images": picture}), other.run({"images": picture})
        np.testing.assert_allclose(got, expected, atol=1e-5)
    kept = got.copy()
    other.run({"images": picture * 0})
    np.testing.assert_array_equal(got, kept, err_msg="an answer changed after the next call")


@pytest.mark.parametrize("precision", ["full", "fast"])
def test_it_says_what_it_computes_in(installed: Any, yolox_model: Any, precision: Any) -> None:
    able = installed.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    expected = "bfloat16" if precision == "fast" and "BF16" in able else "float32"
    if precision == "fast" and "FP16" in able and "BF16" not in able:
        expected = "float16"
    assert OpenVino(yolox_model([]), precision=precision).described == f"OpenVINO, CPU, {expected}"


def test_several_threads_may_call_it(installed: Any, yolox_model: Any) -> None:
    engine = OpenVino(yolox_model([(20, 12, 8, 20, 0.9)]))
    picture = np.zeros((1, 3, 64, 64), np.float32)
    (expected,) = engine.run({"images": picture})
    wrong: list[bool] = []

    def call() -> None:
        for _ in range(50):
            wrong.append(not np.array_equal(engine.run({"images": picture})[0], expected))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == 200
    assert not any(wrong)


def test_a_file_that_is_no_model_and_a_wrong_picture_are_told_in_a_line(
    installed: Any, yolox_model: Any, tmp_path: Path
) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("not a model")
    with pytest.raises(ModelError, match=r"^text\.onnx is not an ONNX model that can be run with OpenVINO: .+") as refused:
        OpenVino(text)
    assert "\n" not in str(refused.value)
    with pytest.raises(ModelError, match=r'the model "tiny" \(.*tiny\.onnx\) failed on a picture: '):
        OpenVino(yolox_model([])).run({"images": np.zeros((1, 3, 32, 64), np.float32)})


@pytest.mark.realdata
# The second has six outputs, whose order matters.
@pytest.mark.parametrize("name", ["yolox_nano", "nanodet_m_320"])
def test_a_real_model_finds_the_same_people(installed: Any, shared_models: Path, shared_data: Path, name: str) -> None:
    from throng.capture.source import open_source

    path = shared_models / f"{name}.onnx"
    with open_source(str(shared_data / "video" / "towncentre" / "TownCentre_f0-125_1080p25.mp4"), camera="street") as source:
        frame = next(iter(source))
    assert isinstance(frame, Frame)
    one = OnnxDetector(lambda any_size: OnnxRuntime(path, any_size=any_size), name="one").detect(frame)
    other = OnnxDetector(lambda any_size: OpenVino(path, any_size=any_size), name="other").detect(frame)
    assert len(one) > 0
    np.testing.assert_allclose(other.boxes_px, one.boxes_px, atol=0.1)
    np.testing.assert_allclose(other.scores, one.scores, atol=1e-3)
