"""What `throng count` finds on the ground, where the camera is calibrated."""

from typing import TYPE_CHECKING, Any

import numpy as np

from throng.data.errors import CalibrationError
from throng.data.level_of_service import level_of_service
from throng.data.tracks import Tracks

if TYPE_CHECKING:
    from throng.measure.live import LiveMeasures
    from throng.pipeline import Pipeline, Plan

KEYS = ("area_m2", "mean_density", "peak_density", "level_of_service", "mean_speed", "peak_pressure")


class GroundTotals:
    """Means and peaks over a film of what is measured on the ground, zone by zone.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: "Plan") -> None:
        self._plan = plan
        self._live: LiveMeasures | None = None
        self._pipeline: Pipeline | None = None
        self._sums, self._known = np.zeros((2, 2, len(plan.zones)))
        self._peaks = np.full((2, len(plan.zones)), -np.inf)

    def watch(self, pipeline: "Pipeline") -> None:
        """Take the calibration from this pipeline, once it has seen a frame."""
        self._pipeline = pipeline

    def take(self, tracks: Tracks) -> None:
        """Take in the tracks of one frame."""
        now = self._measures().update(tracks)
        if now is None:
            return
        values = np.array([now.classic_per_m2, now.speed_mps])
        self._known += np.isfinite(values)
        self._sums += np.nan_to_num(values)
        self._peaks = np.fmax(self._peaks, [now.voronoi_per_m2, now.pressure_per_s2])

    def zones(self) -> list[dict[str, Any]]:
        """For each zone the values of `KEYS`: people/m2, m/s, 1/s2; None where unknown."""
        means = np.divide(self._sums, self._known, out=np.full_like(self._sums, np.nan), where=self._known > 0)
        areas = self._areas_m2()
        return [
            {
                "area_m2": _rounded(areas[number], 2),
                "mean_density": _rounded(means[0, number], 4),
                "peak_density": _rounded(self._peaks[0, number], 4),
                "level_of_service": level_of_service(means[0, number], "walkway"),
                "mean_speed": _rounded(means[1, number], 3),
                "peak_pressure": _rounded(self._peaks[1, number], 4),
            }
            for number in range(len(self._plan.zones))
        ]

    def _areas_m2(self) -> list[float]:
        calibration = self._pipeline.calibration if self._pipeline else None
        return [float("nan") if calibration is None else calibration.area_m2(zone.corners_px)[0] for zone in self._plan.zones]

    def _measures(self) -> "LiveMeasures":
        from throng.measure.live import LiveMeasures

        if self._live is None:
            calibration = self._pipeline.calibration if self._pipeline else None
            if calibration is None:
                raise CalibrationError("nothing is known of the ground before a frame was seen")
            self._live = LiveMeasures([calibration.polygon_m(zone.name, zone.corners_px) for zone in self._plan.zones])
        return self._live


def _rounded(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None
