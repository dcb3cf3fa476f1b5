"""A hub with a store of its own, and releases to put into it; outside tests only the wall makes one."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.hub.making import code_of, made_hub

from throng.data.release import Release
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.store.duck import DuckStore

ORIGIN = "http://127.0.0.1:8080"
CAMERAS = (
    CameraEntry("north", (PlaceEntry("door", "line"), PlaceEntry("hall", "zone", in_metres=True))),
    CameraEntry("south", (PlaceEntry("gate", "line"),), tick_s=3600.0),
)


def _release(camera: str = "north", start_s: float = 0.0, value: float = 1.0, unknown: str = "") -> Release:
    number = float("nan") if unknown else value
    return Release(
        camera=camera,
        tick_start_s=start_s,
        tick_s=60.0,
        epoch="2026-11-24/1",
        mechanism="noise",
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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckStore]:
    with DuckStore(tmp_path / "throng.duckdb") as opened:
        yield opened


@pytest.fixture
def page_dir(tmp_path: Path) -> Path:
    """A built page: an index and one asset."""
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>dashboard</title>")
    (folder / "assets" / "index.js").write_text("export {};")
    return folder


@pytest.fixture
def hub(tmp_path: Path, store: DuckStore, page_dir: Path) -> Iterator[Hub]:
    with made_hub(tmp_path, store, CAMERAS, page_dir=page_dir, site_name="Central <Station>") as made:
        yield made


Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def client(hub: Hub) -> Client:
    """Opens a client of the hub in this process: a stranger's, or one that has signed in."""

    @asynccontextmanager
    async def opened(*, signed_in: bool = False) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=hub)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}) as http:
            if signed_in:
                answer = await http.post("/sign-in", data={"code": code_of(hub)})
                assert answer.status_code == 303
            yield http

    return opened


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
