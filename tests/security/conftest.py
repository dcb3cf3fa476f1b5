"""A hub for the tests of this folder, and clients of it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.hub.making import code_of, made_hub

from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.store.duck import DuckStore

ORIGIN = "http://127.0.0.1:8080"
CAMERAS = (
    CameraEntry("north", (PlaceEntry("door", "line"), PlaceEntry("hall", "zone", in_metres=True))),
    CameraEntry("south", (PlaceEntry("gate", "line"),), tick_s=3600.0),
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub of two cameras, whose one-time codes sign in an administrator."""
    folder = tmp_path_factory.mktemp("hub")
    page = folder / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>dashboard</title>")
    (page / "assets" / "index.js").write_text("export {};")
    with DuckStore(folder / "throng.duckdb") as store, made_hub(folder, store, CAMERAS, page_dir=page) as made:
        yield made


@asynccontextmanager
async def asking(hub: Hub, *, signed_in: bool, faults: bool = False) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the hub in this process.

    With `faults` a fault of ours is answered, as the server would have it, and not raised in the test.
    """
    transport = httpx.ASGITransport(app=hub, raise_app_exceptions=not faults)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}) as http:
        if signed_in:
            assert (await http.post("/sign-in", data={"code": code_of(hub)})).status_code == 303
        yield http


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
