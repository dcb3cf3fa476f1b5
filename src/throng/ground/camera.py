"""The camera that a ground homography implies, and how large people look in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.scale import PersonScale
from throng.data.secrecy import frozen_array
from throng.ground.homography import Homography, inverse

Floats = NDArray[np.float64]

LEAST_PERSPECTIVE = 0.01
"""Change of depth from the middle of the picture to a corner, as a share, below which the focal length cannot be told."""
LEAST_AGREEMENT = 0.7
"""Cosine between the two constraints on the focal length; one for square pixels and a centred principal point."""


@dataclass(frozen=True, slots=True, eq=False)
class PinholeCamera:
    """A camera with square pixels, no skew, no distortion, and its principal point in the middle of the picture.

    Attributes
    ----------
    focal_px : float
        Focal length, pixels.
    height_m : float
        Height of the camera above the ground, metres.
    tilt_deg : float
        Angle by which it looks down: 0 level, 90 straight down.
    matrix : (3, 4) float64
        Maps (X, Y, Z, 1), metres, Z up from the ground, to (x, y, 1) in pixels up to scale; the third coordinate is the
        depth in metres.
    """

    focal_px: float
    height_m: float
    tilt_deg: float
    matrix: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", frozen_array(self.matrix, np.float64, shape=(3, 4), name="matrix"))


def recover_camera(homography: Homography, width_px: int, height_px: int) -> tuple[PinholeCamera | None, str]:
    """The pinhole camera that sees the ground as the homography says.

    With G = H^-1 = s K [r1 r2 t] and columns g1, g2, orthonormal r1, r2 give g1' W g2 = 0 and g1' W g1 = g2' W g2, where
    W = diag(1/f^2, 1/f^2, 1) once the principal point is the origin (Zhang 2000, equations 3 and 4). Written as one complex
    number, (g1 + i g2)' W (g1 + i g2) = p / f^2 + q = 0, so f^2 = |p| / |q|; turning the ground's axes turns p and q alike. A
    camera that looks straight down has q = 0, and its focal length cannot be told from its height.

    Returns
    -------
    camera : PinholeCamera or None
    reason : str
        Why there is none; empty otherwise.
    """
    to_middle = np.array([[1.0, 0.0, -width_px / 2], [0.0, 1.0, -height_px / 2], [0.0, 0.0, 1.0]])
    view = to_middle @ inverse(homography.matrix)
    half_diagonal_px = np.hypot(width_px, height_px) / 2
    turned = view[:, 0] + 1j * view[:, 1]
    p, q = turned[0] ** 2 + turned[1] ** 2, turned[2] ** 2
    # Straight from above both p and q vanish, and noise alone would set their ratio; the horizon's distance tells.
    horizon = inverse(view)[2]
    if np.hypot(*horizon[:2]) * half_diagonal_px < LEAST_PERSPECTIVE * abs(horizon[2]):
        return None, "the camera looks straight down, so that its height cannot be told from its focal length"
    agreement = -(p * np.conj(q)).real / (abs(p) * abs(q))
    if not agreement > LEAST_AGREEMENT:
        return (
            None,
            "no camera with square pixels and a centred principal point sees the ground like this",
        )
    focal_px = float(np.sqrt(abs(p) / abs(q)))
    return _posed(view, focal_px, inverse(to_middle)), ""


def person_scale(
    homography: Homography,
    width_px: int,
    height_px: int,
    *,
    height_m: float = 1.70,
    width_m: float = 0.50,
    cell_px: float = 16.0,
) -> PersonScale | None:
    """The box that a standing person fills, for feet at every place of the picture.

    The body is an upright ellipsoid of the given height and width that touches the ground at the feet. With its dual quadric Q*
    its outline is the dual conic C* = P Q* P' (Hartley and Zisserman 2004, equation 8.5), and the lines x = c and y = c that
    touch it bound the box.

    Parameters
    ----------
    homography : Homography
        Of the camera, image pixels to metres.
    width_px, height_px : int
        Size of the picture.
    height_m, width_m : float
        Height and breadth of the person, metres.
    cell_px : float
        Side of a grid cell, pixels.

    Returns
    -------
    PersonScale or None
        None where no camera can be recovered, see `recover_camera`. Boxes are empty above the horizon and where the person
        would reach behind the camera.
    """
    camera, _ = recover_camera(homography, width_px, height_px)
    if camera is None:
        return None
    columns, rows = int(np.ceil(width_px / cell_px)) + 1, int(np.ceil(height_px / cell_px)) + 1
    x, y = np.meshgrid(np.arange(columns) * cell_px, np.arange(rows) * cell_px)
    feet_m, on_ground = homography.to_ground(np.column_stack([x.ravel(), y.ravel()]))
    offsets = np.zeros((rows * columns, 4))
    offsets[on_ground] = _box_offsets(camera, feet_m[on_ground], height_m, width_m)
    return PersonScale(cell_px=cell_px, offsets_px=offsets.reshape(rows, columns, 4))


def _posed(view: Floats, focal_px: float, from_middle: Floats) -> PinholeCamera:
    """K^-1 G = s [r1 r2 t]; r1 and r2 become the nearest orthonormal pair, and up points to the camera's side of the ground."""
    scaled = view / np.array([[focal_px], [focal_px], [1.0]])
    left, stretch, right = np.linalg.svd(scaled[:, :2], full_matrices=False)
    axes, offset = left @ right, scaled[:, 2] / stretch.mean()
    up = np.cross(axes[:, 0], axes[:, 1])
    height_m = float(-up @ offset)
    up, height_m = (up, height_m) if height_m > 0 else (-up, -height_m)
    lens = from_middle @ np.diag([focal_px, focal_px, 1.0])
    tilt_deg = float(np.degrees(np.arcsin(np.clip(-up[2], -1.0, 1.0))))
    return PinholeCamera(focal_px, height_m, tilt_deg, lens @ np.column_stack([axes, up, offset]))


def _box_offsets(camera: PinholeCamera, feet_m: Floats, height_m: float, width_m: float) -> Floats:
    n = len(feet_m)
    centres = np.column_stack([feet_m, np.full(n, height_m / 2), np.ones(n)]) @ camera.matrix.T
    feet = np.column_stack([feet_m, np.zeros(n), np.ones(n)]) @ camera.matrix.T
    half_axes = np.array([width_m, width_m, height_m]) / 2
    body = camera.matrix[:, :3] @ np.diag(half_axes**2) @ camera.matrix[:, :3].T
    conics = body - centres[:, :, None] * centres[:, None, :]
    depths = conics[:, 2, 2]
    whole = (depths < 0) & (centres[:, 2] > 0) & (feet[:, 2] > 0)  # the image plane through the lens does not cut the body
    offsets = np.zeros((n, 4))
    for axis in (0, 1):
        across = conics[whole, axis, 2]
        half = np.sqrt(across**2 - conics[whole, axis, axis] * depths[whole])
        ends = np.sort((across[:, None] + half[:, None] * [-1.0, 1.0]) / depths[whole, None], axis=1)
        offsets[whole, axis], offsets[whole, axis + 2] = (ends - (feet[whole, axis] / feet[whole, 2])[:, None]).T
    return offsets
