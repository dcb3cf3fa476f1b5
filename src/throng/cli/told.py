"""What `throng run` tells the terminal of its cameras: that one counts nothing, and that it counts again."""

from collections.abc import Callable
from typing import Literal

from throng.cli.workers import Sink
from throng.data.release import Release


class Told:
    """Hands on what cameras send, and tells of one that is lost and of one that is back, once each.

    Parameters
    ----------
    sink : Sink
        Gets everything.
    tell : callable
        Gets sentences.
    """

    def __init__(self, sink: Sink, tell: Callable[[str], None]) -> None:
        self._sink, self._tell = sink, tell
        self._lost: set[str] = set()

    def put(self, release: Release) -> None:
        """Hand over a release."""
        self._sink.put(release)

    def camera_state(self, name: str, state: Literal["starting", "live", "unknown"], reason: str = "") -> None:
        """Hand it on; another reason of a camera that is lost already is not told."""
        self._sink.camera_state(name, state, reason)
        if state == "unknown" and name not in self._lost:
            self._lost.add(name)
            self._tell(f'camera "{name}" counts nothing: {reason}')
        elif state == "live" and name in self._lost:
            self._lost.discard(name)
            self._tell(f'camera "{name}" is back')
