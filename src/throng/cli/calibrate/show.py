"""A calibration told in the terminal."""

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

SMALLEST_K1 = 1e-4


def show(told: dict[str, Any]) -> None:
    """Print the documented JSON form for people."""
    console = Console(highlight=False)
    width, height = told["size_px"]
    console.print(f"{told['camera']}: {width}x{height} pixels", markup=False, soft_wrap=True)
    if told["pairs"]:
        console.print(_pairs(told["pairs"]))
        for number, pair in enumerate(told["pairs"], start=1):
            if not pair["used"]:
                console.print(f"pair {number} is left out: {pair['because']}", markup=False, soft_wrap=True)
    for line in (*_people_lines(told), *_view_lines(told)):
        console.print(line, markup=False, soft_wrap=True)
    console.print("expected error of places on the ground (standard error, m), over the picture:", markup=False)
    console.print(_error_map(told))
    for line in _distance_lines(told["distances"]):
        console.print(line, markup=False, soft_wrap=True)
    if told["lines"] or told["zones"]:
        console.print(_places(told))
    print(f"\nfor the site file, below the camera's [[camera]] table:\n\n{told['site']}", end="")


def metres(value: float | None, *, nothing: str = "-") -> str:
    """A length with the digits that it deserves: "3.1 cm", "0.24 m", "12 m"."""
    if value is None:
        return nothing
    if value < 0.1:
        return f"{100 * value:.1f} cm"
    return f"{value:.2f} m" if value < 10 else f"{value:.0f} m"


def _pairs(pairs: list[dict[str, Any]]) -> Table:
    degrees = "ground_deg" in pairs[0]
    table = Table("pair", "in the picture", "latitude, longitude" if degrees else "on the ground, m", "missed by")
    for column in table.columns:
        column.justify = "right"
    for number, pair in enumerate(pairs, start=1):
        x, y = pair["picture_px"]
        ground = "{:.6f}, {:.6f}".format(*pair["ground_deg"]) if degrees else "{:.2f}, {:.2f}".format(*pair["ground_m"])
        missed = "no ground there" if pair["missed_by_m"] is None else f"{100 * pair['missed_by_m']:.1f} cm"
        table.add_row(str(number), f"{x:g}, {y:g}", ground, missed + ("" if pair["used"] else " (left out)"))
    return table


def _people_lines(told: dict[str, Any]) -> Iterator[str]:
    people = told.get("people")
    if people:
        yield (
            f"{people['seconds']:.0f} s of people walking by tell lengths to {100 * people['scale_error']:.1f} per cent, if "
            f"their mean height is {people['mean_height_m']:g} m; confidence: {people['confidence']}"
        )


def _view_lines(told: dict[str, Any]) -> Iterator[str]:
    view = told["view"]
    if view is None:
        yield "the camera's height, tilt and focal length cannot be told from what is known; places on the ground can"
    else:
        lean = f", leans {abs(view['roll_deg']):.1f} degrees to its {'right' if view['roll_deg'] > 0 else 'left'}"
        yield (
            f"the camera hangs {view['height_m']:.2f} m above the ground, looks down by {view['tilt_deg']:.1f} degrees"
            f"{lean if abs(view['roll_deg']) >= 0.05 else ''}; its focal length is {view['focal_px']:.0f} pixels"
        )
    yield _lens(told["k1"])
    if told["scale_error"] is not None:
        yield f"every length may be {100 * told['scale_error']:.1f} per cent too long or short (standard error of the scale)"


def _lens(k1: float) -> str:
    if abs(k1) < SMALLEST_K1:
        return "the lens is taken to be straight"
    return f"the lens bends straight lines {'outwards (barrel)' if k1 < 0 else 'inwards (pincushion)'}, k1 = {k1:.4f}"


def _error_map(told: dict[str, Any]) -> Table:
    rows = told["error_map"]
    columns = len(rows[0]["error_m"])
    width = told["size_px"][0]
    table = Table(
        "y \\ x",
        *(f"{(column + 0.5) * width / columns:.0f}" for column in range(columns)),
        box=box.SIMPLE_HEAD,
    )
    for column in table.columns:
        column.justify = "right"
    for row in rows:
        table.add_row(f"{row['y_px']:.0f}", *(_cell(error) for error in row["error_m"]))
    return table


def _cell(error_m: float | None) -> str:
    if error_m is None:
        return "sky"
    return f"{error_m:.2g}" if error_m < 100 else "over 100"


def _distance_lines(distances: list[dict[str, Any]]) -> Iterator[str]:
    if distances:
        told = (f"{row['distance_m']:g} m: {metres(row['error_m'], nothing='unknown')}" for row in distances)
        yield f"expected error by distance from the foot of the camera: {', '.join(told)}"


def _places(told: dict[str, Any]) -> Table:
    table = Table("place", "size", "standard error")
    for column in table.columns[1:]:
        column.justify = "right"
    for key, unit, mark in (("lines", "length_m", "m"), ("zones", "area_m2", "m2")):
        for row in told[key]:
            known = row[unit] is not None
            size, error = (
                (f"{row[unit]:.2f} {mark}", f"{row['error']:.2f} {mark}") if known else ("unknown: above the horizon", "-")
            )
            table.add_row(row["name"], size, error)
    return table
