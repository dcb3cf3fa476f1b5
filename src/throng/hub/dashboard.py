"""The built dashboard's files, for people who are signed in."""

import html
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from throng.hub.access import ANYONE_SIGNED_IN

_UNBUILT = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>The page is not built yet: run <code>make build</code>, then reload.</p></main></body>
</html>
"""


def add_dashboard(app: FastAPI, *, site_name: str, page_dir: Path) -> None:
    """Add the dashboard; `page_dir` holds it, or nothing yet."""
    assets = StaticFiles(directory=page_dir / "assets", check_dir=False)
    assets.config_checked = True  # the folder may be missing until the page is built: its files are then not found

    @app.get("/", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def dashboard() -> Response:
        index = page_dir / "index.html"
        if index.is_file():
            return FileResponse(index, media_type="text/html")
        return HTMLResponse(_UNBUILT.format(title=html.escape(site_name)), status_code=503)

    # A route, not a mount: a mount states no need.
    @app.get("/assets/{name:path}", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    async def asset(request: Request, name: str) -> Response:
        if "\0" in name:
            raise HTTPException(404)
        return await assets.get_response(name, request.scope)
