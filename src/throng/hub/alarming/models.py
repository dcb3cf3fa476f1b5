"""The requests and answers about alarms' rules, trials and history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from throng.alarm.rule import Rule
from throng.data.alarm_presets import Preset
from throng.data.release import UNITS
from throng.hub.alarming.book import Written
from throng.hub.alarming.history import Event
from throng.hub.alarming.trial import Trial
from throng.hub.models import Answer, Quantity, utc
from throng.hub.registry.models import NameText, Version
from throng.site.rules import wrong

Severity = Literal["notice", "warning", "danger"]
LONGEST_NOTE, LONGEST_NAME = 500, 100
MOST_DAYS = 31
Level = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Seconds = Annotated[int, Field(ge=1, le=3600)]


def one_line(text: str) -> str:
    """The text without spaces around it; refused where something in it does not print, as a line break."""
    text = text.strip()
    if not text.isprintable():
        raise wrong("must be a text without line breaks and control characters")
    return text


class RuleBody(Answer):
    """A rule as it shall be: the site file's [[alarm]] table, checked by the same rules."""

    version: Version = 0
    name: NameText | None = Field(default=None, description="That of the address; may be left out.")
    camera: NameText
    place: NameText
    preset: Preset | None = None
    quantity: Quantity | None = None
    above: Level | None = None
    below: Level | None = None
    clear: Level | None = None
    for_s: Seconds = 120
    within_s: Seconds | None = None
    severity: Severity | None = None

    def tree(self) -> Mapping[str, Any]:
        """As the site file would have it, without the name."""
        return self.model_dump(mode="json", exclude={"version", "name"}, exclude_none=True)


class RuleAnswer(Answer):
    """A rule, with everything that it leaves to its preset or to the defaults."""

    name: str
    site: str = Field(description="The site of its camera.")
    camera: str
    place: str
    preset: Preset | None
    quantity: Quantity
    unit: str
    above: float | None = Field(description="It rings at and above this level; null where it rings below one.")
    below: float | None
    clear: float
    for_s: int
    within_s: int | None
    severity: Severity
    version: int = Field(description="0 for a rule of the site file.")
    of_file: bool = Field(description="Whether it stands in the site file, and is changed there.")
    problem: str = Field(description="Why it has nothing to watch at present; empty where it has.")


class TryBody(Answer):
    """What is to be tried."""

    rule: RuleBody
    days: int = Field(default=7, ge=1, le=MOST_DAYS)


class TriedRing(Answer):
    """A time that the rule would have rung."""

    start: datetime
    end: datetime | None = Field(description="Null where it would ring still.")
    worst: float = Field(description="Protected number: the worst average of that time, in the rule's unit.")
    worst_se: float = Field(description="Its standard error, at most.")


class TryAnswer(Answer):
    """When a rule would have rung."""

    rings: list[TriedRing] = Field(description="Oldest first.")
    known_share: float = Field(description="How much of the time there were numbers, 0 to 1.")
    cannot_tell_share: float = Field(description="How much of the time the rule could not have told, 0 to 1.")
    ticks: int = Field(description="How many were looked at.")


class NoteBody(Answer):
    """What whoever acknowledges an alarm has to say."""

    note: Annotated[str, AfterValidator(one_line)] = Field(default="", max_length=LONGEST_NOTE)


class HandOverBody(Answer):
    """To whom an alarm is handed."""

    to: Annotated[str, AfterValidator(one_line), Field(min_length=1)] = Field(min_length=1, max_length=LONGEST_NAME)


class HistoryEntry(Answer):
    """One thing that happened to an alarm."""

    name: str
    severity: Severity
    site: str
    camera: str
    place: str
    event: Literal["rang", "cleared", "acknowledged", "handed over"]
    at: datetime
    by: str = Field(description="Who did it; empty where nobody did.")
    note: str = Field(description="What he wrote, or to whom he handed it.")
    sentence: str = Field(description="What the alarm said then; protected numbers.")


def rule_answer(rule: Rule, *, site: str, written: Written | None, problem: str = "") -> RuleAnswer:
    """A rule as people see it."""
    return RuleAnswer.model_validate(
        {key: getattr(rule, key) for key in ("name", "camera", "place", "quantity", "clear", "severity")}
        | {
            "site": site,
            "unit": UNITS[rule.quantity],
            "preset": written.table.preset if written else None,
            "above": rule.threshold if rule.direction == "above" else None,
            "below": rule.threshold if rule.direction == "below" else None,
            "for_s": round(rule.for_s),
            "within_s": round(rule.within_s) or None,
            "version": written.version if written else 0,
            "of_file": written is None,
            "problem": problem,
        }
    )


def try_answer(trial: Trial) -> TryAnswer:
    """A trial as people see it."""
    return TryAnswer(
        rings=[
            TriedRing(
                start=_moment(ring.start_s),
                end=None if ring.end_s is None else _moment(ring.end_s),
                worst=ring.worst,
                worst_se=ring.worst_se,
            )
            for ring in trial.rings
        ],
        known_share=trial.known_share,
        cannot_tell_share=trial.cannot_tell_share,
        ticks=trial.ticks,
    )


def history_entry(event: Event) -> HistoryEntry:
    """An event as people see it."""
    keys = ("name", "severity", "site", "camera", "place", "by", "note", "sentence")
    told = {key: getattr(event, key) for key in keys}
    return HistoryEntry.model_validate(told | {"event": event.what, "at": utc(event.at_us)})


def _moment(time_s: float) -> datetime:
    return utc(round(time_s * 1e6))
