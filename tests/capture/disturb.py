"""What happens to cameras and to the scenes in front of them, done to pictures (height, width) uint8.

A disturbance takes a picture, the seconds since it began and a random generator. `FAULTS` make a picture from which nothing can
be known; `EVENTS` are everyday life and night, in which everything can.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.data.frame import Frame
from throng.data.planes import Planes

Luma = NDArray[np.uint8]
Floats = NDArray[np.float32]
Disturb = Callable[[Luma, float, np.random.Generator], Luma]

WIDTH_PX, HEIGHT_PX = 768, 432


def frame_of(luma: Luma, time_s: float, index: int) -> Frame:
    """A frame as a decoder gives it, with this brightness and no colour."""
    grey = np.full((1, 1), 128, np.uint8)
    planes = Planes(
        luma=luma.view(), cb=grey, cr=grey, to_bgr=np.zeros((3, 4)), convert=lambda: np.repeat(luma[:, :, None], 3, axis=2)
    )
    return Frame(pixels=planes, time_s=time_s, index=index, camera="north")


@cache
def simulated(scenario: str, camera: str, *, every_s: float = 1.0, pictures: int = 30) -> Sequence[Luma]:
    """Pictures of a simulated scene with its people and its sensor noise."""
    from throng.simulate.live import stream

    scene = stream(scenario, camera, live=False, loop=True)
    return [np.ascontiguousarray(scene.image_at(i * every_s)[:, :, 1]) for i in range(pictures)]


@cache
def drawn(seed: int, *, pictures: int = 30, noise: float = 2.0) -> Sequence[Luma]:
    """Pictures of a scene of rectangles and lines, in which small dark figures walk."""
    rng = np.random.default_rng(seed)
    scene = np.full((HEIGHT_PX, WIDTH_PX), 110, np.uint8)
    for _ in range(70):
        x, y, size = rng.integers(0, WIDTH_PX), rng.integers(0, HEIGHT_PX), rng.integers(10, 90)
        cv2.rectangle(scene, (int(x), int(y)), (int(x + size), int(y + size // 2)), int(rng.integers(50, 190)), -1)
        ends = rng.integers(-120, 121, 2)
        cv2.line(scene, (int(x), int(y)), (int(x + ends[0]), int(y + ends[1])), int(rng.integers(40, 200)), 2)
    places = rng.uniform(0, 1, (6, 2)) * (WIDTH_PX, HEIGHT_PX)
    steps = rng.normal(0, 25, (6, 2))
    result = []
    for i in range(pictures):
        picture = scene.copy()
        for x, y in ((places + i * steps) % (WIDTH_PX, HEIGHT_PX)).astype(int).tolist():
            cv2.ellipse(picture, (x, y), (9, 24), 0, 0, 360, 30, -1)
        result.append(noisy(picture, noise, rng))
    return result


@cache
def _grain(shape: tuple[int, int]) -> Floats:
    return np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)


def noisy(picture: NDArray[Any], sigma: float, rng: np.random.Generator) -> Luma:
    """The picture with sensor noise, new at every call, in the range of 8 bits."""
    rows, columns = picture.shape
    shift = (int(rng.integers(0, rows)), int(rng.integers(0, columns)))
    whole = np.rint(picture + sigma * np.roll(_grain((rows, columns)), shift, (0, 1)))
    return np.asarray(np.clip(whole, 0, 255), np.uint8)


@cache
def glow(shape: tuple[int, int], x: float, y: float, radius: float) -> Floats:
    """A round light that falls off from 1; place and radius in shares of the width (and of the height for y)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    away = (columns / shape[1] - x) ** 2 + ((rows / shape[0] - y) * shape[0] / shape[1]) ** 2
    return np.asarray(np.exp(-away / radius**2), np.float32)


def lamps(shape: tuple[int, int]) -> Floats:
    """Three street lamps."""
    return glow(shape, 0.2, 0.3, 0.12) + glow(shape, 0.5, 0.25, 0.12) + glow(shape, 0.8, 0.35, 0.12)


def turned(*, x: float = 0.0, y: float = 0.0, zoom: float = 1.0, degrees: float = 0.0) -> Disturb:
    """A mount that has shifted (in shares of the picture), zoomed or rotated."""

    def disturb(picture: Luma, _s: float, _rng: np.random.Generator) -> Luma:
        rows, columns = picture.shape
        matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, zoom)
        matrix[:, 2] += (x * columns, y * rows)
        return np.asarray(cv2.warpAffine(picture, matrix, (columns, rows), borderMode=cv2.BORDER_REFLECT), np.uint8)

    return disturb


def blurred(share: float) -> Disturb:
    """Out of focus: a Gaussian of this share of the width, before the sensor's noise."""
    return lambda picture, _s, rng: noisy(cv2.GaussianBlur(picture, (0, 0), share * picture.shape[1]), 1.5, rng)


def lens_cap(level: float, *, noise: float = 2.0) -> Disturb:
    """Something before the lens, lit unevenly, without structure."""

    def disturb(picture: Luma, _s: float, rng: np.random.Generator) -> Luma:
        return noisy(level * (0.5 + 0.5 * glow(picture.shape, 0.3, 0.3, 0.6)), noise, rng)

    return disturb


FAULTS: dict[str, tuple[str, Disturb]] = {
    "dark": ("dark", lambda p, _s, rng: noisy(16 + 0.004 * p, 1.5, rng)),
    "dark, with gain": ("dark", lambda p, _s, rng: noisy(22 + 0.004 * p, 6.0, rng)),
    "black": ("dark", lambda p, _s, _rng: np.full_like(p, 16)),
    "sun": ("blinded", lambda p, _s, rng: noisy(np.minimum(0.3 * p + 500 * glow(p.shape, 0.5, 0.4, 0.55), 250), 2, rng)),
    "torch": ("blinded", lambda p, _s, rng: noisy(np.minimum(0.15 * p + 900 * glow(p.shape, 0.5, 0.5, 0.35), 235), 2, rng)),
    "white": ("blinded", lambda p, _s, rng: noisy(np.full(p.shape, 250.0), 1.0, rng)),
    "black cap": ("dark", lens_cap(25.0)),
    "grey cap": ("covered", lens_cap(110.0)),
    "bright cap": ("covered", lens_cap(220.0)),
    "grey card": ("covered", lambda p, _s, _rng: np.full_like(p, 128)),
    "shifted by 2 per cent": ("moved", turned(x=0.02)),
    "sunk by 3 per cent": ("moved", turned(y=-0.03)),
    "shifted by 10 per cent": ("moved", turned(x=0.1, y=0.03)),
    "turned away": ("moved", turned(x=0.4, y=0.1)),
    "zoomed by 5 per cent": ("moved", turned(zoom=1.05)),
    "zoomed by 40 per cent": ("moved", turned(zoom=1.4)),
    "zoomed out": ("moved", turned(zoom=0.85)),
    "rotated by 3 degrees": ("moved", turned(degrees=3.0)),
    "rotated by 90 degrees": ("moved", turned(degrees=90.0)),
    "slightly out of focus": ("focus", blurred(0.006)),
    "out of focus": ("focus", blurred(0.01)),
    "far out of focus": ("focus", blurred(0.02)),
}
"""What each is called in the reason, and how it looks. A blind camera's reason may also be another of the blind ones."""


def bus(picture: Luma, since_s: float, _rng: np.random.Generator) -> Luma:
    """A bus drives into the left half in 3 s, stands for 20 s and drives on."""
    rows, columns = picture.shape
    length = columns // 2
    inside = round(length * min(1.0, since_s / 3) * (1.0 if since_s < 23 else max(0.0, 1 - (since_s - 23) / 3)))
    side = np.full((rows, length), 90, np.uint8)
    for x in range(0, length, length // 6):
        cv2.rectangle(side, (x + 4, rows // 5), (x + length // 6 - 6, rows // 2), 200, -1)
    cv2.putText(side, "42", (length // 4, int(0.8 * rows)), cv2.FONT_HERSHEY_SIMPLEX, rows / 200, 240, 4)
    picture = picture.copy()
    picture[:, :inside] = side[:, length - inside :]
    return picture


def crowd(*, standing: bool) -> Disturb:
    """A crowd that gathers over half a minute until it fills the picture, and walks or stands swaying."""
    rng = np.random.default_rng(3)
    people = 180
    x, y = rng.uniform(0, 1, people), rng.uniform(-0.1, 1.1, people)
    speed = 0.0 if standing else rng.normal(0, 0.02, people)
    clothes, hair, phase = rng.integers(20, 230, people), rng.integers(20, 230, people), rng.uniform(0, 6, people)

    def disturb(picture: Luma, since_s: float, _rng: np.random.Generator) -> Luma:
        rows, columns = picture.shape
        picture = picture.copy()
        here = (x + speed * since_s + (0.004 * np.sin(1.3 * since_s + phase) if standing else 0.0)) % 1.0
        come = np.flatnonzero(np.arange(people) < people * since_s / 30)
        for i in come[np.argsort(y[come])].tolist():
            size = rows * 0.28 * (0.5 + 0.5 * (y[i] + 0.1))
            at = (int(here[i] * columns), int(y[i] * rows))
            cv2.ellipse(picture, at, (int(0.28 * size), int(0.5 * size)), 0, 0, 360, int(clothes[i]), -1)
            cv2.circle(picture, (at[0], at[1] - int(0.55 * size)), int(0.16 * size), int(hair[i]), -1)
        return picture

    return disturb


def dusk(picture: Luma, since_s: float, rng: np.random.Generator) -> Luma:
    """Day turns into lamplight within two minutes."""
    day = max(0.0, 1.0 - since_s / 120)
    night = 0.15 * (0.3 + lamps(picture.shape))
    return noisy(16 * (1 - day) + picture * (day + (1 - day) * night), 2.0, rng)


def lights(picture: Luma, since_s: float, rng: np.random.Generator) -> Luma:
    """Every twenty seconds the lights of a room go out, and a lamp in a corner remains, or on again."""
    if (since_s // 20) % 2:
        return picture
    return noisy(10 + 0.3 * picture * (0.4 + 0.8 * glow(picture.shape, 0.8, 0.2, 0.4)), 2.0, rng)


def shake(picture: Luma, since_s: float, rng: np.random.Generator) -> Luma:
    """Wind: up to four pixels in 768."""
    x, y = rng.integers(-4, 5, 2) / 768
    return turned(x=x, y=y)(picture, since_s, rng)


def headlights(picture: Luma, since_s: float, rng: np.random.Generator) -> Luma:
    """A light shines into the lens for a moment, every fifteen seconds."""
    if since_s % 15 > 1.0:
        return picture
    return noisy(np.minimum(picture + 600 * glow(picture.shape, 0.5, 0.5, 0.5), 255), 1.0, rng)


EVENTS: dict[str, Disturb] = {
    "nothing": lambda p, _s, _rng: p,
    "a walking crowd fills the picture": crowd(standing=False),
    "a standing crowd fills the picture": crowd(standing=True),
    "a bus fills half of the picture": bus,
    "a night with lamps": lambda p, _s, rng: noisy(16 + 0.2 * p * (0.4 + lamps(p.shape)), 2.5, rng),
    "a dim night": lambda p, _s, rng: noisy(18 + 0.12 * p, 2.0, rng),
    "dusk": dusk,
    "lights off and on": lights,
    "wind": shake,
    "headlights": headlights,
}


def film(
    footage: Sequence[Luma], disturb: Disturb, *, rate_hz: float, from_s: float, until_s: float, length_s: float, seed: int = 5
) -> Iterator[tuple[float, Frame]]:
    """Seconds and frames of footage that is looped at its own pace of one picture a second, disturbed for a while.

    Between two seconds' pictures the noise is the same only where the rate is above one: each frame has a little of its own.
    """
    rng = np.random.default_rng(seed)
    for index in range(round(length_s * rate_hz)):
        time_s = index / rate_hz
        picture = footage[int(time_s) % len(footage)]
        if from_s <= time_s < until_s:
            picture = disturb(picture, time_s - from_s, rng)
        yield time_s, frame_of(picture, time_s, index)
