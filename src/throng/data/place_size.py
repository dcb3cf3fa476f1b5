"""How large a line or zone is on the ground, and how surely."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaceSize:
    """The length of a line or the area of a zone, from the camera's calibration; nothing in it is about people.

    Attributes
    ----------
    size : float
        Metres or square metres.
    standard_error : float
        Of `size`, from the calibration.
    scale_error : float
        Standard error of a short length there, as a share of it: that of a speed.
    unknown : str
        Why the size is not known; empty when it is.
    """

    size: float
    standard_error: float = 0.0
    scale_error: float = 0.0
    unknown: str = ""
