"""Footage of a simulated scene as files, with its exact truth beside it."""

import csv
import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.video.stream import VideoStream

from throng.data.errors import SourceError
from throng.simulate.camera import SimulatedCamera
from throng.simulate.render import Renderer
from throng.simulate.scenario import Scenario
from throng.simulate.trajectories import KNOT_HZ
from throng.simulate.truth import Truth, truth_of

_ENCODER = "mpeg4"
"""FFmpeg's own encoder, LGPL; the x264 and x265 in PyAV's wheel are GPL and never used."""
_QUALITY = 2


def write(
    scenario: Scenario,
    camera: str,
    folder: Path,
    *,
    duration_s: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, Path, Path]:
    """Render one camera of a scenario into `folder`: footage.mp4, truth.json and trajectories.csv.

    Parameters
    ----------
    scenario : Scenario
        What to render.
    camera : str
        Its name.
    folder : Path
        Made where it is absent.
    duration_s : float, optional
        How long; the scenario repeats. Its own duration when left out.
    progress : callable, optional
        Told the frames written and the frames in all.

    Returns
    -------
    The three paths.

    Raises
    ------
    SourceError
        There is no such camera, the duration is not positive, or the files cannot be written.
    """
    view = scenario.camera(camera)
    length_s = scenario.duration_s if duration_s is None else duration_s
    if not (math.isfinite(length_s) and length_s > 0):
        raise SourceError(f"footage needs a duration of more than 0 seconds, not {length_s:g}")
    video, truth, paths = folder / "footage.mp4", folder / "truth.json", folder / "trajectories.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_video(Renderer(scenario, view), video, length_s, progress)
        description = describe(scenario, view, truth_of(scenario, view, duration_s=length_s))
        truth.write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
        _write_trajectories(scenario, paths, length_s)
    except (OSError, av.FFmpegError) as error:
        raise SourceError(f"cannot write footage into {folder}: {error.strerror or error}") from error
    return video, truth, paths


def _write_video(renderer: Renderer, path: Path, length_s: float, progress: Callable[[int, int], None] | None) -> None:
    camera = renderer.camera
    rate = Fraction(camera.frame_rate_hz).limit_denominator(1001)
    frames = max(1, math.ceil(length_s * camera.frame_rate_hz - 1e-9))
    with av.open(str(path), "w") as container:
        stream = cast(VideoStream, container.add_stream(_ENCODER, rate=rate))
        stream.width, stream.height = camera.size_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.qmin = stream.codec_context.qmax = _QUALITY
        for number in range(frames):
            image = renderer.image_at(number / camera.frame_rate_hz)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
            if progress is not None:
                progress(number + 1, frames)
        container.mux(stream.encode(None))


def describe(scenario: Scenario, camera: SimulatedCamera, truth: Truth) -> dict[str, Any]:
    """The truth, with the places it is about, as plain values for JSON."""
    return {
        "scenario": scenario.name,
        "camera": camera.name,
        "width_px": camera.size_px[0],
        "height_px": camera.size_px[1],
        "frame_rate_hz": camera.frame_rate_hz,
        "duration_s": truth.duration_s,
        "calibration": {"points_px": _rounded(camera.points_px, 2), "points_m": _rounded(camera.points_m, 3)},
        "lines": [
            {
                "name": line.name,
                "ends_px": _rounded(place.ends_px, 2),
                "ends_m": _rounded(ends_m, 3),
                "in": len(line.in_s),
                "out": len(line.out_s),
                "in_s": _rounded(line.in_s, 3),
                "out_s": _rounded(line.out_s, 3),
            }
            for line, place, (_, ends_m) in zip(truth.lines, camera.lines_px, camera.lines_m, strict=True)
        ],
        "zones": [
            {
                "name": zone.name,
                "corners_px": _rounded(place.corners_px, 2),
                "corners_m": _rounded(corners_m, 3),
                "entries": len(zone.entries_s),
                "exits": len(zone.exits_s),
                "entries_s": _rounded(zone.entries_s, 3),
                "exits_s": _rounded(zone.exits_s, 3),
                "occupancy": zone.occupancy.tolist(),
            }
            for zone, place, (_, corners_m) in zip(truth.zones, camera.zones_px, camera.zones_m, strict=True)
        ],
        "sample_times_s": _rounded(truth.sample_times_s, 3),
        "in_view": truth.in_view.tolist(),
    }


def _rounded(values: Any, digits: int) -> list[Any]:
    result: list[Any] = np.round(values, digits).tolist()
    return result


def _write_trajectories(scenario: Scenario, path: Path, length_s: float) -> None:
    """Everybody's place at every knot: the person, seconds, metres. A person who comes again in a later round is a new one."""
    people, loop_s = scenario.people, scenario.duration_s
    rounds = math.ceil(length_s / loop_s)
    with path.open("w", newline="", encoding="ascii") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("id", "time_s", "x_m", "y_m"))
        for person in range(len(people)):
            times, xy = people.path(person)
            for k in range(-int(times[-1] // loop_s), rounds):
                shifted = times + k * loop_s
                here = (shifted > -0.5 / KNOT_HZ) & (shifted < length_s)
                number = person + len(people) * (k if k >= 0 else rounds - 1 - k)
                rows.writerows(
                    (number, f"{t:.1f}", f"{x:.2f}", f"{y:.2f}") for t, (x, y) in zip(shifted[here], xy[here], strict=True)
                )
