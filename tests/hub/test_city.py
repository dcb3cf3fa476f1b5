"""The network hour by hour: what was counted in every hour at every camera that somebody may see."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.security.asking import Reply, ask
from tests.security.deployment import ALPHA, BETA, Deployment, deployed

from throng.data.rows import Rows
from throng.hub.access import Grant
from throng.hub.registry.registry import By
from throng.hub.registry.state import Site

pytestmark = pytest.mark.anyio
HOUR_S = 3600
DAY_S = 1_795_478_400  # 2026-11-24 began
EMPTY = "emptysite"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def _rows(camera: str, hours: dict[int, float | None]) -> Rows:
    """The ticks that end some hours of the day."""
    n = len(hours)
    values = np.array([np.nan if value is None else value for value in hours.values()])
    return Rows(
        ((camera, "hall", "entries_hour"),),
        (("noise()", "2026-11-24/1", 60.0),),
        ("", "dark"),
        series_of=np.zeros(n, np.int32),
        part_of=np.zeros(n, np.int32),
        reason_of=np.isnan(values).astype(np.int32),
        tick_start_us=np.array([(DAY_S + hour * HOUR_S + HOUR_S - 60) * 1_000_000 for hour in hours], np.int64),
        values=values,
        standard_errors=np.where(np.isnan(values), np.nan, 2.0),
    )


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Alpha has counted from one to three; beta at two; a camera that was removed, too."""
    with deployed(tmp_path_factory.mktemp("hub")) as made:
        made.hub.registry.put_site(Site(EMPTY), by=By("test"))
        store = made.hub.kept.store
        store.add_rows(_rows(f"{ALPHA}-camera", {1: -3.5, 2: None, 3: 7.0}))
        store.add_rows(_rows(f"{BETA}-camera", {2: 11.0}))
        store.add_rows(_rows("removed-camera", {2: 99.0}))
        yield made


async def hours(deployment: Deployment, query: str, *, grant: Grant | None = None) -> Reply:
    token = deployment.hub.people.sessions.open("ada", grants=(grant or Grant("viewer"),), how="password")
    headers = [(b"host", b"hub.example"), (b"cookie", f"__Host-throng={token}".encode())]
    reply = await ask(deployment.hub, "GET", f"/api/v1/hours?quantity=entries&{query}", headers=headers)
    assert reply.problems() == []
    return reply


def told(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    answer = json.loads(reply.body)
    assert isinstance(answer, dict)
    return answer


async def test_every_camera_has_a_number_for_every_hour_or_none(deployment: Deployment) -> None:
    answer = told(await hours(deployment, "start=2026-11-24T00:30:00Z&end=2026-11-24T04:00:00Z"))
    assert (answer["quantity"], answer["unit"]) == ("entries", "people")
    assert answer["times"] == [f"2026-11-24T0{hour}:00:00Z" for hour in range(4)]
    by_name = {camera.pop("camera"): camera for camera in answer["cameras"]}
    assert by_name == {
        f"{ALPHA}-camera": {"values": [None, -3.5, None, 7.0], "standard_errors": [None, 2.0, None, 2.0]},
        f"{BETA}-camera": {"values": [None, None, 11.0, None], "standard_errors": [None, None, 2.0, None]},
        "removed-camera": {"values": [None, None, 99.0, None], "standard_errors": [None, None, 2.0, None]},
    }


@pytest.mark.parametrize(
    ("site", "seen"), [(ALPHA, {f"{ALPHA}-camera"}), (BETA, {f"{BETA}-camera"}), (EMPTY, set()), ("no site", set())]
)
async def test_of_a_site_its_cameras_alone_are_told(deployment: Deployment, site: str, seen: set[str]) -> None:
    """A site without cameras is none with all, and of a camera that was removed only who sees everything hears."""
    reply = await hours(deployment, "start=2026-11-24T00:00:00Z", grant=Grant("viewer", site))
    assert {camera["camera"] for camera in told(reply)["cameras"]} == seen


async def test_an_end_within_an_hour_takes_the_whole_hour(deployment: Deployment) -> None:
    answer = told(await hours(deployment, "start=2026-11-24T01:59:59Z&end=2026-11-24T02:00:01Z"))
    assert answer["times"] == ["2026-11-24T01:00:00Z", "2026-11-24T02:00:00Z"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("start=2026-11-01T00:00:00Z&end=2026-12-02T01:00:00Z", "745 hours are more than the 744 that fit one answer"),
        ("start=2026-11-24T04:00:00Z&end=2026-11-24T04:00:00Z", "start must be before end"),
        ("start=0001-01-01T00:00:00%2B14:00", "years 1 to 9999"),
        ("end=0001-01-01T00:30:00Z", "years 1 to 9999"),
        ("start=9999-12-31T23:30:00Z", "years 1 to 9999"),
    ],
)
async def test_a_time_that_fits_no_answer_is_refused_in_a_sentence(deployment: Deployment, query: str, sentence: str) -> None:
    reply = await hours(deployment, query)
    assert reply.status == 400
    assert sentence in reply.body.decode()


async def test_the_ends_of_the_calendar_can_be_asked_for(deployment: Deployment) -> None:
    first = told(await hours(deployment, "start=0001-01-01T00:00:00Z&end=0001-01-01T01:00:00Z"))
    last = told(await hours(deployment, "start=9999-12-31T23:00:00Z&end=9999-12-31T23:59:59Z"))
    assert (first["times"], last["times"]) == (["0001-01-01T00:00:00Z"], ["9999-12-31T23:00:00Z"])


async def test_the_longest_time_is_a_month(deployment: Deployment) -> None:
    answer = told(await hours(deployment, "start=2026-11-01T00:00:00Z&end=2026-12-02T00:00:00Z"))
    assert len(answer["times"]) == 744
    assert next(camera for camera in answer["cameras"] if camera["camera"] == f"{BETA}-camera")["values"][23 * 24 + 2] == 11.0
