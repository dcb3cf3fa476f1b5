"""The parts of a hub that are about sensors, and the hub that they make."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hub.sensors.serving import Parts, Served, served


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path)
    yield made
    made.close()


@pytest.fixture
def hub(parts: Parts) -> Iterator[Served]:
    with served(parts) as running:
        yield running
