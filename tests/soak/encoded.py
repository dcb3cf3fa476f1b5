"""Cameras that encode their pictures as MPEG-4: a transport stream by HTTP, and RTP within RTSP."""

import io
import itertools
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from tests.soak.cameras import RATE_HZ, Camera, HttpCamera, request
from tests.soak.scene import Luma

if TYPE_CHECKING:
    from av.container import OutputContainer

_SOUND_HZ = 8000
_TICKS_HZ = 90_000
_MOST_BYTES = 1400
_HEADERS = b"\0\0\1\xb0"
"""Begins a key frame of MPEG-4 that carries its headers."""


class Encoder:
    """MPEG-4 with a key frame a second, and its headers in each; starts anew where the size changes."""

    def __init__(self) -> None:
        self._context: VideoCodecContext | None = None
        self._number = itertools.count()

    def encode(self, luma: Luma) -> bytes:
        height, width = luma.shape
        if self._context is None or (self._context.width, self._context.height) != (width, height):
            context = av.CodecContext.create("mpeg4", "w")
            context.width, context.height, context.pix_fmt = width, height, "yuv420p"
            context.time_base, context.framerate = Fraction(1, RATE_HZ), Fraction(RATE_HZ, 1)
            context.gop_size, context.max_b_frames, context.bit_rate = RATE_HZ, 0, 600_000
            self._context = context
        grey = np.full((height // 2, width), 128, np.uint8)
        picture = av.VideoFrame.from_ndarray(np.vstack([luma, grey]), format="yuv420p")
        picture.pts, picture.time_base = next(self._number), Fraction(1, RATE_HZ)
        return b"".join(bytes(packet) for packet in self._context.encode(picture))


class TransportCamera(HttpCamera):
    """An MPEG transport stream with sound beside the picture."""

    path = "/live.ts"
    content_type = "video/mp2t"
    suffers = ("clock ahead", "clock back", "sound only")

    def stream(self, connection: socket.socket) -> None:
        encoder, numbers = Encoder(), itertools.count()
        pictures = self.pictures()
        before = None
        with ExitStack() as open_now:
            for number, luma in zip(numbers, pictures, strict=False):
                # Asked once for both uses: a fault may begin or end at any moment, from another thread.
                clock_s = self.clock_s(number)
                shift = round(clock_s - number / RATE_HZ)
                # Where the clock jumps or the size changes, the transport stream begins anew within the same connection.
                if (now := (shift, luma.shape)) != before:
                    open_now.close()
                    muxer = _Muxer(self, connection, luma.shape)
                    open_now.enter_context(muxer)
                    before = now
                picture = b"" if self.fault == "sound only" else self.content(encoder.encode(luma))
                muxer.mux(picture, round(clock_s * RATE_HZ))


class _Muxer:
    """Puts pictures and silence into a transport stream that goes down a connection."""

    def __init__(self, camera: Camera, connection: socket.socket, shape: tuple[int, ...]) -> None:
        muxer = self
        self._gone: OSError | None = None

        class Pipe(io.RawIOBase):
            def writable(self) -> bool:
                return True

            def write(self, data: object) -> int:
                content = bytes(cast(bytes, data))
                try:
                    camera.send(connection, content)
                except OSError as error:  # told by `mux`: through FFmpeg it would come as one of its own, and again at its end
                    muxer._gone = error
                return len(content)

        options = {"flush_packets": "1", "max_interleave_delta": "200000"}
        self._container: OutputContainer = av.open(Pipe(), "w", format="mpegts", options=options)
        self._video = self._container.add_stream("mpeg4", rate=RATE_HZ)
        self._video.height, self._video.width = shape
        self._video.pix_fmt = "yuv420p"
        self._sound = self._container.add_stream("aac", rate=_SOUND_HZ)
        self._container.start_encoding()

    def __enter__(self) -> "_Muxer":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def mux(self, picture: bytes, number: int) -> None:
        """Send the picture, where there is one, and as much silence as it lasts."""
        if picture:
            packet = av.Packet(picture)
            packet.stream, packet.time_base = self._video, Fraction(1, RATE_HZ)
            packet.pts = packet.dts = number
            packet.is_keyframe = picture.startswith(_HEADERS)
            self._container.mux(packet)
        samples = av.AudioFrame.from_ndarray(np.zeros((1, _SOUND_HZ // RATE_HZ), np.float32), format="fltp", layout="mono")
        samples.sample_rate, samples.pts = _SOUND_HZ, number * _SOUND_HZ // RATE_HZ
        samples.time_base = Fraction(1, _SOUND_HZ)
        self._container.mux(self._sound.encode(samples))
        if self._gone:
            raise self._gone


_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 MP4V-ES/90000\r\na=fmtp:96 profile-level-id=1\r\na=control:track1\r\n"
)


class RtspCamera(Camera):
    """RTSP (RFC 2326) with MPEG-4 in RTP (RFC 6416) interleaved on its connection, as network cameras serve it."""

    scheme, path = "rtsp", "/live"
    suffers = ("clock ahead", "clock back")

    def answer(self, connection: socket.socket) -> None:
        while self._reply(connection) != "PLAY":
            pass
        encoder, sequence = Encoder(), itertools.count()
        for number, luma in zip(itertools.count(), self.pictures(), strict=False):
            if select.select([connection], [], [], 0)[0]:
                self._reply(connection)  # the client says that it is still there
            time_ticks = round(self.clock_s(number) * _TICKS_HZ)
            self.send(connection, b"".join(_packets(self.content(encoder.encode(luma)), time_ticks, sequence)))

    def _reply(self, connection: socket.socket) -> str:
        """Answer a request; its method."""
        asked = request(connection)
        method, body, more = asked[""], "", ""
        if method == "OPTIONS":
            more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n"
        elif method == "DESCRIBE":
            body, more = _SDP, f"Content-Type: application/sdp\r\nContent-Base: {self.url}/\r\n"
        elif method == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        status = "503 Service Unavailable" if self.fault == "error" else "200 OK"
        head = f"RTSP/1.0 {status}\r\nCSeq: {asked.get('cseq', '0')}\r\nSession: 1;timeout=60\r\n{more}"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return method


def _packets(picture: bytes, time_ticks: int, sequence: Iterator[int]) -> Iterator[bytes]:
    """One picture as RTP packets, each framed for the RTSP connection (RFC 2326, 10.12); the last one is marked."""
    parts = [picture[start : start + _MOST_BYTES] for start in range(0, len(picture), _MOST_BYTES)]
    for place, part in enumerate(parts, 1):
        last = 0x80 if place == len(parts) else 0
        head = struct.pack(">BBHII", 0x80, last | 96, next(sequence) & 0xFFFF, time_ticks & 0xFFFFFFFF, 1)
        yield struct.pack(">cBH", b"$", 0, len(head) + len(part)) + head + part
