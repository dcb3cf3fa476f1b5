"""Running models with ONNX Runtime."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as _state

from throng.data.errors import ModelError
from throng.detect.any_batch import for_any_batch
from throng.detect.engine import Array, Signature, Tensor

REFUSALS = (
    RuntimeError,
    _state.EPFail,
    _state.Fail,
    _state.InvalidArgument,
    _state.InvalidGraph,
    _state.InvalidProtobuf,
    _state.NoModel,
    _state.NotImplemented,
    _state.RuntimeException,
)
"""What ONNX Runtime raises for files it cannot run; they share no base class of their own."""

_CODE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .* failed:)?")
"""What ONNX Runtime says ahead of what went wrong."""

PROCESSOR = "CPUExecutionProvider"

TRIED_ON_PX = (96, 64)
"""Rows and columns of the picture on which a model must answer as before when something was taken out of it."""


class OnnxRuntime:
    """A model on ONNX Runtime.

    Parameters
    ----------
    path : Path
    threads : int
        Threads of one call.
    any_size : bool
        Whether the height and width of the input are left open, in place of those the file declares.
    provider : str
        Who computes, by ONNX Runtime's name; what it cannot, the processor does.
    options : mapping
        The provider's own, by name.
    precision : str
        In which the provider computes with these options, for people.
    gains_by_batches : bool
        Whether the provider takes less time for pictures in one call than for each of them alone.
    any_batch : bool
        Whether the number of pictures in a call is left open, in place of the one that the file declares.

    Raises
    ------
    ModelError
        The file is missing, no ONNX model, or does not run with this provider.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 1,
        any_size: bool = False,
        provider: str = PROCESSOR,
        options: Mapping[str, str] | None = None,
        precision: str = "float32",
        gains_by_batches: bool = False,
        any_batch: bool = False,
    ) -> None:
        check_there(path)
        model: Path | bytes = _for_any_size(path) if any_size else path
        if any_batch:
            model = for_any_batch(model if isinstance(model, bytes) else model.read_bytes())
        self.gains_by_batches = gains_by_batches
        self._path = path
        providers: list[Any] = [PROCESSOR] if provider == PROCESSOR else [(provider, dict(options or {})), PROCESSOR]
        short = provider.removesuffix("ExecutionProvider")
        try:
            # Left to itself, ONNX Runtime prints what went wrong and goes on with the processor.
            self._session = onnxruntime.InferenceSession(model, _options(threads), providers=providers, enable_fallback=0)
        except REFUSALS as error:
            whom = "" if provider == PROCESSOR else f" with {short}"
            raise ModelError(f"{path.name} is not an ONNX model that can be run{whom}: {_reason(error)}") from None
        if self._session.get_providers()[0] != provider:
            raise ModelError(f"{short} does not load: ONNX Runtime lists it, but a library or device that it needs is missing")
        self.signature = Signature(
            tuple(_tensor(value) for value in self._session.get_inputs()),
            tuple(_tensor(value) for value in self._session.get_outputs()),
        )
        self.described = f"ONNX Runtime, {short}, {precision}"

    def run(self, inputs: Mapping[str, Array]) -> Sequence[NDArray[np.float32]]:
        """The outputs, in the order of the signature.

        Raises
        ------
        ModelError
            The model fails on this input.
        """
        try:
            outputs: Sequence[NDArray[np.float32]] = self._session.run(None, dict(inputs))
        except REFUSALS:
            # Not in the library's words: a shape in them may be the number of people.
            raise failed_on_picture(self._path) from None
        return outputs


def check_there(path: Path) -> None:
    """Make sure that a model file is there.

    Raises
    ------
    ModelError
        It is not.
    """
    if not path.is_file():
        raise ModelError(f"there is no model file {path}: give the path of an .onnx file or a name from `throng models list`")


def failed_on_picture(path: Path) -> ModelError:
    """That a model which opened does not run, for somebody who may not have named it."""
    return ModelError(f'the model "{path.stem}" ({path}) failed on a picture: try it with `throng doctor`, or export it anew')


def first_line(error: BaseException) -> str:
    """What a library says of a failure, without its stack."""
    return _CODE.sub("", str(error).strip().splitlines()[0]) if str(error).strip() else type(error).__name__


def _reason(error: BaseException) -> str:
    return "it is damaged, or of another format" if isinstance(error, _state.InvalidProtobuf) else first_line(error)


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Spinning threads would take the core from the decoder and from the other cameras.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _tensor(value: Any) -> Tensor:
    shape = tuple(n if isinstance(n, int) and n > 0 else None for n in value.shape)
    kind = str(value.type).removeprefix("tensor(").removesuffix(")")
    return Tensor(value.name, shape, {"float": "float32", "double": "float64"}.get(kind, kind))


def _for_any_size(path: Path) -> bytes:
    """The model with an input of free height and width; ONNX Runtime works out what follows from it, and is no slower."""
    import onnx  # noqa: PLC0415  (loaded only where a model is changed)
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    try:
        model = onnx.load(path)
    except (DecodeError, onnx.checker.ValidationError, OSError) as error:
        raise ModelError(f"{path.name} is not an ONNX model whose input can be changed: {first_line(error)}") from None
    constants = {value.name for value in model.graph.initializer}
    picture = next(value for value in model.graph.input if value.name not in constants)
    rows, columns = picture.type.tensor_type.shape.dim[2:4]
    rows.dim_param, columns.dim_param = "rows", "columns"
    del model.graph.value_info[:]
    for output in model.graph.output:
        for dimension in output.type.tensor_type.shape.dim:
            dimension.Clear()
    return _slimmed(model)


def _slimmed(model: Any) -> bytes:
    """The model, without what nobody reads where that can be taken out and the answer stays the same."""
    from throng.detect.slim import slimmed  # noqa: PLC0415  (it needs the package that changes models)

    content: bytes = model.SerializeToString()
    slim = slimmed(model)
    if slim is None:
        return content
    shorter: bytes = slim.SerializeToString()
    picture = np.random.default_rng(0).uniform(0, 255, (1, 3, *TRIED_ON_PX)).astype(np.float32)
    try:
        whole, part = (_answer(each, picture) for each in (content, shorter))
    except REFUSALS:
        return content
    return shorter if np.allclose(whole[..., : part.shape[-1]], part, rtol=1e-3, atol=1e-3) else content


def _answer(model: bytes, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model, _options(1), providers=[PROCESSOR])
    answer: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: picture})[0]
    return answer
