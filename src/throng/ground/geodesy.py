"""Latitude and longitude as metres on a plan."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

EQUATOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563


def to_plan(latitude_longitude_deg: ArrayLike) -> Floats:
    """Metres (n, 2) east and north of the middle of some points (n, 2), latitude and longitude in degrees, WGS84.

    They are projected onto the plane that touches the ellipsoid at their middle; over a kilometre the curvature of the ground
    changes a length by less than a hundredth of a millimetre.

    Source: National Imagery and Mapping Agency 2000, TR8350.2, "World Geodetic System 1984", equations 4-14 and 4-15.
    """
    degrees = np.array(latitude_longitude_deg, dtype=np.float64).reshape(-1, 2)
    # Over the date line the mean of longitudes lies on the other side of the world.
    degrees[:, 1] = degrees[0, 1] + (degrees[:, 1] - degrees[0, 1] + 180) % 360 - 180
    middle = degrees.mean(axis=0)
    latitude, longitude = np.radians(middle)
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    north = np.array(
        [-np.sin(latitude) * np.cos(longitude), -np.sin(latitude) * np.sin(longitude), np.cos(latitude)], dtype=np.float64
    )
    offset = _earth_centred(degrees) - _earth_centred(middle[None])
    plan: Floats = offset @ np.column_stack([east, north])
    return plan


def _earth_centred(degrees: Floats) -> Floats:
    latitude, longitude = np.radians(degrees).T
    squared_eccentricity = FLATTENING * (2 - FLATTENING)
    normal_m = EQUATOR_M / np.sqrt(1 - squared_eccentricity * np.sin(latitude) ** 2)
    return np.column_stack(
        [
            normal_m * np.cos(latitude) * np.cos(longitude),
            normal_m * np.cos(latitude) * np.sin(longitude),
            normal_m * (1 - squared_eccentricity) * np.sin(latitude),
        ]
    )
