"""The interface: what it answers, and that its description is true."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import get_args

import httpx
import numpy as np
import pytest

from throng.data.errors import StoreError
from throng.data.place import Extras
from throng.data.release import UNITS, Release
from throng.hub import api
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.hub.models import Camera, Measure, Quantity, Row, SeriesAnswer, Site, Unit, measures_of
from throng.store.duck import DuckStore

pytestmark = pytest.mark.anyio
Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
MakeRelease = Callable[..., Release]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOON_S = NOON.timestamp()


async def test_site(client: Client) -> None:
    async with client(signed_in=True) as http:
        answer = (await http.get("/api/v1/site")).json()
    assert answer == {
        "name": "Central <Station>",
        "tick_s": 60.0,
        "version": "0.1.0",
        "budget": {
            "mechanism": "buffered",
            "rho_per_day": 0.2,
            "epsilon_per_day": None,
            "passage_counters": 4,
            "pieces": 1,
            "shares": {"speed_now": 0.0, "dwell": 0.0, "heat": 0.0},
        },
    }
    assert Site.model_validate(answer).name == answer["name"]


async def test_cameras_and_their_states(client: Client, hub: Hub) -> None:
    hub.ingest.camera_state("south", "live")
    hub.ingest.camera_state("south", "unknown", "the camera does not answer")
    async with client(signed_in=True) as http:
        north, south = (await http.get("/api/v1/cameras")).json()
    assert (north["name"], north["state"], north["reason"]) == ("north", "starting", "")
    assert north["places"] == [
        {"name": "door", "kind": "line", "in_metres": False},
        {"name": "hall", "kind": "zone", "in_metres": True},
    ]
    assert (north["tick_s"], north["extras"]) == (60.0, {"speed_now": False, "dwell": False, "heat": False})
    assert south["tick_s"] == 3600.0
    assert (south["state"], south["reason"]) == ("unknown", "the camera does not answer")
    since = Camera.model_validate(south).since
    assert south["since"].endswith("Z")
    assert abs(since - datetime.now(UTC)) < timedelta(minutes=5)


async def test_measures(client: Client) -> None:
    async with client(signed_in=True) as http:
        answer = (await http.get("/api/v1/measures")).json()
    assert answer[:2] == [
        {
            "camera": "north",
            "place": "door",
            "kind": "line",
            "quantities": ["in", "out", "in_total", "out_total", "in_hour", "out_hour"],
        },
        {
            "camera": "north",
            "place": "hall",
            "kind": "zone",
            "quantities": [
                "entries",
                "exits",
                "entries_total",
                "exits_total",
                "occupancy",
                "mean_dwell",
                "wait",
                "density",
                "mean_speed",
                "entries_hour",
                "exits_hour",
            ],
        },
    ]
    assert len([Measure.model_validate(measure) for measure in answer]) == 3


def test_every_quantity_and_unit_that_is_released_is_described() -> None:
    assert get_args(Quantity) == tuple(UNITS)
    assert set(get_args(Unit)) == set(UNITS.values())


def test_what_a_camera_measures_beside_its_counts_is_listed_and_no_hour_where_ticks_make_none() -> None:
    places = (PlaceEntry("door", "line"), PlaceEntry("hall", "zone", in_metres=True))
    door, hall = measures_of([CameraEntry("west", places, Extras(speed_now=True, dwell=True, heat=True), 3600.0)])
    assert door.quantities == ["in", "out", "in_total", "out_total"]
    assert set(hall.quantities) >= {"dwell_median", "dwell_p95", "speed_now"}
    assert not {"heat", "entries_hour"} & set(hall.quantities)
    (odd,) = measures_of([CameraEntry("west", places[:1], tick_s=2700.0)])
    assert odd.quantities == door.quantities


async def test_latest(client: Client, store: DuckStore, release: MakeRelease) -> None:
    async with client(signed_in=True) as http:
        assert (await http.get("/api/v1/latest")).json() == []
        store.add([release(start_s=NOON_S, value=-3.5), release(start_s=NOON_S + 60, unknown="dark"), release("south", NOON_S)])
        answer = (await http.get("/api/v1/latest")).json()
    assert answer[0] == {
        "camera": "north",
        "place": "door",
        "quantity": "in",
        "time": "2026-11-24T12:01:00Z",
        "tick_s": 60.0,
        "value": None,
        "standard_error": None,
        "mechanism": "noise",
        "epoch": "2026-11-24/1",
        "unknown": "dark",
    }
    assert [row.camera for row in map(Row.model_validate, answer)] == ["north"] * 3 + ["south"] * 3


def _asked(**more: str) -> dict[str, str]:
    return {"camera": "north", "place": "door", "quantity": "out"} | more


async def test_series(client: Client, store: DuckStore, release: MakeRelease) -> None:
    store.add([release(start_s=NOON_S + 60 * i, value=i - 1, unknown="dark" if i == 2 else "") for i in range(4)])
    async with client(signed_in=True) as http:
        answer = await http.get("/api/v1/series", params=_asked(start="2026-11-24T12:00:00Z", end="2026-11-24T14:03:00+02:00"))
    assert answer.json() == {
        "camera": "north",
        "place": "door",
        "quantity": "out",
        "unit": "people",
        "step": "tick",
        "tick_s": 60.0,
        "rows": [
            {"time": "2026-11-24T12:00:00Z", "value": 0.0, "standard_error": 3.5, "unknown": ""},
            {"time": "2026-11-24T12:01:00Z", "value": 1.0, "standard_error": 3.5, "unknown": ""},
            {"time": "2026-11-24T12:02:00Z", "value": None, "standard_error": None, "unknown": "dark"},
        ],
    }
    assert len(SeriesAnswer.model_validate_json(answer.content).rows) == 3


async def test_series_of_the_last_hour_by_default(client: Client, store: DuckStore, release: MakeRelease) -> None:
    now_s = datetime.now(UTC).timestamp()
    store.add([release(start_s=now_s - 3900, value=1), release(start_s=now_s - 1800, value=2), release(start_s=now_s + 3600)])
    async with client(signed_in=True) as http:
        rows = (await http.get("/api/v1/series", params=_asked())).json()["rows"]
        assert [row["value"] for row in rows] == [3.0]
        earlier = datetime.fromtimestamp(now_s - 4000, UTC).isoformat()
        rows = (await http.get("/api/v1/series", params=_asked(start=earlier))).json()["rows"]
        assert [row["value"] for row in rows] == [2.0, 3.0]


async def test_a_series_without_rows_has_the_tick_of_its_camera(client: Client) -> None:
    async with client(signed_in=True) as http:
        answer = await http.get("/api/v1/series", params={"camera": "south", "place": "gate", "quantity": "in"})
    assert (answer.json()["tick_s"], answer.json()["rows"]) == (3600.0, [])


async def test_a_long_series_is_sent_whole(client: Client, store: DuckStore, release: MakeRelease) -> None:
    store.add([release(start_s=NOON_S + 60 * i, value=i) for i in range(4_500)])
    async with client(signed_in=True) as http:
        answer = await http.get("/api/v1/series", params=_asked(start="2026-11-24T12:00:00", end="2026-12-24T12:00:00"))
    series = SeriesAnswer.model_validate_json(answer.content)
    assert [point.value for point in series.rows] == list(np.arange(4_500) + 1.0)


async def test_series_that_cannot_be_given(client: Client, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    async with client(signed_in=True) as http:

        async def status(**more: str) -> tuple[int, str]:
            answer = await http.get("/api/v1/series", params=_asked(**more))
            return answer.status_code, answer.text

        assert (await status())[0] == 200
        assert (await status(place="nowhere"))[0] == 404
        assert (await status(quantity="faces"))[0] == 422
        assert (await status(start="yesterday"))[0] == 422
        code, text = await status(start="2026-11-24T12:00:00Z", end="2026-11-24T12:00:00Z")
        assert (code, "start must be before end" in text) == (400, True)
        assert (await status(camera="' OR 1 = 1; --"))[0] == 404


async def test_a_series_of_too_many_rows_is_refused(
    client: Client, store: DuckStore, release: MakeRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MOST_ROWS", 3)
    store.add([release(start_s=NOON_S + 60 * i) for i in range(4)])
    async with client(signed_in=True) as http:
        for minutes, status in ((3, 200), (4, 400)):
            end = (NOON + timedelta(minutes=minutes)).isoformat()
            answer = await http.get("/api/v1/series", params=_asked(start=NOON.isoformat(), end=end))
            assert answer.status_code == status


async def test_a_store_that_cannot_be_read_is_said(client: Client, store: DuckStore) -> None:
    store.close()
    async with client(signed_in=True) as http:
        answer = await http.get("/api/v1/latest")
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("the store cannot be read: ")
    with pytest.raises(StoreError):
        store.latest()


async def test_the_description_names_every_path_and_a_model_for_each_answer(client: Client) -> None:
    async with client(signed_in=True) as http:
        described = (await http.get("/api/v1/openapi.json")).json()
    numbers = {f"/api/v1/{name}" for name in ("site", "cameras", "measures", "latest", "series", "heat", "alarms", "live")}
    assert set(described["paths"]) > numbers
    for path, methods in described["paths"].items():
        for operation in methods.values():
            good = next(answer for status, answer in sorted(operation["responses"].items()) if status.startswith("2"))
            assert operation["description"]
            assert operation["x-throng-need"]["askers"]
            kinds = {kind: str(content.get("schema", "")) for kind, content in good.get("content", {}).items()}
            assert "$ref" in kinds.get("application/json", "$ref"), path
            assert ("text/event-stream" in kinds) == path.endswith("live")
