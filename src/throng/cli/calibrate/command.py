"""`throng calibrate`: makes, checks and draws a camera's calibration."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from throng.cli.calibrate.parse import parse_latlons, parse_lengths, parse_points
from throng.cli.calibrate.place import Place, find_place, picture_size
from throng.cli.places import check_names, parse_line, parse_zone
from throng.data.errors import CalibrationError, SiteError

if TYPE_CHECKING:
    from throng.cli.calibrate.auto import Watched
    from throng.site.calibration import CalibrationTable

EXAMPLES = """Work out places in metres for a camera, say how sure they are, and print what to put in the site file.

Examples:

    throng calibrate street.mp4 --point 412,310=0,0 --point 903,322=6,0 --point 1180,688=6,9 --point 204,652=0,9

    throng calibrate street.mp4 --latlon 412,310=51.75201,-1.25771 ... --length 100,200:180,205=1.5 --picture error.svg

    throng calibrate street.mp4 --auto --minutes 5

    throng calibrate --site site.toml --camera north

A point is x,y in the picture, pixels from its upper left corner, and X,Y on the ground in metres, along any two axes at a right
angle. Four points are enough; six or more also tell the lens. With --auto the heads and feet of the people who walk by tell how
the camera hangs. All of these combine. No picture of the camera is kept: --picture draws geometry only."""


def calibrate(
    source: Annotated[
        str | None, typer.Argument(help="A video file, a device, a URL or simulate:SCENARIO/CAMERA.", show_default=False)
    ] = None,
    site: Annotated[Path | None, typer.Option(help="A site file; with --camera.", show_default=False)] = None,
    camera: Annotated[str | None, typer.Option(help="The camera's name in the site file.", show_default=False)] = None,
    point: Annotated[list[str], typer.Option(help='A point, "x,y=X,Y": pixels = metres.', show_default=False)] = [],  # noqa: B006
    latlon: Annotated[
        list[str], typer.Option(help='A point, "x,y=LATITUDE,LONGITUDE": pixels = degrees.', show_default=False)
    ] = [],  # noqa: B006
    length: Annotated[list[str], typer.Option(help='A known length on the ground, "x,y:x,y=metres".', show_default=False)] = [],  # noqa: B006
    lens: Annotated[str, typer.Option(help='"auto", or "none" for a lens that bends nothing.')] = "auto",
    auto: Annotated[bool, typer.Option("--auto", help="Watch people walk by.")] = False,
    minutes: Annotated[float, typer.Option(help="With --auto: watch for at most so long.", min=0.1, max=600.0)] = 5.0,
    mean_height: Annotated[float, typer.Option(help="With --auto: the people's mean height, metres.", min=0.5, max=2.5)] = 1.70,
    detector: Annotated[str | None, typer.Option(help="With --auto: what finds the people.", show_default=False)] = None,
    size: Annotated[str | None, typer.Option(help='The picture\'s size, "1920x1080".', show_default=False)] = None,
    line: Annotated[list[str], typer.Option(help='A line to measure: "name: x,y x,y".', show_default=False)] = [],  # noqa: B006
    zone: Annotated[list[str], typer.Option(help='A zone to measure: "name: x,y x,y x,y ...".', show_default=False)] = [],  # noqa: B006
    picture: Annotated[Path | None, typer.Option(help="Draw the error map, as .svg or .png.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Write the piece for the site file here.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    place = find_place(source, site, camera)
    lines, zones = tuple(parse_line(text) for text in line), tuple(parse_zone(text) for text in zone)
    check_names(place.lines + lines, place.zones + zones)
    place = replace(place, lines=place.lines + lines, zones=place.zones + zones, detector=detector or place.detector)
    given = _given(point, latlon, length, lens)
    known = bool(given.keys() & {"points_px", "length"} or (place.table and (place.table.points_px or place.table.length)))
    if not (auto or place.table or known):
        raise CalibrationError(
            "there is nothing to calibrate from: give four or more --point x,y=X,Y, known lengths as --length, or --auto"
        )
    if picture is not None:
        from throng.cli.calibrate.drawing import check_format

        check_format(picture)
    from throng.calibrated import calibration_of
    from throng.cli.calibrate.piece import site_piece
    from throng.cli.calibrate.report import points_in, report
    from throng.cli.calibrate.show import show

    watched = _watched(place, minutes, mean_height, alone=not known) if auto else None
    if watched is not None:
        given["view"] = watched.view
    size_px = picture_size(place, size, opened=source is not None) if watched is None else watched.size_px
    table = _table(place, given, size_px)
    calibration = calibration_of(table, *size_px)
    told = report(calibration, table, name=place.name, lines=place.lines, zones=place.zones)
    if watched is not None:
        told["people"] = watched.told
    told["site"] = site_piece(table)
    if picture is not None:
        from throng.cli.calibrate.picture import save_picture

        save_picture(picture, calibration, points_px=points_in(calibration, table), lines=place.lines, zones=place.zones)
    if out is not None:
        _write(out, told["site"])
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        show(told)


calibrate.__doc__ = EXAMPLES


def _given(point: list[str], latlon: list[str], length: list[str], lens: str) -> dict[str, Any]:
    """What the options say, in the words of a [camera.calibration] table."""
    if point and latlon:
        raise CalibrationError("points on the ground are given either in metres or in degrees: use --point or --latlon for all")
    if lens not in ("auto", "none"):
        raise CalibrationError(f'--lens must be auto or none, not "{lens}"')
    given: dict[str, Any] = {}
    if point:
        given["points_px"], given["points_m"] = parse_points(point)
    if latlon:
        given["points_px"], given["points_deg"] = parse_latlons(latlon)
    if length:
        given["length"] = [{"from": first, "to": second, "metres": metres} for first, second, metres in parse_lengths(length)]
    if lens != "auto":
        given["lens"] = lens
    return given


def _table(place: Place, given: dict[str, Any], size_px: tuple[int, int]) -> "CalibrationTable":
    """The site's table, what the options say in its stead, and what watching found."""
    from pydantic import ValidationError

    from throng.site.calibration import CalibrationTable

    keys = place.table.model_dump(by_alias=True, exclude_defaults=True) if place.table is not None else {}
    if "points_px" in given:
        keys = {key: value for key, value in keys.items() if not key.startswith("points_")}
    keys = {"width_px": size_px[0], "height_px": size_px[1]} | keys | given
    if "view" in given and (keys["width_px"], keys["height_px"]) != size_px:
        raise CalibrationError(
            f"the site file's calibration was made for pictures of {keys['width_px']}x{keys['height_px']} pixels, and the "
            f"people were watched in pictures of {size_px[0]}x{size_px[1]}: watch the same stream, or take the old table out"
        )
    try:
        return CalibrationTable.model_validate(keys)
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False)
    key = ".".join(str(part) for part in first["loc"])
    raise CalibrationError(first.get("ctx", {}).get("sentence") or f"{key}: {first['msg'].lower()}")


def _watched(place: Place, minutes: float, mean_height_m: float, *, alone: bool) -> "Watched | None":
    """What watching tells; None, with the reason told, where other things are known and can do without."""
    from throng.cli.calibrate.auto import watch

    try:
        return watch(place, minutes=minutes, mean_height_m=mean_height_m)
    except CalibrationError as error:
        if alone:
            raise
        sentence = f"throng: the people are left out: {error}"
    Console(stderr=True, highlight=False, soft_wrap=True).print(sentence, markup=False)
    return None


def _write(path: Path, piece: str) -> None:
    try:
        path.write_text(piece, encoding="utf-8")
    except OSError as error:
        raise SiteError(
            f"the piece for the site file cannot be written to {path}: {(error.strerror or str(error)).lower()}"
        ) from None
