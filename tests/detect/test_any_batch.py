"""Models are opened for batches where that gains something and answers stay the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tests.detect.seer import SIDE, on_card, seer
from tests.detect.tiny import CASES

from throng.data.frame import Frame
from throng.detect import openvino, providers
from throng.detect.any_batch import open_for_any_batch
from throng.detect.engine import Engine, Signature, Tensor
from throng.detect.gathered import Gathered, gathered
from throng.detect.onnx import OnnxDetector, open_detector
from throng.detect.onnx_runtime import OnnxRuntime


@pytest.mark.parametrize("any_size", [False, True])
def test_a_model_made_for_one_picture_a_call_is_opened_for_more(tmp_path: Path, any_size: bool) -> None:
    path = seer(tmp_path / "seer.onnx")
    engine = on_card(path, 1, any_size)
    side = None if any_size else SIDE
    assert engine.signature.inputs[0].shape == (None, 3, side, side)
    pictures = np.random.default_rng(2).uniform(0, 255, (5, 3, SIDE, SIDE)).astype(np.float32)
    (together,) = engine.run({"images": pictures})
    one = OnnxRuntime(path)
    alone = np.concatenate([one.run({"images": picture[None]})[0] for picture in pictures])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert np.ptp(alone, axis=0).max() > 0.01


@pytest.mark.parametrize("any_size", [False, True])
def test_a_model_that_answers_otherwise_in_a_batch_stays_as_it_is(tmp_path: Path, any_size: bool) -> None:
    engine = on_card(seer(tmp_path / "seer.onnx", mixes=True), 1, any_size)
    assert engine.signature.inputs[0].shape[0] == 1
    assert gathered(engine) is engine


def test_on_a_processor_nothing_is_gathered_or_opened_otherwise(tmp_path: Path) -> None:
    asked: list[bool] = []

    def open_engine(any_batch: bool) -> Engine:
        asked.append(any_batch)
        return OnnxRuntime(seer(tmp_path / "seer.onnx"), any_batch=any_batch)

    engine = open_for_any_batch(open_engine)
    assert asked == [False]
    free = OnnxRuntime(CASES["yolox"].save(tmp_path / "free.onnx", []))
    assert free.signature.inputs[0].shape[0] is None
    assert [gathered(each) is each for each in (engine, free)] == [True, True]
    assert not open_detector(tmp_path / "seer.onnx").gathers


def test_cards_gain_by_batches_and_processors_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)
    monkeypatch.setattr(openvino, "is_installed", lambda: False)
    told: dict[str, bool] = {}

    class Opened:
        described = "a stub"
        signature = Signature((Tensor("images", (None, 3, 64, 64)),), ())

        def __init__(self, path: Path, *, provider: str, gains_by_batches: bool, **more: object) -> None:
            told[provider] = self.gains_by_batches = gains_by_batches

    monkeypatch.setattr(providers, "OnnxRuntime", Opened)
    engines = {each.name: gathered(each.open(Path("any.onnx"), 1, False)) for each in providers.providers("full")}
    assert told == dict(zip(names, [True, True, False, False], strict=True))
    assert [name for name, engine in engines.items() if isinstance(engine, Gathered)] == ["TensorRT", "CUDA"]


def test_rows_that_are_dealt_out_by_a_count_are_not_gathered(tmp_path: Path) -> None:
    case = CASES["picodet finished"]
    inputs = tuple((name, ["n", *shape[1:]], kind) for name, shape, kind in case.inputs)
    engine = OnnxRuntime(replace(case, inputs=inputs).save(tmp_path / "tiny.onnx", []), gains_by_batches=True)
    assert [tensor.shape[0] for tensor in engine.signature.inputs] == [None, None]
    assert gathered(engine) is engine


@pytest.mark.realdata
def test_the_real_models_take_batches_as_far_as_their_graphs_let_them(shared_models: Path) -> None:
    for name, gathers in (("yolox_nano", True), ("person_192", True), ("nanodet_m_320", True), ("FastestDet", False)):
        path = shared_models / f"{name}.onnx"
        detector = OnnxDetector(lambda any_size, path=path: gathered(on_card(path, 1, any_size)), name=name)  # type: ignore[misc]
        # FastestDet has the number of its pictures folded into that of its channels.
        assert detector.gathers == gathers
        picture = Frame(np.random.default_rng(4).integers(0, 256, (90, 160, 3), np.uint8), 0.0, 0, "north")
        assert len(detector.detect(picture)) == len(open_detector(path).detect(picture))
