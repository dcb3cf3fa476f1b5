"""The pictures and figures of docs/metres.md, from the recordings of the Juelich experiments.

    python -m bench.plots

Writes docs/fundamental-diagram.svg and docs/bottleneck-density.svg, and prints the figures that the page quotes.
"""

import os
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pedpy
import shapely
from bench.report import ROOT
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from throng.data.ground_place import Area
from throng.data.trajectories import Trajectories
from throng.measure.fundamental import diagram, fit_weidmann, weidmann_speed
from throng.measure.profile import Grid, voronoi_profile
from throng.measure.speed import velocities, voronoi_speed
from throng.measure.voronoi import CutOff, overlaps_m2, voronoi_cells, zone_density
from throng.study.read import read_trajectories

Floats = NDArray[np.float64]

DATA = Path(os.environ.get("THRONG_DATA", ROOT.parent / "shared" / "data")) / "trajectories" / "juelich"
CORRIDOR = ("uo-050-180-180.txt", "uo-180-180-120.txt")
BOTTLENECK = "040_c_56_h-.txt"
SECTION = Area("section", np.array([[0.0, 1.0], [1.8, 1.0], [1.8, 3.0], [0.0, 3.0]]))
CUT_OFF = CutOff(radius_m=0.8, quad_segments=3)
FRAMES_EACH_SIDE = 10
"""A velocity is a displacement over twice so many frames: 1.25 s at 16 frames a second."""
COVERED = 0.9
"""Frames in which less of the section than this is somebody's ground are left out."""
BLOCK_S = 10.0
"""Points nearer in time than this are not independent."""


def main() -> None:
    """Draw and print."""
    mpl.rcParams |= {"svg.hashsalt": "throng", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    fundamental()
    bottleneck()


def fundamental() -> None:
    """The fundamental diagram of a corridor, by Throng and by PedPy."""
    runs = [read_trajectories(DATA / name, unit="cm", rate_hz=16.0) for name in CORRIDOR]
    ours, theirs = (np.concatenate([way(run) for run in runs], axis=1) for way in (_ours, _pedpys))
    # PedPy weighs speed with the whole section, also with what of it is nobody's ground: the same where all is somebody's. The
    # curve is fitted to speeds weighted with somebody's ground alone.
    shown = (ours[2] > COVERED) & np.isfinite(theirs[1])
    worst = np.abs(ours[:2, shown] / theirs[:, shown] - 1).max()
    print(f"corridor: {np.count_nonzero(shown)} frames; greatest relative difference from PedPy {worst:.1e}")
    seconds = np.concatenate([np.arange(len(run.starts) - 1) / run.rate_hz + 1e6 * number for number, run in enumerate(runs)])
    somebody = ours[2] > 0.1
    points = diagram(ours[0, somebody], ours[1, somebody] / ours[2, somebody])
    fit = fit_weidmann(points, blocks=(seconds[somebody][points.index] // BLOCK_S).astype(np.int64))
    print(f"free speed {fit.free_speed_mps:.2f} +- {fit.free_speed_error_mps:.2f} m/s{fit.reason and ': ' + fit.reason}")
    print(f"capacity {fit.capacity_per_m_s:.2f} +- {fit.capacity_error_per_m_s:.2f} people/(m s)")

    figure, axes = plt.subplots(1, 2, figsize=(8.2, 3.2), layout="constrained")
    line = np.linspace(0.05, 3.0, 200)
    curve = weidmann_speed(line, fit.free_speed_mps, fit.gamma_per_m2, fit.jam_density_per_m2)
    (density, speed, _), (their_density, their_speed) = ours[:, shown][:, ::4], theirs[:, shown][:, ::4]
    for axis, our_values, their_values, fitted, label in (
        (axes[0], speed, their_speed, curve, "speed, m/s"),
        (axes[1], density * speed, their_density * their_speed, line * curve, "specific flow, people/(m s)"),
    ):
        axis.plot(their_density, their_values, "o", ms=5, mfc="none", mec="#b8860b", label="PedPy")
        axis.plot(density, our_values, ".", ms=3, color="#0f6e77", label="Throng")
        axis.plot(line, fitted, color="#333", lw=1, label="fit (Weidmann 1993)")
        axis.set(xlabel="density, people/m²", ylabel=label, xlim=(0, 3.0), ylim=(0, None))
    axes[0].legend(frameon=False)
    figure.savefig(ROOT / "docs" / "fundamental-diagram.svg", metadata={"Date": None})


def _ours(run: Trajectories) -> Floats:
    """Density, speed, and share of the section that is somebody's ground, (3, frames)."""
    cells = voronoi_cells(run, _walkable(run), cut_off=CUT_OFF)
    overlaps = np.nan_to_num(overlaps_m2(cells, SECTION))
    velocity = velocities(run, window_s=2 * FRAMES_EACH_SIDE / run.rate_hz)
    covered = np.add.reduceat(np.append(overlaps, 0.0), run.starts[:-1]) * (np.diff(run.starts) > 0) / SECTION.area_m2
    speed = voronoi_speed(run, velocity, overlaps, area_m2=SECTION.area_m2)
    return np.array([zone_density(run, cells, SECTION), speed, covered])


def _pedpys(run: Trajectories) -> Floats:
    """Density and speed, (2, frames)."""
    frame = pd.DataFrame({"id": run.ids, "frame": run.frames, "x": run.xy_m[:, 0], "y": run.xy_m[:, 1]})
    data = pedpy.TrajectoryData(frame, run.rate_hz)
    area = pedpy.MeasurementArea(shapely.Polygon(SECTION.corners_m))
    cells = pedpy.compute_individual_voronoi_polygons(
        traj_data=data,
        walkable_area=pedpy.WalkableArea(shapely.Polygon(_walkable(run).corners_m)),
        cut_off=pedpy.Cutoff(radius=CUT_OFF.radius_m, quad_segments=CUT_OFF.quad_segments),
    )
    density, cut = pedpy.compute_voronoi_density(individual_voronoi_data=cells, measurement_area=area)
    individual = pedpy.compute_individual_speed(
        traj_data=data, frame_step=FRAMES_EACH_SIDE, speed_calculation=pedpy.SpeedCalculation.BORDER_SINGLE_SIDED
    )
    speed = pedpy.compute_voronoi_speed(
        traj_data=data, individual_speed=individual, individual_voronoi_intersection=cut, measurement_area=area
    )
    frames = range(run.first_frame, run.last_frame + 1)
    columns = ((density, "density"), (speed, "speed"))
    return np.array([table.reset_index().set_index("frame")[name].reindex(frames) for table, name in columns])


def _walkable(run: Trajectories) -> Area:
    (left, bottom), (right, top) = run.xy_m.min(axis=0) - 0.1, run.xy_m.max(axis=0) + 0.1
    return Area("walkable", np.array([[left, bottom], [right, bottom], [right, top], [left, top]]))


def bottleneck() -> None:
    """Mean Voronoi density before a bottleneck."""
    run = read_trajectories(DATA / BOTTLENECK)
    walkable = _walkable(run)
    grid = Grid.over(walkable, 0.1)
    mean = voronoi_profile(run, voronoi_cells(run, walkable, cut_off=CUT_OFF), grid, mean=True)
    rows, columns = np.unravel_index(np.argmax(mean), mean.shape)
    x, y = grid.middles_m
    print(f"bottleneck: greatest mean density {mean.max():.1f} people/m2 at x = {x[columns]:.2f} m, y = {y[rows]:.2f} m")
    figure, axis = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
    edges_x, edges_y = grid.edges_m
    shown = axis.pcolormesh(edges_x, edges_y, mean, cmap="YlGnBu", rasterized=True)
    axis.set(xlabel="m", ylabel="m", aspect="equal")
    figure.colorbar(shown, label="mean density, people/m²")
    figure.savefig(ROOT / "docs" / "bottleneck-density.svg", dpi=100, metadata={"Date": None})


if __name__ == "__main__":
    main()
