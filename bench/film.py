"""Films of simulated crowds without pictures: truth, faulty detections, and tracks of them from Throng and its peers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from bench.accuracy import CHOSEN_ON
from bench.peers.process import Followed
from numpy.typing import NDArray

from throng.data.detections import Detections
from throng.data.tracks import Tracks
from throng.evaluate.mot_text import MotTable
from throng.ground.homography import fit_homography
from throng.simulate.camera import SimulatedCamera
from throng.simulate.detections import Faults, TrueBoxes, degraded, true_boxes
from throng.simulate.scenario import Scenario, load
from throng.track.tracker import Tracker

INDEPENDENT = Faults(miss=0.10, false=0.05, jitter=0.04)
HIDING = Faults(miss=0.10, false=0.05, jitter=0.04, hides_from=0.7)
LEAD_S = 10.0
"""Tracks are begun this long before anything is measured."""
SEED = 5


def on_ground(camera: SimulatedCamera) -> Tracker:
    """A fresh tracker that knows the camera's calibration."""
    return Tracker(ground=fit_homography(camera.points_px, camera.points_m))


THRONG: dict[str, Callable[[SimulatedCamera], Tracker]] = {"Throng": lambda _: Tracker(), "Throng, calibrated": on_ground}
"""Throng's rows in the tables: how a fresh tracker is made for a camera."""


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """What a camera's detector says of a part of a scenario, and the truth it came from.

    Attributes
    ----------
    scenario : Scenario
    camera : SimulatedCamera
    rate_hz : float
    start_s, end_s : float
        What is measured lies between; the frames begin earlier.
    seen : tuple of TrueBoxes
        The truth of each frame.
    detections : tuple of Detections
        Of the same frames.
    """

    scenario: Scenario
    camera: SimulatedCamera
    rate_hz: float
    start_s: float
    end_s: float
    seen: tuple[TrueBoxes, ...]
    detections: tuple[Detections, ...]


def film(
    name: str, *, rate_hz: float, faults: Faults = INDEPENDENT, since: float = CHOSEN_ON, until: float = 1.0, seed: int = SEED
) -> Film:
    """The part of a scenario between two shares of its length, seen by its first camera through a detector with faults."""
    scenario = load(name)
    camera = scenario.cameras[0]
    start_s, end_s = since * scenario.duration_s, until * scenario.duration_s
    frames = np.arange(np.ceil(max(0.0, start_s - LEAD_S) * rate_hz), end_s * rate_hz)
    seen = tuple(true_boxes(scenario, camera, (frames / rate_hz).tolist()))
    rng = np.random.default_rng(seed)
    return Film(scenario, camera, rate_hz, start_s, end_s, seen, tuple(degraded(each, faults, rng) for each in seen))


def throng_tracks(film: Film, tracker: Tracker) -> Iterator[Tracks]:
    """What a fresh tracker makes of the detections."""
    return (tracker.update(each) for each in film.detections)


def peer_tracks(film: Film, said: Followed) -> Iterator[Tracks]:
    """What a peer said, in Throng's terms; its tracks end where they were last seen."""
    return _with_ends(said.ids, said.boxes_px, film)


def true_tracks(film: Film) -> Iterator[Tracks]:
    """Exact boxes under the true identities: what a perfect tracker after a perfect detector would say."""
    return _with_ends([each.people for each in film.seen], [each.boxes_px for each in film.seen], film)


def as_table(film: Film, tracks: Iterable[Tracks]) -> MotTable:
    """The tracks of the measured part, to be scored."""
    kept = [(frame, each) for frame, each in enumerate(tracks) if each.time_s >= film.start_s]
    ids = np.concatenate([each.ids for _, each in kept])
    numbers = np.unique(ids, return_inverse=True)[1].astype(np.int64)
    frames = np.repeat(np.array([frame for frame, _ in kept], dtype=np.int64), [len(each) for _, each in kept])
    return MotTable(frames, numbers, np.concatenate([each.boxes_px for _, each in kept]), np.ones(len(ids)))


def _with_ends(ids: Iterable[NDArray[np.int64]], boxes_px: Iterable[NDArray[np.float64]], film: Film) -> Iterator[Tracks]:
    """Tracks of a film that is known to its end: an id has ended in the first frame after its last."""
    numbers = [each.astype(np.uint64) for each in ids]
    last = {key: frame for frame, each in enumerate(numbers) for key in each.tolist()}
    ending: dict[int, list[int]] = {}
    for key, frame in last.items():
        ending.setdefault(frame + 1, []).append(key)
    for frame, (here, boxes) in enumerate(zip(numbers, boxes_px, strict=True)):
        # A filter may turn a box inside out while it coasts: such a box is nowhere.
        real = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        feet = np.column_stack([(boxes[real, 0] + boxes[real, 2]) / 2, boxes[real, 3]])
        ended = np.array(ending.get(frame, []), dtype=np.uint64)
        yield Tracks(
            here[real], boxes[real], feet, None, ended, film.detections[frame].time_s, np.ones(len(feet), dtype=bool), feet
        )
