"""What a camera's stream is made of."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import av
from av import error as av_error

from throng.capture.address import Address
from throng.capture.pixels import pixels_of
from throng.capture.stream import Video, open_video, reason_of
from throng.data.errors import SourceError
from throng.data.frame import Frame

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream


_REORDERED = 16
"""H.264's most pictures that may be decoded before one that is shown earlier."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a camera sends.

    Attributes
    ----------
    size_px : (int, int)
        Width and height.
    rate_hz : float or None
        As measured over what was read.
    codec : str
    key_interval_s : float or None
        Median time between pictures that need no other; None where fewer than two were read.
    skippable_share : float or None
        Of the pictures that no other needs.
    decode_ms : float or None
        Of one core, for one picture.
    """

    size_px: tuple[int, int]
    rate_hz: float | None
    codec: str
    key_interval_s: float | None = None
    skippable_share: float | None = None
    decode_ms: float | None = None


@dataclass(slots=True)
class _Reading:
    """What was read so far; times in seconds of the stream."""

    begin_s: float | None = None
    times_s: list[float] = field(default_factory=list)
    keys_s: list[float] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    decoded: int = 0
    unskipped: int = 0
    decoding_s: float = 0.0


def read_stream(address: Address, *, seconds: float, pictures: int, patience_s: float) -> tuple[StreamFacts, list[Frame]]:
    """Read a stream for some time, and keep a few of its pictures, spread over that time.

    Parameters
    ----------
    address : Address
        A file, a device or a URL.
    seconds : float
        Of the stream.
    pictures : int
        How many to keep.
    patience_s : float
        Reading ends after so long whatever the stream's own clock says.

    Raises
    ------
    SourceError
        It cannot be opened, or no picture can be read; names neither address nor credentials.
    """
    video = open_video(address, threads=1)
    try:
        reading = _read(video, seconds, pictures, patience_s)
        codec = video.container.streams.video[0].codec_context.name
    finally:
        video.close()
    if not reading.frames:
        raise SourceError("none of its pictures can be decoded")
    return _facts(reading, codec), reading.frames


def _read(video: Video, seconds: float, pictures: int, patience_s: float) -> _Reading:
    stream = video.container.streams.video[0]
    skipping = _skipping(stream.codec_context)
    reading = _Reading()
    deadline_s = time.monotonic() + patience_s
    for packet in _packets(video):
        time_s = _time_s(packet.pts, packet.time_base)
        if time_s is not None:
            reading.begin_s = time_s if reading.begin_s is None else reading.begin_s
            reading.times_s.append(time_s)
            if packet.is_keyframe:
                reading.keys_s.append(time_s)
        reading.unskipped += len(_decoded(skipping, packet))
        begun = time.process_time()
        shown = _decoded(stream.codec_context, packet)
        reading.decoding_s += time.process_time() - begun
        for picture in shown:
            reading.decoded += 1
            since_s = picture.time - (reading.begin_s or 0.0) if picture.pts is not None else 0.0
            if len(reading.frames) < pictures and since_s >= len(reading.frames) * seconds / pictures:
                reading.frames.append(Frame(pixels_of(picture), since_s, reading.decoded, "doctor"))
        if time.monotonic() > deadline_s or (time_s is not None and time_s - (reading.begin_s or 0.0) > seconds):
            break
    reading.unskipped += len(_decoded(skipping, None))
    reading.decoded += len(_decoded(stream.codec_context, None))
    return reading


def _packets(video: Video) -> "Iterator[Packet[VideoStream]]":
    """The packets of the video, until it ends or breaks off."""
    packets = video.container.demux(video.container.streams.video[0])
    while True:
        try:
            packet = next(packets)
            failure = ""
        except StopIteration:
            return
        except av_error.FFmpegError as error:
            packet, failure = None, reason_of(error)
        if packet is None:  # outside the except block: FFmpeg's error may quote the URL
            raise SourceError(failure)
        yield packet


def _decoded(decoder: "VideoCodecContext | None", packet: "Packet[VideoStream] | None") -> list[av.VideoFrame]:
    """The pictures that a packet completes; with None, those that the decoder still holds."""
    if decoder is None:
        return []
    try:
        return decoder.decode(packet)
    except av_error.FFmpegError:
        return []


def _skipping(decoder: "VideoCodecContext") -> "VideoCodecContext | None":
    """A second decoder of the same stream, which leaves out the pictures that no other needs."""
    try:
        other: VideoCodecContext = av.CodecContext.create(decoder.codec.name, "r")  # type: ignore[assignment]
    except (av_error.FFmpegError, ValueError):
        return None
    other.extradata = decoder.extradata
    other.thread_count = 1
    other.skip_frame = "NONREF"
    return other


def _time_s(pts: int | None, time_base: Fraction | None) -> float | None:
    return None if pts is None or time_base is None else float(pts * time_base)


def _facts(reading: _Reading, codec: str) -> StreamFacts:
    # Pictures come in the order of decoding: of the last few, some are shown only after others that were not read.
    times_s = sorted(reading.times_s)[: -_REORDERED if len(reading.times_s) > 2 * _REORDERED else None]
    spread_s = times_s[-1] - times_s[0] if times_s else 0.0
    keys = sorted(reading.keys_s)
    gaps = [later - earlier for earlier, later in pairwise(keys)]
    return StreamFacts(
        size_px=reading.frames[0].size_px,
        rate_hz=(len(times_s) - 1) / spread_s if spread_s > 0 else None,
        codec=codec,
        key_interval_s=statistics.median(gaps) if gaps else None,
        skippable_share=max(0.0, 1.0 - reading.unskipped / reading.decoded) if reading.unskipped else None,
        decode_ms=1e3 * reading.decoding_s / reading.decoded,
    )
