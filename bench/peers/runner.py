"""Runs a peer's trackers in the peer's own environment: requests as JSON lines on standard input, answers on standard output.

Needs numpy and the peer, nothing of Throng. A request is one of

    {"do": "load", "frames": FILE.npz}                      the detections of a film, kept until the next
    {"do": "run", "tracker": NAME, "rate_hz": R, "to": FILE.npz}   a fresh tracker over them all

The detections are `boxes` (n, 4) left, top, right, bottom, `scores` (n,) and `counts` (frames,), how many belong to each
frame. The answer holds `seconds` (frames,) that each update took, and `ids` (k,), `boxes` (k, 4), `counts` (frames,): what the
tracker said after each. What an update takes is made before its time starts, and what it gives is read after it has ended.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

IOU_DISTANCE = 0.7
"""Norfair asks for a threshold; its documentation's demos take this for boxes and `iou`."""
CENTRE_DISTANCE_PX = 30.0
"""And this for the centres of boxes and `euclidean`."""


class Contender(NamedTuple):
    """One tracker of a peer: how it is made, fed, asked and read."""

    make: Callable[[float], Any]
    feed: Callable[[Any, Any], Any]
    read: Callable[[Any], tuple[Any, Any]]


def of_trackers(name: str, **settings: Any) -> Contender:
    """A class of `trackers` at its defaults. Detections without a confirmed track come back with the id -1."""

    def make(rate_hz: float) -> Any:
        return getattr(importlib.import_module("trackers"), name)(frame_rate=rate_hz, **settings)

    def feed(boxes: Any, scores: Any) -> Any:
        return importlib.import_module("supervision").Detections(xyxy=boxes, confidence=scores)

    def read(said: Any) -> tuple[Any, Any]:
        tracked = said.tracker_id >= 0
        return said.tracker_id[tracked], said.xyxy[tracked]

    return Contender(make, feed, read)


def of_norfair(distance: str, threshold: float) -> Contender:
    """The tracker of `norfair` at its defaults, which counts frames, on boxes or on their centres.

    All objects that it returns are taken, as its own writer of MOT files does.
    """
    centres = distance == "euclidean"

    def make(_: float) -> Any:
        return importlib.import_module("norfair").Tracker(distance_function=distance, distance_threshold=threshold)

    def feed(boxes: Any, scores: Any) -> Any:
        detection = importlib.import_module("norfair").Detection
        corners = boxes.reshape(-1, 2, 2)
        half = (corners[:, 1] - corners[:, 0]) / 2
        points = corners.mean(axis=1, keepdims=True) if centres else corners
        return [detection(points=p, scores=np.full(len(p), s), data=h) for p, s, h in zip(points, scores, half, strict=True)]

    def read(said: Any) -> tuple[Any, Any]:
        if centres:
            boxes = [
                np.concatenate([o.estimate[0] - o.last_detection.data, o.estimate[0] + o.last_detection.data]) for o in said
            ]
        else:
            boxes = [o.estimate.ravel() for o in said]
        return np.array([o.id for o in said], dtype=np.int64), np.array(boxes, dtype=np.float64).reshape(-1, 4)

    return Contender(make, feed, read)


CONTENDERS = {
    "SORT": of_trackers("SORTTracker"),
    "ByteTrack": of_trackers("ByteTrackTracker"),
    "OC-SORT": of_trackers("OCSORTTracker"),
    "C-BIoU": of_trackers("CBIoUTracker"),
    "BoT-SORT": of_trackers("BoTSORTTracker", enable_cmc=False),
    "norfair, iou": of_norfair("iou", IOU_DISTANCE),
    "norfair, centres": of_norfair("euclidean", CENTRE_DISTANCE_PX),
}


def frames_in(path: str) -> list[tuple[Any, Any]]:
    """Boxes and scores of each frame in a file."""
    with np.load(path) as file:
        boxes, scores, ends = file["boxes"], file["scores"], np.cumsum(file["counts"])[:-1]
    return list(zip(np.split(boxes, ends), np.split(scores, ends), strict=True))


def run(contender: Contender, frames: list[tuple[Any, Any]], rate_hz: float) -> dict[str, Any]:
    """A fresh tracker over all frames: what it said and how long it took."""
    tracker = contender.make(rate_hz)
    fed = [contender.feed(boxes, scores) for boxes, scores in frames]
    seconds = np.empty(len(fed))
    said: list[tuple[Any, Any]] = []
    for k, each in enumerate(fed):
        started = time.perf_counter()
        result = tracker.update(each)
        seconds[k] = time.perf_counter() - started
        said.append(contender.read(result))
    return {
        "seconds": seconds,
        "ids": np.concatenate([ids for ids, _ in said]),
        "boxes": np.concatenate([boxes for _, boxes in said]),
        "counts": np.array([len(ids) for ids, _ in said]),
    }


def requests(source: Any) -> Iterator[dict[str, Any]]:
    """What is asked, line by line."""
    for line in source:
        yield json.loads(line)


def main() -> None:
    """Answer until the input ends."""
    # Peers print to standard output on their own account: it is kept for answers, and they write to standard error.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        frames: list[tuple[Any, Any]] = []
        for request in requests(sys.stdin):
            if request["do"] == "load":
                frames = frames_in(request["frames"])
            else:
                np.savez(request["to"], **run(CONTENDERS[request["tracker"]], frames, request["rate_hz"]))
            print("{}", file=answers, flush=True)


if __name__ == "__main__":
    main()
