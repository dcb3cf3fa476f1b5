"""A site file's calibration of a camera, made to work for the pictures that the camera sends."""

from dataclasses import replace

import numpy as np

from throng.data.errors import CalibrationError
from throng.ground.calibration import Calibration, GroundFit
from throng.ground.evidence import KnownLength, KnownView
from throng.ground.homography import Homography
from throng.ground.lens import Lens
from throng.ground.solve import calibrate
from throng.ground.view import View
from throng.site.calibration import CalibrationTable

NARROWEST = 0.02
"""Picture points that all lie within this share of its width tell nothing."""
SMALL = 0.01
"""A standard error, as a share, that is small enough for all errors to be proportional to it."""


def calibration_of(table: CalibrationTable, width_px: int, height_px: int) -> Calibration:
    """What a [camera.calibration] table says of pictures of this size.

    If they have the shape of those that the table was made for, in another size, as a camera's second stream has, the
    calibration is scaled: its errors stay those of the points as they were read off.

    Raises
    ------
    CalibrationError
        The pictures have another shape, a point lies outside the picture, or what the table says does not determine the ground.
    """
    made_px = table.width_px or width_px, table.height_px or height_px
    factor = width_px / made_px[0]
    # A second stream is rounded to whole pixels.
    if abs(factor * made_px[1] - height_px) > 1.0:
        raise CalibrationError(
            f"the calibration was made for pictures of {made_px[0]}x{made_px[1]} pixels, and these, of {width_px}x{height_px}, "
            "have another shape: calibrate again, or let the camera send pictures of the first shape"
        )
    _check_inside(table, *made_px)
    calibration = calibrate(
        width_px=made_px[0],
        height_px=made_px[1],
        points_px=table.points_px or None,
        points_m=table.points_m or None,
        points_deg=table.points_deg or None,
        known_lengths=tuple(KnownLength(np.array([one.from_px, one.to_px]), one.metres) for one in table.length),
        known_view=_known_view(table, *made_px),
        lens=table.lens,
    )
    return calibration if made_px == (width_px, height_px) else _scaled(calibration, factor, width_px, height_px)


def _known_view(table: CalibrationTable, width_px: int, height_px: int) -> KnownView | None:
    if table.view is None:
        return None
    tilt_rad, roll_rad = np.radians([table.view.tilt_deg, table.view.roll_deg]).tolist()
    view = View(table.view.focal_px, tilt_rad, roll_rad, table.view.height_m, width_px, height_px, table.view.k1)
    error = table.view.scale_error
    if table.points_px or table.length:
        return KnownView(view, error)
    # One by one, height, focal length and angles would add up to more than the error of lengths, which was found for all of
    # them together: nothing but the view is known, so that it must come out as it was found.
    alone = calibrate(width_px=width_px, height_px=height_px, known_view=KnownView(view, SMALL), lens=table.lens)
    return KnownView(view, error * SMALL / alone.scale_error)


def _scaled(calibration: Calibration, factor: float, width_px: int, height_px: int) -> Calibration:
    def scaled(fit: GroundFit) -> GroundFit:
        matrix = fit.homography.matrix @ np.diag([1 / factor, 1 / factor, 1.0])
        return GroundFit(Homography(matrix), Lens(width_px, height_px, fit.lens.k1))

    view = calibration.view
    if view is not None:
        view = replace(view, focal_px=factor * view.focal_px, width_px=width_px, height_px=height_px)
    pairs = tuple((scaled(plus), scaled(minus)) for plus, minus in calibration.alternatives)
    return replace(calibration, fit=scaled(calibration.fit), alternatives=pairs, view=view)


def _check_inside(table: CalibrationTable, width_px: int, height_px: int) -> None:
    """Points read off another size of picture, or ground points in the place of picture points, mostly give themselves away."""
    named = [(f"point {number} of points_px", point) for number, point in enumerate(table.points_px, start=1)]
    named += [
        (f"an end of known length {number}", end)
        for number, one in enumerate(table.length, start=1)
        for end in (one.from_px, one.to_px)
    ]
    for name, (x, y) in named:
        if not (0 <= x <= width_px and 0 <= y <= height_px):
            raise CalibrationError(
                f"{name}, {x:g}, {y:g}, lies outside the picture of {width_px}x{height_px} pixels: read it off a "
                "picture of that size, and give picture points before ground points"
            )
    points = np.array(table.points_px).reshape(-1, 2)
    if len(points) > 1 and np.ptp(points, axis=0).max() < NARROWEST * width_px:
        raise CalibrationError(
            f"all points_px lie within {np.ptp(points, axis=0).max():.2g} pixels of each other: were pixels and metres "
            "swapped? Give picture points before ground points, spread over the picture"
        )
