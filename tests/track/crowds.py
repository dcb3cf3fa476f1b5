"""Simple crowds, what a detector says of them, and a camera to see them with."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.tracks import Tracks
from throng.ground.homography import Homography, homography_of
from throng.track.tracker import Tracker

Floats = NDArray[np.float64]

CAMERA_HEIGHT_M, FOCAL_PX, TILT = 4.0, 1000.0, 0.35


def boxes(centres: object, size: tuple[float, float] = (40.0, 100.0)) -> Floats:
    """Corners (n, 4) of boxes around centres (n, 2)."""
    middle, half = np.asarray(centres, dtype=np.float64).reshape(-1, 2), np.array(size) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def seen(corners: Floats, time_s: float, scores: object = 0.9) -> Detections:
    return Detections(corners.copy(), np.broadcast_to(np.asarray(scores, dtype=np.float64), len(corners)).copy(), time_s)


def nothing(time_s: float) -> Detections:
    return seen(np.empty((0, 4)), time_s)


def shown(tracker: Tracker, corners: Floats, times_s: Iterable[float], scores: object = 0.9) -> list[Tracks]:
    """What the tracker says while the same boxes are detected at each of these times."""
    return [tracker.update(seen(corners, float(time_s), scores)) for time_s in times_s]


def walk(seed: int, people: int, rate_hz: float, seconds: float) -> list[Detections]:
    """A crowd of straight walkers within 800 x 800 pixels, seen by a detector that errs, misses one in ten and wavers."""
    generator = np.random.default_rng(seed)
    start, speed = generator.uniform(0, 800, (people, 2)), generator.uniform(-80, 80, (people, 2))
    frames = []
    for frame in range(round(seconds * rate_hz)):
        centres = start + speed * frame / rate_hz + generator.normal(0, 2, (people, 2))
        found, scores = generator.random(people) < 0.9, generator.uniform(0.2, 0.99, people)
        frames.append(seen(boxes(centres)[found], frame / rate_hz, scores[found]))
    return frames


def pillar_walk(seed: int, people: int, rate_hz: float) -> list[Detections]:
    """People who cross each other's paths for eight seconds; each is behind a pillar at x = 500 pixels for 0.6 seconds."""
    generator = np.random.default_rng(seed)
    right = np.arange(people) % 2 == 0
    speed = np.where(right, 1.0, -1.0) * generator.uniform(80, 120, people)
    start = np.where(right, generator.uniform(0, 300, people), generator.uniform(700, 1000, people))
    lane, slope = 70.0 * np.arange(people), generator.uniform(-12, 12, people)
    frames = []
    for frame in range(round(8 * rate_hz)):
        time_s = frame / rate_hz
        x, y = start + speed * time_s, lane + slope * time_s
        jitter = np.random.default_rng((seed, round(time_s * 1000))).normal(0, 2, (people, 2))
        since_s = (x - 500) / speed
        visible = ~((since_s > 0) & (since_s < 0.6))
        frames.append(seen(boxes(np.column_stack([x, y]) + jitter)[visible], time_s))
    return frames


def oblique_camera() -> Homography:
    """A camera four metres up that looks down along the ground's y axis by 20 degrees, at a picture around (960, 540)."""
    calibration = np.array([[FOCAL_PX, 0, 960], [0, FOCAL_PX, 540], [0, 0, 1.0]])
    sine, cosine = np.sin(TILT), np.cos(TILT)
    # Columns: what a metre east, a metre north and the camera's height do in the camera's frame (right, down, ahead).
    seen_ground = np.array([[1, 0, 0], [0, -sine, cosine * CAMERA_HEIGHT_M], [0, cosine, sine * CAMERA_HEIGHT_M]])
    return homography_of(np.linalg.inv(calibration @ seen_ground))


def people_px(feet_m: Floats, tall_m: float = 1.7, wide_m: float = 0.5) -> Floats:
    """Boxes (n, 4), centre and size, of upright people before `oblique_camera`."""
    feet, _ = oblique_camera().to_image(feet_m)
    # A head at height h is seen where feet would be on ground that much nearer to the camera.
    nearer = CAMERA_HEIGHT_M / (CAMERA_HEIGHT_M - tall_m)
    heads, _ = oblique_camera().to_image(feet_m * nearer)
    beside, _ = oblique_camera().to_image(feet_m + np.array([1.0, 0.0]))
    height = feet[:, 1] - heads[:, 1]
    centres = np.column_stack([feet[:, 0], feet[:, 1] - height / 2])
    return np.column_stack([centres, wide_m * (beside[:, 0] - feet[:, 0]), height])
