"""The pages for people: signing in and out, and the dashboard's built files."""

import html
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from throng.hub.door import SESSION_S, Door
from throng.hub.gate import COOKIE, SESSION
from throng.hub.live import Feed

_MOST_FORM_BYTES = 4096

_STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; min-height: 90vh; place-items: center; margin: 1rem; }
main { max-width: 26rem; width: 100%; }
label { display: block; margin-top: 1rem; }
input, button { box-sizing: border-box; width: 100%; padding: 0.6rem; margin-top: 0.4rem; font: inherit; }
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/sign-in/style.css"></head>
<body><main><h1>{title}</h1>{body}</main></body>
</html>
"""

_FORM = """\
{message}
<form method="post" action="/sign-in">
<label for="code">One-time code</label>
<input id="code" name="code" value="{code}" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required>
<button>Sign in</button>
</form>
"""


def add_pages(app: FastAPI, *, site_name: str, page_dir: Path, door: Door, feed: Feed) -> None:
    """Add the pages to the hub; `page_dir` holds the built dashboard, or nothing yet."""

    @app.get("/sign-in", include_in_schema=False)
    def form(code: str = "") -> Response:
        return _sign_in_page(site_name, code=code)

    @app.get("/sign-in/style.css", include_in_schema=False)
    def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    @app.post("/sign-in", include_in_schema=False)
    async def sign_in(request: Request) -> Response:
        token = door.sign_in(await _code_of(request))
        if token is None and (wait_s := door.wait_s()):
            page = _sign_in_page(
                site_name, HTTPStatus.TOO_MANY_REQUESTS, message=f"Too many wrong codes: wait {wait_s} seconds."
            )
            page.headers["retry-after"] = str(wait_s)
            return page
        if token is None:
            wrong = "That code is wrong, used or expired. The hub prints a new one when it starts; a signed-in page makes more."
            return _sign_in_page(site_name, HTTPStatus.UNAUTHORIZED, message=wrong)
        answer = RedirectResponse("/", status_code=303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, token, max_age=SESSION_S, httponly=True, samesite="strict", secure=secure)
        return answer

    @app.post("/sign-out", include_in_schema=False)
    def sign_out(request: Request) -> Response:
        session: bytes = request.scope[SESSION]
        door.sign_out(session)
        feed.end(session)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    @app.get("/", include_in_schema=False)
    def dashboard() -> Response:
        index = page_dir / "index.html"
        if index.is_file():
            return FileResponse(index, media_type="text/html")
        body = "<p>The page is not built yet: run <code>make build</code>, then reload.</p>"
        return HTMLResponse(_PAGE.format(title=html.escape(site_name), body=body), status_code=503)

    assets = StaticFiles(directory=page_dir / "assets", check_dir=False)
    assets.config_checked = True  # the folder may be missing until the page is built: its files are then not found
    app.mount("/assets", assets)


def _sign_in_page(site_name: str, status: HTTPStatus = HTTPStatus.OK, *, code: str = "", message: str = "") -> Response:
    notice = f'<p role="alert">{html.escape(message)}</p>' if message else ""
    body = _FORM.format(message=notice, code=html.escape(code, quote=True))
    return HTMLResponse(_PAGE.format(title=f"{html.escape(site_name)}: sign in", body=body), status_code=status)


async def _code_of(request: Request) -> str:
    """The form's code; empty when there is none, or the form is larger than any of ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_FORM_BYTES:
            return ""
    return parse_qs(body.decode("utf-8", "replace")).get("code", [""])[0].strip()
