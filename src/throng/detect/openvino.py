"""Running models with OpenVINO, where it is installed (`pip install "throng[openvino]"`)."""

import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import ModelError
from throng.detect.engine import Array, Signature, Tensor
from throng.detect.onnx_runtime import check_there, failed_on_picture, first_line

Precision = Literal["full", "fast"]

_REPORTING = "openvino.tools.ovc"
"""OpenVINO's converter of models: importing it sends usage statistics to its makers, and `import openvino` imports it."""

_FORMATS = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}
_OFTEN = 20
_SHAPES = 8
"""Inputs of a free size run on a model for any size, which is slower; shapes that come so often get models of
their own, up to so many."""


def is_installed() -> bool:
    """Whether the package is there; does not load it."""
    return find_spec("openvino") is not None


def load() -> Any:
    """The package, without the part of it that reports to its makers.

    Raises
    ------
    ModelError
        It is not installed or does not load.
    """
    before = sys.modules.get(_REPORTING)
    if before is None:
        # None makes an import fail, which OpenVINO takes for a lean installation.
        sys.modules[_REPORTING] = None  # type: ignore[assignment]
    try:
        openvino = import_module("openvino")
    except ImportError as error:
        raise ModelError(f'OpenVINO does not load ({first_line(error)}): pip install "throng[openvino]"') from None
    finally:
        if before is None:
            del sys.modules[_REPORTING]
    return openvino


def best_precision(core: Any, device: str, precision: Precision) -> str:
    """The number format to ask a device for: "f32" at full precision, else the shortest floating-point format that it has."""
    able = core.get_property(device, "OPTIMIZATION_CAPABILITIES") if precision == "fast" else ()
    return next((kind.lower() for kind in ("BF16", "FP16") if kind in able), "f32").replace("fp16", "f16")


class OpenVino:
    """A model on OpenVINO.

    On some processors OpenVINO computes in bfloat16 without being asked; here the precision is always asked for, and what the
    compiled model says of itself is shown.

    Parameters
    ----------
    path : Path
    threads : int
        Threads of one call.
    any_size : bool
        Whether the height and width of the input are left open, in place of those the file declares.
    precision : {"full", "fast"}
        float32, or the shortest format that the device computes in.
    device : str
        OpenVINO's name of it: "CPU", "GPU".

    Raises
    ------
    ModelError
        OpenVINO is absent, or the file is missing, no ONNX model, or does not run.
    """

    def __init__(
        self, path: Path, *, threads: int = 1, any_size: bool = False, precision: Precision = "full", device: str = "CPU"
    ) -> None:
        check_there(path)
        self._path = path
        self._openvino = load()
        self._core = self._openvino.Core()
        self._device = device
        self._settings = {
            "INFERENCE_PRECISION_HINT": best_precision(self._core, device, precision),
            "PERFORMANCE_HINT": "LATENCY",
            **({"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1} if device == "CPU" else {}),
        }
        try:
            self._model = self._core.read_model(path)
            if any_size:
                self._reshape(self._model, (1, 3, -1, -1))
            self._compiled = self._core.compile_model(self._model, device, self._settings)
        except RuntimeError as error:
            raise ModelError(f"{path.name} is not an ONNX model that can be run with OpenVINO: {_said(error)}") from None
        self.signature = Signature(
            tuple(_tensor(port) for port in self._model.inputs), tuple(_tensor(port) for port in self._model.outputs)
        )
        computes_in = self._compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        self.described = f"OpenVINO, {device}, {_FORMATS.get(computes_in, computes_in)}"
        self.gains_by_batches = device != "CPU"
        self._any_size = any_size
        self._seen: Counter[tuple[int, ...]] = Counter()
        self._fixed: dict[tuple[int, ...], Any] = {}
        self._compiling = threading.Lock()
        self._requests = threading.local()

    def run(self, inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
        """The outputs, in the order of the signature.

        Raises
        ------
        ModelError
            The model fails on this input.
        """
        try:
            results = self._request(inputs).infer(dict(inputs), share_inputs=True)
        except RuntimeError:
            # Not in the library's words: a shape in them may be the number of people.
            raise failed_on_picture(self._path) from None
        return [results[number] for number in range(len(self.signature.outputs))]

    def _request(self, inputs: Mapping[str, Array]) -> Any:
        """A request for inputs of this shape that no other thread uses."""
        shape = inputs[self.signature.inputs[0].name].shape
        compiled = self._for_shape(shape) if self._any_size else self._compiled
        own: dict[int, Any] = self._requests.__dict__.setdefault("by_model", {})
        if id(compiled) not in own:
            own[id(compiled)] = compiled.create_infer_request()
        return own[id(compiled)]

    def _for_shape(self, shape: tuple[int, ...]) -> Any:
        with self._compiling:
            if shape not in self._fixed and len(self._fixed) < _SHAPES:
                self._seen[shape] += 1
                if self._seen[shape] >= _OFTEN:
                    model = self._model.clone()
                    self._reshape(model, shape)
                    self._fixed[shape] = self._core.compile_model(model, self._device, self._settings)
            return self._fixed.get(shape, self._compiled)

    def _reshape(self, model: Any, shape: tuple[int, ...]) -> None:
        model.reshape({model.inputs[0].any_name: self._openvino.PartialShape(list(shape))})


def _tensor(port: Any) -> Tensor:
    shape = tuple(length.get_length() if length.is_static else None for length in port.partial_shape)
    return Tensor(port.any_name, shape, str(port.element_type.to_dtype()))


def _said(error: BaseException) -> str:
    """What OpenVINO says of a failure: the last line, without the places in its sources that come first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
