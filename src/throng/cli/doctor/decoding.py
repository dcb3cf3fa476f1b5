"""How fast this machine decodes, and which of its devices do it."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
from av import error as av_error
from av.codec.hwaccel import HWAccel, hwdevices_available

from throng.capture.pixels import pixels_of
from throng.data.frame import Frame

if TYPE_CHECKING:
    from av.container import InputContainer

SIZE_PX = (768, 432)
RATE_HZ = 25
_PICTURES = 75
_LEAST_S = 1.0

_NO_DEVICE = "no such device here, or its driver does not load"
_NOT_BUILT = "this FFmpeg's H.264 decoder was built without it"


@dataclass(frozen=True, slots=True)
class Device:
    """A kind of hardware decoder that FFmpeg was built with.

    Attributes
    ----------
    name : str
        FFmpeg's: "cuda", "vaapi".
    opens : bool
        Whether it decodes H.264 here.
    reason : str
        Why not.
    """

    name: str
    opens: bool
    reason: str


def clip() -> bytes:
    """A few seconds of H.264 in memory: shapes moving over a textured background; empty where FFmpeg cannot encode it."""
    generator = np.random.default_rng(7)
    width, height = SIZE_PX
    coarse = generator.integers(60, 190, (height // 8, width // 8, 3), dtype=np.uint8)
    scene = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
    file = io.BytesIO()
    try:
        with av.open(file, "w", format="mp4") as container:
            stream = container.add_stream("h264", rate=RATE_HZ, options={"preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number in range(_PICTURES):
                picture = scene.copy()
                for person in range(6):
                    left = (40 + 110 * person + 3 * number * (1 + person % 2)) % (width - 40)
                    picture[120 + 20 * person : 220 + 20 * person, left : left + 36] = 30 * person
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            container.mux(stream.encode())
    except (av_error.FFmpegError, av.codec.codec.UnknownCodecError, ValueError):
        return b""
    return file.getvalue()


def pictures(film: bytes) -> Iterator[Frame]:
    """The clip's pictures, as a camera's reach the detectors, decoded by one thread."""
    with _opened(film) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for number, picture in enumerate(container.decode(video=0)):
            yield Frame(pixels_of(picture), number / RATE_HZ, number, "doctor")


def decode_s(film: bytes) -> float:
    """Seconds that one core takes to decode one picture of the clip."""
    begun = time.process_time()
    count = 0
    while time.process_time() - begun < _LEAST_S:
        count += sum(1 for _ in pictures(film))
    return (time.process_time() - begun) / count


def devices(film: bytes) -> list[Device]:
    """Every kind of hardware decoder that FFmpeg offers, and whether it decodes the clip."""
    av.logging.set_level(None)
    return [Device(name, *_tried(film, name)) for name in hwdevices_available()]


def _tried(film: bytes, name: str) -> tuple[bool, str]:
    if not film:
        return False, "not tried: FFmpeg could not make a clip to try it on"
    try:
        with _opened(film, HWAccel(device_type=name, allow_software_fallback=False)) as container:
            next(container.decode(video=0))
    except av_error.FFmpegError:
        return False, _NO_DEVICE
    except (RuntimeError, ValueError, NotImplementedError):
        # PyAV's own: it finds no way from the decoder to such a device, and has not looked for one.
        return False, _NOT_BUILT
    return True, ""


def _opened(film: bytes, hwaccel: HWAccel | None = None) -> "InputContainer":
    return av.open(io.BytesIO(film), "r", hwaccel=hwaccel)
