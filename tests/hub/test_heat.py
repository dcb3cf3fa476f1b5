"""Heat maps: asked for by the hour, and in nobody's way who asked for something else."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.hub.making import made_hub

from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, Extras, cell_name
from throng.data.release import Release
from throng.data.rows import Rows
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.hub.models import HeatAnswer, tick_of_stored, ticks_of_rows
from throng.store.duck import DuckStore

pytestmark = pytest.mark.anyio
Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
NOON_S = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
CELLS = HEAT_COLUMNS * HEAT_ROWS


def _release(start_s: float, first: float = 0.0, *, tick_s: float = 60.0, camera: str = "north", unknown: str = "") -> Release:
    """A tick that ends an hour: people in the hall, then a map whose cells count up from `first`."""
    nothing = float("nan")
    return Release(
        camera=camera,
        tick_start_s=start_s,
        tick_s=tick_s,
        epoch="2026-11-24/1",
        mechanism="noise",
        places=("hall", *map(cell_name, range(CELLS))),
        quantities=("occupancy", *("heat",) * CELLS),
        values=np.full(1 + CELLS, nothing) if unknown else np.array([5.0, *(first + np.arange(CELLS))]),
        standard_errors=np.full(1 + CELLS, nothing if unknown else 2.5),
        unknown=unknown,
    )


@pytest.fixture
def hub(tmp_path: Path, store: DuckStore, page_dir: Path) -> Iterator[Hub]:
    """A hub of one camera with a heat map and one without."""
    hall = (PlaceEntry("hall", "zone"),)
    cameras = [CameraEntry("north", hall, Extras(heat=True)), CameraEntry("south", hall)]
    budget = {
        "mechanism": "pure-tree",
        "epsilon_per_day": 1.0,
        "passage_counters": 3,
        "pieces": 2,
        "shares": {"speed_now": 0, "dwell": 0, "heat": 0.25},
    }
    with made_hub(tmp_path, store, cameras, page_dir=page_dir, budget=budget) as made:
        yield made


async def _heat(http: httpx.AsyncClient, **asked: str) -> Any:
    answer = await http.get("/api/v1/heat", params={"camera": "north"} | asked)
    assert answer.status_code == 200
    HeatAnswer.model_validate_json(answer.content)
    return answer.json()


async def test_the_map_lies_as_the_picture_does(client: Client, store: DuckStore) -> None:
    store.add([_release(NOON_S + 3540)])
    async with client(signed_in=True) as http:
        answer = await _heat(http, end="2026-11-24T13:00:00Z")
    assert answer == {
        "camera": "north",
        "time": "2026-11-24T12:00:00Z",
        "columns": 16,
        "rows": 9,
        "values": np.arange(float(CELLS)).reshape(9, 16).tolist(),
        "standard_error": 2.5,
        "unknown": "",
    }


async def test_it_is_of_the_newest_hour_that_had_ended(client: Client, store: DuckStore) -> None:
    store.add([_release(NOON_S + 3600 * hour - 60, 100 * hour) for hour in (1, 2)])
    async with client(signed_in=True) as http:
        for end, hour in (("13:00:00", 1), ("13:59:59.999", 1), ("14:00:00", 2), ("23:00:00", 2)):
            for _ in range(2):  # the same question, the same answer
                answer = await _heat(http, end=f"2026-11-24T{end}")
                assert (answer["time"], answer["values"][0][0]) == (f"2026-11-24T1{hour + 1}:00:00Z", 100.0 * hour)
        for end in ("2026-11-24T12:59:59Z", "2026-11-25T14:00:01Z"):  # none yet, or too long ago
            answer = await _heat(http, end=end)
            assert (answer["time"], answer["values"], answer["unknown"]) == (None, None, "no hour with a map has ended yet")


async def test_by_default_it_is_the_last_hours(client: Client, store: DuckStore) -> None:
    hour_s = datetime.now(UTC).timestamp() // 3600 * 3600
    store.add([_release(hour_s - 3660, 1), _release(hour_s - 60, 2), _release(hour_s + 3540, 3)])
    async with client(signed_in=True) as http:
        assert (await _heat(http))["values"][0][0] in (2.0, 3.0)  # 3 where the hour has just ended


@pytest.mark.parametrize(("start_s", "tick_s"), [(NOON_S, 3600.0), (NOON_S + 3594, 27.0)])
async def test_the_hour_is_the_one_that_the_tick_begins_in(
    client: Client, store: DuckStore, start_s: float, tick_s: float
) -> None:
    store.add([_release(start_s, tick_s=tick_s)])
    async with client(signed_in=True) as http:
        answer = await _heat(http, end="2026-11-24T14:00:00Z")
    assert answer["time"] == "2026-11-24T12:00:00Z"


async def test_an_unknown_hour_is_no_map_of_zeros(client: Client, store: DuckStore) -> None:
    store.add([_release(NOON_S - 60), _release(NOON_S + 3540, unknown="dark")])
    async with client(signed_in=True) as http:
        answer = await _heat(http, end="2026-11-24T13:30:00Z")
    assert (answer["time"], answer["values"], answer["standard_error"]) == ("2026-11-24T12:00:00Z", None, None)
    assert answer["unknown"] == "dark"


async def test_a_camera_without_a_map_has_none(client: Client, store: DuckStore) -> None:
    async with client(signed_in=True) as http:
        for camera in ("south", "nowhere", "' OR 1 = 1; --"):
            answer = await http.get("/api/v1/heat", params={"camera": camera})
            assert (answer.status_code, "budget.shares.heat" in answer.text) == (404, True)
        assert (await http.get("/api/v1/heat")).status_code == 422
        store.add([_release(NOON_S + 3540, camera="south")])  # it had one once
        assert (await _heat(http, camera="south", end="2026-11-24T13:00:00Z"))["rows"] == 9


async def test_the_newest_numbers_and_live_ticks_are_without_it(client: Client, store: DuckStore) -> None:
    release = _release(NOON_S + 3540)
    store.add([release])
    async with client(signed_in=True) as http:
        assert [row["quantity"] for row in (await http.get("/api/v1/latest")).json()] == ["occupancy"]
    whole = ticks_of_rows(Rows.of([release]), [("north", round(1e6 * (NOON_S + 3540)))])
    for tick in (*whole, tick_of_stored(store.tick("north", NOON_S + 3540))):
        assert [row.quantity for row in tick.rows] == ["occupancy"]


async def test_a_cell_is_no_place(client: Client, store: DuckStore) -> None:
    store.add([_release(NOON_S + 3540)])
    async with client(signed_in=True) as http:
        for path in ("cameras", "measures"):
            assert "@0,0" not in (await http.get(f"/api/v1/{path}")).text
        north, south = (await http.get("/api/v1/cameras")).json()
    assert (north["extras"]["heat"], south["extras"]["heat"]) == (True, False)


async def test_the_site_says_what_the_map_costs(client: Client) -> None:
    async with client(signed_in=True) as http:
        budget = (await http.get("/api/v1/site")).json()["budget"]
    assert (budget["rho_per_day"], budget["epsilon_per_day"], budget["shares"]["heat"]) == (None, 1.0, 0.25)
