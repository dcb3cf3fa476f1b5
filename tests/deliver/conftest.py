"""Releases to deliver; outside tests only the wall makes one."""

from collections.abc import Callable

import numpy as np
import pytest

from throng.data.release import Release


def _release(camera: str = "north", start_s: float = 0.0, value: float = 1.0) -> Release:
    return Release(
        camera=camera,
        tick_start_s=start_s,
        tick_s=60.0,
        epoch="2026-11-24/1",
        mechanism="noise",
        places=("door", "door"),
        quantities=("in", "out"),
        values=np.array([value, value + 1]),
        standard_errors=np.full(2, 3.5),
    )


@pytest.fixture(scope="session")
def release() -> Callable[..., Release]:
    """Makes a release of two rows: door in and door out, with value and value + 1."""
    return _release
