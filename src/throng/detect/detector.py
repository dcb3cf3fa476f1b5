"""The one thing every detector does, and what counts crowds without detecting anyone."""

from typing import Protocol

from throng.data.crowd_map import CrowdMap
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


class CrowdCounter(Protocol):
    """Tells how many people are where in one frame, and nobody apart.

    Attributes
    ----------
    name : str
        What runs, for people: "density (street_1080)".
    """

    name: str

    def count(self, frame: Frame) -> CrowdMap:
        """The people in a frame by cells, the same for the same frame."""
        ...


def what_runs(looker: Detector | CrowdCounter) -> str:
    """Who computes a model, how precisely, and who was passed over, for people; empty where no model is."""
    described = getattr(looker, "described", "")
    return f"{looker.name} runs on {described}" if described else ""
