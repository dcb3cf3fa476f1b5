"""The one thing every detector does."""

from typing import Protocol

from throng.data.detections import Detections
from throng.data.frame import Frame


class Detector(Protocol):
    """Finds the people in one frame.

    Attributes
    ----------
    name : str
        What runs, for people: "yolox (yolox_nano)".
    """

    name: str

    def detect(self, frame: Frame) -> Detections:
        """The people in a frame, boxes inside the picture, the same for the same frames in the same order."""
        ...
