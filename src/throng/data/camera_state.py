"""What a sensor says of a camera. In a file of its own: the hub unpickles it, and must not load a detector for that."""

from dataclasses import dataclass
from typing import Literal

State = Literal["live", "unknown", "failed"]


@dataclass(frozen=True, slots=True)
class CameraState:
    """What a sensor says of a camera: whether it sees, and why not; "failed" where nothing more will come."""

    camera: str
    state: State
    reason: str = ""
