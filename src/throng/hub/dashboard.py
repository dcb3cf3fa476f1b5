"""The built dashboard's files, for people who are signed in."""

import gzip
import html
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from throng.hub.access import ANYONE_SIGNED_IN

PAGES = ("/", "/place", "/alarms", "/camera", "/privacy")
"""Addresses that the dashboard's router knows, `web/src/core/addresses.ts`: each is answered with the same page."""
_UNBUILT = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>The page is not built yet: run <code>make build</code>, then reload.</p></main></body>
</html>
"""
_YEAR = "private, max-age=31536000, immutable"
_ASSET = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
"""The build puts all assets into one folder."""
_COMPRESSED = frozenset({".js", ".css", ".svg", ".html"})


def add_dashboard(app: FastAPI, *, site_name: str, page_dir: Path) -> None:
    """Add the dashboard; `page_dir` holds it, or nothing yet."""

    def dashboard(request: Request) -> Response:
        index = page_dir / "index.html"
        if index.is_file():
            return _file(request, index, cache="no-cache")
        return HTMLResponse(_UNBUILT.format(title=html.escape(site_name)), status_code=503)

    for page in PAGES:
        app.get(page, include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)(dashboard)

    # A route, not a mount: a mount states no need.
    @app.get("/assets/{name:path}", include_in_schema=False, openapi_extra=ANYONE_SIGNED_IN)
    def asset(request: Request, name: str) -> Response:
        path = page_dir / "assets" / name
        if not _ASSET.fullmatch(name) or path.is_symlink() or not path.is_file():
            raise HTTPException(404)
        return _file(request, path, cache=_YEAR)  # its name holds a digest of its content


def _file(request: Request, path: Path, *, cache: str) -> Response:
    """A file of the page, compressed where the browser takes that: these hold no secret that a length could tell."""
    headers = {"cache-control": cache, "vary": "accept-encoding"}
    plain, compressed = _contents(path, path.stat().st_mtime_ns)
    if compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        plain = compressed
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(plain, media_type="text/javascript" if path.suffix == ".js" else kind, headers=headers)


@lru_cache(maxsize=64)
def _contents(path: Path, _changed_ns: int) -> tuple[bytes, bytes | None]:
    plain = path.read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0) if path.suffix in _COMPRESSED else None
