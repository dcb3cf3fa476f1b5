"""Leaving undecoded what nobody will look at."""

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import Packet
    from av.video.stream import VideoStream

_MOST_AHEAD = 64
"""No picture is shown by so many places later than it is decoded."""


class Sparing:
    """Tells the decoder of a stream which packets it may leave, and counts those that it left.

    Which pictures others refer to the decoder knows itself: a packet that it may leave and that others need is decoded.

    Parameters
    ----------
    stream : VideoStream
    spares : callable or None
        Says of a frame, by its presentation time in seconds, whether it can be done without; None: of none.
    """

    def __init__(self, stream: "VideoStream", spares: Callable[[float], bool] | None) -> None:
        self._stream = stream
        self._spares = spares
        # A fraction, made anew each time it is asked for.
        self._tick_s = float(stream.time_base) if spares is not None and stream.time_base is not None else None
        self._sparing = False
        self._left: list[int] = []

    def prepare(self, packet: "Packet[VideoStream]") -> None:
        """Before this packet is decoded."""
        if self._spares is None or not packet.size:
            return
        sparing = packet.pts is not None and self._tick_s is not None and self._spares(packet.pts * self._tick_s)
        if sparing and packet.pts is not None:
            heapq.heappush(self._left, packet.pts)
        if sparing != self._sparing:
            self._sparing = sparing
            self._stream.codec_context.skip_frame = "NONREF" if sparing else "DEFAULT"

    def left_before(self, shown: int | None) -> int:
        """How many frames were left between the last picture and this one, by its presentation time in the stream's ticks."""
        number = 0
        while shown is not None and self._left and self._left[0] <= shown:
            # One that was decoded all the same, since others need it, is this picture.
            number += heapq.heappop(self._left) < shown
        if len(self._left) > _MOST_AHEAD:
            self._left.clear()  # the stream's clock has gone back
        return number
