"""Noise turned off, or halved: what the attacks and the audit must find."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.privacy.sampler import DiscreteGaussian

Draw = Callable[[DiscreteGaussian, int], NDArray[np.int64]]


def _weakened(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    true: Draw = DiscreteGaussian.draw

    def draw(self: DiscreteGaussian, n: int) -> NDArray[np.int64]:
        weak: NDArray[np.int64] = np.rint(share * true(self, n)).astype(np.int64)
        return weak

    monkeypatch.setattr(DiscreteGaussian, "draw", draw)


@pytest.fixture
def _noise_off(monkeypatch: pytest.MonkeyPatch) -> None:
    _weakened(monkeypatch, 0.0)


@pytest.fixture
def _noise_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    _weakened(monkeypatch, 0.5)
