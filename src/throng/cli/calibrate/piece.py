"""The piece of the site file that says how a camera is calibrated."""

from collections.abc import Sequence

from throng.site.calibration import CalibrationTable


def site_piece(table: CalibrationTable) -> str:
    """A [camera.calibration] table, TOML, that reads back as `table`."""
    lines = ["[camera.calibration]"]
    if table.width_px is not None:
        lines += [f"width_px = {table.width_px}", f"height_px = {table.height_px}"]
    for key in ("points_px", "points_m", "points_deg"):
        points = getattr(table, key)
        if points:
            lines.append(f"{key} = {_list([_list([_number(number) for number in point]) for point in points])}")
    if table.lens != "auto":
        lines.append(f'lens = "{table.lens}"')
    if table.view is not None:
        items = ", ".join(f"{key} = {_number(value)}" for key, value in table.view.model_dump().items())
        lines.append(f"view = {{ {items} }}")
    for one in table.length:
        ends = [_list([_number(number) for number in end]) for end in (one.from_px, one.to_px)]
        lines += [
            "",
            "[[camera.calibration.length]]",
            f"from = {ends[0]}",
            f"to = {ends[1]}",
            f"metres = {_number(one.metres)}",
        ]
    return "\n".join(lines) + "\n"


def _list(items: Sequence[str]) -> str:
    return f"[{', '.join(items)}]"


def _number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
