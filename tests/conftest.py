"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine, which others share, and nothing of the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

# Set before NumPy is loaded: where two test runs share two cores, threads of small matrix products wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent


def _shared(variable: str, folder: str) -> Path:
    path = Path(os.environ.get(variable, ROOT.parent / "shared" / folder))
    if not path.is_dir():
        pytest.skip(f"needs real data: {path} is absent (set {variable} to its folder)")
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real footage and trajectories."""
    return _shared("THRONG_DATA", "data")


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder of detector models."""
    return _shared("THRONG_MODELS", "models")
