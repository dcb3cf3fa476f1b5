"""Detectors from ONNX files: opening a model and recognising its family."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as _state

from throng.data.errors import ModelError
from throng.detect import yolox
from throng.detect.detector import Detector

FAMILIES: dict[str, tuple[Callable[[list[Any], list[Any]], bool], Callable[..., Detector]]] = {
    "yolox": (yolox.recognise, yolox.Yolox),
}
"""Family name to (does this signature fit, constructor)."""


_REFUSALS = (
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


def open_session(path: Path, *, threads: int = 1) -> Any:
    """An ONNX Runtime session on the CPU.

    Raises
    ------
    ModelError
        The file is missing or is no ONNX model.
    """
    if not path.is_file():
        raise ModelError(f"there is no model file {path}: give the path of an .onnx file or a name from `throng models list`")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Spinning threads would take the core from the decoder and from the other cameras.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except _REFUSALS as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{path.name} is not an ONNX model that can be run: {reason}") from None


def family_of(session: Any) -> str:
    """The family a session's inputs and outputs belong to.

    Raises
    ------
    ModelError
        No family fits; the message shows the signature.
    """
    inputs, outputs = session.get_inputs(), session.get_outputs()
    for family, (fits, _) in FAMILIES.items():
        if fits(inputs, outputs):
            return family
    signature = f"takes {_signature(inputs)} and gives {_signature(outputs)}"
    raise ModelError(
        f"not recognised as a person detector: the model {signature}, and none of the known families "
        f"({', '.join(FAMILIES)}) looks like that"
    )


def open_detector(path: Path, *, threads: int = 1, name: str | None = None) -> Detector:
    """A detector from an ONNX file of a known family.

    Raises
    ------
    ModelError
        The file is missing, no ONNX model, or of no known family.
    """
    session = open_session(path, threads=threads)
    family = family_of(session)
    return FAMILIES[family][1](session, name=f"{family} ({name or path.stem})")


def _signature(values: list[Any]) -> str:
    return ", ".join(f"{value.name} {'x'.join(str(n) for n in value.shape)} {value.type}" for value in values)
