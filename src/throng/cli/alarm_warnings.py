"""Which alarms of a site the noise will drown, said before anyone relies on them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from throng.alarm.rule import Rule
from throng.alarm.words import warning
from throng.data.errors import CalibrationError

if TYPE_CHECKING:
    from throng.site.model import Camera, Site


def alarm_warnings(site: "Site") -> Iterator[str]:
    """A sentence for each alarm on people or density that will not always be able to tell at this budget.

    A density needs the size of the zone, which is known beforehand where the calibration says for which pictures it was made.
    """
    cameras = {camera.name: camera for camera in site.camera}
    for table in site.alarm:
        rule = Rule(**table.settings())
        area_m2 = _area_m2(cameras[table.camera], table.place) if rule.quantity == "density" else 1.0
        if rule.quantity in ("occupancy", "density") and area_m2 is not None:
            sentence = warning(rule, _occupancy_error(site, cameras[table.camera]) / area_m2)
            if sentence:
                yield sentence


def _occupancy_error(site: "Site", camera: "Camera") -> float:
    from throng.privacy.budget import Budget
    from throng.privacy.plan import plan_of

    counts, *_ = plan_of(
        camera.lines(),
        camera.zones(),
        in_metres=camera.calibration is not None,
        tick_s=site.tick_of(camera),
        budget=Budget.of(site.budget.settings()),
    )
    # Entries and exits carry independent noise.
    return 2**0.5 * counts.worst


def _area_m2(camera: "Camera", place: str) -> float | None:
    from throng.calibrated import calibration_of

    table = camera.calibration
    if table is None or table.width_px is None or table.height_px is None:
        return None
    corners = next(zone.corners_px for zone in camera.zones() if zone.name == place)
    try:
        area_m2, _ = calibration_of(table, table.width_px, table.height_px).area_m2(corners)
    except CalibrationError:
        # The camera itself will say so, with the reason.
        return None
    return area_m2 if area_m2 > 0 else None
