"""Opening and decoding with PyAV, and its errors in words that carry no address."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av import error as av_error

from throng.capture.address import Address
from throng.capture.card import NONE_OPENS, NOT_TAKEN, Decoding, decodes_on_card, first_card
from throng.capture.info import SourceInfo
from throng.capture.sparing import Sparing
from throng.data.errors import SourceError

if TYPE_CHECKING:
    from av.codec.hwaccel import HWAccel
    from av.container import InputContainer

TIMEOUT_S = 10.0
"""How long a URL may take to answer, and then to send the next packet."""

PATIENCE_S = 20.0
"""How long a URL may send what cannot be decoded before it is opened anew."""

_NO_TIMESTAMPS = 0x0080
"""FFmpeg's AVFMT_NOTIMESTAMPS: the format carries no frame times, so those that FFmpeg gives are a guess."""

UNTIMED = (
    "its frames carry no times, and a rate must not be guessed; "
    "put it into a container with its true rate: ffmpeg -r RATE -i IN -c copy OUT.mp4"
)

_PLAUSIBLE_RATE_HZ = 1000.0

_PROTOCOLS = {
    "file": "file",
    "http": "http,https,tls,tcp",
    "https": "https,tls,tcp",
    "rtsp": "rtsp,rtp,tcp",
    "rtsps": "rtsps,rtsp,rtp,tls,tcp",
}
"""What each kind of address may reach, so that a playlist posing as a film cannot make us open files or hosts."""

_UNREADABLE_TITLES = "replace"
"""A film's title in another encoding than UTF-8 is no reason not to read the film."""

_CLOCKS = {"correct_ts_overflow": "0"}
"""A clock that goes back is left as it is: FFmpeg takes it for one that has run over, and adds 26 hours."""

_SILENT = f"it did not answer within {TIMEOUT_S:g} s; check its address and that it is switched on"

_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (av_error.FileNotFoundError, "it is not there; check the path"),
    (av_error.IsADirectoryError, "it is a folder; name one file in it"),
    (av_error.PermissionError, "it may not be read; check its permissions"),
    (av_error.HTTPUnauthorizedError, "it refuses the user name or the password"),
    (av_error.HTTPForbiddenError, "it refuses the user name or the password"),
    (av_error.HTTPNotFoundError, "it has no stream under this path; check the path in its address"),
    (av_error.HTTPError, "it answers with an error of its own"),
    (av_error.HTTPClientError, "it answers with an error of its own"),
    (av_error.ConnectionRefusedError, "it refuses the connection; check its address and that it is switched on"),
    (av_error.ConnectionResetError, "it broke the connection"),
    (av_error.BrokenPipeError, "it broke the connection"),
    (av_error.TimeoutError, _SILENT),
    (av_error.ExitError, _SILENT),
    (av_error.EOFError, "it ended before its first picture"),
    (av_error.InvalidDataError, "it holds no video that can be read"),
    (av_error.DecoderNotFoundError, "its video codec is not known"),
    (av_error.OSError, "it cannot be reached"),
)


@dataclass(slots=True)
class Video:
    """An open video: the container and what decoding it needs.

    `note` says why a card that was asked for does not decode it, once there is a picture; empty where it does.
    """

    container: "InputContainer"
    info: SourceInfo
    has_times: bool
    nominal_interval_s: float
    packets: int = 0
    left_out: int = 0
    damaged_packets: int = 0
    patience_s: float | None = None
    has_card: bool = False
    has_begun: bool = False
    note: str = ""

    def frames(self, spares: Callable[[float], bool] | None = None) -> Iterator[av.VideoFrame]:
        """The frames in the order in which they are shown; a packet that cannot be decoded is counted and left out.

        Parameters
        ----------
        spares : callable, optional
            Says of each frame, by its presentation time in seconds, whether it can be done without. It is then not decoded if
            no other refers to it (many B-frames are such), and counted in `left_out`.

        Raises
        ------
        SourceError
            Reading, not decoding, failed; or nothing could be decoded for `patience_s`.
        """
        stream = self.container.streams.video[0]
        packets = self.container.demux(stream)
        sparing = Sparing(stream, spares if self.has_times else None)
        heard_s = time.monotonic()
        while True:
            failure = ""
            try:
                packet = next(packets)
            except StopIteration:
                return
            except IndexError:  # of a stream that was not there when the container was opened: PyAV stops at it
                packet, packets = None, self.container.demux(stream)
            except av_error.FFmpegError as error:
                packet, failure = None, reason_of(error)
            if self.patience_s is not None and time.monotonic() - heard_s > self.patience_s:
                failure = failure or f"it sent nothing for {self.patience_s:g} s that can be decoded"
            if failure:  # outside the except block: FFmpeg's error may quote the URL
                raise SourceError(failure)
            if packet is None:
                continue
            self.packets += packet.size > 0
            self.damaged_packets += packet.is_corrupt
            sparing.prepare(packet)
            try:
                pictures = packet.decode()
            except av_error.FFmpegError:
                self.damaged_packets += 1
                continue
            if pictures and not self.has_begun:
                self.has_begun = True
                if self.has_card and not decodes_on_card(stream.codec_context):
                    self.note = NOT_TAKEN
            for picture in pictures:
                self.damaged_packets += picture.is_corrupt
                self.left_out += sparing.left_before(picture.pts)
                yield picture
            heard_s = time.monotonic() if pictures else heard_s

    @property
    def fails_on_card(self) -> bool:
        """Whether a card was given packets and made no picture of them."""
        return self.has_card and self.packets > 0 and not self.has_begun

    def info_from(self, picture: av.VideoFrame, *, live: bool) -> SourceInfo:
        """The info, with the upright size of a decoded frame; a live source has no length."""
        width_px, height_px = picture.width, picture.height
        if (picture.rotation // 90) % 2:
            width_px, height_px = height_px, width_px
        frames, duration_s = (None, None) if live else (self.info.frames, self.info.duration_s)
        return SourceInfo(width_px, height_px, self.info.frame_rate_hz, frames, duration_s)

    def close(self) -> None:
        """Give the file or connection back."""
        self.container.close()


def open_video(address: Address, *, threads: int, decoding: Decoding = "processor") -> Video:
    """Open an address and find its video; `decoding` on a card goes on on the processor where there is none, with a note.

    Raises
    ------
    SourceError
        With a reason that names neither address nor credentials; the caller says whose it is.
    """
    av.logging.set_level(None)  # FFmpeg's own messages may hold URLs with passwords
    if address.kind == "file" and Path(address.text).is_dir():
        raise SourceError("it is a folder; name one file in it")
    card = first_card() if decoding == "card" else None
    begun_s = time.monotonic()
    try:
        container, failure = _open(address, address.target(), card), ""
    except av_error.FFmpegError as error:
        container, failure = None, reason_of(error)
    if container is None:  # outside the except block: FFmpeg's error quotes the URL
        timed_out = address.kind == "url" and time.monotonic() - begun_s >= 0.9 * TIMEOUT_S
        raise SourceError(_SILENT if timed_out else _closer_reason(address, failure))
    if not container.streams.video:
        what = "it holds no video, only sound or data" if len(container.streams) else "it holds no frames"
        container.close()
        raise SourceError(what)
    stream = container.streams.video[0]
    if stream.codec_context is None:
        container.close()
        raise SourceError("its video codec is not known")
    stream.codec_context.thread_count = threads
    stream.codec_context.thread_type = "AUTO" if threads > 1 else "SLICE"
    info = _info(container)
    return Video(
        container,
        info,
        has_times=not container.format.flags & _NO_TIMESTAMPS,
        nominal_interval_s=1.0 / info.frame_rate_hz if info.frame_rate_hz else 0.04,
        patience_s=PATIENCE_S if address.kind == "url" else None,
        has_card=card is not None,
        note=NONE_OPENS if decoding == "card" and card is None else "",
    )


def reason_of(error: av_error.FFmpegError) -> str:
    """What went wrong, in our own words: FFmpeg's may hold an address."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "it cannot be read")


def _open(address: Address, target: str, card: "HWAccel | None") -> "InputContainer":
    if address.kind == "device":
        return av.open(target, "r", format="v4l2", metadata_errors=_UNREADABLE_TITLES, hwaccel=card)
    if address.kind == "file":
        options = {"protocol_whitelist": _PROTOCOLS["file"], **_CLOCKS}
        return av.open(target, "r", options=options, metadata_errors=_UNREADABLE_TITLES, hwaccel=card)
    options = {"protocol_whitelist": _PROTOCOLS[address.scheme], "timeout": str(int(TIMEOUT_S * 1e6)), **_CLOCKS}
    if address.scheme.startswith("rtsp"):
        options["rtsp_transport"] = "tcp"
    limits = (TIMEOUT_S, TIMEOUT_S)
    return av.open(target, "r", options=options, timeout=limits, metadata_errors=_UNREADABLE_TITLES, hwaccel=card)


def _closer_reason(address: Address, reason: str) -> str:
    """Tell a film whose index is cut off from a file that never was a film."""
    path = Path(address.text)
    if address.kind == "file" and path.is_file():
        with path.open("rb") as file:
            head = file.read(12)
        if not head:
            return "it is empty"
        if head[4:8] == b"ftyp":
            return "it is cut off and its index is missing; copy or export it again"
    return reason


def _info(container: "InputContainer") -> SourceInfo:
    stream = container.streams.video[0]
    rates = (stream.average_rate, stream.guessed_rate)
    rate_hz = next((float(rate) for rate in rates if rate and 0 < rate < _PLAUSIBLE_RATE_HZ), None)
    duration_s = None
    if stream.duration is not None and stream.time_base is not None:
        duration_s = float(stream.duration * stream.time_base)
    elif container.duration is not None and len(container.streams) == 1:
        duration_s = container.duration / av.time_base
        if "matroska" in container.format.name:  # whose length is the time of its end, not counted from its start
            duration_s -= max(0, container.start_time or 0) / av.time_base
    frames = stream.frames or None
    if duration_s is not None and rate_hz is not None:
        expected = round(duration_s * rate_hz)
        frames = frames if frames and abs(frames - expected) <= 2 + 0.02 * expected else expected
    return SourceInfo(stream.width, stream.height, rate_hz, frames, duration_s)
