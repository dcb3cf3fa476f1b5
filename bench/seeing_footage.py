"""Footage whose people are known, frame by frame, for detectors to be scored on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from bench.accuracy import CHOSEN_ON
from numpy.typing import NDArray
from scipy.stats import theilslopes

from throng.capture.source import open_source
from throng.data.detections import Detections
from throng.data.frame import Frame
from throng.data.outage import Outage
from throng.data.scale import PersonScale
from throng.detect.detector import Detector
from throng.ground.camera import person_scale
from throng.ground.file import read_homography
from throng.ground.homography import Homography, fit_homography
from throng.simulate.detections import hidden_shares
from throng.simulate.render import Renderer
from throng.simulate.scenario import load

Floats = NDArray[np.float64]

HIDDEN = 0.7
"""Of whom a larger share is hidden, by nearer people or by the edge of the picture, need not be found and may be."""
LEAD_S = 60.0
"""A detector watches a simulated scene for so long before it is scored."""
SETTLE_S = 3.0
"""The same for recorded clips, some of which last ten seconds only."""
TRUE_EVERY_S = 1.0
FIGURE_M = (1.25, 0.45)
"""Height and breadth of SceneScape's figures, who run bent: 0.73 of a standing person's height in the median of YOLOX-nano's
boxes."""
SURE_SCORE = 0.25
NEAR_PX = 40.0
"""Feet that a detector found belong to a given place so near."""
AEROPLANES_PX = {"Cam_x1_0": (195.0, 225.0, 666.0, 533.0), "Cam_x2_0": (80.0, 260.0, 350.0, 410.0)}
"""Where the aeroplane stands in SceneScape's two pictures."""
ONE_BY_ONE = ((60, 194), (228, 447), (505, 696), (745, 865), (925, 1196), (1235, 1358))
"""Frames between which somebody is in view."""
UNCERTAIN_FRAMES = 4
"""About their ends it is a matter of opinion."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Who is in one frame.

    Attributes
    ----------
    boxes_px : (n, 4) float64
        Of those who are to be found, within the picture.
    heights_px : (n,) float64
        Of their whole boxes.
    optional_px : (m, 4) float64
        Of those who need not be found and may be.
    objects_px : (k, 4) float64
        Regions of things that people may be seen in, which is no matter here.
    whole_only : bool
        Whether people cut off by the upper edge are unknown, so that boxes there are no matter either.
    """

    boxes_px: Floats
    heights_px: Floats
    optional_px: Floats = field(default_factory=lambda: np.empty((0, 4)))
    objects_px: Floats = field(default_factory=lambda: np.empty((0, 4)))
    whole_only: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """A film with the truth of some of its frames.

    Attributes
    ----------
    name : str
    scale : PersonScale or None
        From the camera's calibration.
    frames : callable
        Begins the film: frames in order, each with its truth or None.
    """

    name: str
    scale: PersonScale | None
    frames: Callable[[], Iterator[tuple[Frame, Truth | None]]]


def simulated(name: str, *, since: float = CHOSEN_ON, until: float = 1.0, every_s: float = TRUE_EVERY_S) -> Footage:
    """A part of a scenario, between two shares of its length, as its first camera sees it.

    The truth is what each drawn figure covers. (`throng.simulate.detections.true_boxes` stand upright on the foot points, where
    this wide lens shows people leaning.)
    """
    scenario = load(name)
    camera = scenario.cameras[0]
    renderer = Renderer(scenario, camera)
    scale = person_scale(fit_homography(camera.points_px, camera.points_m), *camera.size_px)
    rate_hz = camera.frame_rate_hz
    start_s, end_s = since * scenario.duration_s, until * scenario.duration_s
    step = max(1, round(every_s * rate_hz))

    def frames() -> Iterator[tuple[Frame, Truth | None]]:
        first = int(np.ceil(max(0.0, start_s - LEAD_S) * rate_hz))
        for number in range(first, int(end_s * rate_hz)):
            time_s = number / rate_hz
            frame = Frame(renderer.image_at(time_s), time_s, number, name)
            scored = time_s >= start_s and number % step == 0
            yield frame, figures_truth(renderer.figures_at(time_s).boxes_px, camera.size_px) if scored else None

    return Footage(name, scale, frames)


def figures_truth(boxes_px: Floats, size_px: tuple[int, int]) -> Truth:
    """The truth from whole boxes (n, 4), farthest first."""
    within = np.clip(boxes_px, 0.0, np.tile(np.array(size_px, np.float64), 2))
    inside = _areas(within) / _areas(boxes_px)
    needed = inside * (1.0 - hidden_shares(within)) >= 1.0 - HIDDEN
    return Truth(within[needed], (boxes_px[:, 3] - boxes_px[:, 1])[needed], within[~needed & (inside > 0)])


def towncentre(folder: Path, *, lag: int) -> Footage:
    """Ten seconds of a street; the annotation of frame n is of the picture n + `lag`."""
    rows = np.loadtxt(folder / "gt_boxes_sampled_1080p.txt", delimiter=",")
    original = json.loads((folder / "frame_map.json").read_text())["original_frame_of_video_frame"]
    truths = {}
    for number in np.unique(rows[:, 0]):
        corner, sides = rows[rows[:, 0] == number, 2:4], rows[rows[:, 0] == number, 4:6]
        whole = np.column_stack([corner, corner + sides])
        # Nearer people stand lower in the picture.
        truth = figures_truth(whole[np.argsort(whole[:, 3])], (1920, 1080))
        truths[int(number) + lag] = replace(truth, whole_only=True)

    def frames() -> Iterator[tuple[Frame, Truth | None]]:
        last = -1
        for number, frame in enumerate(_film(folder / "TownCentre_f0-250_1080p30dup.mp4")):
            shown = original[number]
            if shown <= last or (number == 0 and shown > 0):
                continue
            last = shown
            time_s = shown / 25.0
            truth = truths.get(shown) if time_s >= SETTLE_S else None
            yield Frame(frame.pixels, time_s, shown, "street"), truth

    homography = read_homography(folder / "cam2world_dsy.txt")
    return Footage("towncentre", person_scale(homography, 1920, 1080), frames)


def scenescape(folder: Path, camera: str, neutral: Detector) -> Footage:
    """One of two cameras in a synthetic hall, where two people walk about an aeroplane; their boxes follow from their places.

    The four point pairs of a camera are up to 20 px wrong. So for the truth, and only for it, the places are shifted and
    stretched along each axis to lie, in the median, on the feet that a detector which is not ours finds.
    """
    sensor = json.loads((folder / "config.json").read_text())["sensors"][camera]
    homography = fit_homography(np.array(sensor["camera points"], float), np.array(sensor["map points"], float)[:, :2])
    size = (int(sensor["width"]), int(sensor["height"]))
    places = [_places(line) for line in (folder / "gtLoc.json").read_text().splitlines()]
    shown = [frame for frame in _film(folder / f"{camera}.mp4") if frame.index % 3 == 0 and frame.index < len(places)]
    given, seen = _sightings(homography, [(places[frame.index], neutral.detect(frame)) for frame in shown], size)
    moves = [theilslopes(seen[:, axis] - given[:, axis], given[:, axis])[:2] for axis in (0, 1)]
    places = [each * [1 + move[0] for move in moves] + [move[1] for move in moves] for each in places]
    figure = person_scale(homography, *size, height_m=FIGURE_M[0], width_m=FIGURE_M[1])
    assert figure is not None

    def frames() -> Iterator[tuple[Frame, Truth | None]]:
        for frame in _film(folder / f"{camera}.mp4"):
            # Thirty frames a second are more than a detector of walking people is given.
            if frame.index % 3 == 0 and frame.index < len(places):
                truth = _placed(places[frame.index], homography, figure, size, AEROPLANES_PX[camera])
                yield frame, truth if frame.time_s >= SETTLE_S and frame.index % 30 == 0 else None

    return Footage(f"scenescape {camera}", person_scale(homography, *size), frames)


def one_by_one(folder: Path) -> Iterator[tuple[Frame, bool | None]]:
    """Frames of a corridor, and whether somebody is in view; None where that is a matter of opinion."""
    for frame in _film(folder / "one-by-one-person-detection.mp4"):
        edges = np.array(ONE_BY_ONE).ravel()
        present = any(first <= frame.index <= last for first, last in ONE_BY_ONE)
        known = np.abs(edges - frame.index).min() > UNCERTAIN_FRAMES and frame.time_s >= SETTLE_S
        yield frame, present if known else None


def _places(line: str) -> Floats:
    """Places of the two people, (2, 2) metres."""
    objects = json.loads(line)["objects"]
    return np.array([item["translation"][:2] for name in ("Person", "person") for item in objects[name]], np.float64)


def _sightings(
    homography: Homography, seen: list[tuple[Floats, Detections]], size_px: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Given places (n, 2), and where feet (n, 2) that were found nearby lie on the ground, metres."""
    pairs = []
    for places, found in seen:
        expected, _ = homography.to_image(places)
        for box in found.boxes_px[(found.scores >= SURE_SCORE) & (found.boxes_px[:, 3] < size_px[1] - 4)]:
            foot = np.array([(box[0] + box[2]) / 2, box[3]])
            off = np.hypot(*(expected - foot).T)
            if off.min() < NEAR_PX:
                pairs.append(np.concatenate([places[off.argmin()], homography.to_ground(foot)[0][0]]))
    given, found_m = np.hsplit(np.array(pairs), 2)
    return given, found_m


def _placed(
    places: Floats, homography: Homography, scale: PersonScale, size_px: tuple[int, int], aeroplane: tuple[float, ...]
) -> Truth:
    feet, in_front = homography.to_image(places)
    boxes = scale.boxes_px(feet[in_front])
    boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]
    found = figures_truth(boxes[np.argsort(boxes[:, 3])], size_px)
    return Truth(found.boxes_px, found.heights_px, found.optional_px, np.array([aeroplane], np.float64))


def _film(path: Path) -> Iterator[Frame]:
    with open_source(str(path), camera=path.stem) as source:
        for item in source:
            if not isinstance(item, Outage):
                yield item


def _areas(boxes_px: Floats) -> Floats:
    areas: Floats = (boxes_px[:, 2:] - boxes_px[:, :2]).prod(axis=1)
    return areas
