"""Plain drawings, written as SVG or PNG."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.data.errors import GeometryError

Floats = NDArray[np.float64]
Colour = tuple[int, int, int]

FORMATS = (".svg", ".png")
FARTHEST_PX = 30_000.0
"""Coordinates beyond it are cut off: OpenCV draws with 16 bits before the comma."""


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A polyline (n, 2), pixels; closed and filled if it says so."""

    xy_px: Floats
    colour: Colour
    width_px: float = 1.0
    closed: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A text whose lower left corner, or middle if `centred`, is at a place (2,), pixels."""

    text: str
    xy_px: Floats
    colour: Colour
    size_px: float
    centred: bool = False


Shape = Stroke | Label


def save(path: Path, shapes: Sequence[Shape], width_px: int, height_px: int) -> None:
    """Write shapes on white; the name's ending chooses the format.

    Raises
    ------
    GeometryError
        The ending is another, or the file cannot be written.
    """
    check_format(path)
    try:
        if path.suffix.lower() == ".svg":
            path.write_text(svg(shapes, width_px, height_px), encoding="utf-8")
        else:
            path.write_bytes(cv2.imencode(".png", raster(shapes, width_px, height_px))[1].tobytes())
    except OSError as error:
        raise GeometryError(f"the drawing {path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def check_format(path: Path) -> None:
    """Refuse what cannot be written, before long work is done for it."""
    if path.suffix.lower() not in FORMATS:
        raise GeometryError(f'a drawing is written as .svg or .png, not as "{path.name}": change the ending of its name')


def svg(shapes: Sequence[Shape], width_px: int, height_px: int) -> str:
    """The drawing as SVG text."""
    body = "\n".join(_svg_stroke(one) if isinstance(one, Stroke) else _svg_label(one) for one in shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_px} {height_px}" font-family="sans-serif">\n'
        f'<rect width="{width_px}" height="{height_px}" fill="white"/>\n{body}\n</svg>\n'
    )


def raster(shapes: Sequence[Shape], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The drawing as a picture (height, width, 3), BGR."""
    image = np.full((height_px, width_px, 3), 255, np.uint8)
    for one in shapes:
        bgr = one.colour[::-1]
        if isinstance(one, Label):
            _put_label(image, one)
            continue
        # Fixed-point coordinates with four binary places, for smooth slanted lines.
        points = np.rint(np.clip(one.xy_px, -FARTHEST_PX, FARTHEST_PX) * 16).astype(np.int32)
        if one.filled:
            cv2.fillPoly(image, [points], bgr, cv2.LINE_AA, 4)
        else:
            cv2.polylines(image, [points], one.closed, bgr, max(1, round(one.width_px)), cv2.LINE_AA, 4)
    return image


def _put_label(image: NDArray[np.uint8], label: Label) -> None:
    # OpenCV's fonts know Latin letters only; others would become question marks.
    shown = label.text.encode("ascii", "replace").decode()
    scale = label.size_px / 30
    thick = max(1, round(label.size_px / 18))
    (width, height), _ = cv2.getTextSize(shown, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    x, y = label.xy_px - ([width / 2, -height / 2] if label.centred else [0, 0])
    cv2.putText(image, shown, (round(x), round(y)), cv2.FONT_HERSHEY_SIMPLEX, scale, label.colour[::-1], thick, cv2.LINE_AA)


def _svg_stroke(stroke: Stroke) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in np.clip(stroke.xy_px, -FARTHEST_PX, FARTHEST_PX))
    paint = f'fill="{_rgb(stroke.colour)}"' if stroke.filled else f'fill="none" stroke="{_rgb(stroke.colour)}"'
    kind = "polygon" if stroke.closed or stroke.filled else "polyline"
    return f'<{kind} points="{points}" {paint} stroke-width="{stroke.width_px:g}"/>'


def _svg_label(label: Label) -> str:
    x, y = label.xy_px
    anchor = ' text-anchor="middle" dominant-baseline="middle"' if label.centred else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{label.size_px:g}" fill="{_rgb(label.colour)}"{anchor}>'
        f"{escape(label.text)}</text>"
    )


def _rgb(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
