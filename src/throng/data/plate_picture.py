"""The one picture that leaves a sensor: its camera's plate, the empty scene; and why there is none yet."""

from dataclasses import dataclass, field
from typing import Literal

MEDIA_TYPE = "image/jpeg"
MOST_BYTES = 2**20
MOST_WIDE_PX = 1920
"""Of the picture's longer side."""
MOST_PX = 16_384
"""Of a side of the camera's own picture."""

Why = Literal[
    "pictures of the scene are being collected",
    "somebody cannot be ruled out in the scene: it is tried again with more pictures",
    "another camera of the same machine comes first",
    "the camera gives no picture that can be used: it begins anew when it does",
    "no model is installed where this camera is watched, and only a model can tell that a still picture shows nobody: "
    "add one there with throng models add FILE.onnx",
]
"""Why there is no plate yet. Fixed sentences: nothing about people can be told in them."""

COLLECTING: Why = "pictures of the scene are being collected"
SOMEBODY: Why = "somebody cannot be ruled out in the scene: it is tried again with more pictures"
WAITS: Why = "another camera of the same machine comes first"
NO_PICTURE: Why = "the camera gives no picture that can be used: it begins anew when it does"
NO_MODEL: Why = (
    "no model is installed where this camera is watched, and only a model can tell that a still picture shows nobody: "
    "add one there with throng models add FILE.onnx"
)


@dataclass(frozen=True, slots=True)
class PlatePicture:
    """A checked plate, ready to be shown. Only `capture/released_plate.py` makes one (a test holds it).

    Attributes
    ----------
    camera : str
    ask : int
        The number of the request that it answers.
    image : bytes
        JPEG without metadata, its longer side at most 1,920 pixels.
    width_px, height_px : int
        Of the camera's own picture, in whose pixels lines and zones are drawn.
    covered : int
        Regions that are hatched over, because somebody was or may have been left in them.
    """

    camera: str
    ask: int
    image: bytes = field(repr=False)
    width_px: int
    height_px: int
    covered: int

    def __post_init__(self) -> None:
        if not 0 < len(self.image) <= MOST_BYTES:
            raise ValueError(f"a plate must have 1 to {MOST_BYTES:,} bytes, not {len(self.image):,}")


@dataclass(frozen=True, slots=True)
class PlateNews:
    """Why a camera's plate is not there yet."""

    camera: str
    why: Why
