"""A live camera's frames, with an outage in place of those from which nothing can be known."""

from collections.abc import Iterable, Iterator

from throng.capture.health.scene import SceneHealth
from throng.data.frame import Frame
from throng.data.outage import Outage

REPEAT_S = 1.0
"""How often an outage is told again while it lasts."""


def watched(items: Iterable[Frame | Outage]) -> Iterator[Frame | Outage]:
    """Frames of a healthy scene as they come; else the reason why its numbers are unknown, at once and about every second.

    A picture that changes its size is an outage until it has the first size again: lines and zones are drawn for that one.
    """
    health = SceneHealth()
    size_px: tuple[int, int] | None = None
    told: Outage | None = None
    for item in items:
        if isinstance(item, Outage):
            yield item
            continue
        size_px = size_px or item.size_px
        reason = _other_size(item, size_px) or health.look(item)
        if reason is None:
            told = None
            yield item
        elif told is None or told.reason != reason or item.time_s - told.time_s >= REPEAT_S:
            told = Outage(reason, item.time_s)
            yield told


def _other_size(frame: Frame, size_px: tuple[int, int]) -> str | None:
    if frame.size_px == size_px:
        return None
    was, now = (f"{width}x{height}" for width, height in (size_px, frame.size_px))
    return f"the picture is {now} where it was {was} when its lines were drawn; set the camera back or draw them anew"
