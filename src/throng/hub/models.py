"""The answers of the hub, as the description at /api/v1/openapi.json shows them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from throng.data.place import Extras
from throng.data.release import hourly_quantities_of, quantities_of
from throng.data.rows import Rows
from throng.hub.cameras import CameraEntry, CameraStatus, PlaceKind, State
from throng.store.store import HOUR_S, StoredRow

Quantity = Literal[
    "in", "out", "in_total", "out_total", "in_hour", "out_hour", "specific_flow", "entries", "exits", "entries_total",
    "exits_total", "entries_hour", "exits_hour", "occupancy", "mean_dwell", "wait", "dwell_median", "dwell_p95", "density",
    "mean_speed", "speed_now", "heat",
]  # fmt: skip
Step = Literal["tick", "hour", "day"]
Unit = Literal["people", "people/m2", "people/(m s)", "m/s", "s"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_US = HOUR_S * 1_000_000

Value = Field(description="Protected number, in the quantity's unit: unclipped, so that it may be negative; null when unknown.")
StandardError = Field(
    description="Standard error of the value that the protection, and the calibration, cause; null when unknown."
)
Unknown = Field(description="Why it is unknown; empty when it is known.")
TickS = Field(description="Length of a tick, seconds.")
TickStart = Field(description="When the tick began, UTC.")


class Answer(BaseModel):
    """What all answers share."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Health(Answer):
    """The hub answers."""

    status: Literal["ok"] = "ok"


class Shares(Answer):
    """The parts of a camera's budget that go to what it measures beside its counts; with 0 a thing is not measured."""

    speed_now: float
    dwell: float
    heat: float


class Budget(Answer):
    """What a camera's day may spend, on what, and how far one passage can reach."""

    mechanism: str = Field(description="What makes the noise.")
    rho_per_day: float | None = Field(
        default=None, description="Zero-concentrated differential privacy, per camera and UTC day; null with pure-tree."
    )
    epsilon_per_day: float | None = Field(
        default=None, description="With the mechanism pure-tree, in place of rho: differential privacy with a delta of zero."
    )
    passage_counters: int = Field(description="Most counts that one passage through a camera's view may change.")
    pieces: int = Field(description="Into how many tracks a passage may break and still be protected in full.")
    shares: Shares


class Site(Answer):
    """The site and its promise."""

    name: str
    tick_s: float = TickS
    version: str
    budget: Budget


class Place(Answer):
    """A line or zone."""

    name: str
    kind: PlaceKind
    in_metres: bool = Field(description="Whether its camera is calibrated, so that densities and speeds are known.")


class Camera(Answer):
    """A camera: never its address."""

    name: str
    site: str = Field(description="The site it belongs to, by name.")
    state: State
    reason: str = Field(
        description="Why the camera's numbers are unknown; of a live one what is worth knowing, as that it is slowed."
    )
    since: datetime
    tick_s: float = TickS
    extras: Extras = Field(description="What is measured beside the counts; speed_now only where places are in metres.")
    places: list[Place]


class Measure(Answer):
    """What is released of one place."""

    camera: str
    place: str
    kind: PlaceKind
    quantities: list[Quantity] = Field(description="In every tick, but those that end in _hour: in the tick that ends one.")


class Row(Answer):
    """One released number."""

    camera: str
    place: str
    quantity: Quantity
    time: datetime = TickStart
    tick_s: float = TickS
    value: float | None = Value
    standard_error: float | None = StandardError
    mechanism: str = Field(description="What protects the number, with its parameters.")
    epoch: str = Field(description="The accounted stretch the tick belongs to.")
    unknown: str = Unknown


class Point(Answer):
    """One tick of a series, or one hour or day."""

    time: datetime = Field(description="When the tick, hour or day began, UTC.")
    value: float | None = Value
    standard_error: float | None = StandardError
    unknown: str = Unknown


class SeriesAnswer(Answer):
    """One quantity of one place over time, oldest first."""

    camera: str
    place: str
    quantity: Quantity
    unit: Unit
    step: Step
    tick_s: float = Field(description="Length of a tick (the newest one's), or of the hour or day that is the step; seconds.")
    rows: list[Point]


class HeatAnswer(Answer):
    """How many people were in each part of the picture in one hour, each person for his share of time there."""

    camera: str
    time: datetime | None = Field(description="When the hour began, UTC; null where no map is found.")
    columns: int | None = Field(description="Into how many columns the picture is cut.")
    rows: int | None = Field(description="Into how many rows.")
    values: list[list[float]] | None = Field(
        description="Protected numbers, people, row by row from the upper left: unclipped; null when unknown."
    )
    standard_error: float | None = Field(description="Standard error of each value; null when unknown.")
    unknown: str = Unknown


class TickValue(Answer):
    """One number of a live tick."""

    place: str
    quantity: Quantity
    value: float | None = Value
    standard_error: float | None = StandardError
    unknown: str = Unknown


class Tick(Answer):
    """All numbers of one camera and one tick but its heat map; the data of a live `ticks` event is a list of them."""

    camera: str
    time: datetime = TickStart
    tick_s: float = TickS
    unknown: str = Field(description="Why none of the tick's numbers is known; empty when some are.")
    rows: list[TickValue]


class Acknowledged(Answer):
    """Who has acknowledged an alarm that rings; over when it clears."""

    by: str
    at: datetime
    note: str


class HandedTo(Answer):
    """To whom an alarm that rings was handed; over when it clears."""

    name: str
    by: str
    at: datetime


class Reaches(Answer):
    """The next worse level, and in how many seconds it is reached at the present rate."""

    level: float
    in_s: float


class AlarmAnswer(Answer):
    """An alarm at present; the data of a live `alarms` event is a list of them."""

    name: str
    camera: str
    place: str
    quantity: Quantity
    unit: str
    direction: Literal["above", "below"]
    threshold: float = Field(description="Where it rings.")
    clear: float = Field(description="Where it is over.")
    severity: Literal["notice", "warning", "danger"]
    state: Literal["quiet", "pending", "ringing", "cannot tell", "unknown"] = Field(
        description="pending: the newest number would ring, the average does not yet; cannot tell: the noise is too large; "
        "unknown: there is no number. An alarm that rings goes on ringing without numbers, and `unseen` says why."
    )
    since: datetime | None = Field(description="When the state began, UTC; null before the first number.")
    time: datetime | None = Field(description="The end of the last known tick, UTC; null before it.")
    value: float | None = Field(description="What was judged then: the average over the alarm's time.")
    standard_error: float | None = Field(description="Standard error of the value, at most.")
    unseen: str = Field(description="Why there is no number now; empty where there is one.")
    sentence: str = Field(description="All of it in plain words.")
    reaches: Reaches | None = Field(description="Null where it does not ring, or is not sure to get worse.")
    acknowledged: Acknowledged | None
    handed_to: HandedTo | None
    of_file: bool = Field(description="Whether its rule stands in the site file, and is changed there.")


class Problem(Answer):
    """Why a request was refused."""

    detail: str


def utc(time_us: int) -> datetime:
    """The moment that many microseconds after 1970 began, UTC."""
    return _EPOCH + timedelta(microseconds=time_us)


def camera_answer(status: CameraStatus) -> Camera:
    """A camera as people see it."""
    places = [Place(name=place.name, kind=place.kind, in_metres=place.in_metres) for place in status.camera.places]
    return Camera(
        name=status.camera.name,
        site=status.camera.site,
        state=status.state,
        reason=status.reason,
        since=utc(round(status.since_s) * 1_000_000),
        tick_s=status.camera.tick_s,
        extras=status.camera.extras,
        places=places,
    )


def measures_of(cameras: Sequence[CameraEntry]) -> list[Measure]:
    """What is released of every place."""
    return [
        Measure.model_validate(
            {
                "camera": camera.name,
                "place": place.name,
                "kind": place.kind,
                "quantities": quantities_of(place.kind, in_metres=place.in_metres, extras=camera.extras)
                + (hourly_quantities_of(place.kind) if camera.has_hours else ()),
            }
        )
        for camera in cameras
        for place in camera.places
    ]


def is_measured(camera: CameraEntry | None, place: str, quantity: str) -> bool:
    """Whether a camera's place is measured in that way."""
    return camera is not None and any(
        measure.place == place and quantity in measure.quantities for measure in measures_of([camera])
    )


def row_answer(row: StoredRow) -> Row:
    """A stored row as people see it."""
    return Row.model_validate(
        {
            "camera": row.camera,
            "place": row.place,
            "quantity": row.quantity,
            "time": utc(row.tick_start_us),
            "tick_s": row.tick_s,
            "value": row.value,
            "standard_error": row.standard_error,
            "mechanism": row.mechanism,
            "epoch": row.epoch,
            "unknown": row.unknown,
        }
    )


def heat_answer(camera: str, cells: Sequence[StoredRow]) -> HeatAnswer:
    """The stored cells of one hour's heat map, or none, as people see them."""
    if not cells:
        none = dict.fromkeys(("time", "columns", "rows", "values", "standard_error"))
        return HeatAnswer.model_validate({"camera": camera, "unknown": "no hour with a map has ended yet"} | none)
    values = {tuple(map(int, cell.place.removeprefix("@").split(","))): cell.value for cell in cells}
    columns, rows = (1 + max(numbers) for numbers in zip(*values, strict=True))
    unknown = next((cell.unknown for cell in cells if cell.unknown), "")
    if len(values) < columns * rows and not unknown:
        unknown = "the map is not whole"
    return HeatAnswer.model_validate(
        {
            "camera": camera,
            "time": utc(cells[0].tick_start_us // _HOUR_US * _HOUR_US),
            "columns": columns,
            "rows": rows,
            "values": None if unknown else [[values[column, row] for column in range(columns)] for row in range(rows)],
            "standard_error": None if unknown else cells[0].standard_error,
            "unknown": unknown,
        }
    )


def ticks_of_rows(rows: Rows, wanted: Sequence[tuple[str, int]]) -> list[Tick]:
    """Some ticks of some rows, each by camera and start (microseconds), as live ticks."""
    numbers: dict[tuple[str, int], list[dict[str, object]]] = {tick: [] for tick in wanted}
    tick_s: dict[tuple[str, int], float] = {}
    columns = (rows.series_of, rows.part_of, rows.reason_of, rows.tick_start_us, rows.values, rows.standard_errors)
    for series, part, reason, start_us, value, error in zip(*(column.tolist() for column in columns), strict=True):
        camera, place, quantity = rows.series[series]
        if (tick := (camera, start_us)) not in numbers:
            continue
        tick_s[tick] = rows.parts[part][2]
        known = not reason
        number = _number(place, quantity, value if known else None, error if known else None, rows.reasons[reason])
        numbers[tick].append(number)
    return [_tick(*tick, tick_s[tick], of_tick) for tick, of_tick in numbers.items()]


def tick_of_stored(stored: Sequence[StoredRow]) -> Tick:
    """The stored rows of one camera and tick as a live tick."""
    numbers = [_number(row.place, row.quantity, row.value, row.standard_error, row.unknown) for row in stored]
    return _tick(stored[0].camera, stored[0].tick_start_us, stored[0].tick_s, numbers)


def _number(place: str, quantity: str, value: float | None, error: float | None, unknown: str) -> dict[str, object]:
    return {"place": place, "quantity": quantity, "value": value, "standard_error": error, "unknown": unknown}


def _tick(camera: str, start_us: int, tick_s: float, numbers: Sequence[dict[str, object]]) -> Tick:
    # A heat map has a hundred rows or more, which nobody who follows the counts has asked for.
    shown = [number for number in numbers if number["quantity"] != "heat"]
    unknown = numbers[0]["unknown"] if all(number["unknown"] for number in numbers) else ""
    return Tick.model_validate({"camera": camera, "time": utc(start_us), "tick_s": tick_s, "unknown": unknown, "rows": shown})
