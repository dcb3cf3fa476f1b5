"""Made-up crowds of a few people in the concourse."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from throng.simulate.camera import SimulatedCamera, mounted
from throng.simulate.layout import CONCOURSE
from throng.simulate.scenario import Scenario
from throng.simulate.trajectories import KNOT_HZ, Trajectories

Walk = tuple[float, Sequence[tuple[float, float, float]]]
MakeScenario = Callable[..., Scenario]
MakeCamera = Callable[..., SimulatedCamera]


@pytest.fixture
def small_camera() -> MakeCamera:
    """A camera of 192 x 108 pixels that sees about x 4 to 36, y 4 to 19.7, with any lines and zones."""

    def make(lines_m: Mapping[str, ArrayLike] | None = None, zones_m: Mapping[str, ArrayLike] | None = None) -> SimulatedCamera:
        return mounted(
            "hall",
            at_m=(20.0, 3.0, 8.0),
            pan_deg=0.0,
            tilt_deg=55.0,
            field_of_view_deg=90.0,
            size_px=(192, 108),
            lines_m=lines_m or {},
            zones_m=zones_m or {},
        )

    return make


@pytest.fixture
def crowd_of() -> MakeScenario:
    """A scenario from paths: per person, start in seconds and waypoints (seconds since the start, x, y)."""

    def make(walks: Sequence[Walk], camera: SimulatedCamera, *, duration_s: float = 40.0) -> Scenario:
        paths = [(round(start_s * KNOT_HZ), _knots(np.array(points, dtype=float))) for start_s, points in walks]
        return Scenario("made-up", CONCOURSE, Trajectories.of(paths, duration_s=duration_s), (camera,))

    return make


def _knots(points: NDArray[np.float64]) -> NDArray[np.float64]:
    times = np.arange(0.0, points[-1, 0] + 1e-9, 1 / KNOT_HZ)
    return np.stack([np.interp(times, points[:, 0], points[:, k]) for k in (1, 2)], axis=1)
