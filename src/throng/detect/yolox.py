"""The YOLOX family (Ge et al. 2021, arXiv:2107.08430), exported with undecoded outputs."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.detect.boxes import clip, suppress
from throng.detect.letterbox import PADDING, Letterbox

STRIDES = (8, 16, 32)


def recognise(inputs: list[Any], outputs: list[Any]) -> bool:
    """Whether a model's signature is YOLOX: one square picture in, one (1, cells of strides 8, 16, 32, 5 + classes) out."""
    if len(inputs) != 1 or len(outputs) != 1:
        return False
    shape, out = inputs[0].shape, outputs[0].shape
    fixed = len(shape) == 4 and shape[1] == 3 and all(isinstance(n, int) and n % 32 == 0 for n in shape[2:])
    if not fixed or len(out) != 3 or not all(isinstance(n, int) for n in out[1:]):
        return False
    return bool(out[1] == sum((shape[2] // s) * (shape[3] // s) for s in STRIDES) and out[2] >= 6)


class Yolox:
    """A YOLOX detector on an ONNX Runtime session.

    A cell (i, j) of stride s gives centre s (dx + j, dy + i), size s exp(dw, dh), objectness and class probabilities; the
    score is objectness times the probability of class 0, person.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
    name : str
    min_score : float
        Boxes below are dropped; low, since the tracker uses weak boxes to carry on what strong ones began.
    iou : float
        Overlap above which of two boxes the weaker is dropped.
    """

    def __init__(self, session: Any, *, name: str, min_score: float = 0.1, iou: float = 0.5) -> None:
        self.name = name
        self.min_score = min_score
        self.iou = iou
        self._session = session
        model_input = session.get_inputs()[0]
        self._input_name = model_input.name
        rows, columns = model_input.shape[2:]
        self._blob = np.full((1, 3, rows, columns), PADDING, dtype=np.float32)
        self._letterbox: Letterbox | None = None
        self._image_size_px = (0, 0)

    @cached_property
    def _cells(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Corner (cells, 2) in cells and stride (cells,) in pixels of every output row."""
        rows, columns = self._blob.shape[2:]
        corners, strides = [], []
        for stride in STRIDES:
            y, x = np.mgrid[: rows // stride, : columns // stride]
            corners.append(np.column_stack([x.ravel(), y.ravel()]).astype(np.float64))
            strides.append(np.full(x.size, float(stride)))
        return np.concatenate(corners), np.concatenate(strides)

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame."""
        box = self._fitted(frame.size_px)
        box.fill(self._blob, frame.image_bgr)
        (output,) = self._session.run(None, {self._input_name: self._blob})
        boxes, scores = self._decode(output[0])
        boxes, scores = clip(box.to_image(boxes), scores, frame.size_px)
        kept = suppress(boxes, scores, iou=self.iou)
        return Detections(boxes[kept], scores[kept], frame.time_s)

    def _fitted(self, size_px: tuple[int, int]) -> Letterbox:
        if self._letterbox is None or size_px != self._image_size_px:
            rows, columns = self._blob.shape[2:]
            self._letterbox, self._image_size_px = Letterbox.fitting(size_px, (columns, rows)), size_px
            self._blob.fill(PADDING)
        return self._letterbox

    def _decode(self, output: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        scores = output[:, 4] * output[:, 5]
        likely = np.flatnonzero(scores >= self.min_score)
        corners, strides = self._cells
        rows = output[likely, :4].astype(np.float64)
        centres = (rows[:, :2] + corners[likely]) * strides[likely, None]
        halves = np.exp(np.clip(rows[:, 2:], -10.0, 10.0)) * strides[likely, None] / 2
        return np.column_stack([centres - halves, centres + halves]), np.clip(scores[likely].astype(np.float64), 0.0, 1.0)
