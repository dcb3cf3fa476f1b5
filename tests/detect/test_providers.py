"""Who computes a model: the order, falling back, and what is said of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from throng.data.errors import ModelError
from throng.detect import openvino, providers
from throng.detect.engine import Array, Signature, Tensor
from throng.detect.onnx import open_detector
from throng.detect.onnx_runtime import OnnxRuntime
from throng.detect.providers import ORDER, PRECISIONS, Provider, open_engine
from throng.detect.providers import providers as found_providers


class StubEngine:
    """Runs, or fails at the first call."""

    def __init__(self, name: str, *, fails: bool = False, shape: tuple[int | None, ...] = (1, 3, 8, 8)) -> None:
        self.signature = Signature((Tensor("images", shape), Tensor("size", (1, 2), "int64")), ())
        self.described = f"{name}, float32"
        self.gains_by_batches = False
        self.fails = fails
        self.given: list[Mapping[str, Array]] = []

    def run(self, inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
        self.given.append(inputs)
        if self.fails:
            raise ModelError("the model failed on a picture: no memory on the card")
        return []


def stub(name: str, *, refuses: str = "", **more: Any) -> Provider:
    def open_it(path: Path, threads: int, any_size: bool) -> StubEngine:
        if refuses:
            raise ModelError(refuses)
        return StubEngine(name, **more)

    return Provider(name, "a stub", open_it)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what ONNX Runtime lists and whether OpenVINO is installed."""

    def set_to(*names: str, openvino_installed: bool = False) -> None:
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [f"{name}ExecutionProvider" for name in names])
        monkeypatch.setattr(openvino, "is_installed", lambda: openvino_installed)

    return set_to


@pytest.mark.parametrize("precision", PRECISIONS)
def test_those_that_are_here_are_asked_in_the_stated_order(listed: Any, precision: Any) -> None:
    # ONNX Runtime lists them in an order of its own, and some that are of no use here.
    listed("Azure", "CPU", "CoreML", "OpenVINO", "CUDA", "Tensorrt")
    assert [provider.name for provider in found_providers(precision)] == list(ORDER)
    listed("CPU", "CUDA")
    assert [provider.name for provider in found_providers(precision)] == ["CUDA", "CPU"]
    listed("Azure", "CPU")
    assert [provider.name for provider in found_providers(precision)] == ["CPU"]


def _pretend_openvino(monkeypatch: pytest.MonkeyPatch, devices: list[str], formats: list[str]) -> None:
    class Core:
        available_devices = devices

        def get_property(self, device: str, name: str) -> list[str]:
            assert name == "OPTIMIZATION_CAPABILITIES"
            return formats

    class Library:
        pass

    Library.Core = Core  # type: ignore[attr-defined]
    monkeypatch.setattr(openvino, "load", lambda: Library)


@pytest.mark.parametrize(
    ("devices", "formats", "full", "fast"),
    [
        # In float32 on a processor it is slower than ONNX Runtime on some models.
        (["CPU"], ["FP32", "INT8"], False, False),
        (["CPU"], ["BF16", "FP32"], False, True),
        (["CPU"], ["FP32", "FP16"], False, True),
        (["CPU", "GPU"], ["FP32", "FP16"], True, True),
        (["CPU", "GPU.0", "GPU.1"], ["FP32"], True, True),
    ],
)
def test_openvino_is_asked_where_it_gains(
    listed: Any, monkeypatch: pytest.MonkeyPatch, devices: list[str], formats: list[str], full: bool, fast: bool
) -> None:
    listed("CPU", "CoreML", openvino_installed=True)
    _pretend_openvino(monkeypatch, devices, formats)
    for precision, expected in (("full", full), ("fast", fast)):
        names = [(provider.name, provider.library) for provider in found_providers(precision)]  # type: ignore[arg-type]
        assert names == [("OpenVINO", "OpenVINO")] * expected + [("CoreML", "ONNX Runtime"), ("CPU", "ONNX Runtime")]


def test_an_openvino_that_does_not_load_is_not_asked(listed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise ModelError("OpenVINO does not load (libtbb.so.12 is missing)")

    listed("CPU", openvino_installed=True)
    monkeypatch.setattr(openvino, "load", broken)
    assert [provider.name for provider in found_providers("fast")] == ["CPU"]


def test_the_first_that_runs_is_taken_and_says_who_was_passed_over(tmp_path: Path) -> None:
    among = [
        stub("TensorRT", refuses="Tensorrt does not load: a library is missing"),
        stub("CUDA", fails=True),
        stub("CoreML"),
        stub("CPU"),
    ]
    engine = open_engine(tmp_path / "any.onnx", among=among)
    assert engine.described == (
        "CoreML, float32; TensorRT was passed over: Tensorrt does not load: a library is missing; "
        "CUDA was passed over: the model failed on a picture: no memory on the card"
    )
    assert open_engine(tmp_path / "any.onnx", among=among[2:]).described == "CoreML, float32"


def test_a_model_is_tried_once_on_a_blank_picture(tmp_path: Path) -> None:
    engines: list[StubEngine] = []

    def open_it(path: Path, threads: int, any_size: bool) -> StubEngine:
        engines.append(StubEngine("CUDA", shape=(None, 3, 8, 16)))
        return engines[-1]

    open_engine(tmp_path / "any.onnx", among=[Provider("CUDA", "a stub", open_it), stub("CPU")])
    (given,) = engines[0].given
    assert given["images"].shape == (1, 3, 8, 16)
    assert given["images"].dtype == np.float32
    assert given["size"].dtype == np.int64
    # What is not known beforehand is tried by whoever knows: a model of any size.
    open_engine(tmp_path / "any.onnx", any_size=True, among=[Provider("CUDA", "a stub", open_it), stub("CPU")])
    assert engines[1].given == []
    free = stub("CUDA", fails=True, shape=(1, 3, None, None))
    assert open_engine(tmp_path / "any.onnx", among=[free, stub("CPU")]).described == "CUDA, float32"


def test_a_model_that_nobody_runs_is_the_processors_error(tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("not a model")
    with pytest.raises(ModelError, match=r"^text\.onnx is not an ONNX model that can be run: "):
        open_engine(text, among=[stub("CUDA", refuses="no"), *found_providers()[-1:]])


def test_a_listed_provider_that_does_not_load_is_left_for_the_processor(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], yolox_model: Any
) -> None:
    """What ONNX Runtime does when a library of CUDA is missing: it lists the provider, and makes a session without it."""
    session = onnxruntime.InferenceSession

    def without_cuda(model: Any, options: Any, *, providers: list[Any], enable_fallback: int) -> Any:
        assert enable_fallback == 0
        return session(model, options, providers=providers[-1:])

    monkeypatch.setattr(onnxruntime, "InferenceSession", without_cuda)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    engine = open_engine(yolox_model([]))
    assert engine.described.startswith(
        "ONNX Runtime, CPU, float32; CUDA was passed over: CUDA does not load: ONNX Runtime lists"
    )
    # Nor is anything printed.
    assert capfd.readouterr() == ("", "")


def test_a_provider_is_asked_for_the_precision_that_it_is_said_to_have(
    monkeypatch: pytest.MonkeyPatch, yolox_model: Any
) -> None:
    asked: list[Any] = []

    class Session:
        def __init__(self, model: Any, options: Any, *, providers: list[Any], enable_fallback: int) -> None:
            asked.append(providers[0])

        def get_providers(self) -> list[str]:
            return [asked[-1][0]]

        def get_inputs(self) -> list[Any]:
            return []

        get_outputs = get_inputs

        def run(self, names: None, inputs: Any) -> list[Any]:
            return []

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    path = yolox_model([])
    assert open_engine(path).described == "ONNX Runtime, CUDA, float32"
    # CUDA multiplies in TF32 unless it is told not to.
    assert asked[-1] == ("CUDAExecutionProvider", {"use_tf32": "0"})
    assert "TF32" in open_engine(path, precision="fast").described
    assert asked[-1] == ("CUDAExecutionProvider", {"use_tf32": "1"})


def test_what_runs_a_model_can_be_read(yolox_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "providers", lambda precision: [stub("CUDA", refuses="no card"), *found_providers()[-1:]])
    detector = open_detector(yolox_model([(20, 12, 8, 20, 0.9)]))
    assert detector.described == "ONNX Runtime, CPU, float32; CUDA was passed over: no card"


def test_the_processor_is_always_there(yolox_model: Any) -> None:
    for precision in PRECISIONS:
        provider = found_providers(precision)[-1]
        assert provider.name == "CPU"
        assert isinstance(provider.open(yolox_model([]), 1, False), OnnxRuntime)
