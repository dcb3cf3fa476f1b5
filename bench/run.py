"""`make bench`: Throng against its limits, side by side in one run; prints the tables and writes BENCHMARKS.md.

The footage and the model are not part of the project: $THRONG_DATA and $THRONG_MODELS name their folders.
"""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import av
import numpy as np
from bench.accuracy import table

from throng.capture.source import open_source
from throng.data.outage import Outage
from throng.data.place import Line, Zone
from throng.detect.foreground import Foreground
from throng.detect.onnx import open_detector, open_session
from throng.pipeline import Pipeline, Plan

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("THRONG_DATA", ROOT.parent / "shared" / "data"))
MODELS = Path(os.environ.get("THRONG_MODELS", ROOT.parent / "shared" / "models"))
ROUNDS = 5
FRAMES = 300
PLAN = Plan(
    lines=(Line("line", np.array([[100.0, 300.0], [700.0, 300.0]])),),
    zones=(Zone("all", np.array([[0.0, 0.0], [768.0, 0.0], [768.0, 432.0], [0.0, 432.0]])),),
)


def main() -> None:
    """Run all benchmarks."""
    footage = DATA / "video" / "intel_one_by_one" / "one-by-one-person-detection.mp4"
    model = MODELS / "yolox_nano.onnx"
    for path in (footage, model):
        if not path.exists():
            sys.exit(f"bench: {path} is absent; set THRONG_DATA and THRONG_MODELS to the folders of footage and models")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    text = "\n".join(["# Benchmarks", "", *facts(), "", *speed(footage, model), "", *table()]) + "\n"
    print(text)
    (ROOT / "BENCHMARKS.md").write_text(text, encoding="utf-8")


def facts() -> list[str]:
    """What ran, on what."""
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT)
    parts = ", ".join(f"{name} {version(name)}" for name in ("av", "numpy", "onnxruntime", "opencv-python-headless"))
    return [
        "Written by `make bench`. Times drift on shared machines; the ratios come from rounds run in turn.",
        "",
        f"- Machine: {names[0] if names else platform.machine()}, {os.cpu_count()} cores, one used; Python "
        f"{platform.python_version()}; {parts}",
        f"- Commit: {commit.stdout.strip() or 'none'} and what was changed since",
    ]


def speed(footage: Path, model: Path) -> list[str]:
    """Whole pipeline against the sum of decoding and the bare model call, on one core."""
    session = open_session(model)
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
            session.run(None, {"images": blob})

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
    rate = {name: FRAMES / statistics.median(each[name] for each in rounds) for name in rounds[0]}
    limit = [FRAMES / (each["decode"] + each["model"]) for each in rounds]
    shares = sorted(FRAMES / each["yolox"] / bound for each, bound in zip(rounds, limit, strict=True))
    return [
        f"## One core, 768x432, YOLOX-nano ({footage.name}, first {FRAMES} frames, median of {ROUNDS} rounds)",
        "",
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


if __name__ == "__main__":
    main()
