"""Overlaps and misfits against closed forms and matrices."""

import numpy as np
import pytest
from tests.track.crowds import Floats

from throng.track.expected import Expected, grown_iou


def test_overlap_of_grown_boxes_in_closed_form() -> None:
    one, other = np.array([[5.0, 5.0, 10.0, 10.0]]), np.array([[10.0, 5.0, 10.0, 10.0]])
    assert grown_iou(one, other, 0.0) == pytest.approx(50 / 150)
    assert grown_iou(one, other, 0.5) == pytest.approx(15 * 20 / (2 * 400 - 300))
    assert grown_iou(one, one, 0.3) == pytest.approx(1.0)
    inside = np.array([[6.0, 4.0, 5.0, 5.0]])
    assert grown_iou(one, inside, 0.0) == grown_iou(inside, one, 0.0) == pytest.approx(0.25)
    assert grown_iou(one, one + np.array([30.0, 30, 0, 0]), 0.3) == 0.0


def _crowd(n: int, *, tilted: bool) -> tuple[Expected, Floats]:
    """Expected boxes, and the covariances (n, 2, 2) of their centres."""
    generator = np.random.default_rng(n)
    roots = generator.normal(size=(n, 2, 2)) * (1.0 if tilted else np.eye(2))
    matrices: Floats = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(2)
    spread = matrices[:, 0, 0], matrices[:, 0, 1] if tilted else None, matrices[:, 1, 1]
    return Expected(generator.uniform(10, 90, (n, 4)), spread, generator.uniform(1, 4, n)), matrices


@pytest.mark.parametrize("tilted", [False, True])
def test_misfit_and_spread_are_those_of_the_covariance_matrix(tilted: bool) -> None:
    expected, matrices = _crowd(20, tilted=tilted)
    generator = np.random.default_rng(1)
    rows, off = generator.integers(0, 20, 50), generator.normal(0, 3, (50, 4))
    centre = np.einsum("ki,kij,kj->k", off[:, :2], np.linalg.inv(matrices[rows]), off[:, :2])
    size = (off[:, 2:] ** 2).sum(axis=1) / expected.size_px2[rows]
    np.testing.assert_allclose(expected.misfit(rows, off), centre + size, rtol=1e-9)
    area = np.sqrt(np.linalg.det(matrices)) / expected.boxes_px[:, 3] ** 2
    np.testing.assert_allclose(expected.log_spread(), np.log(area), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("tilted", [False, True])
def test_the_box_of_reach_is_the_least_that_holds_the_ellipse(tilted: bool) -> None:
    expected, matrices = _crowd(20, tilted=tilted)
    angles = np.linspace(0, 2 * np.pi, 2000)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    ellipse = np.linalg.cholesky(matrices) @ circle * 2.5
    np.testing.assert_allclose(expected.reach_px(np.full(20, 2.5)), ellipse.max(axis=2), rtol=1e-4)
