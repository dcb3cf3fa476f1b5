"""Made-up detections of walking people, as many as are wanted, to time trackers with."""

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.simulate.detections import Faults, TrueBoxes, degraded

Floats = NDArray[np.float64]

RATE_HZ = 15.0
FAULTS = Faults(miss=0.05, false=0.03, jitter=0.04)
ASPECT = 0.4
"""Width of a person by height."""
SPEED = 0.76
"""Mean walking speed, heights a second: 1.3 m/s for 1.7 m."""
TURN = 0.5
"""Root of the spectral density of the direction's change, radians / s^0.5."""


def dense(people: int, frames: int, *, seed: int) -> list[Detections]:
    """A crowd that fills 1920 x 1080 pixels.

    A thousand people are 30 px high at the upper edge and 60 at the lower: seen from far above, their boxes together cover 0.4
    of the picture. Fewer people are larger, so that they fill it alike, up to 150 to 300 px (which 20 do not fill).
    """
    scale = min(np.sqrt(1000 / people), 5.0)
    return walking(people, frames, size_px=(1920, 1080), heights_px=(30.0 * scale, 60.0 * scale), seed=seed)


def sparse(people: int, frames: int, *, seed: int) -> list[Detections]:
    """A crowd that seldom overlaps: people 40 to 80 px high in a picture that has 200 x 200 px for each of them."""
    side = round(200 * np.sqrt(people))
    return walking(people, frames, size_px=(side, side), heights_px=(40.0, 80.0), seed=seed)


def walking(
    people: int, frames: int, *, size_px: tuple[int, int], heights_px: tuple[float, float], seed: int
) -> list[Detections]:
    """Detections of people who walk over a picture, frame by frame.

    Heights grow evenly from the upper edge to the lower. Everybody walks at a speed of their own, 0.76 +- 0.15 heights a
    second, in a direction that drifts; who leaves the picture is replaced by somebody who enters on the opposite side. The
    detector jitters the boxes by 4 per cent of their height, misses 5 in 100 and invents 3 for every 100, all with random
    scores.

    Parameters
    ----------
    people : int
        How many there are in every frame, most of them found.
    frames : int
        How many frames, `RATE_HZ` a second.
    size_px : (width, height)
        Of the picture.
    heights_px : (float, float)
        Of a person at the upper and at the lower edge.
    seed : int
        The same seed gives the same detections.
    """
    rng = np.random.default_rng(seed)
    size = np.array(size_px, np.float64)
    feet = rng.uniform(0.0, size, (people, 2))
    direction = rng.uniform(0.0, 2 * np.pi, people)
    speed = np.clip(rng.normal(SPEED, 0.15, people), 0.3, 1.2)
    numbers = np.arange(people)
    film = []
    for frame in range(frames):
        film.append(degraded(_seen(frame, numbers, feet, size, heights_px), FAULTS, rng))
        step = (speed * _heights(feet, size, heights_px) / RATE_HZ)[:, None]
        feet = (feet + step * np.column_stack([np.cos(direction), np.sin(direction)])) % size
        direction = direction + rng.normal(0.0, TURN / np.sqrt(RATE_HZ), people)
    return film


def _heights(feet: Floats, size: Floats, heights_px: tuple[float, float]) -> Floats:
    heights: Floats = heights_px[0] + (heights_px[1] - heights_px[0]) * feet[:, 1] / size[1]
    return heights


def _seen(frame: int, numbers: NDArray[np.int64], feet: Floats, size: Floats, heights_px: tuple[float, float]) -> TrueBoxes:
    tall = _heights(feet, size, heights_px)
    half = ASPECT * tall / 2
    boxes = np.column_stack([feet[:, 0] - half, feet[:, 1] - tall, feet[:, 0] + half, feet[:, 1]])
    boxes = np.clip(boxes, 0.0, np.tile(size, 2))
    seen = (boxes[:, 3] - boxes[:, 1] > 4.0) & (boxes[:, 2] - boxes[:, 0] > 4.0)
    return TrueBoxes(frame / RATE_HZ, numbers[seen], boxes[seen], feet[seen], (int(size[0]), int(size[1])))
