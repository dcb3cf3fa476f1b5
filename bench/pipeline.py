"""The whole pipeline against the sum of decoding and the bare model call, on one core."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from throng.capture.source import open_source
from throng.data.outage import Outage
from throng.data.place import Line, Zone
from throng.detect.foreground import Foreground
from throng.detect.onnx import open_detector
from throng.detect.onnx_runtime import OnnxRuntime
from throng.pipeline import Pipeline, Plan

ROUNDS = 5
FRAMES = 300
PLAN = Plan(
    lines=(Line("line", np.array([[100.0, 300.0], [700.0, 300.0]])),),
    zones=(Zone("all", np.array([[0.0, 0.0], [768.0, 0.0], [768.0, 432.0], [0.0, 432.0]])),),
)


def table(footage: Path, model: Path) -> list[str]:
    """The speed table, as Markdown."""
    session = OnnxRuntime(model)
    blob = np.zeros((1, 3, 416, 416), np.float32)

    def decode() -> None:
        with av.open(footage) as film:
            film.streams.video[0].codec_context.thread_count = 1
            for number, frame in enumerate(film.decode(video=0)):
                frame.to_ndarray(format="bgr24")
                if number + 1 == FRAMES:
                    break

    def call() -> None:
        for _ in range(FRAMES):
            session.run({"images": blob})

    def whole(make: Callable[[], object]) -> None:
        pipeline = Pipeline(PLAN, detector=make())  # type: ignore[arg-type]
        with open_source(str(footage), camera="bench", threads=1) as source:
            seen = 0
            for item in pipeline.run(source):
                seen += not isinstance(item, Outage)
                if seen == FRAMES:
                    break

    detector = open_detector(model)
    rounds = [
        {
            "decode": _timed(decode),
            "model": _timed(call),
            "yolox": _timed(lambda: whole(lambda: detector)),
            "foreground": _timed(lambda: whole(Foreground)),
        }
        for _ in range(ROUNDS + 1)
    ][1:]
    return [f"{footage.name}, first {FRAMES} frames, median of {ROUNDS} rounds.", "", *_told(rounds)]


def _told(rounds: list[dict[str, float]]) -> list[str]:
    rate = {name: FRAMES / statistics.median(each[name] for each in rounds) for name in rounds[0]}
    limit = [FRAMES / (each["decode"] + each["model"]) for each in rounds]
    shares = sorted(FRAMES / each["yolox"] / bound for each, bound in zip(rounds, limit, strict=True))
    return [
        "| what | frames/s |",
        "| --- | --- |",
        f"| decoding to BGR alone (PyAV, one thread) | {rate['decode']:.0f} |",
        f"| the bare model call alone | {rate['model']:.1f} |",
        f"| limit: both, and nothing else | {statistics.median(limit):.1f} |",
        f"| Throng with YOLOX-nano: capture, detect, track, one line, one zone | {rate['yolox']:.1f} |",
        f"| Throng with `foreground` | {rate['foreground']:.1f} |",
        "",
        f"Share of the limit: median {statistics.median(shares):.2f} (least {shares[0]:.2f}, most {shares[-1]:.2f}); "
        "goal 0.85.",
    ]


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
