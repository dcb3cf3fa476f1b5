"""A camera that cannot be seen through, for a while."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outage:
    """What a live source yields instead of a frame while it has none: its numbers are unknown, not zero.

    Attributes
    ----------
    reason : str
        A short sentence for people, without address or credentials: "the camera does not answer".
    time_s : float
        Unix time, UTC.
    """

    reason: str
    time_s: float
