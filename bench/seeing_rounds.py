"""What the benchmarks of seeing time: decoding alone, the bare model call alone, Throng, and the peer."""

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
import onnx
import onnxruntime
from bench.peers.environment import LOCKS, python_of
from numpy.typing import NDArray

from throng.capture.source import open_source
from throng.data.outage import Outage
from throng.pipeline import Pipeline, Plan, Totals

PEER = Path(__file__).resolve().parent / "seeing_peer.py"


@dataclass(frozen=True, slots=True)
class Run:
    """One pass over a film, the first frame and whatever is opened for it left out.

    Attributes
    ----------
    cpu_s, wall_s : float
        Processor time of the process with all its threads, and time by the clock.
    counts : dict of str to int
        "in" and "out" of the line, "entries" of the zone; empty where nothing is counted.
    """

    cpu_s: float
    wall_s: float
    counts: dict[str, int] = field(default_factory=dict)


class Watch:
    """Starts with the first frame."""

    def __init__(self) -> None:
        self._started: tuple[float, float] | None = None

    def start(self) -> None:
        """Start, unless it runs already."""
        if self._started is None:
            self._started = (time.process_time(), time.perf_counter())

    def run(self, counts: dict[str, int] | None = None) -> Run:
        """What has passed."""
        assert self._started is not None
        return Run(time.process_time() - self._started[0], time.perf_counter() - self._started[1], counts or {})


def decode(film: Path, *, bgr: bool = False) -> Run:
    """Every frame of a film decoded on one thread; converted to blue, green, red or left as it comes."""
    watch = Watch()
    with av.open(film) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for frame in container.decode(video=0):
            if bgr:
                frame.to_ndarray(format="bgr24")
            watch.start()
    return watch.run()


class BareModel:
    """A model in ONNX Runtime on one thread, and nothing of Throng.

    Parameters
    ----------
    path : Path
    size_px : tuple of int, optional
        Width and height of the input, in place of those the file declares.
    """

    def __init__(self, path: Path, size_px: tuple[int, int] | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        model = path.read_bytes() if size_px is None else _resized(path, size_px)
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        tensor = self._session.get_inputs()[0]
        self._feeds = {tensor.name: np.random.default_rng(1).uniform(0, 255, tensor.shape).astype(np.float32)}

    def call(self, times: int) -> Run:
        """Called on the same input again and again; the first call is left out."""
        watch = Watch()
        for _ in range(times):
            self._session.run(None, self._feeds)
            watch.start()
        return watch.run()


def _resized(path: Path, size_px: tuple[int, int]) -> bytes:
    model = onnx.load(path)
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[3].dim_value, sides[2].dim_value = size_px
    # Shapes that follow from the input's are worked out anew.
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    content: bytes = model.SerializeToString()
    return content


def throng(plan: Plan, film: Path, *, rate_hz: float | None = None) -> Run:
    """The whole of Throng up to its measurements, at every frame or so many times a second."""
    watch, totals = Watch(), Totals.of(plan)
    with open_source(str(film), camera="bench", threads=1, max_rate_hz=rate_hz) as source:
        for item in Pipeline(plan).run(source):
            if not isinstance(item, Outage):
                totals.add(item)
            watch.start()
    run = watch.run()
    lines = len(plan.lines)
    inwards, outwards, entries = (int(totals.counts[slice_].sum()) for slice_ in _kinds(lines))
    return dataclasses.replace(run, counts={"in": inwards, "out": outwards, "entries": entries})


def _kinds(lines: int) -> tuple[slice, slice, slice]:
    """Counters of lines inwards and outwards, and of entries into zones: lines come first, each with two."""
    return slice(0, 2 * lines, 2), slice(1, 2 * lines, 2), slice(2 * lines, None, 2)


class Peer:
    """The peer's process, which waits between its passes; a context manager that ends it."""

    def __init__(self) -> None:
        command = [str(python_of("seeing")), str(PEER)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate()

    def run(self, plan: Plan, film: Path, *, stride: int = 1) -> Run:
        """The peer's loop over every `stride`-th frame of a film."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job(plan, film, stride=stride)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the peer ended while it was asked to look at a film")
        return Run(**json.loads(answer))


def described() -> str:
    """Which versions the peer is made of."""
    lines = (LOCKS / "seeing.txt").read_text(encoding="utf-8").splitlines()
    versions = dict(line.split()[0].split("==") for line in lines if "==" in line)
    return ", ".join(f"{name} {versions[name]}" for name in ("supervision", "trackers", "onnxruntime", "opencv-python"))


def job(plan: Plan, film: Path, *, stride: int = 1) -> dict[str, Any]:
    """What the peer is asked, for the plan's one line and one zone."""
    return {
        "film": str(film),
        "model": plan.detector,
        "line": _points(plan.lines[0].ends_px),
        "zone": _points(plan.zones[0].corners_px),
        "anchor": plan.anchor,
        "stride": stride,
    }


def _points(points_px: NDArray[np.float64]) -> list[list[float]]:
    points: list[list[float]] = points_px.tolist()
    return points


def in_turn(contenders: Mapping[str, Callable[[], Run]], rounds: int, *, warm_up: bool = True) -> dict[str, list[Run]]:
    """Every contender once a round, so that what the machine does meanwhile hits them alike.

    Parameters
    ----------
    contenders : mapping of str to callable
        What makes one pass.
    rounds : int
        How many count.
    warm_up : bool
        Whether a first round does not count; runs of minutes need none.
    """
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for number in range(1 - warm_up, rounds + 1):
        print(f"bench: seeing, round {number} of {rounds}", file=sys.stderr, flush=True)
        for name, contender in contenders.items():
            run = contender()
            if number:
                runs[name].append(run)
    return runs


def seconds(runs: Sequence[Run]) -> NDArray[np.float64]:
    """Processor time of each run."""
    return np.array([run.cpu_s for run in runs])


def waited(runs: Mapping[str, Sequence[Run]]) -> float:
    """Time by the clock over processor time, median over all runs: 1 on a core of one's own with nothing to wait for."""
    return statistics.median(run.wall_s / run.cpu_s for each in runs.values() for run in each)


def spread(ratios: NDArray[np.float64]) -> str:
    """Median, least and most, for a table."""
    return f"{np.median(ratios):.2f} | {ratios.min():.2f} to {ratios.max():.2f}"


def verdict(ratio: float, goal: float) -> str:
    """Whether a goal is met."""
    return "met" if ratio >= goal else "missed"


def pinned() -> int:
    """Bind this process, and those it starts, to one core; which."""
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core
