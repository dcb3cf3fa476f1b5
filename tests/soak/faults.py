"""What befalls a camera: each fault with what has to be said of it, how long it lasts, and what it did to the camera."""

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from throng.capture.live import FIRST_RETRY_S, LAST_RETRY_S

TOLD_S = 10.0
BACK_S = 10.0
SLACK_S = 1.0
"""What the test allows beyond what is promised: the machine may have other work."""

LASTS_S = (11.5, 15.0)

_LOST = r"^the camera (cannot be read: .+|sends no pictures)$"
_OTHER_SIZE = r"^the picture is 400x304 where it was 320x240"


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault.

    Attributes
    ----------
    name : str
    reason : str
        Matches every reason that may be given for it; empty where the camera need not become unknown.
    reconnects : bool
        Whether it may end a connection, so that the camera comes back only when it is called again.
    """

    name: str
    reason: str = _LOST
    reconnects: bool = True

    @property
    def lasts_s(self) -> tuple[float, float]:
        """The shortest and longest time that it lasts; a closed connection may be opened again at once."""
        return (3.0, 3.0) if self.name == "closed" else LASTS_S

    def fits(self, reason: str) -> bool:
        """Whether this may be said of it."""
        return re.search(self.reason or _LOST, reason) is not None

    def back_s(self, lasted_s: float) -> float:
        """Seconds within which the camera has to be live again after the fault."""
        return BACK_S + SLACK_S + (longest_pause_s(lasted_s) if self.reconnects else 0.0)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("closed"),
        Fault(
            "refused", r"cannot be read: it (refuses the connection|ended the stream|broke the connection|cannot be reached)"
        ),
        Fault("error", r"cannot be read: it (answers with an error|ended the stream|broke the connection|cannot be reached)"),
        Fault("stall", r"sends no pictures|did not answer within"),
        Fault("garbage"),
        Fault("rubbish"),
        Fault("sound only", r"sends no pictures|no video", reconnects=False),
        Fault("size", _OTHER_SIZE, reconnects=False),
        Fault("clock ahead", "", reconnects=False),
        Fault("clock back", "", reconnects=False),
        Fault("black", r"^the picture is dark", reconnects=False),
        Fault("frozen", r"^the picture is frozen", reconnects=False),
        Fault("moved", r"^the camera was moved", reconnects=False),
    )
}


def longest_pause_s(lasted_s: float) -> float:
    """The longest that a camera may wait to be called again after having failed for so long.

    The pauses double, each a quarter longer or shorter at random; the n-th begins when at least three quarters of those before
    it have passed.
    """
    doublings = math.floor(math.log2(lasted_s / (0.75 * FIRST_RETRY_S) + 1.0))
    return 1.25 * min(LAST_RETRY_S, FIRST_RETRY_S * 2.0**doublings)


def shuffled(names: list[str], rng: random.Random) -> Iterator[Fault]:
    """Every fault once in a random order, and again."""
    while True:
        yield from (FAULTS[name] for name in rng.sample(names, len(names)))


@dataclass(frozen=True, slots=True)
class Suffered:
    """A fault that befell a camera: Unix times of its beginning and end, and of the camera's being told unknown and live.

    Attributes
    ----------
    camera : str
    fault : Fault
    begun_s, mended_s : float
    told_s, live_s : float or None
        None where the camera was not told unknown, or did not come back.
    returns : int
        How often the camera was told live again: once, unless a fault need not be told.
    reasons : tuple of str
        All that were given while the fault lasted.
    """

    camera: str
    fault: Fault
    begun_s: float
    mended_s: float
    told_s: float | None
    live_s: float | None
    returns: int
    reasons: tuple[str, ...]

    @property
    def until_told_s(self) -> float | None:
        return None if self.told_s is None else self.told_s - self.begun_s

    @property
    def until_live_s(self) -> float | None:
        return None if self.live_s is None else max(0.0, self.live_s - self.mended_s)
