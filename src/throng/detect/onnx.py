"""Detectors from ONNX files: recognising a model's family, and one detector for all of them."""

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect import yolox
from throng.detect.boxes import clip, suppress
from throng.detect.engine import Engine, Signature
from throng.detect.family import Family, Recognise
from throng.detect.letterbox import Letterbox, input_size, padded
from throng.detect.onnx_runtime import OnnxRuntime

FAMILIES: dict[str, Recognise] = {"yolox": yolox.recognise}
"""Family name to what recognises it; asked in this order."""

OpenEngine = Callable[[tuple[int, int] | None], Engine]
"""Opens a model for an input of (width, height), or as its file declares it."""

_opening = threading.Lock()


def family_of(signature: Signature) -> Family:
    """The family a model belongs to.

    Raises
    ------
    ModelError
        No family fits; the message shows the signature.
    """
    for recognise in FAMILIES.values():
        family = recognise(signature)
        if family is not None:
            return family
    raise ModelError(
        f"not recognised as a person detector: the model {signature}, and none of the known families "
        f"({', '.join(FAMILIES)}) looks like that"
    )


def open_detector(path: Path, *, threads: int = 1, name: str | None = None) -> "OnnxDetector":
    """A detector from an ONNX file of a known family; models that are open already are shared.

    Raises
    ------
    ModelError
        The file is missing, no ONNX model, or of no known family.
    """

    def open_engine(size_px: tuple[int, int] | None) -> Engine:
        changed_ns = path.stat().st_mtime_ns if path.is_file() else 0
        with _opening:
            return _shared_engine(path, threads, size_px, changed_ns)

    return OnnxDetector(open_engine, name=name or path.stem)


@lru_cache(maxsize=16)
def _shared_engine(path: Path, threads: int, size_px: tuple[int, int] | None, changed_ns: int) -> Engine:
    return OnnxRuntime(path, threads=threads, size_px=size_px)


class OnnxDetector:
    """A detector on a model of any known family.

    A model that is fully convolutional runs on inputs of the picture's own shape: a wide picture in a square input is nearly
    half padding.

    Parameters
    ----------
    open_engine : callable
        Opens the model.
    name : str
        The model's name.

    Raises
    ------
    ModelError
        The model cannot be opened or is of no known family.
    """

    def __init__(self, open_engine: OpenEngine, *, name: str) -> None:
        self._open = open_engine
        self._engine = open_engine(None)
        self._declared = self._engine
        self.family = family_of(self._engine.signature)
        self.name = f"{self.family.name} ({name})"
        self._image_size_px = (0, 0)

    @property
    def described(self) -> str:
        """What runs the model, and how precisely."""
        return self._engine.described

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame."""
        return self.detect_batch([frame])[0]

    def detect_batch(self, frames: Sequence[Frame]) -> list[Detections]:
        """The people in each of some frames of one size; in one call of the model where it takes batches."""
        if not frames:
            return []
        self._fit(frames[0].size_px)
        at_once = len(frames) if self._engine.signature.inputs[0].shape[0] is None else 1
        found: list[Detections] = []
        for first in range(0, len(frames), at_once):
            found.extend(self._run(frames[first : first + at_once]))
        return found

    def _run(self, frames: Sequence[Frame]) -> list[Detections]:
        blob = self._blob
        if len(frames) > 1:
            blob = np.repeat(blob, len(frames), axis=0)
        for picture, frame in zip(blob, frames, strict=True):
            self._letterbox.fill(picture, frame, self.family.preparation)
        size_px = (blob.shape[3], blob.shape[2])
        decoded = self.family.decode(self._engine.run(self.family.feeds(blob)), size_px)
        return [self._detections(boxes, scores, frame) for (boxes, scores), frame in zip(decoded, frames, strict=True)]

    def _detections(self, boxes: NDArray[np.float64], scores: NDArray[np.float64], frame: Frame) -> Detections:
        sound = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
        boxes, scores = boxes[sound], np.clip(scores[sound], 0.0, 1.0)
        boxes, scores = clip(self._letterbox.to_image(boxes), scores, frame.size_px)
        if self.family.overlap is not None:
            kept = suppress(boxes, scores, iou=self.family.overlap)
            boxes, scores = boxes[kept], scores[kept]
        return Detections(boxes, scores, frame.time_s)

    def _fit(self, image_size_px: tuple[int, int]) -> None:
        """Make engine, input and letterbox ready for pictures of (width, height)."""
        if image_size_px == self._image_size_px:
            return
        preparation, declared = self.family.preparation, self.family.size_px
        size = input_size(image_size_px, declared, stride=preparation.stride)
        engine = self._declared if size == declared else self._resized(size)
        if engine is None:
            engine, size = self._declared, declared
        self._engine = engine
        self._blob = padded((1, 3, size[1], size[0]), preparation)
        self._letterbox = Letterbox.fitting(image_size_px, size, fit=preparation.fit)
        self._image_size_px = image_size_px

    def _resized(self, size_px: tuple[int, int]) -> Engine | None:
        """The model for another size of input; None where it turns out to run at the declared size only."""
        try:
            engine = self._open(size_px)
            blob = padded((1, 3, size_px[1], size_px[0]), self.family.preparation)
            self.family.decode(engine.run(self.family.feeds(blob)), size_px)
        except (ModelError, ValueError, IndexError):
            return None
        return engine
