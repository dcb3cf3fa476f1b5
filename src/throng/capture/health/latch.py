"""A verdict that neither comes nor goes at a single picture."""


class Latch:
    """Turns on when yes is so many seconds ahead, and off when no is.

    Parameters
    ----------
    on_s, off_s : float
        Seconds.
    """

    def __init__(self, *, on_s: float, off_s: float) -> None:
        self.on = False
        self._on_s = on_s
        self._off_s = off_s
        self._against_s = 0.0

    def feed(self, yes: bool, elapsed_s: float) -> bool:
        """Take in a judgement that stands for the seconds since the one before; whether it is on now."""
        self._against_s = max(0.0, self._against_s + (-elapsed_s if yes == self.on else elapsed_s))
        if self._against_s >= (self._off_s if self.on else self._on_s):
            self.on, self._against_s = yes, 0.0
        return self.on

    @property
    def doubted(self) -> bool:
        """Whether the newest judgements speak against the verdict."""
        return self._against_s > 0.0
