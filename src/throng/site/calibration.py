"""What a site file knows of the ground before a camera."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from throng.site.rules import wrong
from throng.site.table import PointPx, Table

Metres = Annotated[float, Field(ge=-1e8, le=1e8)]
PointM = Annotated[tuple[Metres, Metres], Strict(False)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
PointDeg = Annotated[tuple[Latitude, Longitude], Strict(False)]

FEWEST_PAIRS, FEWEST_LENGTHS = 4, 3


class LengthTable(Table):
    """A known length on the ground: a crossing's stripe, the side of a tile."""

    from_px: PointPx = Field(alias="from", description="One end.", json_schema_extra={"unit": "pixels"})
    to_px: PointPx = Field(alias="to", description="The other end.", json_schema_extra={"unit": "pixels"})
    metres: float = Field(gt=0, le=10_000, description="How long it is.", json_schema_extra={"unit": "metres"})

    @model_validator(mode="after")
    def _has_ends(self) -> Self:
        if self.from_px == self.to_px:
            raise wrong("a known length needs two ends that differ in the picture", "to")
        return self


class ViewTable(Table):
    """How the camera hangs, as `throng calibrate --auto` found it and wrote it down."""

    focal_px: float = Field(gt=0, le=1e6, description="Focal length.", json_schema_extra={"unit": "pixels"})
    tilt_deg: float = Field(
        ge=-90,
        le=90,
        description="Angle by which the camera looks down: 0 level, 90 straight down.",
        json_schema_extra={"unit": "degrees"},
    )
    roll_deg: float = Field(
        default=0.0, ge=-180, le=180, description="Angle by which it leans to its right.", json_schema_extra={"unit": "degrees"}
    )
    height_m: float = Field(gt=0, le=1000, description="Height above the ground.", json_schema_extra={"unit": "metres"})
    k1: float = Field(default=0.0, ge=-1, le=1, description="Distortion of the lens, the first radial term.")
    scale_error: float = Field(
        ge=0, le=1, description="Standard error of every length that is measured with this view, as a share of it."
    )


class CalibrationTable(Table):
    """What is known of the ground, to work out places in metres: point pairs, known lengths, a view, or several of them."""

    points_px: Annotated[tuple[PointPx, ...], Strict(False)] = Field(
        default=(),
        min_length=1,
        max_length=100,
        description="Points on the ground in the picture. Without lengths and a view at least four, no three of them on one "
        "line; six or more also tell the distortion of the lens.",
        json_schema_extra={"unit": "pixels"},
    )
    points_m: Annotated[tuple[PointM, ...], Strict(False)] = Field(
        default=(),
        min_length=1,
        max_length=100,
        description="The same points on the ground, in the same order, along any two axes at a right angle.",
        json_schema_extra={"unit": "metres"},
    )
    points_deg: Annotated[tuple[PointDeg, ...], Strict(False)] = Field(
        default=(),
        min_length=1,
        max_length=100,
        description="The same points as a map gives them, in place of points_m.",
        json_schema_extra={"unit": "degrees", "axes": "[latitude, longitude]"},
    )
    length: Annotated[tuple[LengthTable, ...], Strict(False)] = Field(
        default=(), max_length=100, description="Known lengths on the ground."
    )
    view: ViewTable | None = Field(default=None, description="What `throng calibrate --auto` found.")
    lens: Literal["auto", "none"] = Field(
        default="auto",
        description='Whether to work out the distortion of the lens, where enough is known for it; "none" for a straight lens.',
    )
    width_px: int | None = Field(
        default=None,
        ge=16,
        le=65_536,
        description="Width of the picture that all of this was read off. For pictures of the same shape in another size the "
        "calibration is scaled; pictures of another shape are refused.",
        json_schema_extra={"unit": "pixels"},
    )
    height_px: int | None = Field(
        default=None, ge=16, le=65_536, description="Height of that picture.", json_schema_extra={"unit": "pixels"}
    )

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        for sentence, key in self._mistakes():
            raise wrong(sentence, *key)
        return self

    def _mistakes(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield from self._points_mistakes()
        if (self.width_px is None) != (self.height_px is None):
            yield "the size of the picture is a width and a height: give both width_px and height_px, or neither", ()
        if self.view and self.width_px is None:
            yield "a view holds for one size of picture: add the width_px and height_px that it was found for", ("view",)
        pairs, lengths = len(self.points_px), len(self.length)
        if self.view or pairs >= FEWEST_PAIRS:
            return
        if not pairs and not lengths:
            yield "says nothing of the ground: give points_px with points_m or points_deg, known lengths, or a view", ()
        elif not lengths:
            yield (
                (
                    f"point pairs alone determine the ground from {FEWEST_PAIRS} on, not {pairs}: give more, or known lengths "
                    "or a view beside them"
                ),
                ("points_px",),
            )
        elif lengths < FEWEST_LENGTHS:
            yield (
                (
                    f"without a view, and with fewer than {FEWEST_PAIRS} point pairs, it takes {FEWEST_LENGTHS} known lengths "
                    f"or more, in different directions and places, not {lengths}: give more, or more point pairs"
                ),
                ("length",),
            )

    def _points_mistakes(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        if self.points_m and self.points_deg:
            yield "the points on the ground are given either in points_m or in points_deg: remove one of them", ("points_deg",)
        ground, name = (self.points_deg, "points_deg") if self.points_deg else (self.points_m, "points_m")
        if len(self.points_px) != len(ground):
            yield (
                (
                    f"points_px has {len(self.points_px)} points and {name} has {len(ground)}: give one ground point for every "
                    "picture point, in the same order"
                ),
                (name,),
            )
