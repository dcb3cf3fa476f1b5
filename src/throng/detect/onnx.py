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
from throng.detect import fastestdet, nanodet, nanodet_plus, picodet, rf_detr, rt_detr, yolov8, yolov10, yolox
from throng.detect.boxes import clip, suppress
from throng.detect.engine import Engine, Signature
from throng.detect.family import Family, Floats, Recognise
from throng.detect.gathered import Gathered, gathered
from throng.detect.letterbox import Letterbox, input_size
from throng.detect.onnx_file import as_model_errors, check_file, one_line
from throng.detect.openvino import Precision
from throng.detect.pixels import Region
from throng.detect.providers import open_engine as open_with_first

FAMILIES: dict[str, Recognise] = {
    "yolox": yolox.recognise,
    "nanodet": nanodet.recognise,
    "nanodet-plus": nanodet_plus.recognise,
    "fastestdet": fastestdet.recognise,
    "picodet": picodet.recognise,
    "rt-detr": rt_detr.recognise,
    "rf-detr": rf_detr.recognise,
    "yolov10": yolov10.recognise,
    "yolov8": yolov8.recognise,
}
"""Family name to what recognises it; asked in this order."""

LARGEST_SIDE_PX = 4096

OpenEngine = Callable[[bool], Engine]
"""Opens a model as its file declares it (False), or for pictures of any size (True)."""

_opening = threading.Lock()


def family_of(signature: Signature) -> Family:
    """The family a model belongs to.

    Raises
    ------
    ModelError
        No family fits; the message shows the signature.
    """
    # Asked first: some families lay out their cells when they are made.
    for tensor in signature.inputs:
        sides = [side for side in tensor.shape[2:] if isinstance(side, int)]
        check_picture_size((max(sides, default=1), min(sides, default=1)))
    for recognise in FAMILIES.values():
        family = recognise(signature)
        if family is not None:
            check_picture_size(family.size_px)
            return family
    raise ModelError(
        f"not recognised as a person detector: {one_line(f'the model {signature}')}, and none of the known families "
        f"({', '.join(FAMILIES)}) looks like that"
    )


def open_detector(path: Path, *, threads: int = 1, name: str | None = None, precision: Precision = "full") -> "OnnxDetector":
    """A detector from an ONNX file of a known family; models that are open already are shared.

    Parameters
    ----------
    path : Path
        An ONNX file.
    threads : int
        Threads of one call.
    name : str, optional
        In place of the file's.
    precision : {"full", "fast"}
        float32, or the shortest format that what runs the model is fast in.

    Raises
    ------
    ModelError
        The file is missing, no ONNX model, or of no known family.
    """

    def open_engine(any_size: bool) -> Engine:
        return shared_engine(path, threads=threads, any_size=any_size, precision=precision)

    return OnnxDetector(open_engine, name=name or path.stem)


def check_picture_size(size_px: tuple[int, int]) -> None:
    """Make sure that a model's input of (width, height) is not larger than anybody would ask for on purpose.

    Raises
    ------
    ModelError
        It is.
    """
    if max(size_px) > LARGEST_SIDE_PX:
        raise ModelError(
            f"not usable: the model takes pictures of {size_px[0]}x{size_px[1]}, and inputs may be up to "
            f"{LARGEST_SIDE_PX} pixels wide and high"
        )


def shared_engine(path: Path, *, threads: int = 1, any_size: bool = False, precision: Precision = "full") -> Engine:
    """What runs a model file; one that is open already is shared.

    Raises
    ------
    ModelError
        The file is missing, no ONNX model, or does not run.
    """
    changed_ns = path.stat().st_mtime_ns if path.is_file() else 0
    with _opening:
        return _shared_engine(path, threads, any_size, precision, changed_ns)


@lru_cache(maxsize=16)
def _shared_engine(path: Path, threads: int, any_size: bool, precision: Precision, changed_ns: int) -> Engine:
    check_file(path)
    with as_model_errors(path.name):
        return gathered(open_with_first(path, threads=threads, any_size=any_size, precision=precision))


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

    Attributes
    ----------
    by_regions : bool
        Whether a part of a picture can be looked at as large as in the whole, in less time.
    gathers : bool
        Whether cameras that look at the same moment are answered in one call of the model.

    Raises
    ------
    ModelError
        The model cannot be opened or is of no known family.
    """

    def __init__(self, open_engine: OpenEngine, *, name: str) -> None:
        self._engine = open_engine(False)
        self.family = family_of(self._engine.signature)
        self.name = f"{self.family.name} ({name})"
        free = self._for_any_size(open_engine) if self.family.preparation.stride else None
        self.by_regions = free is not None
        self._engine = free or self._engine
        self.gathers = isinstance(self._engine, Gathered)
        self._stride = self.family.preparation.stride if self.by_regions else 0
        self._memory = np.empty(0, np.float32)

    @property
    def described(self) -> str:
        """What runs the model, and how precisely."""
        return self._engine.described

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame."""
        return self.detect_batch([frame])[0]

    def detect_batch(self, frames: Sequence[Frame]) -> list[Detections]:
        """The people in each of some frames of one size; in one call of the model where it takes batches."""
        at_once = max(1, len(frames)) if self._engine.signature.inputs[0].shape[0] is None else 1
        found: list[Detections] = []
        for first in range(0, len(frames), at_once):
            some = frames[first : first + at_once]
            found.extend(self._run(some, (0, 0, *some[0].size_px), *self._fitted(some[0].size_px)))
        return found

    def detect_region(self, frame: Frame, region: Region, *, enlarged: bool = False) -> Detections:
        """The people in a region of a frame, boxes in pixels of the whole frame.

        Parameters
        ----------
        frame : Frame
            The whole picture.
        region : (left, top, right, bottom)
            Whole pixels inside the picture.
        enlarged : bool
            Whether the region is scaled to the model's declared input, so that smaller people are found; else it is seen as
            large as in the whole picture, which costs as much less as the region is smaller.
        """
        size_px = (region[2] - region[0], region[3] - region[1])
        if enlarged or not self.by_regions:
            return self._run([frame], region, *self._fitted(size_px))[0]
        scale = self._fitted(frame.size_px)[0].scale_x
        width, height = (max(1, round(side * scale)) for side in size_px)
        box = Letterbox(width, height, 0, 0, width / size_px[0], height / size_px[1])
        return self._run([frame], region, box, (_up(width, self._stride), _up(height, self._stride)))[0]

    def shown(self, size_px: tuple[int, int], region: Region) -> Region:
        """What is looked at around a region of a picture of (width, height) at no further cost, in place of padding."""
        scale = self._fitted(size_px)[0].scale_x
        sides = [_widened(region[axis], region[axis + 2], size_px[axis], scale, self._stride) for axis in (0, 1)]
        return sides[0][0], sides[1][0], sides[0][1], sides[1][1]

    def _fitted(self, image_size_px: tuple[int, int]) -> tuple[Letterbox, tuple[int, int]]:
        """The letterbox for pictures of (width, height), and the size of the input."""
        size = input_size(image_size_px, self.family.size_px, stride=self._stride)
        return Letterbox.fitting(image_size_px, size, fit=self.family.preparation.fit), size

    def _run(self, frames: Sequence[Frame], region: Region, box: Letterbox, size: tuple[int, int]) -> list[Detections]:
        blob = self._blob((len(frames), 3, size[1], size[0]))
        for picture, frame in zip(blob, frames, strict=True):
            box.fill(picture, frame, self.family.preparation, region=region)
        decoded = self._decoded(blob, size)
        return [self._detections(frame, region, box, *found) for found, frame in zip(decoded, frames, strict=True)]

    def _decoded(self, blob: NDArray[np.float32], size: tuple[int, int]) -> list[tuple[Floats, Floats]]:
        with as_model_errors(f"the model {self.name}"):
            outputs = self._engine.run(self.family.feeds(blob))
        try:
            # What is not finite is left out afterwards.
            with np.errstate(all="ignore"):
                found = self.family.decode(outputs, size)
        except (ValueError, IndexError):
            found = []
        if len(found) != len(blob):
            raise ModelError(f"the model {self.name} does not give outputs of its family's shape: export it anew")
        return found

    def _blob(self, shape: tuple[int, int, int, int]) -> NDArray[np.float32]:
        """Memory for an input, the same each time."""
        length = int(np.prod(shape))
        if len(self._memory) < length:
            self._memory = np.empty(length, np.float32)
        return self._memory[:length].reshape(shape)

    def _detections(
        self, frame: Frame, region: Region, box: Letterbox, boxes: NDArray[np.float64], scores: NDArray[np.float64]
    ) -> Detections:
        sound = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
        boxes, scores = boxes[sound], np.clip(scores[sound], 0.0, 1.0)
        boxes, scores = clip(box.to_image(boxes), scores, (region[2] - region[0], region[3] - region[1]))
        if self.family.overlap is not None:
            kept = suppress(boxes, scores, iou=self.family.overlap)
            boxes, scores = boxes[kept], scores[kept]
        return Detections(boxes + np.array([region[0], region[1]] * 2), scores, frame.time_s)

    def _for_any_size(self, open_engine: OpenEngine) -> Engine | None:
        """The model for inputs of any size; None where it turns out to run at the declared size only."""
        rows, columns = (self.family.preparation.stride * n for n in (2, 3))
        blank = np.zeros((1, 3, rows, columns), np.float32)
        try:
            engine = open_engine(True)
            with as_model_errors("the model"):
                self.family.decode(engine.run(self.family.feeds(blank)), (columns, rows))
        except (ModelError, ValueError, IndexError):
            return None
        return engine


def _widened(begin: int, end: int, limit: int, scale: float, stride: int) -> tuple[int, int]:
    """From where to where a stretch of a picture can reach whose scaled length is rounded up to the stride anyway."""
    length = min(limit, max(end - begin, int(_up(max(1, round((end - begin) * scale)), stride) / scale)))
    begin = min(max(0, begin - (length - (end - begin)) // 2), limit - length)
    return begin, begin + length


def _up(length: int, stride: int) -> int:
    return stride * -(-length // stride)
