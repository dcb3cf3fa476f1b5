"""The plan of a site as tables, for people; no colour is needed to read them."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from throng.cli.privacy.plan import CROWD, SitePlan, Streams, cost, rates
from throng.privacy import risk
from throng.privacy.budget import Budget
from throng.privacy.streams import COUNTS, DWELL, SPEED_NOW
from throng.site.model import Camera

_ERRORS = ("in a tick", "in an hour", "day's total", "at worst")


def print_plans(console: Console, plan: SitePlan) -> None:
    """Print the plan of each camera, those of one plan together."""
    for cameras in plan.alike():
        names = ", ".join(f'"{camera.name}"' for camera in cameras)
        console.print(f"\ncamera{'s' * (len(cameras) > 1)} {names}", style="bold")
        if plan.streams(cameras[0]):
            _print_plan(console, plan, cameras[0])
        else:
            console.print("counts nothing: give it at least one line or zone")


def titled(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose others are numbers."""
    table = Table(title=title, title_justify="left", title_style="", box=SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _with_note(table: Table, note: str) -> Table:
    table.caption, table.caption_justify, table.caption_style = f"{note}\n", "left", ""
    return table


def people(error: float) -> str:
    """A number of people, to three places at most."""
    return f"{error:.1f}" if error < 100 else f"{error:,.0f}"


def _print_plan(console: Console, plan: SitePlan, camera: Camera) -> None:
    budget = plan.budget
    tick_s = plan.site.tick_of(camera)
    console.print(f"ticks of {_long(tick_s)}; noise: {budget.mechanism}; one passage costs at most {_named(budget)} a day")
    console.print(_bound(camera, budget))
    console.print()
    console.print(_released(camera, plan.streams(camera)))
    if camera.zone:
        console.print(_of_crowds(plan, camera))
    console.print(_both_sides(plan, camera))
    if len(plan.ticks_s(camera)) > 1:
        console.print(_longer_ticks(plan, camera))


def _bound(camera: Camera, budget: Budget) -> str:
    counters = 2 * (len(camera.line) + len(camera.zone))
    changes = min(budget.passage_counters, counters)
    source = "assumed: `throng track-eval` measures it" if budget.pieces_from == "assumed" else budget.pieces_from
    tracks = f"{budget.pieces} track{'s' * (budget.pieces > 1)}"
    return f"bound: a passage changes at most {changes} of {counters} counters and breaks into at most {tracks} ({source})"


def _released(camera: Camera, streams: Streams) -> Table:
    table = titled("what is released, and its standard error (people)", "", *_ERRORS, "share")
    for name, planned in streams.items():
        tick, hour, day, worst = (people(each) for each in (planned.tick, planned.hour, planned.day, planned.worst))
        share = f"{100 * float(planned.stream.share):.0f} %"
        if name == COUNTS:
            for what in ["across a line, each way"] * bool(camera.line) + ["into a zone, and out of it"] * bool(camera.zone):
                table.add_row(what, tick, hour, day, worst, share)
            if camera.zone:
                # Entries and exits carry independent noise.
                table.add_row(
                    "inside a zone now", "", "", *(people(2**0.5 * each) for each in (planned.day, planned.worst)), share
                )
        elif name == DWELL:
            table.add_row("leaving a zone, each class of stay", tick, hour, day, worst, share)
        elif name == SPEED_NOW:
            table.add_row("inside a zone now, by their speed", "", "", day, worst, share)
        else:
            table.add_row("in each cell of the picture", "", people(planned.tick), "", "", share)
    return _with_note(table, "Totals, densities, flows and waits are made from these, at no further cost.")


def _of_crowds(plan: SitePlan, camera: Camera) -> Table:
    table = titled("told of a zone only where enough people are", "", "from so many", "error then", f"of {CROWD} people")
    for told in plan.of_crowds(camera):
        errors = ["" if each is None else f"{each:.2f}" for each in (told.error_mps, told.error_of_crowd_mps)]
        table.add_row(told.what, f"{told.people:,} {'inside' if told.inside else 'leaving in an hour'}", *errors)
    return table


def _both_sides(plan: SitePlan, camera: Camera) -> Table:
    unit = "epsilon" if plan.budget.pure else "rho"
    known = [f"{number} passage{'s' * (number > 1)}" for number in risk.PASSAGES]
    title = "both sides: errors (people), and how often a guess about passages is right at most"
    table = titled(title, f"{unit} a day", *_ERRORS[:3], *known)
    for budget in plan.budgets():
        planned = plan.streams(camera, budget=budget)[COUNTS]
        mark = " *" if budget == plan.budget else ""
        guesses = [_guess(budget, passages) for passages in risk.PASSAGES]
        table.add_row(f"{cost(budget):g}{mark}", *map(people, (planned.tick, planned.hour, planned.day)), *guesses)
    return _with_note(table, "* as the site file has it. Without the numbers a guess is right 50 % of the time.")


def _guess(budget: Budget, passages: int) -> str:
    recognised, guessed = rates(budget, passages)
    return f"{risk.at_most_percent(guessed)} %" + (" weak" if risk.is_weak(guessed, recognised) else "")


def _longer_ticks(plan: SitePlan, camera: Camera) -> Table:
    title = "for a quiet place: longer ticks before more budget (at the same privacy)"
    table = titled(title, "tick", *_ERRORS[:3], "a tick tells from noise")
    for tick_s in plan.ticks_s(camera):
        planned = plan.streams(camera, tick_s=tick_s)[COUNTS]
        told = 2 * planned.tick * 3600 / tick_s
        table.add_row(_long(tick_s), *map(people, (planned.tick, planned.hour, planned.day)), f"{told:,.0f} people an hour")
    return table


def _long(tick_s: int) -> str:
    for seconds, word in ((3600, "hour"), (60, "minute")):
        if tick_s % seconds == 0:
            number = tick_s // seconds
            return f"{number} {word}{'s' * (number > 1)}"
    return f"{tick_s} s"


def _named(budget: Budget) -> str:
    return f"{'epsilon' if budget.pure else 'rho'} = {cost(budget):g}"
