"""Films of one camera with much empty time, spliced from the camera's own bits: nothing is encoded anew.

`intel_one_by_one` has a key frame every second and no picture that refers across one, so that its seconds can be put in any
order. Visits keep the seconds around them in which the camera's exposure gets used to somebody's coming and going; the rest is
filled with seconds in which it had settled, over and over in their own order.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

FOOTAGE = Path("video") / "intel_one_by_one" / "one-by-one-person-detection.mp4"
SIZE_PX = (768, 432)
RATE_HZ = 10
LINE = np.array([[560.0, 432.0], [560.0, 150.0]])
"""Everyone crosses it once, to the right, when leaving the table."""
ZONE = np.array([[300.0, 250.0], [540.0, 250.0], [540.0, 432.0], [300.0, 432.0]])
"""The floor around the table, where everyone's feet stand for a while, once."""


EARLY, LATE = range(5), range(88, 91)
"""Seconds of the clip with nobody there and the exposure at rest: in the mean 1.6 grey levels lie between the two."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person of the clip.

    Attributes
    ----------
    seconds : sequence of int
        From where somebody is about to come to where the exposure has settled again.
    frames_in_view : int
        In how many frames somebody is seen, by the notes on the footage.
    before, after : range
        Empty seconds in the light in which the visit begins and ends.
    """

    seconds: Sequence[int]
    frames_in_view: int
    before: range
    after: range


VISITS = (
    Visit(range(5, 22), 135, before=EARLY, after=LATE),
    Visit(range(73, 88), 121, before=LATE, after=LATE),
    # Second 136 is empty and not missed; every other picture of it cannot be left out.
    Visit((*range(122, 136), 137, 138), 124, before=EARLY, after=EARLY),
)


@dataclass(frozen=True, slots=True)
class Film:
    """A spliced film.

    Attributes
    ----------
    path : Path
    frames : int
    rate_hz : float
    people : int
        Who comes in, crosses `LINE` and enters `ZONE`.
    quiet : float
        Share of the frames with nobody in view.
    """

    path: Path
    frames: int
    rate_hz: float
    people: int
    quiet: float


def order(visits: Sequence[Visit], *, quiet: float) -> list[int]:
    """Seconds of the clip in the order of a film in which nobody is in view for a share `quiet` of the time.

    Raises
    ------
    ValueError
        The visits alone are longer than such a film.
    """
    shown = sum(len(visit.seconds) for visit in visits)
    length = round(sum(visit.frames_in_view for visit in visits) / RATE_HZ / (1 - quiet))
    if shown > length:
        raise ValueError(f"the visits last {shown} s, longer than the film that would be quiet for {quiet:.0%} of its time")
    ends = np.linspace(0, length - shown, 2 * len(visits) + 1).round().astype(int)
    empty = iter(np.diff(ends).tolist())
    seconds: list[int] = []
    for visit in visits:
        seconds += itertools.islice(itertools.cycle(visit.before), next(empty))
        seconds += visit.seconds
        seconds += itertools.islice(itertools.cycle(visit.after), next(empty))
    return seconds


def splice(footage: Path, to: Path, seconds: Sequence[int], *, visits: Sequence[Visit], every: int = 1) -> Film:
    """Write a film of these seconds of the footage.

    Parameters
    ----------
    footage : Path
        The clip.
    to : Path
        The film.
    seconds : sequence of int
        As `order` gives them.
    visits : sequence of Visit
        Those among them.
    every : {1, 2}
        2 leaves out every other picture, so that the film has half the rate; no picture that stays may refer to them, which is
        so in the seconds of the last of `VISITS`.
    """
    clip = _seconds_of(footage)
    step = Fraction(every, RATE_HZ)
    with av.open(footage) as source, av.open(to, "w") as film:
        stream = film.add_stream_from_template(source.streams.video[0])
        stream.time_base = time_base = Fraction(1, 1000 * RATE_HZ)
        shown = 0
        for second in seconds:
            kept = [(index, data) for index, data in clip[second] if index % every == 0]
            for place, (index, data) in enumerate(kept):
                packet: Any = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = stream, time_base, place == 0
                # A picture is decoded one place before it can be shown: pictures are stored in the order of decoding.
                packet.pts = int((shown + index // every) * step / time_base)
                packet.dts = int((shown + place - 1) * step / time_base)
                packet.duration = int(step / time_base)
                film.mux(packet)
            shown += len(kept)
    quiet = 1 - sum(visit.frames_in_view for visit in visits) / every / shown
    return Film(to, shown, RATE_HZ / every, len(visits), quiet)


def _seconds_of(footage: Path) -> list[list[tuple[int, bytes]]]:
    """The packets of every second, from one key frame to the next, each with the place of its picture in that second."""
    seconds: list[list[tuple[int, bytes]]] = []
    for packet in _packets(footage):
        if packet.is_keyframe:
            seconds.append([])
        assert packet.pts is not None
        assert packet.time_base is not None
        seconds[-1].append((round(packet.pts * packet.time_base * RATE_HZ) % RATE_HZ, bytes(packet)))
    return seconds


def _packets(footage: Path) -> Iterator[Any]:
    with av.open(footage) as film:
        yield from (packet for packet in film.demux(film.streams.video[0]) if packet.size)
