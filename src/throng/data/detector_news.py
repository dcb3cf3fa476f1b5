"""What runs a camera's detector. In a file of its own: the hub unpickles it, and must not load a detector for that."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectorNews:
    """What runs a camera's detector, for people: who computes it, how precisely, and who was passed over."""

    camera: str
    told: str
