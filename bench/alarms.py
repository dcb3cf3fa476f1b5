"""What noise does to alarms: how often it invents one, how often it hides a crush, and where a rule says that it cannot tell.

    python -m bench.alarms docs/alarm.svg

draws an alarm that unfolds in a simulated crush, through a real wall.

The noise is that of the wall's own mechanism at the default budget, on a day that began without a restart: `NOISE_RUNS` runs
of `ZONES` zones. It does not depend on the crowd (docs/privacy/0001-continual-counting.md), so that one zone's noise serves all
sizes and crowds here. The mechanism draws from the operating system, so that no run sees the noise of another; the rule's 4.8
and 3.2 standard errors were chosen on 40,000 days of the same process drawn by numpy (`chosen`), with a seed.
"""

import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bench.report import paragraph
from numpy.typing import NDArray
from scipy.signal import lfilter

from throng.alarm.engine import Change, Engine
from throng.alarm.rule import HIDDEN, INVENTED, Rule
from throng.data.alarm_presets import PRESETS
from throng.data.measurement import Measurement
from throng.data.place import Zone, counters_of
from throng.data.place_size import PlaceSize
from throng.privacy.budget import Budget
from throng.privacy.buffered import Buffered, course
from throng.privacy.ledger import Ledger
from throng.privacy.plan import FIRST_EPOCH
from throng.privacy.streams import UNIT, streams_of
from throng.privacy.wall import Wall

Floats = NDArray[np.float64]
TICK_S, TICKS = 60.0, 1440
ZONES, NOISE_RUNS = 200, 20
AREAS_M2 = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
LEVELS = PRESETS["standing-crowd"]
RULE = Rule("standing crowd", "camera", "zone", LEVELS.quantity, LEVELS.above, LEVELS.clear, severity=LEVELS.severity)
AVERAGED = round(RULE.for_s / TICK_S)
QUIET_PER_M2 = 1.0
CRUSH_TICKS = 30
RAMP_TICKS = 15


def noise(runs: int, zones: int = ZONES) -> tuple[Floats, Floats]:
    """The noise of zones' occupancies over a whole day (runs * zones, ticks), people, and its standard error (ticks,).

    Of the first epoch of a day at the default budget and a calibrated camera: entries and exits of crowds that come and go are
    put through the mechanism, and their true difference is taken off again.
    """
    rho = FIRST_EPOCH * Budget().rho_per_day
    places = tuple(Zone(str(number), np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0]])) for number in range(zones))
    stream, *_ = streams_of(counters_of((), places, in_metres=True), Budget())
    days, errors = [], np.zeros(TICKS)
    rng = np.random.default_rng(runs)
    for _ in range(runs):
        mechanism = Buffered(counters=2 * zones, ticks=TICKS, rho=rho, sensitivity=stream.length, unit=UNIT)
        counts = rng.poisson(30.0, (TICKS, 2 * zones))
        day = np.empty((zones, TICKS))
        for tick, count in enumerate(counts):
            noised = mechanism.step(UNIT * count)
            surplus = noised.totals.reshape(zones, 2) @ [1.0, -1.0]
            day[:, tick], errors[tick] = surplus, 2**0.5 * noised.total_standard_error
        days.append(day - np.cumsum(counts[:, 0::2] - counts[:, 1::2], axis=0).T)
    return np.concatenate(days), errors


def chosen(days: int = 40_000, *, seed: int = 1) -> tuple[float, float]:
    """What `INVENTED` and `HIDDEN` were chosen by, in standard errors.

    The 0.999 quantile, over days, of a day's highest noise in any tick; and minus the 0.001 quantile, over moments, of the
    noise of the average that a rule judges. The process is that of `throng.privacy.buffered.Course`.
    """
    rng, about = np.random.default_rng(seed), course(TICKS, UNIT)
    error = np.sqrt(about.total_variances)
    highest, moments = [], []
    for _ in range(days // 500):
        drawn = rng.standard_normal((500, TICKS))
        ticks = drawn.copy()
        for mode, load in zip(about.modes, about.loads, strict=True):
            ticks[:, 1:] += load * lfilter([1.0], [1.0, -mode], drawn[:, :-1])
        each = np.cumsum(about.lengths * ticks, axis=1)
        highest.append((each / error).max(axis=1))
        moments.append((averaged(each) / averaged(error))[:, ::97].ravel())
    return float(np.quantile(np.concatenate(highest), 0.999)), -float(np.quantile(np.concatenate(moments), 0.001))


def averaged(values: Floats) -> Floats:
    """The averages that a rule judges, one for each tick from the second on."""
    return (values[..., 1:] + values[..., :-1]) / 2


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What a rule says of averages (n, ticks): as `Rule.verdict`, of many at once."""

    rings: NDArray[np.bool_]
    tells: NDArray[np.bool_]


def judge(values: Floats, errors: Floats, rule: Rule = RULE) -> Judged:
    """Judge series of ticks (n, ticks) with the errors (ticks,)."""
    value, error = averaged(values), averaged(errors)
    excluded, exceeded = value < rule.threshold - HIDDEN * error, value > rule.clear + INVENTED * error
    return Judged(~excluded & exceeded, excluded | exceeded)


def naive(values: Floats, rule: Rule = RULE) -> NDArray[np.bool_]:
    """Where a rule would ring that takes the number as it is: above the threshold in both of two ticks."""
    above = values >= rule.threshold
    return above[..., 1:] & above[..., :-1]


def starts(days: int, *, seed: int = 3) -> NDArray[np.intp]:
    """The tick of each day at which its crush begins to grow, anywhere but at the very edges of the day."""
    return np.random.default_rng(seed).integers(5, TICKS - 2 * RAMP_TICKS - CRUSH_TICKS, days)


def crush(start: NDArray[np.intp], *, to_per_m2: float) -> Floats:
    """True densities (days, ticks): quiet, then within a quarter of an hour to `to_per_m2`, half an hour there, and back."""
    since = np.arange(TICKS) - start[:, None]
    shape = np.minimum(since / RAMP_TICKS, (2 * RAMP_TICKS + CRUSH_TICKS - since) / RAMP_TICKS).clip(0.0, 1.0)
    return QUIET_PER_M2 + (to_per_m2 - QUIET_PER_M2) * shape


def first_rung(rings: NDArray[np.bool_], start: NDArray[np.intp]) -> Floats:
    """Ticks from each day's start until the rule first rings after it; infinite where it does not before the crush ebbs."""
    ticks = np.arange(1, rings.shape[1] + 1) - start[:, None]
    at = np.where(rings & (ticks >= 0) & (ticks <= RAMP_TICKS + CRUSH_TICKS), ticks, np.inf)
    return np.asarray(at.min(axis=1), dtype=np.float64)


def table() -> list[str]:
    """The tables, as Markdown."""
    print("bench: noise of the wall's mechanism", file=sys.stderr, flush=True)
    people, error = noise(NOISE_RUNS)
    highest, moment = chosen()
    worst_at = _clock((error.argmax() + 1) * TICK_S / 3600)
    return [
        paragraph(
            f"Rule: density above {RULE.threshold:g} people/m2, clear at {RULE.clear:g}, averaged over two ticks of a minute; "
            f"budget {Budget().rho_per_day:g} a day, half of which a day without a restart spends. {len(people):,} zone-days "
            f"of the wall's own mechanism; the error of an occupancy is {error[0]:.0f} people after the first tick, "
            f"{error[59]:.0f} after an hour, {error.max():.0f} at its worst, at {worst_at}, and {error[-1]:.0f} at midnight. "
            f"The bounds of {INVENTED} and {HIDDEN} standard errors were chosen on other noise, 40,000 days drawn by numpy: "
            f"there, one day in a thousand had a tick above {highest:.2f}, and one moment in a thousand an average "
            f"below -{moment:.2f}. *Plain* is the rule that rings when both ticks are above the threshold."
        ),
        "",
        paragraph(
            "Invented: the share of days on which it rings, for a crowd that stays at the clear level all day, and for one at "
            "1 person/m2; and the share of the time for which it cannot tell at 1 person/m2."
        ),
        "",
        "| zone | worst error | rings at clear | at 1/m2 | cannot tell at 1/m2 | plain, at clear | plain, at 1/m2 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_invented(area, people / area, error / area) for area in AREAS_M2),
        "",
        paragraph(
            "Hidden: a crowd that grows from 1 person/m2 to just the threshold within a quarter of an hour, at any time of "
            "day, and stays for half an hour. Silent: two, or three, minutes after it got there the rule had neither rung nor "
            "said that it cannot tell. Beside it a crowd that grows to 6.5: whether the rule rings, and how many minutes after "
            "the threshold was passed."
        ),
        "",
        "| zone | silent after 2 min | after 3 min | plain, after 3 min | to 6.5: never rings | mean | of 1,000 the last |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_hidden(area, people / area, error / area) for area in AREAS_M2),
        "",
    ]


def _invented(area_m2: float, density: Floats, error: Floats) -> str:
    cells = [f"{area_m2:g} m2", f"{error.max():.2f}/m2"]
    quiet = judge(density + QUIET_PER_M2, error)
    for judged in (judge(density + RULE.clear, error), quiet):
        cells.append(_share(judged.rings.any(axis=1)))
    cells.append(f"{100 * (1 - quiet.tells.mean()):.2g} %")
    cells += [_share(naive(density + level).any(axis=1)) for level in (RULE.clear, QUIET_PER_M2)]
    return f"| {' | '.join(cells)} |"


def _hidden(area_m2: float, density: Floats, error: Floats) -> str:
    start = starts(len(density))
    at_threshold = density + crush(start, to_per_m2=RULE.threshold)
    judged = judge(at_threshold, error)
    reached = RAMP_TICKS + AVERAGED - 1
    spoke, plain = (first_rung(rings, start) for rings in (judged.rings | ~judged.tells, naive(at_threshold)))
    cells = [f"{area_m2:g} m2", _share(spoke > reached), _share(spoke > reached + 1), _share(plain > reached + 1)]
    rung = first_rung(judge(density + crush(start, to_per_m2=6.5), error).rings, start)
    passed = RAMP_TICKS * (RULE.threshold - QUIET_PER_M2) / (6.5 - QUIET_PER_M2)
    minutes = rung[np.isfinite(rung)] + 1 - passed
    cells += [_share(~np.isfinite(rung)), f"{minutes.mean():+.1f}", f"{np.quantile(minutes, 0.999):+.1f}"]
    return f"| {' | '.join(cells)} |"


def _share(happened: Any) -> str:
    """Of days (n,) that happened or not."""
    count, n = int(np.sum(happened)), len(happened)
    return f"0 of {n:,}" if count == 0 else f"{100 * count / n:.2g} %"


DEMO_M2 = 150.0
DEMO_RULES = (
    Rule("crowded", "platform", "A", "density", threshold=4.0, clear=2.0, severity="warning", within_s=300.0),
    Rule("crush", "platform", "A", "density", threshold=5.0, clear=3.0, severity="danger"),
)
DEMO_START_S = 1_795_478_400.0
"""Midnight UTC."""
DEMO_HOURS = (17.0, 20.0)
_DENSITY_AT_H = ((0.0, 0.1), (6.0, 0.3), (16.5, 1.2), (17.5, 1.4), (18.1, 5.8), (18.6, 5.8), (19.2, 1.5), (24.0, 0.2))


@dataclass(frozen=True, slots=True, eq=False)
class Unfolding:
    """An evening's ticks (n,): when each ended (hours), the true density, the released one with its error; and what rang."""

    hours: Floats
    truth: Floats
    released: Floats
    errors: Floats
    changes: list[Change]


def unfold() -> Unfolding:
    """A platform over a day with a crush in the evening, every person through a real wall, and what the alarms made of it."""
    zone = Zone("A", np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]]))
    engine, changes, truth, rows = Engine(DEMO_RULES), list[Change](), list[float](), list[tuple[float, ...]]()
    with tempfile.TemporaryDirectory() as folder:
        wall = Wall(
            camera="platform",
            lines=(),
            zones=[zone],
            in_metres=True,
            tick_s=TICK_S,
            budget=Budget(),
            ledger=Ledger(Path(folder) / "ledger.jsonl"),
        )
        wall.set_sizes([PlaceSize(DEMO_M2, standard_error=0.01 * DEMO_M2)])
        for moment in _people():
            wall.observe(moment)
            inside = float(moment.occupancy[0]) / DEMO_M2
            for release in wall.advance(moment.time_s):
                changes += engine.take(release)
                at = release.quantities.index("density")
                truth.append(inside)
                ended_s = release.tick_start_s + TICK_S - DEMO_START_S
                rows.append((ended_s / 3600, release.values[at], release.standard_errors[at]))
    hours, released, errors = np.array(rows).T
    shown = (hours >= DEMO_HOURS[0]) & (hours <= DEMO_HOURS[1])
    return Unfolding(hours[shown], np.array(truth)[shown], released[shown], errors[shown], changes)


def _people() -> Iterator[Measurement]:
    """Who comes and goes, every second of a day: the longest there leave first."""
    rng = np.random.default_rng(5)
    inside, next_id = deque[int](), 0
    hours, densities = np.array(_DENSITY_AT_H).T
    for second in range(86_400):
        wanted = float(np.interp(second / 3600, hours, densities)) * DEMO_M2
        leave = int(rng.poisson(len(inside) / 240.0))
        gone = [inside.popleft() for _ in range(min(leave, len(inside)))]
        come = list(range(next_id, next_id + int(rng.poisson(max(wanted - len(inside), 0.0)))))
        next_id += len(come)
        inside.extend(come)
        yield Measurement(
            passage_ids=np.array(gone + come, dtype=np.uint64),
            counters=np.array([1] * len(gone) + [0] * len(come), dtype=np.intp),
            amounts=np.ones(len(gone) + len(come)),
            ended_ids=np.array(gone, dtype=np.uint64),
            occupancy=np.array([len(inside)]),
            time_s=DEMO_START_S + second,
        )


def draw(path: Path, day: Unfolding) -> None:
    """Draw the evening of the crush: true and released density, and when each alarm rings and clears."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "throng", "svg.fonttype": "none"}
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(9.0, 4.2), layout="constrained")
    axes.fill_between(
        day.hours, day.released - 2 * day.errors, day.released + 2 * day.errors, color="#0b6e99", alpha=0.2, linewidth=0
    )
    axes.plot(day.hours, day.released, color="#0b6e99", label="released, give or take two errors")
    axes.plot(day.hours, day.truth, color="#333333", linewidth=1.0, linestyle="--", label="true")
    for rule, colour, height in zip(DEMO_RULES, ("#b36b00", "#a1260d"), (6.7, 7.5), strict=True):
        axes.axhline(rule.threshold, color=colour, linewidth=0.8)
        axes.axhline(rule.clear, color=colour, linewidth=0.8, linestyle=":")
        for begin, end in rung(day.changes, rule.name):
            axes.plot([begin, end], [height, height], color=colour, linewidth=7, solid_capstyle="butt")
            text = f"{rule.severity}: rings at {_clock(begin)}, clears at {_clock(end)}"
            axes.text(begin, height + 0.3, text, va="center", color=colour, fontsize=9)
    axes.set(xlim=DEMO_HOURS, ylim=(0, 8.2), ylabel="people/m2 on a platform of 150 m2", xlabel="time of day")
    axes.set_xticks(np.arange(DEMO_HOURS[0], DEMO_HOURS[1] + 0.1, 0.5))
    axes.xaxis.set_major_formatter(lambda hour, _: _clock(hour))
    axes.legend(loc="center left", bbox_to_anchor=(0.0, 0.7), frameon=False, fontsize=9)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def rung(changes: list[Change], name: str) -> list[tuple[float, float]]:
    """When an alarm rang, from and until, hours of the day."""
    own = [change for change in changes if change.alarm.rule.name == name]
    at = [(change.alarm.since_s - DEMO_START_S) / 3600 for change in own]
    ends = [*at[1:], 24.0]
    return [(at[i], ends[i]) for i, change in enumerate(own) if change.alarm.state == "ringing"]


def _clock(hour: float) -> str:
    minutes = round(60 * hour)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


if __name__ == "__main__":
    draw(Path(sys.argv[1]), unfold())
