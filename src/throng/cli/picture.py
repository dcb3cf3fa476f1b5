"""Lines, zones and counts drawn on the empty scene."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from throng.capture.plate import PlateBuilder
from throng.data.errors import SourceError
from throng.data.place import Line, Zone
from throng.detect.choose import choose_detector
from throng.detect.detector import Detector
from throng.pipeline import Pipeline

LINE_BGR = (60, 200, 255)
ZONE_BGR = (255, 180, 60)
BLANK_GREY = 56


def save_picture(path: Path, plates: PlateBuilder, pipeline: Pipeline, result: dict[str, Any]) -> None:
    """Write the picture: on the plate, or on plain grey where nobody can say that the scene is empty.

    Raises
    ------
    SourceError
        There was no frame, or the file cannot be written.
    """
    size_px = pipeline.size_px
    if size_px is None:
        raise SourceError("there is no picture to draw on: the source gave no frame")
    image = _scene(plates, pipeline)
    if image is None:
        image = np.full((size_px[1], size_px[0], 3), BLANK_GREY, dtype=np.uint8)
    draw(image, pipeline.plan.lines, pipeline.plan.zones, result)
    encoded, data = cv2.imencode(".png", image)
    try:
        if not encoded:
            raise OSError("it could not be encoded")
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise SourceError(f"the picture {path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def draw(image: NDArray[np.uint8], lines: tuple[Line, ...], zones: tuple[Zone, ...], result: dict[str, Any]) -> None:
    """Draw places and their counts into a picture (h, w, 3)."""
    size = max(0.5, image.shape[1] / 1600)
    thick = max(1, round(2 * size))
    for zone, numbers in zip(zones, result["zones"], strict=True):
        corners = np.rint(zone.corners_px).astype(np.int32)
        cv2.polylines(image, [corners], True, ZONE_BGR, thick, cv2.LINE_AA)
        text = f"{zone.name}: {numbers['entries']} entries, {numbers['exits']} exits"
        _label(image, text, zone.corners_px.mean(axis=0), ZONE_BGR, size)
    for line, numbers in zip(lines, result["lines"], strict=True):
        first, second = (tuple(map(int, end)) for end in np.rint(line.ends_px))
        cv2.line(image, first, second, LINE_BGR, thick, cv2.LINE_AA)
        middle = line.ends_px.mean(axis=0)
        direction = line.ends_px[1] - line.ends_px[0]
        # The arrow shows the way of "in": to the right-hand side, looking along the line, in a picture whose y points down.
        towards = middle + np.array([-direction[1], direction[0]]) / np.hypot(*direction) * 40 * size
        cv2.arrowedLine(
            image, tuple(np.rint(middle).astype(int)), tuple(np.rint(towards).astype(int)), LINE_BGR, thick, cv2.LINE_AA
        )
        _label(image, f"{line.name}: {numbers['in']} in, {numbers['out']} out", middle, LINE_BGR, size)


def _scene(plates: PlateBuilder, pipeline: Pipeline) -> NDArray[np.uint8] | None:
    console = Console(stderr=True, highlight=False)
    checker = _still_detector(pipeline)
    if checker is None:
        console.print(
            "throng: drawn on plain grey, because only a model can check that a still picture shows nobody: "
            "add one with `throng models add FILE.onnx`"
        )
        return None
    plate = plates.build(checker.detect)
    if plate is None:
        console.print("throng: drawn on plain grey, because it cannot be ruled out that somebody remains in the scene")
        return None
    return plate.image_bgr.copy()


def _still_detector(pipeline: Pipeline) -> Detector | None:
    """A detector that finds people who do not move: the one that counted, or an installed model."""
    detector = pipeline.detector if pipeline.detector is not None else choose_detector("auto")
    if detector.name == "foreground":
        detector = choose_detector("auto")
    return None if detector.name == "foreground" else detector


def _label(image: NDArray[np.uint8], text: str, at: NDArray[np.float64], colour: tuple[int, int, int], size: float) -> None:
    # OpenCV's fonts know Latin letters only; others would become question marks.
    shown = text.encode("ascii", "replace").decode()
    (width, height), below = cv2.getTextSize(shown, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    x = int(np.clip(at[0] - width / 2, 2, max(2, image.shape[1] - width - 2)))
    y = int(np.clip(at[1], height + 4, image.shape[0] - below - 2))
    cv2.rectangle(image, (x - 3, y - height - 4), (x + width + 3, y + below + 2), (24, 24, 24), -1)
    cv2.putText(image, shown, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, max(1, round(size)), cv2.LINE_AA)
