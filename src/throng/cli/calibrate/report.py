"""What there is to tell of a calibration."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throng.cli.calibrate.reason import likely_reasons
from throng.data.place import Line, Zone
from throng.ground.calibration import Calibration
from throng.site.calibration import CalibrationTable

Floats = NDArray[np.float64]

DISTANCES_M = (2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0)
MAP_COLUMNS, MAP_ROWS = 8, 6


def report(
    calibration: Calibration, table: CalibrationTable, *, name: str, lines: Sequence[Line], zones: Sequence[Zone]
) -> dict[str, Any]:
    """The documented JSON form."""
    return {
        "camera": name,
        "size_px": [calibration.width_px, calibration.height_px],
        "pairs": _pairs(calibration, table),
        "view": _view(calibration),
        "k1": round(calibration.k1, 5),
        "scale_error": _known(calibration.scale_error, 4),
        "error_map": _error_map(calibration),
        "distances": _distances(calibration),
        "lines": [_sized(line.name, "length_m", calibration.length_m(line.ends_px)) for line in lines],
        "zones": [_sized(zone.name, "area_m2", calibration.area_m2(zone.corners_px)) for zone in zones],
    }


def points_in(calibration: Calibration, table: CalibrationTable) -> Floats:
    """The table's picture points (n, 2) in the calibration's pictures, which may have another size than the table's."""
    points_px = np.array(table.points_px, dtype=np.float64).reshape(-1, 2)
    return points_px * (calibration.width_px / (table.width_px or calibration.width_px))


def _pairs(calibration: Calibration, table: CalibrationTable) -> list[dict[str, Any]]:
    given = table.points_deg or table.points_m
    if not given:
        return []
    mapped_m, _ = calibration.to_ground(points_in(calibration, table))
    reasons = likely_reasons(mapped_m, calibration.points_m, calibration.used, degrees=bool(table.points_deg))
    key = "ground_deg" if table.points_deg else "ground_m"
    return [
        {"picture_px": list(pixel), key: list(ground), "missed_by_m": _known(missed, 4), "used": bool(used), "because": why}
        for pixel, ground, missed, used, why in zip(
            table.points_px, given, calibration.residuals_m, calibration.used, reasons, strict=True
        )
    ]


def _view(calibration: Calibration) -> dict[str, float] | None:
    view = calibration.view
    if view is None:
        return None
    return {
        "height_m": round(view.height_m, 3),
        "tilt_deg": round(math.degrees(view.tilt_rad), 2),
        "roll_deg": round(math.degrees(view.roll_rad), 2),
        "focal_px": round(view.focal_px, 1),
    }


def _error_map(calibration: Calibration) -> list[dict[str, Any]]:
    """Standard errors at the middles of a grid of cells, from the top of the picture to its bottom."""
    x = (np.arange(MAP_COLUMNS) + 0.5) * calibration.width_px / MAP_COLUMNS
    y = (np.arange(MAP_ROWS) + 0.5) * calibration.height_px / MAP_ROWS
    error_m = calibration.error_m(np.column_stack([np.tile(x, MAP_ROWS), np.repeat(y, MAP_COLUMNS)]))
    return [
        {"y_px": round(at, 1), "error_m": [_known(error, 4) for error in row]}
        for at, row in zip(y.tolist(), error_m.reshape(MAP_ROWS, MAP_COLUMNS), strict=True)
    ]


def _distances(calibration: Calibration) -> list[dict[str, Any]]:
    """Standard errors at round distances from the foot of the camera, up the middle of the picture."""
    view = calibration.view
    if view is None:
        return []
    y = np.arange(calibration.height_px, -1, -1.0)
    xy_px = np.column_stack([np.full_like(y, calibration.width_px / 2), y])
    # On the view's own plan, which is a mirror image of the given one where that one's y points down.
    away_m = np.hypot(*(view.to_ground(xy_px)[0] - [view.x_m, view.y_m]).T)
    error_m = calibration.error_m(xy_px)
    rows = []
    for distance_m in DISTANCES_M:
        if not (np.nanmin(away_m) <= distance_m <= np.nanmax(away_m)):
            continue
        nearest = int(np.nanargmin(np.abs(away_m - distance_m)))
        rows.append({"distance_m": distance_m, "y_px": float(y[nearest]), "error_m": _known(error_m[nearest], 4)})
    return rows


def _sized(name: str, unit: str, size: tuple[float, float]) -> dict[str, Any]:
    return {"name": name, unit: _known(size[0], 3), "error": _known(size[1], 3)}


def _known(value: float, places: int) -> float | None:
    """None for what is not known: JSON has no NaN."""
    return round(float(value), places) if math.isfinite(value) else None
