"""Films: every frame, in order, as fast as they are asked for."""

import itertools
import time
from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Self

import av

from throng.capture.address import Address
from throng.capture.card import NOT_TAKEN, Decoding
from throng.capture.clock import RateGate, StreamClock
from throng.capture.info import SourceInfo
from throng.capture.pixels import pixels_of
from throng.capture.stream import UNTIMED, Video, open_video
from throng.data.errors import SourceError
from throng.data.frame import Frame


def open_recorded(
    address: Address, *, camera: str, max_rate_hz: float | None, threads: int, decoding: Decoding = "processor"
) -> "RecordedSource":
    """Open a file, device or URL to be read once, and decode its first frame.

    Raises
    ------
    SourceError
        It cannot be opened, holds no video or no frame, or is a file whose frames carry no times.
    """
    gate = RateGate(max_rate_hz)
    try:
        video, clock, first = _begun(address, threads, decoding, gate)
    except SourceError as error:
        raise SourceError(f"cannot read {address.shown(camera)}: {error}") from None
    return RecordedSource(video, first, camera=camera, gate=gate, clock=clock)


class RecordedSource:
    """A film being read once.

    Attributes
    ----------
    info : SourceInfo
    dropped : int
        Always 0: nothing is lost; frames left out for `max_rate_hz` are not counted.
    truncated : str
        Why less was read than the film says it holds, in a sentence; empty while that is not the case. Complete once the
        iteration has ended. What is readable is always read: a damaged packet is left out and the reading goes on.
    note : str
        Why a card that was asked for does not decode it; empty otherwise.
    """

    def __init__(
        self, video: Video, frames: Iterator[av.VideoFrame], *, camera: str, gate: RateGate, clock: StreamClock
    ) -> None:
        self.info: SourceInfo | None = video.info
        self.dropped = 0
        self.truncated = ""
        self.note = video.note
        self._video = video
        self._camera = camera
        self._gate = gate
        self._clock = clock
        self._frames = self._read(frames)

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order, `time_s` in seconds since the first; a second call goes on where the first stopped."""
        return self._frames

    def close(self) -> None:
        """Give the file or connection back."""
        self._frames.close()
        self._video.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _read(self, pictures: Iterator[av.VideoFrame]) -> Generator[Frame]:
        time_s, picture = 0.0, None
        try:
            for index, picture in enumerate(pictures):
                time_s = self._clock.time_s(picture.time if self._video.has_times else time.monotonic())
                if self._gate.passes(time_s):
                    yield Frame(pixels_of(picture), time_s, index + self._video.left_out, self._camera)
        except SourceError as error:
            self.truncated = f"reading stopped at {time_s + _length_s(picture):.1f} s: {error}"
            return
        self.truncated = self._what_is_missing(time_s + _length_s(picture))

    def _what_is_missing(self, end_s: float) -> str:
        length_s = self._video.info.duration_s
        if length_s is not None and end_s + self._video.nominal_interval_s < length_s - max(0.5, 0.02 * length_s):
            return f"it ends at {end_s:.1f} s although it says that it lasts {length_s:.1f} s"
        damaged = self._video.damaged_packets
        return f"{damaged} damaged packet{'s' * (damaged != 1)} could not be decoded whole" if damaged else ""


def _begun(
    address: Address, threads: int, decoding: Decoding, gate: RateGate
) -> tuple[Video, StreamClock, Iterator[av.VideoFrame]]:
    """The open video, its clock, and its frames; by the processor where a card makes no picture of it."""
    video = open_video(address, threads=threads, decoding=decoding)
    clock = StreamClock(video.nominal_interval_s)
    try:
        return video, clock, _first_frame(video, address, lambda presentation_s: gate.spares(clock.ahead_s(presentation_s)))
    except SourceError:
        video.close()
        if not video.fails_on_card:
            raise
    video, clock, frames = _begun(address, threads, "processor", gate)
    video.note = NOT_TAKEN
    return video, clock, frames


def _first_frame(video: Video, address: Address, spares: Callable[[float], bool]) -> Iterator[av.VideoFrame]:
    """All frames again, after making sure that there is one."""
    if not video.has_times and address.kind == "file":
        raise SourceError(UNTIMED)
    frames = video.frames(spares)
    first = next(frames, None)
    if first is None:
        damaged = video.damaged_packets
        raise SourceError("none of its frames can be decoded" if damaged else "it holds no frames")
    video.info = video.info_from(first, live=False)
    return itertools.chain([first], frames)


def _length_s(picture: av.VideoFrame | None) -> float:
    if picture is not None and picture.duration and picture.time_base is not None:
        return float(picture.duration * picture.time_base)
    return 0.0
