"""The page of the audit log."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.hub.admin.markup import Html, tag
from throng.hub.admin.parts import AUDITOR, page, state, table
from throng.hub.language import as_english, tell
from throng.hub.log.log import Log

WAY = "/admin/log"
_ROWS = 100


def add_log_page(app: FastAPI, *, log: Log) -> None:
    """Add the page."""

    @app.get(WAY, include_in_schema=False, openapi_extra=AUDITOR)
    def look(request: Request) -> Response:
        entries = log.newest(most=_ROWS + 1, before=_number(request.query_params.get("before", "")))
        rows = [
            [
                entry["time"][:19].replace("T", " "),
                entry["event"],
                state(entry["outcome"]),
                entry["who"] or tell("a stranger"),
                entry["about"],
                as_english(entry["detail"]),
                entry["address"],
            ]
            for entry in entries[:_ROWS]
        ]
        heads = [tell("Time, UTC"), tell("Event"), tell("Outcome"), tell("Who"), tell("About"), tell("Detail"), tell("From")]
        listed = table(tell("Entries, newest first"), heads, rows, empty=tell("There is no entry here."))
        older = [tag("a", tell("Older"), href=f"{WAY}?before={entries[_ROWS - 1]['seq']}")] if len(entries) > _ROWS else []
        newest = [tag("a", tell("Newest"), href=WAY)] if "before" in request.query_params else []
        ways = tag("nav", *newest, *older, aria_label=tell("Pages of the table"), class_="pages") if newest or older else None
        return page(request, tell("Log"), head_told(log), listed, ways)


def head_told(log: Log) -> Html:
    """The newest entry's number and hash, and what to do with them."""
    head = log.head()
    told = tell(
        "Newest entry: {number}, with the hash {hash}. Keep it elsewhere: {command} tells later "
        "whether the past was rewritten.",
        number=head.seq,
        hash=tag("code", head.hash, class_="hash"),
        command=tag("code", "throng audit --log"),
    )
    return tag("p", told)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
