"""The pages: signing in and out, and the dashboard's files."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest
from tests.hub.making import code_of

from throng.hub.app import Hub
from throng.hub.people.sessions import COOKIE_ON_LOOPBACK as COOKIE

pytestmark = pytest.mark.anyio
Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


async def test_signing_in_and_out(client: Client, hub: Hub) -> None:
    async with client() as http:
        assert (await http.get("/")).headers["location"] == "/sign-in"
        code = code_of(hub)
        answer = await http.post("/sign-in", data={"code": f" {code} "})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        attributes = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
        assert attributes == {"httponly", "samesite=strict", "max-age=43200", "path=/"}
        assert (await http.get("/")).text.endswith("<title>dashboard</title>")
        assert (await http.get("/assets/index.js")).text == "export {};"
        old = http.cookies[COOKIE]
        answer = await http.post("/sign-out")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert COOKIE not in http.cookies
        assert (await http.get("/api/v1/site", headers={"cookie": f"{COOKIE}={old}"})).status_code == 401


async def test_a_used_or_wrong_code_is_refused_with_the_form(client: Client, hub: Hub) -> None:
    code = code_of(hub)
    async with client() as http:
        assert (await http.post("/sign-in", data={"code": code})).status_code == 303
    async with client() as http:
        for wrong in (code, "wrong", "", "x" * 10_000, "%00\u2028"):
            answer = await http.post("/sign-in", data={"code": wrong})
            assert answer.status_code == 401
            assert "wrong, used or expired" in answer.text
            assert "set-cookie" not in answer.headers
        for body in (b"", b"\xff\xfe", b"code", b"&" * 3000):
            assert (await http.post("/sign-in", content=body)).status_code == 401


async def test_the_form_carries_the_code_of_the_link_escaped_and_has_no_script(client: Client) -> None:
    async with client() as http:
        page = (await http.get("/sign-in", params={"code": '"><script>alert(1)</script>'})).text
    assert 'value="&quot;&gt;&lt;script&gt;' in page
    assert "<script" not in page
    assert "<style" not in page
    assert "Central &lt;Station&gt;" in page


async def test_a_page_that_is_not_built_says_how(client: Client, page_dir: Path) -> None:
    for path in sorted(page_dir.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    page_dir.rmdir()
    async with client(signed_in=True) as http:
        answer = await http.get("/")
        assert answer.status_code == 503
        assert "make build" in answer.text
        assert (await http.get("/assets/index.js")).status_code == 404


async def test_no_file_beside_the_assets_is_served(client: Client, page_dir: Path, tmp_path: Path) -> None:
    (page_dir / "assets" / "link.js").symlink_to(tmp_path / "throng.duckdb")
    async with client(signed_in=True) as http:
        for path in (
            "/assets/../index.html",
            "/assets/%2e%2e/index.html",
            "/assets/..%2findex.html",
            "/assets/link.js",
            f"/assets/{300 * 'a'}.js",
            "/assets/",
        ):
            assert (await http.get(path)).status_code in (404, 405), path
