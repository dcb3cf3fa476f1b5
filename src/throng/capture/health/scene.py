"""What can be known from a camera's picture at all."""

from throng.capture.health.arrival import LOSSY, Arrival
from throng.capture.health.focus import DEFOCUSED, Focus
from throng.capture.health.latch import Latch
from throng.capture.health.light import Light
from throng.capture.health.still import FROZEN, Still
from throng.capture.health.thumbnail import Thumbnail
from throng.capture.health.view import MOVED, View
from throng.data.frame import Frame
from throng.data.secrecy import MemoryOnly

_LOOK_EVERY_S = 0.95
_LONGEST_STEP_S = 3.0

_OFF_S = 2.5
"""How long a condition must be gone before it is taken back."""

_FRESH_S = 300.0
"""Time constant with which the scene that is known follows the healthy picture."""


class SceneHealth(MemoryOnly):
    """Says why nothing can be known from a camera's picture: no number about it is better than a wrong one.

    Told within ten seconds and taken back within ten: frames are lost, the picture is dark, blinded, covered, frozen, moved or
    out of focus. The first looks teach the scene; from then on it follows slowly, and only while all is well: a camera that was
    moved stays so until it is back.
    """

    __slots__ = ("_arrival", "_focus", "_latches", "_light", "_looked_s", "_reason", "_shape", "_still", "_view", "_why_blind")

    def __init__(self) -> None:
        self._arrival = Arrival()
        self._latches = {"lossy": Latch(on_s=2.0, off_s=2.0)}
        self._looked_s: float | None = None
        self._reason: str | None = None
        self._shape: tuple[int, ...] = ()
        self.relearn()

    def relearn(self) -> None:
        """Take the next pictures as the scene: the lines have been drawn anew."""
        self._light, self._still, self._view, self._focus = Light(), Still(), View(), Focus()
        self._why_blind = ""
        self._latches |= {
            "blind": Latch(on_s=2.5, off_s=_OFF_S),
            "frozen": Latch(on_s=0.0, off_s=0.0),
            "moved": Latch(on_s=3.5, off_s=_OFF_S),
            "blurred": Latch(on_s=3.5, off_s=_OFF_S),
        }

    def look(self, frame: Frame) -> str | None:
        """Take in the next frame; the reason, a short sentence for people, or None where the picture is fine.

        Costs next to nothing but about once a second.
        """
        self._arrival.heard(frame.time_s, frame.index)
        elapsed_s = _LOOK_EVERY_S if self._looked_s is None else frame.time_s - self._looked_s
        if 0 <= elapsed_s < _LOOK_EVERY_S:
            return self._reason
        self._looked_s = frame.time_s
        self._judge(frame, min(elapsed_s, _LONGEST_STEP_S) if elapsed_s > 0 else _LOOK_EVERY_S)
        self._reason = self._told()
        return self._reason

    def _judge(self, frame: Frame, elapsed_s: float) -> None:
        thumbnail = Thumbnail(frame.luma)
        if thumbnail.fine.shape != self._shape:
            self._shape = thumbnail.fine.shape
            self.relearn()
        seen = {
            "lossy": self._arrival.judge(self._latches["lossy"].on),
            "frozen": self._still.judge(frame.luma, elapsed_s),
            "blind": False,
        }
        if blind := self._light.judge(thumbnail):
            self._why_blind, seen["blind"] = blind, True
        else:
            seen["blurred"] = self._focus.judge(thumbnail)
            if not seen["blurred"]:
                seen["moved"] = self._view.judge(thumbnail, self._latches["moved"].on)
        for name, yes in seen.items():
            self._latches[name].feed(yes, elapsed_s)
        if not any(latch.on or latch.doubted for latch in self._latches.values()):
            for known in (self._light, self._view, self._focus):
                known.learn(elapsed_s / _FRESH_S)

    def _told(self) -> str | None:
        """The first reason that holds."""
        reasons = {"lossy": LOSSY, "blind": self._why_blind, "frozen": FROZEN, "moved": MOVED, "blurred": DEFOCUSED}
        return next((reason for name, reason in reasons.items() if self._latches[name].on), None)
