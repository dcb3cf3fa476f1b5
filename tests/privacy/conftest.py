"""A camera's places, and noise turned off."""

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.data.place import Line, Zone
from throng.privacy.sampler import DiscreteGaussian, DiscreteLaplace


@pytest.fixture
def door() -> Line:
    return Line("door", np.array([[0.0, 0.0], [100.0, 0.0]]))


@pytest.fixture
def square() -> Zone:
    return Zone("square", np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]]))


@pytest.fixture
def _noise_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: DiscreteGaussian | DiscreteLaplace, n: int) -> NDArray[np.int64]:
        return np.zeros(n, dtype=np.int64)

    monkeypatch.setattr(DiscreteGaussian, "draw", nothing)
    monkeypatch.setattr(DiscreteLaplace, "draw", nothing)
