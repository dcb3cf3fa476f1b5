"""What a detector would say of a simulated crowd, without drawing a picture: the exact boxes, and boxes as detectors err.

Trackers are measured on these: the truth is exact, and the faults are known because they were put in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.secrecy import frozen_array
from throng.simulate.camera import SimulatedCamera
from throng.simulate.figure import Poses, Wardrobe, figures
from throng.simulate.scenario import Scenario
from throng.simulate.trajectories import KNOT_HZ

Floats = NDArray[np.float64]

_TRUE_SCORES = (5.0, 1.5)
"""Parameters of the beta distribution of a person's score: mean 0.77, one in twenty-five below 0.45."""
_FALSE_SCORES = (2.0, 3.0)
"""The same of a false box: mean 0.40, two in five above 0.45."""
_FALSE_SIZE = 0.15
"""Spread of a false box's size about that of the nearest person, standard deviation of the logarithm."""
_BREADTH_M = 0.5
_MIDDLE_M = 0.85
"""Breadth of a body, and the height at which its distance sets how wide it looks."""
_RAYS = (9, 17)
"""Columns and rows of points by which the hidden share of a box is found."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueBoxes:
    """Everybody whose foot point a simulated camera sees at one moment, farthest first.

    Attributes
    ----------
    time_s : float
    people : (n,) int64
        One number for one walk through the scene: who comes again in a later round of the scenario is somebody else.
    boxes_px : (n, 4) float64
        Left, top, right, bottom of a standing person, cut off where the picture ends.
    feet_px : (n, 2) float64
        Where the foot points lie.
    size_px : (width, height)
        Of the picture.
    """

    time_s: float
    people: NDArray[np.int64]
    boxes_px: Floats
    feet_px: Floats
    size_px: tuple[int, int]

    def __post_init__(self) -> None:
        people = frozen_array(self.people, np.int64, shape=(None,), name="people")
        object.__setattr__(self, "people", people)
        for name, columns in (("boxes_px", 4), ("feet_px", 2)):
            array = frozen_array(getattr(self, name), np.float64, shape=(len(people), columns), name=name)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.people)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How a detector errs.

    Attributes
    ----------
    miss : float
        Probability that a person is not found in a frame, independent of all else.
    false : float
        False boxes added for each person in view, in the mean; each lasts one frame.
    jitter : float
        Standard error of a box: of its middle in shares of its height, of its width and height in shares of each.
    hides_from : float
        A person of whom a larger share is hidden by nearer people is never found; at 1 hiding has no effect.
    """

    miss: float = 0.10
    false: float = 0.05
    jitter: float = 0.04
    hides_from: float = 1.0


def true_boxes(scenario: Scenario, camera: SimulatedCamera, times_s: Iterable[float]) -> Iterator[TrueBoxes]:
    """The exact boxes of a standing person in every place where the camera sees a foot point; pillars hide nobody.

    A box stands upright on its foot point and reaches as high as the figure does, even where a wide lens shows people
    leaning: a tracker is to be measured here, and not how far a detector's boxes are from the feet.

    Parameters
    ----------
    scenario : Scenario
        It repeats after its duration.
    camera : SimulatedCamera
        One of its cameras, or another.
    times_s : iterable of float
        The moments, from 0.
    """
    wardrobe = Wardrobe.random(len(scenario.people), seed=scenario.seed)
    for time_s in times_s:
        people, xy_m, heading = scenario.positions(time_s)
        inside = scenario.layout.inside(xy_m)
        still = np.zeros(int(inside.sum()))
        group = figures(camera, wardrobe, Poses(people[inside], xy_m[inside], heading[inside], still, still))
        seen = camera.sees(group.xy_m)
        feet = camera.project_ground(group.xy_m[seen])
        boxes = _within(_upright(camera, group.xy_m[seen], feet, group.boxes_px[seen, 1]), camera.size_px)
        yield TrueBoxes(time_s, _walks(scenario, group.people[seen], time_s), boxes, feet, camera.size_px)


def degraded(seen: TrueBoxes, faults: Faults, rng: np.random.Generator) -> Detections:
    """What a detector with these faults makes of one frame; people first, then false boxes.

    Scores come from two overlapping beta distributions, one for people and one for false boxes.
    """
    n = len(seen)
    found = rng.random(n) >= faults.miss
    if faults.hides_from < 1.0:
        found &= hidden_shares(seen.boxes_px) <= faults.hides_from
    boxes = _jittered(seen.boxes_px[found], faults.jitter, rng)
    false = _false_boxes(seen, int(rng.poisson(faults.false * n)), rng)
    scores = [rng.beta(*_TRUE_SCORES, len(boxes)), rng.beta(*_FALSE_SCORES, len(false))]
    return Detections(_within(np.concatenate([boxes, false]), seen.size_px), np.concatenate(scores), seen.time_s)


def hidden_shares(boxes_px: Floats) -> Floats:
    """Share (n,) of each box (n, 4), farthest first, that nearer ones cover, by a grid of points."""
    columns, rows = _RAYS
    x = boxes_px[:, :1] + (boxes_px[:, 2:3] - boxes_px[:, :1]) * (np.arange(columns) + 0.5) / columns
    y = boxes_px[:, 1:2] + (boxes_px[:, 3:] - boxes_px[:, 1:2]) * (np.arange(rows) + 0.5) / rows
    hidden = np.zeros(len(boxes_px))
    for k in range(len(boxes_px) - 1):
        nearer = boxes_px[k + 1 :]
        within_x = (x[k] >= nearer[:, :1]) & (x[k] < nearer[:, 2:3])
        within_y = (y[k] >= nearer[:, 1:2]) & (y[k] < nearer[:, 3:])
        hidden[k] = (within_y.astype(np.float32).T @ within_x.astype(np.float32) > 0).mean()
    return hidden


def _walks(scenario: Scenario, people: NDArray[np.int64], time_s: float) -> NDArray[np.int64]:
    """A number for each person's present walk: one that began before the scenario's end goes on at its beginning."""
    rounds, phase_s = divmod(time_s, scenario.duration_s)
    begun = scenario.people.start_knots[people] <= phase_s * KNOT_HZ
    walks: NDArray[np.int64] = people + len(scenario.people) * (int(rounds) + begun)
    return walks


def _upright(camera: SimulatedCamera, xy_m: Floats, feet_px: Floats, tops_px: Floats) -> Floats:
    """Boxes (n, 4) from the feet to the top of the figure, as wide as a body at that distance."""
    middle_m = np.column_stack([xy_m, np.full(len(xy_m), _MIDDLE_M)])
    half = _BREADTH_M / 2 * camera.K[0, 0] / camera.depth_m(middle_m)
    tall = np.maximum(feet_px[:, 1] - tops_px, half)
    return np.column_stack([feet_px[:, 0] - half, feet_px[:, 1] - tall, feet_px[:, 0] + half, feet_px[:, 1]])


def _within(boxes_px: Floats, size_px: tuple[int, int]) -> Floats:
    within: Floats = np.clip(boxes_px, 0.0, np.tile(np.array(size_px, np.float64), 2))
    return within


def _jittered(boxes_px: Floats, jitter: float, rng: np.random.Generator) -> Floats:
    middle, size = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2, boxes_px[:, 2:] - boxes_px[:, :2]
    middle = middle + rng.normal(0.0, jitter, middle.shape) * size[:, 1:]
    half = size * np.exp(rng.normal(0.0, jitter, size.shape)) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _false_boxes(seen: TrueBoxes, count: int, rng: np.random.Generator) -> Floats:
    """Boxes (count, 4) about as large as a person would be there, anywhere in the picture and wholly in it."""
    if not count:
        return np.empty((0, 4))
    limits = np.array(seen.size_px, np.float64)
    feet = rng.uniform(0.0, limits, (count, 2))
    nearest = np.abs(feet[:, 1:] - seen.boxes_px[:, 3]).argmin(axis=1)
    size = seen.boxes_px[nearest, 2:] - seen.boxes_px[nearest, :2]
    size = np.minimum(size * np.exp(rng.normal(0.0, _FALSE_SIZE, (count, 1))), limits)
    low = np.clip(feet - size * np.array([0.5, 1.0]), 0.0, limits - size)
    return np.concatenate([low, low + size], axis=1)
