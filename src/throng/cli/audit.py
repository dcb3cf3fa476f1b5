"""`throng audit`: what a stranger could reach, and what a thief of a store would learn. Nothing is changed."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from throng.data.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from throng.audit.exposure.look import Seen
    from throng.audit.exposure.report import ExposureReport
    from throng.audit.finding import Finding
    from throng.audit.log import LogReport
    from throng.audit.store.report import StoreReport

EXAMPLES = """Look at this machine and a site as a stranger on the network does, or through a copy of a store as its thief does.

Examples:

    throng audit

    throng audit --site site.toml --sarif audit.sarif

    throng audit --store data/throng.duckdb --site site.toml

    throng audit --store data/throng.duckdb --json

    throng audit --log data/audit.jsonl --head 5be1...

Without --store it looks at every TCP socket that listens on this machine and, with the site file, at its cameras, its hub and
its PostgreSQL store; at nothing else. At each camera at most six default passwords are tried. With --store it looks through
that file, and the site file says which names may stand in it; a hub that has the store open must be stopped, or a copy audited.
With --log it checks that no entry of a hub's audit log was changed, moved or removed.

The exit status is 0 when nothing is wrong, 1 when something is, 2 when a file cannot be read or written. docs/audit.md
describes every check and the JSON."""

_STYLES = {"finding": "bold red", "note": "yellow", "ok": "green"}


def audit(
    store: Annotated[Path | None, typer.Option(help="A store to look through, a DuckDB file.", show_default=False)] = None,
    site: Annotated[
        Path | None,
        typer.Option(help="The site file: what to look at, or whose places may stand in a store.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sarif: Annotated[Path | None, typer.Option(help="Write the findings to this file, as SARIF.", show_default=False)] = None,
    log: Annotated[Path | None, typer.Option(help="A hub's audit log to check.", show_default=False)] = None,
    head: Annotated[
        str, typer.Option(help="With --log: the hash of an entry that was noted earlier, as /api/v1/log/head tells it.")
    ] = "",
) -> None:
    report: StoreReport | ExposureReport | LogReport
    if log is not None:
        from throng.audit.log import audit_log

        report = of_log = audit_log(log, head=head)
        printed = partial(_print_log, of_log)
    elif store is not None:
        report = of_store = _of_store(store, site)
        printed = partial(_print_store, of_store)
    else:
        report = of_network = _of_network(site)
        printed = partial(_print_network, of_network)
    if sarif is not None:
        _write(sarif, report.findings, log or store or site)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        printed()
    if report.wrong:
        raise typer.Exit(1)


audit.__doc__ = EXAMPLES


def _of_store(store: Path, site: Path | None) -> "StoreReport":
    from throng.audit.store.report import audit_store
    from throng.site.read import read_site

    places = None
    if site is not None:
        cameras = read_site(site).camera
        places = {
            camera.name: {each.name for each in camera.lines()} | {each.name for each in camera.zones()} for camera in cameras
        }
    return audit_store(store, places)


def _of_network(site: Path | None) -> "ExposureReport":
    from throng.audit.exposure.report import look_at, targets
    from throng.site.read import read_site

    wanted = targets(read_site(site) if site is not None else None)
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("looking")
        return look_at(
            wanted,
            on_progress=lambda done, of: shown.update(task, description=f"looked at {done} of {of} addresses"),
        )


def _write(path: Path, findings: "Sequence[Finding]", about: Path | None) -> None:
    from throng.audit.sarif import sarif

    try:
        path.write_text(json.dumps(sarif(findings, about=about), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise AuditError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def _print_store(report: "StoreReport") -> None:
    console = Console(highlight=False)
    console.print(f"{report.path}: what its thief would learn", style="bold", markup=False)
    for sentence in report.learned:
        console.print(Padding(escape(sentence), (0, 0, 0, 2)))
    _print_findings(console, report.findings)
    _print_total(console, report.findings, "nothing is there that should not be")


def _print_log(report: "LogReport") -> None:
    console = Console(highlight=False)
    console.print(f"{report.path}: {report.entries:,} entries", style="bold", markup=False)
    _print_findings(console, report.findings)
    if report.head:
        console.print(f"head: {report.head}", markup=False, soft_wrap=True)
    _print_total(console, report.findings, "no entry was changed, and none is missing before the last")


def _print_network(report: "ExposureReport") -> None:
    console = Console(highlight=False)
    table = Table("address", "program", "what answers", "a stranger", "encrypted", title="addresses", title_justify="left")
    for seen in report.seen:
        if seen.answer is not None or not seen.target.spare:
            # Not markup: names come from programs and servers.
            table.add_row(*(escape(cell) for cell in _cells(seen)))
    console.print(table)
    _print_findings(console, report.findings)
    _print_total(console, report.findings, "no stranger could read anything")


def _cells(seen: "Seen") -> tuple[str, str, str, str, str]:
    from throng.audit.exposure.judge import protocol_of

    stranger, encrypted = "", ""
    if seen.answer is not None:
        kept_out = seen.answer.authenticated
        stranger = "cannot tell" if kept_out is None else f"is asked for {seen.answer.asks}" if kept_out else "is let in"
        encrypted = "no" if seen.tls is None else seen.tls.version or "TLS"
    return seen.target.shown, seen.target.name, protocol_of(seen), stranger, encrypted


def _print_findings(console: Console, findings: "Sequence[Finding]") -> None:
    placed = any(finding.where for finding in findings)
    table = Table("", "check", *(["where"] if placed else []), "what was found", title="checks", title_justify="left")
    for finding in findings:
        # Not markup: names come out of the file.
        cells = [finding.check, *([finding.where] if placed else []), finding.sentence]
        table.add_row(f"[{_STYLES[finding.grade]}]{finding.grade}[/]", *(escape(cell) for cell in cells))
    console.print(table)


def _print_total(console: Console, findings: "Sequence[Finding]", well: str) -> None:
    found = sum(finding.grade == "finding" for finding in findings)
    console.print(f"{found} finding{'s' * (found != 1)}" if found else well, markup=False)
