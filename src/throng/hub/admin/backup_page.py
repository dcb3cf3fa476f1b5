"""The page about backups."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from throng.data.errors import AccountError
from throng.hub.access import principal
from throng.hub.admin.asking import by, done, to
from throng.hub.admin.backups import Backups
from throng.hub.admin.forms import read_form
from throng.hub.admin.markup import tag
from throng.hub.admin.parts import ADMINISTRATOR, FINE, READER, Problem, form, hidden, may, page, shown, table
from throng.hub.language import tell

WAY = "/admin/backup"


def add_backup_page(app: FastAPI, *, backups: Backups) -> None:
    """Add the page."""

    def looked_at(request: Request, problem: Problem = FINE) -> Response:
        rows = [[one.name, shown(one.made), _size(one.size_bytes)] for one in backups.all()]
        lead = tell(
            "A backup holds the numbers, the accounts and cameras, and the log, sealed under the hub's key. Copy it to another "
            "machine, and keep the key elsewhere: without it no backup opens. {command} brings it back.",
            command=tag("code", "throng restore"),
        )
        where = tell("They lie on the hub, in {folder}.", folder=tag("code", str(backups.folder)))
        mighty = may(principal(request), ADMINISTRATOR)
        make = form(WAY, hidden("make", "now"), button=tell("Make a backup now")) if mighty else None
        heads = (tell("File"), tell("Made"), tell("Size"))
        listed = table(tell("Backups on the hub"), heads, rows, empty=tell("There is no backup here yet."))
        return page(request, tell("Backup"), tag("p", lead), make, listed, tag("p", where, class_="hint"), problem=problem)

    @app.get(WAY, include_in_schema=False, openapi_extra=READER)
    def look(request: Request) -> Response:
        return looked_at(request)

    @app.post(WAY, include_in_schema=False, openapi_extra=ADMINISTRATOR)
    async def make(request: Request) -> Response:
        typed = await read_form(request)

        def act() -> Response:
            if typed.one("make") != "now":
                raise AccountError("the form came in pieces: reload the page, and try again", status=422)
            who = by(request)
            backups.make(who=who.name, address=who.address)
            return to(WAY, "made")

        return await done(act, again=lambda problem: looked_at(request, problem))


def _size(size_bytes: int) -> str:
    if size_bytes < 10**6:
        return f"{max(1, round(size_bytes / 1e3))} kB"
    return f"{size_bytes / 1e6:,.1f} MB"
