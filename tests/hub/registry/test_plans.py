"""Plans of sites: pictures that the hub keeps and gives back as they came, and never decodes."""

import contextlib
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hub.registry.conftest import BY, OWN, PRINCIPALS, SEAL, Ask

from throng.data.errors import HubError
from throng.hub.log.log import Log
from throng.hub.pictures import MEDIA_TYPES, picture_of
from throng.hub.registry import plans
from throng.hub.registry.plans import MOST_BYTES, PlanPicture, put_plan
from throng.hub.registry.registry import Registry
from throng.hub.registry.state import Site
from throng.store.sqlite_records import SqliteRecords

pytestmark = pytest.mark.anyio
PATH = "/api/v1/sites/west/plan"
SUFFIXES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
FORMS: dict[str, tuple[str, int, list[int]]] = {
    "PNG": ("png", 3, []),
    "PNG in grey": ("png", 1, []),
    "JPEG": ("jpeg", 3, []),
    "progressive JPEG": ("jpeg", 3, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 4]),
    "WebP": ("webp", 3, [cv2.IMWRITE_WEBP_QUALITY, 60]),
    "WebP without losses": ("webp", 3, [cv2.IMWRITE_WEBP_QUALITY, 101]),
    "WebP that can be seen through": ("webp", 4, [cv2.IMWRITE_WEBP_QUALITY, 60]),
}


def drawn(form: str = "PNG", *, width: int = 40, height: int = 30) -> bytes:
    """A picture with something in it."""
    kind, channels, how = FORMS[form]
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    done, content = cv2.imencode(SUFFIXES[kind], pixels, how)
    assert done
    return content.tobytes()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def put(
    ask: Ask, content: bytes, *, who: str = "administrator", kind: str = "image/png", path: str = PATH, **params: Any
) -> httpx.Response:
    async with ask(who) as client:
        return await client.put(
            path, content=content, params={"metres_wide": 80, **params}, headers={"content-type": kind} if kind else {}
        )


async def get(ask: Ask, path: str, *, who: str = "administrator", **headers: str) -> httpx.Response:
    async with ask(who) as client:
        return await client.get(path, headers=headers)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.integers(1, 300), st.integers(1, 300))
def test_the_size_is_read_from_the_header_of_every_kind(form: str, width: int, height: int) -> None:
    picture = picture_of(drawn(form, width=width, height=height))
    assert (picture.kind, picture.width, picture.height) == (FORMS[form][0], width, height)


def test_what_cameras_write_before_the_size_is_passed_over() -> None:
    plain = drawn("JPEG")
    note = b"\xff\xe1\x20\x02" + b"\xff\xc0" * 4096  # what looks like a size within it is none
    codes = b"\xff\xc4\x00\x0a" + bytes(range(8))
    picture = picture_of(plain[:2] + note * 3 + codes + b"\xff\xff" + plain[2:])
    assert (picture.width, picture.height) == (40, 30)


def test_a_picture_without_any_pixel_is_refused() -> None:
    content = bytearray(drawn("PNG"))
    content[16:20] = bytes(4)
    with pytest.raises(HubError, match="the picture is damaged"):
        picture_of(bytes(content))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.integers(0, 400), st.binary(max_size=60), st.integers(0, 60))
def test_a_damaged_header_is_refused_or_read_and_nothing_else(form: str, cut: int, noise: bytes, place: int) -> None:
    whole = bytearray(drawn(form))
    whole[place : place + len(noise)] = noise
    for content in (bytes(whole[:cut]), noise, b"\xff\xd8" + noise, b"\xff\xd8" + b"\xff\xe0\x00\x02" * 2000):
        with contextlib.suppress(HubError):
            picture = picture_of(content)
            assert picture.width > 0
            assert picture.height > 0


async def test_only_an_administrator_of_all_gives_a_plan_and_only_who_sees_the_site_sees_it(
    ask: Ask, registry: Registry
) -> None:
    before = registry.state
    for who in (*PRINCIPALS, ""):
        answer = await put(ask, drawn(), who=who)
        assert (who, answer.status_code) == (who, 200 if who == "administrator" else 403 if who else 401)
        assert (registry.state is before) == (who != "administrator")
        before = registry.state
    assert (await put(ask, drawn(), path="/api/v1/sites/east/plan")).status_code == 200
    for who in (*PRINCIPALS, ""):
        west, east = [await get(ask, f"/api/v1/sites/{site}/plan", who=who) for site in ("west", "east")]
        if who == "administrator":
            assert {west.status_code, east.status_code} == {200}
        elif who == "auditor" or not who:
            assert {west.status_code, east.status_code} == {403 if who else 401}
        else:
            assert (west.status_code, east.status_code) == (200, 404)
            none = await get(ask, "/api/v1/sites/nowhere/plan", who=who)
            assert (none.status_code, none.text) == (404, east.text)


@pytest.mark.parametrize("form", sorted(FORMS))
async def test_a_plan_comes_back_as_it_was_sent(ask: Ask, form: str) -> None:
    content, kind = drawn(form), f"image/{FORMS[form][0]}"
    told = await put(ask, content, kind=kind, metres_wide=12.5)
    facts = {"width": 40, "height": 30, "metres_wide": 12.5, "version": 1}
    assert told.json() == facts
    answer = await get(ask, PATH, who="viewer of west")
    assert answer.content == content
    wanted = {"content-type": kind, "content-disposition": "inline", "x-content-type-options": "nosniff"}
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert answer.headers["cache-control"] == "private, no-cache"
    (site,) = (await get(ask, "/api/v1/sites", who="viewer of west")).json()
    assert site["plan"] == facts


async def test_a_plan_that_is_known_is_not_sent_again_until_it_changes(ask: Ask) -> None:
    await put(ask, drawn())
    tag = (await get(ask, PATH)).headers["etag"]
    known = await get(ask, PATH, **{"if-none-match": tag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    await put(ask, drawn(width=41), version=1)
    changed = await get(ask, PATH, **{"if-none-match": tag})
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)


async def test_the_second_of_two_editors_is_told_to_look_again(ask: Ask, registry: Registry, log: Log) -> None:
    async def remove(version: int) -> int:
        async with ask("administrator") as client:
            return (await client.delete(PATH, params={"version": version})).status_code

    statuses = [(await put(ask, drawn(), version=version)).status_code for version in (1, 0, 0, 2, 1)]
    assert statuses == [409, 200, 409, 409, 200]
    assert registry.state.sites["west"].plan is not None
    assert registry.state.sites["west"].plan.version == 2
    assert [await remove(version) for version in (1, 2, 2)] == [409, 204, 409]
    assert (await get(ask, PATH)).status_code == 404
    entries = [(entry["event"], entry["outcome"], entry["about"], entry["who"]) for entry in reversed(log.newest(most=8))]
    assert entries[1] == ("plan.add", "ok", "west", "administrator")
    assert {entry[0] for entry in entries} == {"plan.add", "plan.change", "plan.remove"}
    assert [entry[1] for entry in entries] == ["refused", "ok", "refused", "refused", "ok", "refused", "ok", "refused"]


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"metres_wide": 0.5}, 422, "metres_wide"),
    ({"metres_wide": 100_001}, 422, "metres_wide"),
    ({"metres_wide": "nan"}, 422, "metres_wide"),
    ({"metres_wide": "wide"}, 422, "metres_wide"),
    ({"content": drawn(width=4097, height=1)}, 422, "at most 4,096 pixels wide and high, not 4,097 x 1: make it smaller"),
    ({"content": drawn(width=1, height=4097)}, 422, "not 1 x 4,097"),
    ({"content": drawn("JPEG")}, 422, "the plan is a jpeg picture, not image/png: send it as what it is"),
    ({"content": b"<svg/>"}, 422, "the picture must be a PNG, JPEG or WebP: save it as one of them"),
    ({"content": b""}, 422, "the picture must be a PNG, JPEG or WebP"),
    ({"content": drawn()[:20]}, 422, "the picture is damaged, or cut short"),
    ({"content": drawn() + bytes(MOST_BYTES)}, 413, "the message is longer than this hub takes here"),
    ({"kind": "image/svg+xml"}, 415, "the plan must come as one of image/png, image/jpeg, image/webp"),
    ({"kind": ""}, 415, "the plan must come as one of"),
    ({"path": "/api/v1/sites/nowhere/plan"}, 404, "no such site"),
    ({"version": -1}, 422, "version"),
]


@pytest.mark.parametrize(("wrong", "status", "sentence"), BAD)
async def test_what_breaks_a_rule_is_refused_in_a_sentence_and_changes_nothing(
    ask: Ask, registry: Registry, wrong: dict[str, Any], status: int, sentence: str
) -> None:
    before = registry.state
    answer = await put(ask, **({"content": drawn()} | wrong))
    assert (answer.status_code, sentence in answer.json()["detail"]) == (status, True), answer.text
    assert registry.state is before
    assert registry.record("plan-picture", "west") is None


async def test_all_plans_together_have_a_bound(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    content = drawn()
    monkeypatch.setattr(plans, "MOST_BYTES_TOGETHER", 2 * len(content) - 1)
    statuses = [
        (await put(ask, content, path=f"/api/v1/sites/{site}/plan", version=version)).status_code
        for site, version in (("west", 0), ("east", 0), ("west", 1))
    ]
    assert statuses == [200, 409, 200]


def test_a_plan_stays_when_its_site_changes_and_goes_with_it(registry: Registry, records: SqliteRecords, log: Log) -> None:
    for site in ("west", "file"):
        put_plan(registry, site, PlanPicture(drawn(), "image/png"), metres_wide=7, version=0, by=BY)
    registry.put_site(Site("west", "West", version=1), by=BY)
    assert registry.state.sites["west"].plan is not None
    again = Registry(records, SEAL, log, own=OWN)
    assert again.state.sites == registry.state.sites
    registry.remove_site("west", version=2, by=BY)
    assert [(record.kind, record.key) for kind in ("plan", "plan-picture") for record in records.all(kind)] == [
        ("plan", "file"),
        ("plan-picture", "file"),
    ]
    assert registry.put_site(Site("west"), by=BY).plan is None


def test_every_kind_has_a_media_type() -> None:
    assert set(MEDIA_TYPES.values()) == SUFFIXES.keys()
