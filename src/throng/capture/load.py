"""Whether a machine keeps up with a camera."""

WINDOW_S = 10.0
LATE_SHARE = 0.05
"""Share of the pictures that were due and not looked at, from which a camera counts as slowed."""


class Load:
    """Compares how many pictures were looked at with how many were due, over windows of ten seconds.

    Attributes
    ----------
    slowed : str
        What the last window showed, in a sentence; empty where the machine keeps up.
    """

    def __init__(self) -> None:
        self.slowed = ""
        self._start_s: float | None = None
        self._looked = 0
        self._missed = 0

    def looked(self, time_s: float, *, missed: int) -> None:
        """A picture was looked at, this many having been dropped since the start because it took too long."""
        if self._start_s is None or not 0 <= time_s - self._start_s < 3 * WINDOW_S:
            # The first picture of all, or after a pause or a clock that was set: what was missed till now says nothing.
            self._begin(time_s, missed)
            return
        self._looked += 1
        elapsed_s = time_s - self._start_s
        if elapsed_s >= WINDOW_S:
            due = self._looked + missed - self._missed
            self.slowed = (
                f"looked at {self._looked / elapsed_s:.1f} times a second instead of {due / elapsed_s:.1f}: this machine has "
                "more to do than it can, and slows all its cameras alike"
                if self._looked < (1 - LATE_SHARE) * due
                else ""
            )
            self._begin(time_s, missed)

    def _begin(self, time_s: float, missed: int) -> None:
        self._start_s, self._looked, self._missed = time_s, 0, missed
