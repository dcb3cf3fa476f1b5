"""A demo that runs for all tests of a file; whatever a test starts is stopped with it."""

from collections.abc import Iterator

import pytest
from tests.end_to_end.running import STARTED, Running, start


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The real demo, on a free port, with its data kept in a folder."""
    folder = tmp_path_factory.mktemp("demo")
    running = start("demo", "--port", "0", "--data", str(folder / "kept"), folder=folder)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _nothing_goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    if "demo" in request.fixturenames:
        request.getfixturevalue("demo")
    before = len(STARTED)
    yield
    for running in STARTED[before:]:
        running.stop()
