"""The page of the audit log."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.hub.admin.markup import Html, tag
from throng.hub.admin.parts import AUDITOR, page, table
from throng.hub.log.log import Log

WAY = "/admin/log"
_ROWS = 100
_HEADS = ("Time, UTC", "Event", "Outcome", "Who", "About", "Detail", "From")


def add_log_page(app: FastAPI, *, log: Log) -> None:
    """Add the page."""

    @app.get(WAY, include_in_schema=False, openapi_extra=AUDITOR)
    def look(request: Request) -> Response:
        entries = log.newest(most=_ROWS + 1, before=_number(request.query_params.get("before", "")))
        rows = [
            [
                entry["time"][:19].replace("T", " "),
                entry["event"],
                tag("span", entry["outcome"], class_=f"state {entry['outcome']}"),
                entry["who"] or "a stranger",
                entry["about"],
                entry["detail"],
                entry["address"],
            ]
            for entry in entries[:_ROWS]
        ]
        listed = table("Entries, newest first", _HEADS, rows, empty="There is no entry here.")
        older = [tag("a", "Older", href=f"{WAY}?before={entries[_ROWS - 1]['seq']}")] if len(entries) > _ROWS else []
        newest = [tag("a", "Newest", href=WAY)] if "before" in request.query_params else []
        ways = tag("nav", *newest, *older, aria_label="Pages", class_="pages") if newest or older else None
        return page(request, "Log", head_told(log), listed, ways)


def head_told(log: Log) -> Html:
    """The newest entry's number and hash, and what to do with them."""
    head = log.head()
    return tag(
        "p",
        f"Newest entry: {head.seq}, with the hash ",
        tag("code", head.hash, class_="hash"),
        ". Keep it elsewhere: ",
        tag("code", "throng audit --log"),
        " tells later whether the past was rewritten.",
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
