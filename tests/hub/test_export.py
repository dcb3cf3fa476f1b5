"""A download holds what the API tells, in two formats, under a safe name, and nothing a spreadsheet would reckon out."""

import csv
import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hub.making import made_hub

from throng.data.release import Release
from throng.hub import api
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.hub.export import MOST_QUANTITIES, harmless
from throng.store.duck import DuckStore

pytestmark = pytest.mark.anyio
Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
BEGIN_S = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
DARK = '=cmd|"calc"!A1, the lamp\nis broken'
DOOR = {"camera": "north", "place": "door", "start": "2026-11-24T00:00:00Z", "end": "2026-11-25T00:00:00Z"}


@pytest.fixture
def stored(store: DuckStore, release: Callable[..., Release]) -> DuckStore:
    """Two days of every third minute, of which some are dark."""
    minutes = range(0, 2880, 3)
    store.add(
        [
            release(start_s=BEGIN_S + 60 * minute, value=minute / 7 - 3, unknown=DARK if minute % 30 == 0 else "")
            for minute in minutes
        ]
    )
    return store


def _read_csv(content: bytes) -> list[dict[str, Any]]:
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    return [
        {
            **row,
            "time": datetime.fromisoformat(row["time"]),
            **{name: float(row[name]) if row[name] else None for name in ("value", "standard_error")},
        }
        for row in rows
    ]


async def test_both_formats_hold_what_the_series_tell(client: Client, stored: DuckStore) -> None:
    cases = (("tick", "door", ("out", "in"), 960), ("hour", "hall", ("occupancy",), 24), ("day", "hall", ("occupancy",), 1))
    for step, place, quantities, number in cases:
        asked: dict[str, Any] = DOOR | {"place": place, "step": step}
        async with client(signed_in=True) as http:
            told = []
            for quantity in quantities:
                rows = (await http.get("/api/v1/series", params=asked | {"quantity": quantity})).json()["rows"]
                told += [
                    row
                    | {"time": datetime.fromisoformat(row["time"]), "quantity": quantity, "unit": "people"}
                    | {"unknown": harmless(row["unknown"])}
                    for row in rows
                ]
            asked["quantity"] = [*quantities, quantities[0]]
            as_csv = await http.get("/api/v1/export", params=asked)
            as_parquet = await http.get("/api/v1/export", params=asked | {"format": "parquet"})
        assert (as_csv.headers["content-type"], as_parquet.status_code) == ("text/csv; charset=utf-8", 200)
        assert _read_csv(as_csv.content) == told
        assert pq.read_table(io.BytesIO(as_parquet.content)).to_pylist() == told
        assert len(told) == number


async def test_a_camera_of_any_name_gives_a_file_of_a_safe_one(client: Client, tmp_path: Any, store: DuckStore) -> None:
    names = ['../..\\"\r\nx: y', "Überführung 北 🚪", "..."]
    cameras = [CameraEntry(name, (PlaceEntry("=a", "line"),)) for name in names]
    with made_hub(tmp_path / "other", store, cameras) as hub:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=hub), base_url="http://127.0.0.1:8080") as http:
            await http.post("/sign-in", data={"code": hub.people.codes.make("sign-in")}, headers={"origin": str(http.base_url)})
            told = []
            for name in names:
                answer = await http.get("/api/v1/export", params={"camera": name, "place": "=a", "quantity": "in"})
                assert (answer.status_code, answer.text) == (200, "time,quantity,unit,value,standard_error,unknown\r\n")
                told.append(answer.headers["content-disposition"])
    assert told == [
        "attachment; filename=\"throng-..-..-x-y-a.csv\"; filename*=UTF-8''throng-..-..-x-y-a.csv",
        "attachment; filename=\"throng-berf-hrung-a.csv\"; filename*=UTF-8''throng-%C3%9Cberf%C3%BChrung-%E5%8C%97-a.csv",
        "attachment; filename=\"throng-...-a.csv\"; filename*=UTF-8''throng-...-a.csv",
    ]


async def test_what_cannot_be_given_is_refused(client: Client, stored: DuckStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def status(**asked: Any) -> tuple[int, str]:
        answer = await http.get("/api/v1/export", params=DOOR | {"quantity": "in"} | asked)
        return answer.status_code, answer.text

    async with client(signed_in=True) as http:
        for name in ("camera", "place"):
            assert (await status(**{name: "nowhere"}))[0] == 404
        assert (await status(quantity="occupancy"))[0] == 404
        assert (await status(quantity=["in"] * (MOST_QUANTITIES + 1)))[0] == 422
        assert (await status(format="xlsx"))[0] == 422
        assert (await status(end="2026-11-23"))[0] == 400
        monkeypatch.setattr(api, "MOST_ROWS", 479)
        refused = await status()
        assert (refused[0], "more than 479 rows" in refused[1]) == (400, True)
        monkeypatch.setattr(api, "MOST_ROWS", 480)
        assert (await status())[0] == 200
    async with client() as http:
        assert (await status())[0] == 401


@given(st.text())
def test_no_text_is_taken_for_a_formula_and_none_is_lost(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert harmless(text).removeprefix("'") == text.removeprefix("'")
