"""What `throng run` tells the hub of a site: each camera's tick and extras, and where the budget goes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest

from throng.cli.opened import Place, hub_of, kept_of, place_of
from throng.hub.app import Hub
from throng.site.read import read_site

pytestmark = pytest.mark.anyio
Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
SITE = """\
name = "Central"
tick_s = 60

[budget]
{budget}
shares = {{ dwell = 0.2, heat = 0.1 }}

[[camera]]
name = "north"
address = "north.mp4"
tick_s = 600
zone = [{{ name = "hall", corners = [[0, 0], [100, 0], [100, 100]] }}]

[[camera]]
name = "south"
address = "south.mp4"
line = [{{ name = "gate", from = [0, 0], to = [100, 0] }}]
"""


@pytest.fixture
def hub(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    (tmp_path / "site.toml").write_text(SITE.format(budget=request.param))
    site = read_site(tmp_path / "site.toml")
    with place_of(site, port=0).listener as listener, kept_of(site, lasting=False) as kept:
        yield hub_of(site, kept, Place(listener, "127.0.0.1", ()))


@pytest.mark.parametrize(
    ("hub", "mechanism", "rho", "epsilon"),
    [("rho_per_day = 0.1", "buffered", 0.1, None), ('mechanism = "pure-tree"\nepsilon_per_day = 2.0', "pure-tree", None, 2.0)],
    indirect=["hub"],
)
async def test_it_tells_ticks_extras_and_budget(
    client: Client, mechanism: str, rho: float | None, epsilon: float | None
) -> None:
    async with client(signed_in=True) as http:
        site, cameras, measures = [(await http.get(f"/api/v1/{name}")).json() for name in ("site", "cameras", "measures")]
    assert site["budget"] == {
        "mechanism": mechanism,
        "rho_per_day": rho,
        "epsilon_per_day": epsilon,
        "passage_counters": 3,
        "pieces": 1,
        "shares": {"speed_now": 0.0, "dwell": 0.2, "heat": 0.1},
    }
    assert [camera["tick_s"] for camera in cameras] == [600.0, 60.0]
    assert all(camera["extras"] == {"speed_now": False, "dwell": True, "heat": True} for camera in cameras)
    assert "dwell_p95" in measures[0]["quantities"]
