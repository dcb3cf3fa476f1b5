"""The fundamental diagram of each zone of a study: speed and flow against density, and the curve through it."""

from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.measure.fundamental import curve, diagram, fit_weidmann
from throng.study.table import stacked

Floats = NDArray[np.float64]

BIN_PER_M2 = 0.25
BLOCK_S = 10.0
"""Points within ten seconds of each other are taken to hang together."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Density and mean speed of one zone in every frame, (frames,), people/m2 and m/s."""

    zone: str
    density_per_m2: Floats
    speed_mps: Floats


def diagram_tables(series: list[Series], *, rate_hz: float) -> tuple[pa.Table, pa.Table]:
    """A row for each zone and bin of density, and one for each zone with the fitted curve of Weidmann."""
    bins, fits = [], []
    for one in series:
        points = diagram(one.density_per_m2, one.speed_mps)
        top = points.density_per_m2.max(initial=0.0)
        edges = np.linspace(0.0, (int(top / BIN_PER_M2) + 1) * BIN_PER_M2, int(top / BIN_PER_M2) + 2)
        gathered = curve(points, edges)
        bins.append(
            {
                "zone": one.zone,
                "density_from_per_m2": edges[:-1],
                "density_to_per_m2": edges[1:],
                "frames": gathered.counts,
                **{f"speed_{name}_mps": gathered.speed_mps[:, q] for q, name in enumerate(("p15", "median", "p85"))},
                **{f"flow_{name}_per_m_s": gathered.flow_per_m_s[:, q] for q, name in enumerate(("p15", "median", "p85"))},
            }
        )
        blocks = points.index // max(round(BLOCK_S * rate_hz), 1)
        fits.append({"zone": one.zone, **asdict(fit_weidmann(points, blocks=blocks))})
    return stacked(bins), stacked(fits)
