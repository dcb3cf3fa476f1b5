"""A release to store; outside tests only the wall makes one."""

from collections.abc import Callable

import numpy as np
import pytest

from throng.data.release import Release


def _release(
    camera: str = "north", start_s: float = 0.0, value: float = 1.0, unknown: str = "", mechanism: str = "noise"
) -> Release:
    number = float("nan") if unknown else value
    return Release(
        camera=camera,
        tick_start_s=start_s,
        tick_s=60.0,
        epoch="2026-11-24/1",
        mechanism=mechanism,
        places=("door", "door", "hall"),
        quantities=("in", "out", "occupancy"),
        values=np.array([number, number + 1, number + 2]),
        standard_errors=np.full(3, float("nan") if unknown else 3.5),
        unknown=unknown,
    )


@pytest.fixture(scope="session")
def release() -> Callable[..., Release]:
    """Makes a release of three rows: door in, door out, hall occupancy, with value, value + 1, value + 2."""
    return _release
