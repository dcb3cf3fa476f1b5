"""The models at hand, beside plain versions of what their own projects' demonstrations do before and after running them.

Written cell by cell from YOLOX `demo/ONNXRuntime`, NanoDet `demo_mnn/python` and FastestDet `example/onnx-runtime`; none of the
code under test takes part. The frames are from a real street.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from throng.data.frame import Frame
from throng.detect.onnx import open_detector

pytestmark = pytest.mark.realdata

Picture = NDArray[np.uint8]
Outputs = Sequence[NDArray[np.float32]]
Row = tuple[float, float, float, float, float]
"""Left, top, right, bottom in pixels of the input, and score of a person."""
COMPARED_FROM = 0.25


class YoloxDemo:
    overlap = 0.5

    def prepared(self, picture: Picture, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        ratio = min(height / picture.shape[0], width / picture.shape[1])
        resized = cv2.resize(picture, (round(picture.shape[1] * ratio), round(picture.shape[0] * ratio)))
        padded = np.full((height, width, 3), 114, np.uint8)
        padded[: resized.shape[0], : resized.shape[1]] = resized
        return padded.transpose(2, 0, 1)[None].astype(np.float32), np.array([ratio, ratio, 0.0, 0.0])

    def rows(self, outputs: Outputs, width: int, height: int) -> list[Row]:
        found, cell = [], 0
        for stride in (8, 16, 32):
            for y in range(height // stride):
                for x in range(width // stride):
                    numbers = [float(value) for value in outputs[0][0, cell]]
                    cell += 1
                    score = numbers[4] * numbers[5]
                    cx, cy = (numbers[0] + x) * stride, (numbers[1] + y) * stride
                    w, h = (math.exp(min(value, 10.0)) * stride for value in numbers[2:4])
                    found.append((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score))
        return found


class NanoDetDemo:
    overlap = 0.6

    def prepared(self, picture: Picture, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        rows, columns = picture.shape[:2]
        ratio = height / rows if columns / rows < width / height else width / columns
        matrix = np.array([[ratio, 0, width / 2 - ratio * columns / 2], [0, ratio, height / 2 - ratio * rows / 2], [0, 0, 1]])
        warped = cv2.warpPerspective(picture, matrix, dsize=(width, height))
        mean, deviation = np.array([103.53, 116.28, 123.675]), np.array([57.375, 57.12, 58.395])
        blob = ((warped / 255 - mean / 255) / (deviation / 255)).transpose(2, 0, 1)[None].astype(np.float32)
        return blob, np.array([ratio, ratio, matrix[0, 2], matrix[1, 2]])

    def rows(self, outputs: Outputs, width: int, height: int) -> list[Row]:
        found = []
        for level, stride in enumerate((8, 16, 32)):
            columns = width // stride
            for cell, (scores, sides) in enumerate(zip(outputs[level][0], outputs[level + 3][0], strict=True)):
                x, y = (cell % columns + 0.5) * stride, (cell // columns + 0.5) * stride
                distances = []
                for side in sides.reshape(4, 8).astype(float):
                    weights = [math.exp(value - side.max()) for value in side]
                    distances.append(stride * sum(step * weight for step, weight in enumerate(weights)) / sum(weights))
                left, top, right, bottom = distances
                found.append((x - left, y - top, x + right, y + bottom, float(scores[0])))
        return found


class FastestDetDemo:
    overlap = 0.45

    def prepared(self, picture: Picture, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        blob = (resized.transpose(2, 0, 1)[None] / 255).astype(np.float32)
        return blob, np.array([width / picture.shape[1], height / picture.shape[0], 0.0, 0.0])

    def rows(self, outputs: Outputs, width: int, height: int) -> list[Row]:
        found = []
        output = outputs[0][0].transpose(1, 2, 0).astype(float)
        rows, columns = output.shape[:2]
        for y in range(rows):
            for x in range(columns):
                data = output[y, x]
                score = data[0] ** 0.6 * data[5:].max() ** 0.4
                if score <= 0.65 or data[5:].argmax() != 0:
                    continue
                cx, cy = (x + math.tanh(data[1])) / columns, (y + math.tanh(data[2])) / rows
                w, h = (1 / (1 + math.exp(-value)) for value in data[3:5])
                found.append(((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height, score))
        return found


Demo = YoloxDemo | NanoDetDemo | FastestDetDemo


@dataclass(frozen=True)
class Reference:
    file: str
    demo: Demo
    strong: float
    """From which score on everybody must be found by both."""


REFERENCES = [
    Reference("yolox_nano", YoloxDemo(), 0.5),
    Reference("person_192", YoloxDemo(), 0.5),
    Reference("nanodet_m_320", NanoDetDemo(), 0.45),
    Reference("FastestDet", FastestDetDemo(), 0.72),
]


@pytest.fixture(scope="module")
def street(shared_data: Path) -> list[Picture]:
    found = []
    with av.open(str(shared_data / "video" / "towncentre" / "TownCentre_f0-125_1080p25.mp4")) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index % 50 == 10:
                found.append(np.asarray(picture.to_ndarray(format="bgr24"), np.uint8))
    return found


def _iou(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return float(both / (sum(areas) - both))


def _suppressed(rows: list[Row], overlap: float) -> list[Row]:
    kept: list[Row] = []
    for row in sorted(rows, key=lambda row: -row[4]):
        if all(_iou(np.array(row[:4]), np.array(better[:4])) <= overlap for better in kept):
            kept.append(row)
    return kept


def _session(path: Path) -> tuple[onnxruntime.InferenceSession, int, int]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    height, width = session.get_inputs()[0].shape[2:]
    return session, width, height


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.file)
def test_outputs_are_decoded_as_the_demonstration_does(
    reference: Reference, shared_models: Path, street: list[Picture]
) -> None:
    session, width, height = _session(shared_models / f"{reference.file}.onnx")
    family = open_detector(shared_models / f"{reference.file}.onnx").family
    compared = 0
    for picture in street:
        blob, _ = reference.demo.prepared(picture, width, height)
        outputs = session.run(None, {session.get_inputs()[0].name: blob})
        expected = [row for row in reference.demo.rows(outputs, width, height) if row[4] >= COMPARED_FROM]
        ((boxes, scores),) = family.decode(outputs, (width, height))
        found = np.column_stack([boxes, scores])[scores >= COMPARED_FROM]
        np.testing.assert_allclose(found, np.array(expected).reshape(-1, 5), rtol=1e-4, atol=1e-3)
        compared += len(expected)
    assert compared > 8


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.file)
def test_people_of_a_street_are_those_of_the_demonstration(
    reference: Reference, shared_models: Path, street: list[Picture]
) -> None:
    """Pictures are scaled a little differently, and two of the models run without the padding: strong boxes must agree."""
    session, width, height = _session(shared_models / f"{reference.file}.onnx")
    detector = open_detector(shared_models / f"{reference.file}.onnx")
    weak, compared = reference.strong * 0.7, 0
    for index, picture in enumerate(street):
        blob, (scale_x, scale_y, left, top) = reference.demo.prepared(picture, width, height)
        rows = reference.demo.rows(session.run(None, {session.get_inputs()[0].name: blob}), width, height)
        kept = _suppressed([row for row in rows if row[4] >= COMPARED_FROM], reference.demo.overlap)
        theirs = (np.array([row[:4] for row in kept]) - [left, top, left, top]) / [scale_x, scale_y, scale_x, scale_y]
        theirs = np.clip(theirs, 0, [*picture.shape[1::-1]] * 2)
        their_scores = np.array([row[4] for row in kept])
        ours = detector.detect(Frame(picture, 0.0, index, "street"))
        for boxes, scores, others in (
            (theirs, their_scores, ours.boxes_px[ours.scores >= weak]),
            (ours.boxes_px, ours.scores, theirs[their_scores >= weak]),
        ):
            for box in boxes[scores >= reference.strong]:
                assert max(_iou(box, other) for other in others) > 0.7
                compared += 1
    assert compared > 5
