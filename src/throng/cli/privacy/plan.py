"""The plan of a site: what each camera would release at this budget, at others, and with longer ticks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Any

from throng.data.errors import SiteError
from throng.privacy import risk
from throng.privacy.budget import Budget
from throng.privacy.derived import SPEED_PER_PERSON, SURE, SURE_OF_SPEED, ratio
from throng.privacy.plan import Planned, plan_of, speed_now_error
from throng.privacy.streams import COUNTS, DWELL, SPEED_NOW, STAYS_S
from throng.site.model import Camera, Site

TIMES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How many times the site's budget is shown beside it."""
LONGER_S = (300, 900, 3600)
"""Ticks that are shown beside the camera's own, where they are longer; seconds."""
CROWD = 500
WALKING_MPS = 1.3

Streams = dict[str, Planned]


@dataclass(frozen=True, slots=True)
class _Like:
    """What a camera's errors depend on beside the budget: how many places it has, not where."""

    lines: int
    zones: int
    in_metres: bool
    tick_s: int


@dataclass(frozen=True, slots=True)
class OfCrowds:
    """A number that is told only of enough people.

    Attributes
    ----------
    what : str
    people : int
        From so many on.
    inside : bool
        Whether they are those inside a zone, and not those who leave it in an hour.
    error_mps, error_of_crowd_mps : float or None
        Standard error of so many and of `CROWD` people; None where it depends on more than their number.
    """

    what: str
    people: int
    inside: bool
    error_mps: float | None = None
    error_of_crowd_mps: float | None = None


class SitePlan:
    """What some cameras of a site would release.

    Parameters
    ----------
    site : Site
    cameras : sequence of Camera
    """

    def __init__(self, site: Site, cameras: Sequence[Camera]) -> None:
        self.site, self.cameras = site, cameras
        self.budget = Budget.of(site.budget.settings())
        self._known: dict[tuple[_Like, Budget], Streams] = {}

    def streams(self, camera: Camera, *, budget: Budget | None = None, tick_s: int | None = None) -> Streams:
        """The streams of a camera, by name, at its own or another budget and tick; none where nothing is counted."""
        like = self._like(camera) if tick_s is None else replace(self._like(camera), tick_s=tick_s)
        key = like, budget or self.budget
        if key not in self._known:
            # It takes a while where ticks are short, and most cameras of a large site have the same few.
            self._known[key] = _plan(camera, *key)
        return self._known[key]

    def alike(self) -> list[list[Camera]]:
        """Cameras that have the same plan: a site of a thousand reads like one of three."""
        groups: dict[_Like, list[Camera]] = {}
        for camera in self.cameras:
            groups.setdefault(self._like(camera), []).append(camera)
        return list(groups.values())

    def _like(self, camera: Camera) -> _Like:
        return _Like(len(camera.line), len(camera.zone), camera.calibration is not None, self.site.tick_of(camera))

    def budgets(self) -> Iterator[Budget]:
        """Less and more than the site's, as far as a site file takes them, the site's own among them."""
        for times in TIMES:
            try:
                yield _costing(self.budget, times * cost(self.budget))
            except SiteError:
                continue

    def ticks_s(self, camera: Camera) -> list[int]:
        """A camera's own tick and longer ones, seconds."""
        own = self.site.tick_of(camera)
        return [own, *(each for each in LONGER_S if each > own)]

    def of_crowds(self, camera: Camera) -> list[OfCrowds]:
        """What is told of a camera's zones only where enough people are."""
        streams = self.streams(camera)
        if not camera.zone:
            return []
        hour, told = streams[COUNTS].hour, []
        told.append(OfCrowds("mean stay, wait", ceil(SURE * hour), inside=False))
        if camera.calibration is not None:
            people = ceil(SURE_OF_SPEED * hour)
            errors = (_speed_error(hour, each) for each in (people, max(people, CROWD)))
            told.append(OfCrowds("mean speed, m/s", people, False, *errors))
        if DWELL in streams:
            told.append(OfCrowds("median stay", ceil(SURE * sqrt(len(STAYS_S) + 1) * streams[DWELL].hour), inside=False))
        if SPEED_NOW in streams:
            people = ceil(SURE * sqrt(2) * streams[COUNTS].worst)
            both = [speed_now_error(tuple(streams.values()), each, WALKING_MPS) for each in (people, max(people, CROWD))]
            told.append(OfCrowds("speed now, m/s", people, True, *both))
        return told

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form."""
        return {
            "site": self.site.name,
            "mechanism": self.budget.mechanism,
            _unit(self.budget): cost(self.budget),
            "passage_counters": self.budget.passage_counters,
            "pieces": self.budget.pieces,
            "pieces_from": self.budget.pieces_from,
            "means": risk.describe(self.budget),
            "budgets": [{_unit(each): cost(each), **_risks(each)} for each in self.budgets()],
            "cameras": [self._camera_json(camera) for camera in self.cameras],
        }

    def _camera_json(self, camera: Camera) -> dict[str, Any]:
        streams = self.streams(camera)
        return {
            "camera": camera.name,
            "tick_s": self.site.tick_of(camera),
            "streams": {name: _stream_json(planned) for name, planned in streams.items()},
            "budgets": [
                {_unit(each): cost(each), **_errors(self.streams(camera, budget=each)[COUNTS])}
                for each in self.budgets()
                if streams
            ],
            "ticks": [
                {"tick_s": each, **_errors(self.streams(camera, tick_s=each)[COUNTS])}
                for each in self.ticks_s(camera)
                if streams
            ],
        }


def cost(budget: Budget) -> float:
    """What a day may cost: an epsilon where the budget is pure, or else a rho."""
    return budget.epsilon_per_day if budget.pure else budget.rho_per_day


def _costing(budget: Budget, cost: float) -> Budget:
    return replace(budget, epsilon_per_day=cost) if budget.pure else replace(budget, rho_per_day=cost)


def _unit(budget: Budget) -> str:
    return "epsilon_per_day" if budget.pure else "rho_per_day"


def rates(budget: Budget, passages: int) -> tuple[float, float]:
    """How often so many passages are recognised at 1 per cent false alarms, and how often a guess about them is right."""
    rho, epsilon = (0.0, budget.epsilon_per_day) if budget.pure else (budget.rho_per_day, 0.0)
    return risk.recognition_rate(rho, passages, epsilon=epsilon), risk.guessing_rate(rho, passages, epsilon=epsilon)


def _plan(camera: Camera, like: _Like, budget: Budget) -> Streams:
    if not like.lines and not like.zones:
        return {}
    planned = plan_of(camera.lines(), camera.zones(), in_metres=like.in_metres, tick_s=like.tick_s, budget=budget)
    return {each.stream.name: each for each in planned}


def _speed_error(hour: float, people: int) -> float:
    speeds = people * WALKING_MPS / SPEED_PER_PERSON
    return SPEED_PER_PERSON * ratio(speeds, hour**2, people, hour**2).standard_error


def _risks(budget: Budget) -> dict[str, Any]:
    both = {passages: rates(budget, passages) for passages in risk.PASSAGES}
    return {
        "recognised": {str(passages): recognised for passages, (recognised, _) in both.items()},
        "guessed": {str(passages): guessed for passages, (_, guessed) in both.items()},
        "weak": {str(passages): risk.is_weak(guessed, recognised) for passages, (recognised, guessed) in both.items()},
    }


def _errors(planned: Planned) -> dict[str, float]:
    return {name: getattr(planned, name) for name in ("tick", "hour", "day", "worst")}


def _stream_json(planned: Planned) -> dict[str, Any]:
    stream = planned.stream
    named = {"share": float(stream.share), "numbers": stream.columns, "releases_a_day": planned.ticks}
    return named | {"sensitivity": stream.length, "sensitivity_summed": stream.size} | _errors(planned)
