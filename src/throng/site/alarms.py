"""The alarms of a site file."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from throng.data.alarm_presets import PRESETS, Preset
from throng.data.place import Extras
from throng.data.release import QUANTITIES, UNITS, Kind, quantities_of
from throng.site.rules import KeyPath, wrong
from throng.site.table import NAME_RULE, Extra, Name, Table

if TYPE_CHECKING:
    from throng.site.model import Camera

_IN_UNIT: Extra = {"unit": "the quantity's unit"}


class AlarmTable(Table):
    """An alarm on one released number of one line or zone. It costs no privacy. docs/alarms.md says what noise does to it."""

    name: Name = Field(description="Unique in the site.", json_schema_extra=NAME_RULE)
    camera: Name = Field(description="The camera, by name.", json_schema_extra=NAME_RULE)
    place: Name = Field(description="The camera's line or zone, by name.", json_schema_extra=NAME_RULE)
    preset: Preset | None = Field(
        default=None,
        description="Levels from the literature of crowd safety: "
        + "; ".join(f"{name}, {each.quantity} above {each.above:g} {UNITS[each.quantity]}" for name, each in PRESETS.items())
        + ". Other keys override it.",
    )
    quantity: str | None = Field(
        default=None,
        min_length=1,
        max_length=32,
        description="The number that is watched; density, mean_speed and specific_flow need the camera's calibration.",
        json_schema_extra={"rule": f"that is one of {', '.join(QUANTITIES)}"},
    )
    above: float | None = Field(
        default=None, gt=0, le=1e6, description="It rings at and above this level.", json_schema_extra=_IN_UNIT
    )
    below: float | None = Field(
        default=None, gt=0, le=1e6, description="It rings at and below this level.", json_schema_extra=_IN_UNIT
    )
    clear: float | None = Field(
        default=None,
        ge=0,
        le=1e6,
        description="A level at which nobody need be called: there it is over, and there noise does not ring it. By default "
        "half of `above`, or twice `below`.",
        json_schema_extra=_IN_UNIT,
    )
    for_s: int = Field(
        default=120,
        ge=60,
        le=3600,
        description="The number is judged by its average over so long.",
        json_schema_extra={"unit": "seconds"},
    )
    within_s: int | None = Field(
        default=None,
        ge=60,
        le=3600,
        description="It also rings once the level will be reached within so long at the present rate.",
        json_schema_extra={"unit": "seconds"},
    )
    severity: Literal["notice", "warning", "danger"] | None = Field(
        default=None, description='How grave it is; by default the preset\'s, or "warning".'
    )

    @model_validator(mode="after")
    def _is_a_rule(self) -> Self:
        for sentence, key in self._mistakes():
            raise wrong(sentence, key)
        return self

    def _mistakes(self) -> Iterator[tuple[str, str]]:
        if self.quantity is None and self.preset is None:
            yield "give the alarm a quantity to watch, or a preset", "quantity"
        if self.quantity not in (None, *QUANTITIES):
            yield f"there is no such quantity: take one of {', '.join(QUANTITIES)}", "quantity"
        if self.above is not None and self.below is not None:
            yield "an alarm rings either above or below a level: remove one of them", "below"
        if self.preset and self.quantity not in (None, PRESETS[self.preset].quantity):
            yield f'preset "{self.preset}" watches {PRESETS[self.preset].quantity}: remove quantity or preset', "quantity"
        if self.preset is None and self.above is None and self.below is None:
            yield "give the level at which the alarm rings: above or below", "above"
        settings = self.settings()
        if (settings["threshold"] - settings["clear"]) * (1 if settings["direction"] == "above" else -1) <= 0:
            yield (
                (
                    f"clear must lie on the other side of the level {settings['threshold']:g}, not at {settings['clear']:g}: "
                    "set it to a level at which nobody need be called"
                ),
                "clear",
            )

    def settings(self) -> dict[str, Any]:
        """The arguments of `throng.alarm.rule.Rule`, defaults and the preset worked in."""
        preset = PRESETS[self.preset] if self.preset else None
        own = self.below if self.below is not None else self.above
        threshold = own if own is not None else preset.above if preset else 0.0
        usual = 2 * threshold if self.below is not None else threshold / 2
        return {
            "name": self.name,
            "camera": self.camera,
            "place": self.place,
            "quantity": self.quantity or (preset.quantity if preset else ""),
            "direction": "above" if self.below is None else "below",
            "threshold": threshold,
            "clear": self.clear if self.clear is not None else preset.clear if preset and own is None else usual,
            "for_s": float(self.for_s),
            "within_s": float(self.within_s or 0),
            "severity": self.severity or (preset.severity if preset else "warning"),
        }


def alarm_mistakes(alarms: Sequence[AlarmTable], cameras: Sequence["Camera"], extras: Extras) -> Iterator[tuple[str, KeyPath]]:
    """Alarms of one name, or on what the site does not have: a sentence and the key path of each."""
    known = {camera.name: camera for camera in cameras}
    names: set[str] = set()
    for number, alarm in enumerate(alarms):
        path = ("alarm", number)
        if alarm.name in names:
            yield f'two alarms have the name "{alarm.name}": give each its own', (*path, "name")
        names.add(alarm.name)
        if alarm.camera not in known:
            yield f'there is no camera "{alarm.camera}": take one of {_listed(known)}', (*path, "camera")
            continue
        mistake = _mistake_of_place(alarm, known[alarm.camera], extras)
        if mistake:
            yield mistake[0], (*path, mistake[1])


def _mistake_of_place(alarm: AlarmTable, camera: "Camera", extras: Extras) -> tuple[str, str] | None:
    kinds: dict[str, Kind] = dict.fromkeys((line.name for line in camera.line), "line")
    kinds.update(dict.fromkeys((zone.name for zone in camera.zone), "zone"))
    if alarm.place not in kinds:
        have = f"take one of {_listed(kinds)}" if kinds else "give it one, a [[camera.line]] or [[camera.zone]] table"
        return f'camera "{camera.name}" has no line or zone "{alarm.place}": {have}', "place"
    kind, quantity = kinds[alarm.place], alarm.settings()["quantity"]
    released = quantities_of(kind, in_metres=camera.calibration is not None, extras=extras)
    if quantity in released:
        return None
    key = "quantity" if alarm.quantity else "preset"
    if quantity in quantities_of(kind, in_metres=True, extras=extras):
        return f'{quantity} needs metres: give camera "{camera.name}" a [camera.calibration] table', key
    if quantity in quantities_of(kind, in_metres=True, extras=Extras(speed_now=True, dwell=True)):
        share = "speed_now" if quantity == "speed_now" else "dwell"
        return f"{quantity} needs a share of the privacy budget: set budget.shares.{share}", key
    return f'the {kind} "{alarm.place}" has no {quantity}: take one of {", ".join(released)}', key


def _listed(names: dict[str, Any]) -> str:
    return ", ".join(f'"{name}"' for name in names)
