"""The peer of seeing, in its own environment: supervision, trackers and ONNX Runtime, used as their documentation uses them.

Needs what `bench/peers/seeing.txt` names and nothing of Throng. Without an argument it answers requests, JSON lines on standard
input, on standard output: each is a `Job`, run as fast as it goes. With the path of a JSON file it is one camera of many: it
plays that job's film at the film's own pace, over and over, and appends to the file named by its second argument, for every
frame, `due done` in seconds of the monotonic clock, or `due nan` for a frame that came and went while the last was looked at.

The loop is the one that the three show in their pages: frames from supervision's generator, the preparation and decoding of
YOLOX's own ONNX demo, `Detections` with NMS, `ByteTrackTracker`, `LineZone`, `PolygonZone`; no annotating. One thread for the
model and one for OpenCV, since one core is what it has.
"""

import json
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# FFmpeg inside OpenCV and the linear algebra would start a thread for every core of the machine.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "threads;1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import cv2
import numpy as np
import onnxruntime
import supervision as sv  # type: ignore[import-not-found]
from trackers import ByteTrackTracker  # type: ignore[import-not-found]

PERSON = 0
MIN_SCORE = 0.1
NMS_IOU = 0.45
"""Both as in YOLOX's ONNX demo."""
STRIDES = (8, 16, 32)
ANCHORS = {"foot": sv.Position.BOTTOM_CENTER, "centre": sv.Position.CENTER}


@dataclass(frozen=True)
class Job:
    """What a camera is asked: its film, the model, one line, one zone, and to look at every `stride`-th frame."""

    film: str
    model: str
    line: list[list[float]]
    zone: list[list[float]]
    anchor: str = "foot"
    stride: int = 1


class Model:
    """YOLOX in ONNX Runtime."""

    def __init__(self, path: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        signature = self._session.get_inputs()[0]
        self._name, (_, _, *self._size) = signature.name, signature.shape
        grids = [np.stack(np.meshgrid(np.arange(w // s), np.arange(h // s)), 2).reshape(-1, 2) for h, w, s in self._levels()]
        self._grid = np.concatenate(grids)
        self._stride = np.concatenate([np.full((len(g), 1), s) for g, s in zip(grids, STRIDES, strict=True)])

    def __call__(self, frame: Any) -> Any:
        """The people in a frame."""
        blob, ratio = self._prepared(frame)
        out = self._session.run(None, {self._name: blob[None]})[0][0]
        scores = out[:, 4] * out[:, 5 + PERSON]
        likely = scores > MIN_SCORE
        centres = (out[likely, :2] + self._grid[likely]) * self._stride[likely]
        sizes = np.exp(out[likely, 2:4]) * self._stride[likely]
        xyxy = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1) / ratio
        people = sv.Detections(xyxy=xyxy, confidence=scores[likely], class_id=np.full(len(xyxy), PERSON))
        return people.with_nms(threshold=NMS_IOU)

    def _prepared(self, frame: Any) -> tuple[Any, float]:
        rows, columns = self._size
        padded = np.full((rows, columns, 3), 114, dtype=np.uint8)
        ratio = min(rows / frame.shape[0], columns / frame.shape[1])
        size = (int(frame.shape[1] * ratio), int(frame.shape[0] * ratio))
        padded[: size[1], : size[0]] = cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(padded.transpose(2, 0, 1), dtype=np.float32), ratio

    def _levels(self) -> list[tuple[int, int, int]]:
        return [(self._size[0], self._size[1], stride) for stride in STRIDES]


class Camera:
    """Tracker, line and zone of one camera."""

    def __init__(self, job: Job, model: Model, rate_hz: float) -> None:
        anchors = [ANCHORS[job.anchor]]
        self._model = model
        self._tracker = ByteTrackTracker(frame_rate=rate_hz)
        self._line = sv.LineZone(*(sv.Point(x, y) for x, y in job.line), triggering_anchors=anchors)
        self._zone = sv.PolygonZone(np.array(job.zone, dtype=np.int64), triggering_anchors=anchors)
        self._visitors: set[int] = set()

    def look(self, frame: Any) -> None:
        """Find, follow and count the people of one frame."""
        people = self._tracker.update(self._model(frame))
        self._line.trigger(people)
        inside = people[self._zone.trigger(people)]
        # The zone only says who is inside now; visitors are the ids that it has seen there.
        self._visitors.update(inside.tracker_id[inside.tracker_id >= 0].tolist())

    def counts(self) -> dict[str, int]:
        """What was counted."""
        return {"in": self._line.in_count, "out": self._line.out_count, "entries": len(self._visitors)}


def run(job: Job, model: Model) -> dict[str, Any]:
    """A film from start to end as fast as it goes: counts, and processor and wall time from the end of the first look."""
    camera = Camera(job, model, sv.VideoInfo.from_video_path(job.film).fps / job.stride)
    wall = cpu = math.nan
    for frame in sv.get_video_frames_generator(job.film, stride=job.stride):
        camera.look(frame)
        if math.isnan(wall):
            wall, cpu = time.perf_counter(), time.process_time()
    return {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall, "counts": camera.counts()}


def play(job: Job, log: Any) -> None:
    """The film at its own pace without end; a frame that is due while the last is still being looked at is decoded and left."""
    video = cv2.VideoCapture(job.film)
    period_s = 1 / video.get(cv2.CAP_PROP_FPS)
    camera = Camera(job, Model(job.model), 1 / period_s / job.stride)
    due_s = time.monotonic()
    for grabbed in _grabbed(video):
        due_s += period_s
        time.sleep(max(0.0, due_s - time.monotonic()))
        looked = not grabbed % job.stride and time.monotonic() < due_s + period_s * job.stride
        if looked:
            camera.look(video.retrieve()[1])
        if not grabbed % job.stride:
            print(due_s, time.monotonic() if looked else math.nan, file=log, flush=True)


def _grabbed(video: Any) -> Iterator[int]:
    """The numbers of the frames of a film that begins again and again, each decoded but not yet converted."""
    number = 0
    while True:
        if video.grab():
            yield number
            number += 1
        else:
            video.set(cv2.CAP_PROP_POS_FRAMES, 0)


def main() -> None:
    """Play one camera, or answer until the input ends."""
    cv2.setNumThreads(1)
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8") as file, open(sys.argv[2], "a", encoding="ascii") as log:  # noqa: PTH123
            play(Job(**json.load(file)), log)
        return
    # Whatever the peers print goes to standard error: standard output is kept for answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        models: dict[str, Model] = {}
        for line in sys.stdin:
            job = Job(**json.loads(line))
            if job.model not in models:
                models[job.model] = Model(job.model)
            print(json.dumps(run(job, models[job.model])), file=answers, flush=True)


if __name__ == "__main__":
    main()
