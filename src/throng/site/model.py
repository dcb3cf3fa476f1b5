"""What a site file says, as types: every key with its meaning, unit and bounds."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PrivateAttr,
    Strict,
    field_validator,
    model_validator,
)

from throng.data.errors import GeometryError
from throng.data.place import Anchor, Line, Zone
from throng.site.alarms import AlarmTable, alarm_mistakes
from throng.site.budget import BudgetTable
from throng.site.calibration import CalibrationTable
from throng.site.hub import HubTable
from throng.site.rules import STREAMS, address_mistake, repeated_names, tick_mistake, wrong
from throng.site.table import NAME_RULE, TICK_RULE, Name, PointPx, Table


class LineTable(Table):
    """A line that people cross. Looking from its first point to its second, crossing from left to right is *in*."""

    name: Name = Field(description="Unique among the lines and zones of its camera.", json_schema_extra=NAME_RULE)
    from_px: PointPx = Field(alias="from", description="First point.", json_schema_extra={"unit": "pixels"})
    to_px: PointPx = Field(alias="to", description="Second point.", json_schema_extra={"unit": "pixels"})

    @model_validator(mode="after")
    def _is_a_line(self) -> Self:
        try:
            self.line()
        except GeometryError as error:
            raise wrong(str(error)) from None
        return self

    def line(self) -> Line:
        """The line itself."""
        return Line(self.name, [self.from_px, self.to_px])  # type: ignore[arg-type]


class ZoneTable(Table):
    """An area that people enter, stay in and leave."""

    name: Name = Field(description="Unique among the lines and zones of its camera.", json_schema_extra=NAME_RULE)
    corners: Annotated[tuple[PointPx, ...], Strict(False)] = Field(
        min_length=3,
        max_length=100,
        description="Corners in the order you would walk around the zone; its sides must not cross.",
        json_schema_extra={"unit": "pixels"},
    )

    @model_validator(mode="after")
    def _is_a_zone(self) -> Self:
        try:
            self.zone()
        except GeometryError as error:
            raise wrong(str(error), "corners") from None
        return self

    def zone(self) -> Zone:
        """The zone itself."""
        return Zone(self.name, self.corners)  # type: ignore[arg-type]


class WhereTable(Table):
    """Where the page draws the camera: on the map, on the site's plan, or both."""

    lat: float | None = Field(
        default=None, ge=-90, le=90, description="Latitude, WGS 84.", json_schema_extra={"unit": "degrees"}
    )
    lon: float | None = Field(
        default=None, ge=-180, le=180, description="Longitude, WGS 84.", json_schema_extra={"unit": "degrees"}
    )
    x: float | None = Field(
        default=None,
        ge=-1e8,
        le=1e8,
        description="On the plan, to the right from its left edge.",
        json_schema_extra={"unit": "metres"},
    )
    y: float | None = Field(
        default=None,
        ge=-1e8,
        le=1e8,
        description="On the plan, down from its upper edge.",
        json_schema_extra={"unit": "metres"},
    )

    @model_validator(mode="after")
    def _is_a_place(self) -> Self:
        told = self.model_fields_set
        for pair in (("lat", "lon"), ("x", "y")):
            given = [key for key in pair if key in told]
            if len(given) == 1:
                raise wrong(f"a place needs both {pair[0]} and {pair[1]}: give the other one too", *given)
        if not told:
            raise wrong("it says no place: give lat and lon, or x and y, or remove it")
        return self


class Camera(Table):
    """A camera, or a film in its place."""

    name: Name = Field(description="Unique in the site.", json_schema_extra=NAME_RULE)
    address: str = Field(
        min_length=1,
        max_length=2048,
        pattern=r"^[^\p{Cc}]*[^\p{Cc}\s][^\p{Cc}]*$",
        repr=False,
        description="Where the pictures come from: an rtsp, rtsps, http or https address, a film's path relative to the site "
        "file, a device such as /dev/video0, or simulate:SCENARIO/CAMERA. Never with a user or password in it.",
        json_schema_extra={"rule": "that is an address or a path"},
    )
    user: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        pattern=r"^[^\p{Cc}]+$",
        repr=False,
        description="User name that the camera asks for.",
        json_schema_extra={"secret": True},
    )
    password_env: str | None = Field(
        default=None,
        pattern=r"^[A-Z_][A-Z0-9_]*$",
        max_length=255,
        description="Environment variable that holds the camera's password.",
        json_schema_extra={"secret": True, "rule": "of capital letters, digits and _, the name of an environment variable"},
    )
    password_file: str | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        pattern=r"^[^\p{Cc}]+$",
        description="File that holds the camera's password, relative to the site file; nobody but its owner may read it "
        "(mode 0600).",
        json_schema_extra={"secret": True},
    )
    loop: bool = Field(default=False, description="Whether a film starts again at its end.")
    decoding: Literal["processor", "card"] = Field(
        default="processor",
        description='Who decodes the pictures: "processor", or "card" for the first hardware decoder that opens. Where none '
        "opens or it does not take the stream, the processor decodes and the camera says so. `throng doctor` tells which open.",
    )
    detector: str = Field(
        default="auto",
        min_length=1,
        max_length=1024,
        pattern=r"^[^\p{Cc}]+$",
        description='What finds the people: "auto" for the installed model or else "foreground"; "foreground", which needs no '
        "model; the name of an installed model; or an .onnx file, relative to the site file.",
    )
    tiles: str | None = Field(
        default=None,
        max_length=3,
        pattern=r"^(?:[2-8]x[1-8]|1x[2-8])$",
        description="Let a model also look at overlapping tiles of the picture, for people who are small in it; each "
        "tile costs a look of its own. `throng doctor --site FILE --camera NAME` finds what is worth it.",
        json_schema_extra={"rule": 'that is columns x rows from "2x1" to "8x8"'},
    )
    anchor: Anchor = Field(
        default="foot", description="Which point of a person's box counts: the middle of its lower edge, or its centre."
    )
    rate_hz: float = Field(
        default=5.0,
        gt=0,
        le=120,
        description="Look at most so often. At 5 the counts are as good as at 30 to within a per cent or two, and a machine "
        "carries several times as many cameras.",
        json_schema_extra={"unit": "pictures a second"},
    )
    tick_s: int | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="Time between two releases of this camera, in place of the site's. At a quiet door longer ticks make the "
        "noise small beside the numbers, at no cost in privacy.",
        json_schema_extra=TICK_RULE,
    )
    line: Annotated[tuple[LineTable, ...], Strict(False)] = Field(default=(), max_length=100, description="Lines to count at.")
    zone: Annotated[tuple[ZoneTable, ...], Strict(False)] = Field(default=(), max_length=100, description="Zones to count in.")
    calibration: CalibrationTable | None = Field(
        default=None,
        description="Point pairs from which places in metres are worked out; without them, whatever needs metres is absent.",
    )
    where: WhereTable | None = Field(default=None, description="Where the page draws it; without it the cameras stand in rows.")

    @field_validator("address")
    @classmethod
    def _has_no_credentials(cls, address: str) -> str:
        sentence = address_mistake(address)
        if sentence:
            raise wrong(sentence)
        return address

    @field_validator("tick_s")
    @classmethod
    def _divides_a_day(cls, tick_s: int | None) -> int | None:
        return tick_s if tick_s is None else _tick(tick_s)

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        for sentence, key in self._mistakes():
            raise wrong(sentence, *key)
        return self

    def _mistakes(self) -> Iterator[tuple[str, tuple[str | int, ...]]]:
        if self.password_env and self.password_file:
            yield "the password comes either from password_env or from password_file: remove one of them", ("password_file",)
        secret = "password_env" if self.password_env else "password_file"
        if getattr(self, secret) and not self.user:
            yield "a password needs a user: add user", (secret,)
        if self.tiles and self.detector == "foreground":
            yield "the foreground detector sees the picture at its own size: remove tiles, or name a model", ("tiles",)
        if self.user and not self.address.lower().startswith(STREAMS):
            yield "only rtsp and http addresses take a user: remove it", ("user",)

    @property
    def key(self) -> str:
        """A name for files of this camera: plain ASCII, and different for cameras whose names differ."""
        plain = re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40]
        return f"{plain or 'camera'}-{hashlib.sha256(self.name.encode()).hexdigest()[:12]}"

    def lines(self) -> tuple[Line, ...]:
        """The camera's lines, in the order of the file."""
        return tuple(table.line() for table in self.line)

    def zones(self) -> tuple[Zone, ...]:
        """The camera's zones, in the order of the file."""
        return tuple(table.zone() for table in self.zone)


class Site(Table):
    """A site: its cameras and what is common to them."""

    name: Name = Field(description="Shown at the head of the page.", json_schema_extra=NAME_RULE)
    data: str = Field(
        default="data",
        min_length=1,
        max_length=1024,
        pattern=r"^[^\p{Cc}]+$",
        description="Folder for the store and the ledgers, relative to the site file.",
    )
    tick_s: int = Field(default=60, ge=1, le=3600, description="Time between two releases.", json_schema_extra=TICK_RULE)
    port: int = Field(default=8040, ge=0, le=65535, description="Port of the page on this machine; 0 takes a free one.")
    precision: Literal["full", "fast"] = Field(
        default="full",
        description="What models compute in: 32-bit numbers, or the shortest floating-point format that the machine is fast "
        "in, which changes a few boxes in a hundred. `throng doctor` shows what either gives.",
    )
    budget: BudgetTable = Field(default=BudgetTable(), description="The privacy budget of each camera.")
    hub: HubTable | None = Field(default=None, description="How the hub is reached from other machines.")
    camera: Annotated[tuple[Camera, ...], Strict(False)] = Field(
        default=(),
        max_length=10_000,
        description="The cameras of this machine, a [[camera]] table for each; with [hub] there may be none.",
    )
    alarm: Annotated[tuple[AlarmTable, ...], Strict(False)] = Field(
        default=(), max_length=1000, description="The alarms, an [[alarm]] table for each."
    )
    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any) -> None:
        """Relative paths start at `context["folder"]`, or at the working directory."""
        self._folder = Path((context or {}).get("folder", "."))

    @field_validator("tick_s")
    @classmethod
    def _divides_a_day(cls, tick_s: int) -> int:
        return _tick(tick_s)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for sentence, key in repeated_names(self.model_dump(by_alias=True)):
            raise wrong(sentence, *key)
        return self

    @model_validator(mode="after")
    def _has_cameras(self) -> Self:
        if not self.camera and self.hub is None:
            raise wrong("there must be a [[camera]] table, or [hub] for cameras of other machines: add one", "camera")
        return self

    @model_validator(mode="after")
    def _zones_can_be_counted(self) -> Self:
        if self.budget.passage_counters < 2 and any(camera.zone for camera in self.camera):
            raise wrong(
                "a zone visit takes two counters, so that no zone would ever count: set passage_counters to 2 or more",
                "budget",
                "passage_counters",
            )
        return self

    @model_validator(mode="after")
    def _alarms_have_places(self) -> Self:
        for sentence, key in alarm_mistakes(self.alarm, self.camera, self.budget.shares.extras):
            raise wrong(sentence, *key)
        return self

    @property
    def folder(self) -> Path:
        """The folder of the site file."""
        return self._folder

    @property
    def data_folder(self) -> Path:
        """The folder for the store and the ledgers."""
        return self._folder / self.data

    def tick_of(self, camera: Camera) -> int:
        """Length of a camera's ticks, seconds: its own, or else the site's."""
        return self.tick_s if camera.tick_s is None else camera.tick_s

    def address(self, camera: Camera) -> str:
        """A camera's address, with a film's path made complete."""
        plain = camera.address.lower().startswith(("simulate:", "/", *(f"{scheme}://" for scheme in STREAMS)))
        return camera.address if plain else str(self._folder / camera.address)

    def detector(self, camera: Camera) -> str:
        """A camera's detector, with a model file's path made complete."""
        return str(self._folder / camera.detector) if camera.detector.lower().endswith(".onnx") else camera.detector


def _tick(tick_s: int) -> int:
    sentence = tick_mistake(tick_s)
    if sentence:
        raise wrong(sentence)
    return tick_s
