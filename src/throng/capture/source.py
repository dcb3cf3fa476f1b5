"""Sources of frames: files, devices, network cameras and simulated scenes, behind one protocol."""

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from throng.capture.address import Address
from throng.capture.card import Decoding
from throng.capture.info import SourceInfo
from throng.capture.live import LiveSource
from throng.capture.recorded import open_recorded
from throng.capture.simulated import open_simulated
from throng.data.frame import Frame
from throng.data.outage import Outage

__all__ = ["Source", "SourceInfo", "open_source"]


class Source(Protocol):
    """Something that yields the frames of one camera; a context manager that closes itself.

    Attributes
    ----------
    info : SourceInfo or None
        None while a live camera was never seen.
    dropped : int
        Frames that were there and never yielded, because the consumer was slower than the camera.
    truncated : str
        Why less was read than a film says it holds, in a sentence; empty otherwise. Complete once the iteration has ended.
    note : str
        Why a card that was asked for does not decode it; empty otherwise, and before a live camera's first picture.
    """

    @property
    def info(self) -> SourceInfo | None: ...

    @property
    def dropped(self) -> int: ...

    @property
    def truncated(self) -> str: ...

    @property
    def note(self) -> str: ...

    def __iter__(self) -> Iterator[Frame | Outage]: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


def open_source(
    address: str,
    *,
    camera: str,
    live: bool = False,
    loop: bool = False,
    max_rate_hz: float | None = None,
    threads: int = 1,
    decoding: Decoding = "processor",
    user: str | None = None,
    password: str | None = None,
) -> Source:
    """Open a camera or a film.

    Parameters
    ----------
    address : str
        A file, a device such as /dev/video0, an rtsp, rtsps, http or https URL, or `simulate:SCENARIO/CAMERA`.
    camera : str
        The camera's name, for its frames and for error messages.
    live : bool
        False: read once, every frame, as fast as possible; `Frame.time_s` is seconds since the first frame. True: the newest
        frame only, with outages and reconnecting; `Frame.time_s` is Unix time. A file is then replayed at its own pace.
    loop : bool
        Replay a file or scene endlessly; needs `live`.
    max_rate_hz : float, optional
        Leave out frames so that at most so many a second, by the stream's time, are converted and yielded.
    threads : int
        Decoder threads.
    decoding : {"processor", "card"}
        Who decodes; where no card opens, or the card does not take the stream, the processor does, and `Source.note` says so.
    user, password : str, optional
        Credentials for a URL; they are put in at the moment of opening and appear in no error, log or repr.

    Raises
    ------
    SourceError
        A source that is not live cannot be opened, or holds no video or no frame. A live one yields outages instead.
    """
    if loop and not live:
        raise ValueError("loop needs live=True: a film that is read as fast as possible would never end")
    place = Address.parse(address, user=user, password=password)
    if place.kind == "simulated":
        return open_simulated(place.text, camera=camera, live=live, loop=loop, max_rate_hz=max_rate_hz)
    if not live:
        return open_recorded(place, camera=camera, max_rate_hz=max_rate_hz, threads=threads, decoding=decoding)
    source = LiveSource(place, camera=camera, loop=loop, max_rate_hz=max_rate_hz, threads=threads, decoding=decoding)
    source.start()
    return source
