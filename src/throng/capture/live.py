"""Cameras: the newest frame only, and the outages between."""

import random
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from throng.capture.address import Address
from throng.capture.card import NOT_TAKEN, Decoding
from throng.capture.clock import LiveClock, RateGate, StreamClock
from throng.capture.info import SourceInfo
from throng.capture.mailbox import Arrival, Mailbox
from throng.capture.pixels import pixels_of
from throng.capture.stream import UNTIMED, Video, open_video
from throng.data.errors import SourceError
from throng.data.frame import Frame
from throng.data.outage import Outage

FIRST_RETRY_S = 1.0
LAST_RETRY_S = 30.0
SILENCE_S = 5.0
_CLOSING_S = 2.0
_BEHIND_S = 1.0


def retry_after_s(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling from 1 s to 30 s, 25 per cent either way at random.

    The randomness keeps a thousand cameras behind one switch from coming back in step.
    """
    exponential_s = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures - 1, 16))
    return exponential_s * random.uniform(0.75, 1.25)


class LiveSource:
    """A camera, or a file replayed at its own pace as if it were one.

    A thread decodes; only the newest frame is kept. When the stream fails, the iterator yields an `Outage` at once and about
    every second, while the thread tries again with growing pauses.

    Attributes
    ----------
    info : SourceInfo or None
        Of the connection last made; None while the camera was never seen.
    truncated : str
        Always empty: what a live source loses it tells as outages and drops.
    note : str
        Why a card that was asked for does not decode it; of the connection last made, empty otherwise.
    """

    truncated = ""

    def __init__(
        self,
        address: Address,
        *,
        camera: str,
        loop: bool,
        max_rate_hz: float | None,
        threads: int,
        decoding: Decoding = "processor",
    ) -> None:
        self.info: SourceInfo | None = None
        self.note = ""
        self._address = address
        self._camera = camera
        self._loop = loop
        self._threads = threads
        self._decoding: Decoding = decoding
        self._without_card = ""
        self._max_rate_hz = max_rate_hz
        self._gate = RateGate(max_rate_hz)
        self._mailbox = Mailbox(silence_s=SILENCE_S)
        self._stop = threading.Event()
        self._clock = LiveClock()
        self._stream_clock = StreamClock(0.04)
        self._index = 0
        self._failures = 0
        # A daemon: a camera that hangs may hold the thread until the time-out, and must not hold up the end of the process.
        self._reader = threading.Thread(target=self._run, name="capture", daemon=True)

    @property
    def dropped(self) -> int:
        """Frames that were decoded and never taken, because newer ones came first."""
        return self._mailbox.dropped

    def start(self) -> None:
        """Begin to connect."""
        self._reader.start()

    def __iter__(self) -> Iterator[Frame | Outage]:
        """Frames and outages until the source is closed, or a file that is not looped ends."""
        while (item := self._mailbox.take()) is not None:
            if isinstance(item, Arrival):
                yield Frame(pixels=pixels_of(item.picture), time_s=item.time_s, index=item.index, camera=self._camera)
            else:
                yield item

    def close(self) -> None:
        """End the iteration and the connection."""
        self._stop.set()
        self._mailbox.end()
        if self._reader.is_alive():
            self._reader.join(_CLOSING_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._connect_and_read()
            except SourceError as error:
                self._failures += 1
                self._mailbox.fail(f"the camera cannot be read: {error}")
                self._stop.wait(retry_after_s(self._failures))
            else:
                break
        self._mailbox.end()

    def _connect_and_read(self) -> None:
        """Read one connection; a looped file endlessly. Returns when closed or a file has ended."""
        self._clock.connected()
        pace = _Pace()
        first = True
        while first or self._loop:
            video = open_video(self._address, threads=self._threads, decoding=self._decoding)
            try:
                if first:
                    self._stream_clock = StreamClock(video.nominal_interval_s)
                    self._gate = RateGate(self._max_rate_hz)
                self._stream_clock.begin_anew()
                self._read(video, pace)
            finally:
                video.close()
                if video.fails_on_card:
                    self._decoding, self._without_card = "processor", NOT_TAKEN
            first = False
            if self._stop.is_set():
                return
            if self._address.kind != "file":
                raise SourceError("it ended the stream")

    def _read(self, video: Video, pace: "_Pace") -> None:
        before = self._index
        if not video.has_times and self._address.kind == "file":
            raise SourceError(UNTIMED)
        for picture in video.frames(self._spares):
            stream_s = self._stream_clock.time_s(picture.time if video.has_times else time.monotonic())
            if self._address.kind == "file":
                self._stop.wait(pace.wait_s(stream_s))
            if self._stop.is_set():
                return
            if self._index == before:
                self.info = video.info_from(picture, live=True)
                self.note = video.note or self._without_card
            time_s = self._clock.time_s(stream_s, arrival_s=time.time())
            # Those left undecoded have come too.
            index, video.left_out = self._index + video.left_out, 0
            self._index = index + 1
            self._failures = 0
            self._mailbox.heard()
            if self._gate.passes(stream_s):
                self._mailbox.put(Arrival(picture, time_s, index))
        if self._index == before:
            raise SourceError("it holds no frames")

    def _spares(self, presentation_s: float) -> bool:
        return self._gate.spares(self._stream_clock.ahead_s(presentation_s))


class _Pace:
    """When the frames of a replayed file are due."""

    def __init__(self) -> None:
        self._start_s: float | None = None

    def wait_s(self, stream_s: float) -> float:
        """Seconds until the frame at this stream time is due; a replay that has fallen behind goes on from now."""
        now_s = time.monotonic()
        if self._start_s is None or now_s - (self._start_s + stream_s) > _BEHIND_S:
            self._start_s = now_s - stream_s
        return max(0.0, self._start_s + stream_s - now_s)
