"""Who could run the models, and how fast the installed ones are on each."""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from throng.data.detections import Detections
from throng.data.errors import ModelError
from throng.data.frame import Frame
from throng.detect import density, openvino
from throng.detect.attention import Attention
from throng.detect.detector import Detector
from throng.detect.engine import Engine
from throng.detect.foreground import Foreground
from throng.detect.gathered import gathered
from throng.detect.models import InstalledModel
from throng.detect.onnx import OnnxDetector
from throng.detect.openvino import Precision
from throng.detect.providers import ORDER, PRECISIONS, Provider, openvino_device, providers, with_openvino

LOOKS_HZ = 5.0
BUSY = 0.2
"""Share of looks at which something has changed: 80 per cent quiet."""
FORMULA = (
    "cameras = cores / (5 pictures a second x (decoding one + comparing it with the one before + 0.2 x a look)); "
    "foreground also looks once a second where nothing changes"
)

REMEDIES = {
    "TensorRT": "with an NVIDIA card: TensorRT and `pip install onnxruntime-gpu` in place of onnxruntime",
    "CUDA": "with an NVIDIA card: `pip install onnxruntime-gpu` in place of onnxruntime",
    "OpenVINO": '`pip install "throng[openvino]"`, and precision = "fast" in the site file',
    "CoreML": "part of onnxruntime on Apple computers only",
    "CPU": "`pip install onnxruntime`",
}

_WARM_UP = 3
_WARM_UP_OPENVINO = 25
"""Calls before the time is taken: OpenVINO gets a model for one size of input once that has come often."""
_LEAST_CALLS = 5
_LEAST_S = 0.5


@dataclass(frozen=True, slots=True)
class Host:
    """What a machine has for cameras.

    Attributes
    ----------
    cores : int
    picture_s : float
        That one core takes for a picture that nobody looks at: to decode it and to see that nothing has changed.
    """

    cores: int
    picture_s: float

    def cameras(self, look_s: float, *, busy: float = BUSY, on_card: bool = False) -> float:
        """How many cameras it holds at `LOOKS_HZ`, if a share of their pictures takes a look.

        Where a card computes, the processor does all else, and the card bears the looks.
        """
        if on_card:
            return min(self.cores / (LOOKS_HZ * self.picture_s), 1.0 / (LOOKS_HZ * busy * look_s))
        return self.cores / (LOOKS_HZ * (self.picture_s + busy * look_s))


@dataclass(frozen=True, slots=True)
class Found:
    """A provider of the stated order.

    Attributes
    ----------
    name : str
    library : str
        Empty where it is absent.
    precisions : tuple of {"full", "fast"}
        For which it is asked before those below it.
    remedy : str
        What to do where it is absent.
    """

    name: str
    library: str = ""
    precisions: tuple[Precision, ...] = ()
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a detector is on one provider.

    Attributes
    ----------
    provider, library : str
    described : str
        What ran, and how precisely.
    look_ms : float
        For one picture, with one thread; NaN where it does not run.
    cameras : float
        That this machine would hold.
    error : str
    """

    provider: str
    library: str
    described: str
    look_ms: float = float("nan")
    cameras: float = float("nan")
    error: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """An installed model, or the foreground detector, with its speeds."""

    name: str
    family: str
    speeds: list[Speed] = field(default_factory=list)
    error: str = ""


def found() -> list[Found]:
    """Every provider of the stated order, absent ones too; OpenVINO twice where both libraries have it."""
    here = {precision: [(one.name, one.library) for one in providers(precision)] for precision in PRECISIONS}
    rows = []
    for name in ORDER:
        kinds = {kind for some in here.values() for kind in some if kind[0] == name}
        if name == "OpenVINO" and _openvino_loads():
            kinds.add(("OpenVINO", "OpenVINO"))
        asked = {kind: tuple(precision for precision in PRECISIONS if kind in here[precision]) for kind in kinds}
        rows += [Found(name, library, asked[name, library]) for _, library in sorted(kinds, reverse=True)]
        if not kinds:
            rows.append(Found(name, remedy=REMEDIES[name]))
    return rows


def worth_measuring() -> list[Provider]:
    """Those that are here, for either precision."""
    some = [provider for precision in PRECISIONS for provider in providers(precision)]
    return some + ([with_openvino("full", openvino_device())] if _openvino_loads() else [])


def measured(model: InstalledModel, among: Sequence[Provider], frames: Sequence[Frame], host: Host) -> Measured:
    """An installed model's speed with each of some providers."""
    if not model.path.is_file():
        return Measured(model.name, model.family, error=f"its file {model.path} is gone: add it again")
    if model.family in density.FAMILIES:
        return Measured(model.name, model.family, error="counts crowds, and is not timed")
    speeds: list[Speed] = []
    for provider in among:
        try:
            detector = OnnxDetector(partial(_opened, provider, model.path), name=model.name)
            # Full and fast precision are one where a provider has no shorter format.
            if all(detector.described != speed.described for speed in speeds):
                speeds.append(_speed(detector, provider, frames, host))
        except ModelError as error:
            speeds.append(Speed(provider.name, provider.library, "", error=str(error)))
    return Measured(model.name, model.family, speeds)


def measured_foreground(frames: Sequence[Frame], host: Host) -> Measured:
    """The speed of the detector that needs no model."""
    look_s = _look_s(Foreground(), frames)
    busy = BUSY + (1 - BUSY) / (LOOKS_HZ * Foreground.rest_s)
    speed = Speed("CPU", "OpenCV", "OpenCV, CPU", 1e3 * look_s, host.cameras(look_s, busy=busy))
    return Measured("foreground", "built in", [speed])


def compare_s(frames: Sequence[Frame]) -> float:
    """Seconds to see whether a picture has changed."""
    return _look_s(Attention(_SeesNobody()), frames)


class _SeesNobody:
    name = "nobody"

    def detect(self, frame: Frame) -> Detections:
        return Detections(np.empty((0, 4)), np.empty(0), frame.time_s)


def _speed(detector: OnnxDetector, provider: Provider, frames: Sequence[Frame], host: Host) -> Speed:
    on_card = provider.name in ("TensorRT", "CUDA") or ", GPU," in detector.described
    look_s = _look_s(
        detector, frames, on_card=on_card, warm_up=_WARM_UP_OPENVINO if provider.library == "OpenVINO" else _WARM_UP
    )
    cameras = host.cameras(look_s, on_card=on_card)
    return Speed(provider.name, provider.library, detector.described, 1e3 * look_s, cameras)


def _look_s(detector: Detector, frames: Sequence[Frame], *, on_card: bool = False, warm_up: int = _WARM_UP) -> float:
    """Median seconds of a look: of the processor's time, so that what else it does is not counted, or of a card's."""
    clock = time.perf_counter if on_card else time.process_time
    upcoming = _endless(frames)
    for _ in range(warm_up):
        detector.detect(next(upcoming))
    times: list[float] = []
    while len(times) < _LEAST_CALLS or sum(times) < _LEAST_S:
        frame = next(upcoming)
        begun = clock()
        detector.detect(frame)
        times.append(clock() - begun)
    return statistics.median(times)


def _endless(frames: Sequence[Frame]) -> Iterator[Frame]:
    """The frames again and again, time going on."""
    number = 0
    while True:
        frame = frames[number % len(frames)]
        yield Frame(frame.pixels, number / LOOKS_HZ, number, frame.camera)
        number += 1


def _opened(provider: Provider, path: Path, any_size: bool) -> Engine:
    return gathered(provider.open(path, 1, any_size))


def _openvino_loads() -> bool:
    try:
        return openvino.is_installed() and openvino.load() is not None
    except ModelError:
        return False
