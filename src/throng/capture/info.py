"""What a source says about itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Size, rate and length of a source's pictures.

    Attributes
    ----------
    width_px, height_px : int
        Size of the pictures, after the rotation that the source asks for.
    frame_rate_hz : float or None
        Mean rate by the source's own account; for showing and planning only, never for frame times.
    frames : int or None
        Number of frames by the source's own account; None for a live source and where it does not say.
    duration_s : float or None
        Length by the source's own account; None as above.
    """

    width_px: int
    height_px: int
    frame_rate_hz: float | None
    frames: int | None
    duration_s: float | None
