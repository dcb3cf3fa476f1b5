"""What a simulated person looks like: a few solid parts, projected and filled."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from throng.simulate.camera import SimulatedCamera

Floats = NDArray[np.float64]
Colour = tuple[float, float, float]

_SHIFT = 4
_STEP_M = 0.72
_DETAIL_PX_PER_M = 17.0
_HEAD, _ARMS, _TORSO, _LEGS = slice(0, 1), slice(1, 5), slice(5, 27), (slice(27, 35), slice(35, 43))
_SHOES, _BAG = (slice(43, 47), slice(47, 51)), slice(51, 59)


@dataclass(frozen=True, slots=True, eq=False)
class Wardrobe:
    """Looks of a whole crowd: made-up variety, one row a person.

    Attributes
    ----------
    height_m, breadth : (n,) float64
        Body height; breadth relative to the mean.
    hem : (n,) float64
        Where the coat ends, as a share of the height.
    bag : (n,) bool
    tops, trousers, heads, shoes : (n, 3) float64
        Colours, BGR.
    """

    height_m: Floats
    breadth: Floats
    hem: Floats
    bag: NDArray[np.bool_]
    tops: Floats
    trousers: Floats
    heads: Floats
    shoes: Floats

    @classmethod
    def random(cls, people: int, *, seed: int) -> "Wardrobe":
        """Looks for so many people."""
        rng = np.random.default_rng((seed, 11))
        return cls(
            height_m=np.clip(rng.normal(1.72, 0.085, people), 1.5, 1.95),
            breadth=np.clip(rng.normal(1.0, 0.08, people), 0.85, 1.2),
            hem=np.where(rng.random(people) < 0.25, 0.36, 0.49),
            bag=rng.random(people) < 0.3,
            tops=_cloth(rng, people, brightness=(22, 235), colourfulness=0.4),
            trousers=_cloth(rng, people, brightness=(18, 120), colourfulness=0.3),
            heads=_cloth(rng, people, brightness=(20, 120), colourfulness=0.25) + np.array([0.0, 6.0, 14.0]),
            shoes=_cloth(rng, people, brightness=(15, 70), colourfulness=0.1),
        )


def _cloth(rng: np.random.Generator, people: int, *, brightness: tuple[float, float], colourfulness: float) -> Floats:
    light = rng.uniform(*brightness, (people, 1))
    tint = rng.uniform(-1.0, 1.0, (people, 3)) * colourfulness * rng.random((people, 1))
    cloth: Floats = np.clip(light * (1.0 + tint), 8, 245)
    return cloth


def _ring(across: float, along: float, points: int) -> Floats:
    angle = 2 * np.pi * np.arange(points) / points
    return np.stack([along * np.cos(angle), across * np.sin(angle)], axis=1)


_SHOULDERS, _NECK, _WAIST = _ring(0.235, 0.13, 8), _ring(0.09, 0.08, 6), _ring(0.19, 0.14, 8)
_THIGH, _ANKLE, _SHOE = _ring(0.085, 0.09, 4), _ring(0.05, 0.055, 4), _ring(0.045, 0.13, 4)
_BAG_RING = _ring(0.16, 0.09, 4)


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Who stands or walks where at one moment.

    Attributes
    ----------
    people : (n,) int64
    xy_m : (n, 2) float64
        Places on the ground.
    heading : (n,) float64
        Radians from the x axis.
    walked_m, speed_mps : (n,) float64
        Distance walked so far, which moves the legs, and speed.
    """

    people: NDArray[np.int64]
    xy_m: Floats
    heading: Floats
    walked_m: Floats
    speed_mps: Floats

    def __getitem__(self, which: NDArray[np.intp]) -> "Poses":
        return Poses(self.people[which], self.xy_m[which], self.heading[which], self.walked_m[which], self.speed_mps[which])


def body_points(poses: Poses, wardrobe: Wardrobe) -> Floats:
    """Points (n, 59, 3), metres, that span head, arms, torso, legs, shoes and bag of each person.

    The feet swing about the person's place with the distance walked, a step every 0.72 m; a standing person's stand still.
    """
    people = poses.people
    height, breadth = wardrobe.height_m[people], wardrobe.breadth[people]
    phase = np.pi * poses.walked_m / _STEP_M + people
    stride = 0.31 * np.clip(poses.speed_mps / 1.2, 0.0, 1.2)
    body = np.zeros((len(people), 59, 3))
    body[:, 0, 2] = 0.935 * height
    _place(body[:, 5:13], _SHOULDERS, breadth, 0.81 * height)
    _place(body[:, 13:19], _NECK, breadth, 0.87 * height)
    _place(body[:, 19:27], _WAIST, breadth, wardrobe.hem[people] * height)
    for side, sign in ((0, 1.0), (1, -1.0)):
        swing, lift = sign * stride * np.sin(phase), 0.3 * stride * np.clip(sign * np.cos(phase), 0.0, 1.0)
        thigh, ankle = body[:, 27 + 8 * side : 31 + 8 * side], body[:, 31 + 8 * side : 35 + 8 * side]
        _place(thigh, _THIGH, breadth, 0.52 * height, aside=sign * 0.09)
        _place(ankle, _ANKLE, breadth, 0.06 + lift, aside=sign * 0.09, ahead=swing)
        _place(body[:, _SHOES[side]], _SHOE, breadth, 0.03 + lift, aside=sign * 0.09, ahead=swing + 0.05)
        upper, hand = body[:, 1 + 2 * side], body[:, 2 + 2 * side]
        upper[:, 1], upper[:, 2] = sign * 0.22 * breadth, 0.79 * height
        hand[:, 0], hand[:, 1], hand[:, 2] = -0.8 * swing, sign * 0.27 * breadth, 0.46 * height
    _place(body[:, 51:55], _BAG_RING, breadth, 0.78 * height, ahead=-0.2)
    _place(body[:, 55:59], _BAG_RING, breadth, 0.54 * height, ahead=-0.2)
    cos, sin = np.cos(poses.heading)[:, None], np.sin(poses.heading)[:, None]
    x = poses.xy_m[:, :1] + cos * body[..., 0] - sin * body[..., 1]
    y = poses.xy_m[:, 1:] + sin * body[..., 0] + cos * body[..., 1]
    return np.stack([x, y, body[..., 2]], axis=-1)


def _place(
    part: Floats, ring: Floats, breadth: Floats, level: Floats, *, aside: float = 0.0, ahead: Floats | float = 0.0
) -> None:
    """Set a part's points (n, k, 3) to a ring (k, 2) at a level above the ground: ahead, to the left, up."""
    part[..., 0] = ring[:, 0] * breadth[:, None] + np.reshape(ahead, (-1, 1))
    part[..., 1] = (ring[:, 1] + aside) * breadth[:, None]
    part[..., 2] = level[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """The people of one moment, in the picture, farthest first.

    Attributes
    ----------
    people : (n,) int64
    xy_m : (n, 2) float64
        Their places.
    points_px : (n, 59, 2) float64
        Body points.
    scale_px_per_m : (n,) float64
    boxes_px : (n, 4) float64
        What each covers, unclipped and unoccluded.
    """

    people: NDArray[np.int64]
    xy_m: Floats
    points_px: Floats
    scale_px_per_m: Floats
    boxes_px: Floats


def figures(camera: SimulatedCamera, wardrobe: Wardrobe, poses: Poses) -> Figures:
    """Those of the people that touch the picture, farthest first."""
    poses = poses[np.argsort(-np.hypot(*(poses.xy_m - camera.centre_m[:2]).T), kind="stable")]
    body = body_points(poses, wardrobe)
    depth = camera.depth_m(body).min(axis=1)
    ahead = depth > 0.5
    poses, body, depth = poses[np.flatnonzero(ahead)], body[ahead], depth[ahead]
    points = camera.project(body)
    scale = camera.K[0, 0] / depth
    radius = (0.115 * scale)[:, None]
    low = np.minimum(points.min(axis=1), points[:, 0] - radius)
    high = np.maximum(points.max(axis=1), points[:, 0] + radius)
    touch = (high > 0).all(axis=1) & (low < camera.size_px).all(axis=1)
    boxes = np.concatenate([low, high], axis=1)
    return Figures(poses.people[touch], poses.xy_m[touch], points[touch], scale[touch], boxes[touch])


def draw_figure(image: NDArray[np.uint8], group: Figures, k: int, wardrobe: Wardrobe, light: float) -> None:
    """Paint one person over the picture."""
    person, scale = group.people[k], group.scale_px_per_m[k]
    fixed = np.rint((group.points_px[k] - 0.5) * (1 << _SHIFT)).astype(np.int32)
    top, cloth = wardrobe.tops[person] * light, wardrobe.trousers[person] * light
    detailed = scale > _DETAIL_PX_PER_M
    for leg, shoe in zip(_LEGS, _SHOES, strict=True):
        if detailed:
            _solid(image, fixed[shoe], wardrobe.shoes[person] * light)
        _solid(image, fixed[leg], cloth)
    _solid(image, fixed[_TORSO], top)
    if wardrobe.bag[person]:
        _solid(image, fixed[_BAG], 0.55 * top + 12.0)
    if detailed:
        arms = fixed[_ARMS]
        thickness = max(1, round(0.085 * scale))
        for upper, hand in ((arms[0], arms[1]), (arms[2], arms[3])):
            cv2.line(image, upper.tolist(), hand.tolist(), (0.82 * top).tolist(), thickness, cv2.LINE_AA, _SHIFT)
    head = fixed[_HEAD][0].tolist()
    cv2.circle(
        image, head, round(0.115 * scale * (1 << _SHIFT)), (wardrobe.heads[person] * light).tolist(), -1, cv2.LINE_AA, _SHIFT
    )


def _solid(image: NDArray[np.uint8], points: NDArray[np.int32], colour: Floats) -> None:
    cv2.fillConvexPoly(image, cv2.convexHull(points), colour.tolist(), cv2.LINE_AA, _SHIFT)
