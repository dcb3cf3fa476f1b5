"""Who computes a model: the first that works of those that are here, in a stated order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from throng.data.errors import ModelError
from throng.detect import openvino
from throng.detect.any_batch import open_for_any_batch
from throng.detect.engine import Array, Engine
from throng.detect.onnx_runtime import PROCESSOR, OnnxRuntime
from throng.detect.openvino import OpenVino, Precision, best_precision

ORDER = ("TensorRT", "CUDA", "OpenVINO", "CoreML", "CPU")
"""Who is asked first."""

PRECISIONS: tuple[Precision, ...] = ("full", "fast")
"""What may be asked for: float32, or the shortest floating-point format that the provider is fast in."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Something on this machine that can run models.

    Attributes
    ----------
    name : str
        One of `ORDER`.
    library : str
        "ONNX Runtime" or "OpenVINO".
    open : callable
        Opens a model's file with so many threads, at the size it declares (False) or at any (True).
    """

    name: str
    library: str
    open: Callable[[Path, int, bool], Engine]


@dataclass(frozen=True, slots=True)
class _Execution:
    """An execution provider of ONNX Runtime: its name there; for each precision its options and what it computes in then.

    On a card pictures in one call take less time than each of them alone.
    """

    name: str
    full: tuple[Mapping[str, str], str] = ({}, "float32")
    fast: tuple[Mapping[str, str], str] = ({}, "float32")
    on_card: bool = False


# TF32 has float32's range with 10 bits of precision in place of 23. CUDA multiplies in it unless told not to; TensorRT takes it
# wherever the card has it and cannot be told otherwise from here.
_EXECUTIONS = {
    "TensorRT": _Execution(
        "TensorrtExecutionProvider",
        ({"trt_fp16_enable": "0"}, "float32 (products in TF32 on cards that have it)"),
        ({"trt_fp16_enable": "1"}, "float16"),
        on_card=True,
    ),
    "CUDA": _Execution(
        "CUDAExecutionProvider",
        ({"use_tf32": "0"}, "float32"),
        ({"use_tf32": "1"}, "float32 (products in TF32 on cards that have it)"),
        on_card=True,
    ),
    "OpenVINO": _Execution(
        "OpenVINOExecutionProvider", ({"device_type": "CPU"}, "float32"), ({"device_type": "CPU"}, "float32")
    ),
    "CoreML": _Execution(
        "CoreMLExecutionProvider",
        ({"ModelFormat": "MLProgram", "MLComputeUnits": "CPUAndGPU"}, "float32"),
        ({"ModelFormat": "MLProgram", "MLComputeUnits": "ALL"}, "float16 on the Neural Engine, else float32"),
    ),
    "CPU": _Execution(PROCESSOR),
}


def providers(precision: Precision = "full") -> list[Provider]:
    """Those that are here, the one to be asked first at the head; the last is always the processor with ONNX Runtime.

    OpenVINO as a library of its own is among them where it gains something: on a graphics card, or where it computes in half
    precision and that may be; in float32 on a processor it is slower than ONNX Runtime on some models (YOLOX)
    and faster on others, so that it is not worth the difference.
    """
    listed = onnxruntime.get_available_providers()
    found = []
    for name in ORDER:
        own = _openvino(precision) if name == "OpenVINO" and openvino.is_installed() else None
        if own is not None:
            found.append(own)
        if _EXECUTIONS[name].name in listed:
            found.append(_with_onnx_runtime(name, precision))
    return found


def open_engine(
    path: Path,
    *,
    threads: int = 1,
    any_size: bool = False,
    precision: Precision = "full",
    among: Sequence[Provider] | None = None,
) -> Engine:
    """A model on the first provider that runs it; `described` says who was passed over, and why.

    Parameters
    ----------
    path : Path
        An ONNX file.
    threads : int
        Threads of one call.
    any_size : bool
        Whether the height and width of the input are left open.
    precision : {"full", "fast"}
        float32, or the shortest format that the provider is fast in.
    among : sequence of Provider, optional
        In place of those that are here.

    Raises
    ------
    ModelError
        None runs it; says what the last one said.
    """
    asked = providers(precision) if among is None else among
    passed_over = []
    for provider in asked[:-1]:
        try:
            engine = provider.open(path, threads, any_size)
            if not any_size:
                _try(engine)
        except ModelError as error:
            passed_over.append(f"{provider.name} was passed over: {error}")
            continue
        return _noted(engine, passed_over)
    return _noted(asked[-1].open(path, threads, any_size), passed_over)


def openvino_device() -> str:
    """The device that OpenVINO runs models on: a graphics card where it knows one, else the processor.

    Raises
    ------
    ModelError
        OpenVINO does not load.
    """
    return "GPU" if any(name.startswith("GPU") for name in openvino.load().Core().available_devices) else "CPU"


def with_openvino(precision: Precision, device: str) -> Provider:
    """OpenVINO as a library of its own, whether or not it gains anything."""

    def open_it(path: Path, threads: int, any_size: bool) -> Engine:
        return OpenVino(path, threads=threads, any_size=any_size, precision=precision, device=device)

    return Provider("OpenVINO", "OpenVINO", open_it)


def _openvino(precision: Precision) -> Provider | None:
    try:
        device = openvino_device()
        gains = device != "CPU" or best_precision(openvino.load().Core(), device, precision) != "f32"
    except ModelError:
        return None
    return with_openvino(precision, device) if gains else None


def _with_onnx_runtime(name: str, precision: Precision) -> Provider:
    execution = _EXECUTIONS[name]
    options, described = execution.full if precision == "full" else execution.fast

    def open_it(path: Path, threads: int, any_size: bool) -> Engine:
        def open_engine(any_batch: bool) -> OnnxRuntime:
            return OnnxRuntime(
                path,
                threads=threads,
                any_size=any_size,
                provider=execution.name,
                options=options,
                precision=described,
                gains_by_batches=execution.on_card,
                any_batch=any_batch,
            )

        return open_for_any_batch(open_engine)

    return Provider(name, "ONNX Runtime", open_it)


def _try(engine: Engine) -> None:
    """Run a model on a blank picture, since some libraries fail at the first call only; not where it leaves its sizes free."""
    shapes = [(tensor.shape[0] or 1, *tensor.shape[1:]) if tensor.shape else () for tensor in engine.signature.inputs]
    if any(None in shape for shape in shapes):
        return
    blank: dict[str, Array] = {
        tensor.name: np.zeros(shape, np.dtype(tensor.type))  # type: ignore[arg-type]
        for tensor, shape in zip(engine.signature.inputs, shapes, strict=True)
    }
    engine.run(blank)


def _noted(engine: Any, notes: list[str]) -> Engine:
    engine.described = "; ".join([engine.described, *notes])
    found: Engine = engine
    return found
