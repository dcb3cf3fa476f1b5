from pathlib import Path

import numpy as np
import pytest
from bench.report import ROOT
from bench.seeing_engines import FIRST, OPENERS, Agreement
from bench.seeing_footage import Truth
from bench.seeing_tiles import Looks, inside_another
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _people(count: int, *, begin: int = 0) -> Floats:
    """Boxes that do not touch each other."""
    left = 100.0 * np.arange(begin, begin + count)
    return np.column_stack([left, np.full(count, 50.0), left + 40.0, np.full(count, 150.0)])


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 2**32))
def test_boxes_of_two_engines_are_paired_whatever_their_order(both: int, one: int, other: int, seed: int) -> None:
    order = np.random.default_rng(seed)
    mine = order.permutation(_people(both + one))
    theirs = order.permutation(np.concatenate([_people(both), _people(other, begin=20)]))
    agreement = Agreement()
    for _ in range(2):
        agreement.add(mine, theirs)
    expected = (both / (both + one) if both + one else np.nan, both / (both + other) if both + other else np.nan)
    for least in agreement.pairs:
        assert agreement.shares(least) == pytest.approx(expected, nan_ok=True)


@given(st.floats(-60.0, 60.0))
def test_boxes_agree_as_far_as_they_overlap(shift_px: float) -> None:
    agreement = Agreement()
    agreement.add(_people(1) + np.array([0.0, shift_px, 0.0, shift_px]), _people(1))
    iou = max(0.0, (100 - abs(shift_px)) / (100 + abs(shift_px)))
    for least in agreement.pairs:
        if abs(iou - least) > 1e-9:
            assert agreement.shares(least) == ((1.0, 1.0) if iou > least else (0.0, 0.0))


def test_a_box_pairs_once() -> None:
    agreement = Agreement()
    agreement.add(np.repeat(_people(1), 2, axis=0), _people(1))
    assert agreement.shares(0.5) == (0.5, 1.0)


def test_what_the_others_are_compared_with_comes_first() -> None:
    assert next(iter(OPENERS)) == FIRST == "ONNX Runtime"


@given(st.floats(0.0, 1.0))
def test_a_box_lies_in_another_by_the_share_of_its_own_area(share: float) -> None:
    large = np.array([0.0, 0.0, 200.0, 200.0])
    small = np.array([200.0 - 40.0 * share, 50.0, 240.0 - 40.0 * share, 90.0])
    lower = small + np.array([0.0, 60.0, 0.0, 60.0])
    if abs(share - 0.5) > 1e-6:
        assert inside_another(np.array([large, small, lower])) == (2 if share > 0.5 else 0)


def test_two_boxes_on_one_person_lie_in_each_other() -> None:
    assert inside_another(np.concatenate([_people(3), _people(1)])) == 2
    assert inside_another(_people(3)) == inside_another(_people(0)) == 0


def test_only_boxes_that_touch_nobody_are_away() -> None:
    truth = Truth(_people(1), np.array([100.0]), optional_px=_people(1, begin=1))
    hit, beside_a_person, beside_another, away = _people(1), _people(1) + 30.0, _people(1, begin=1) + 30.0, _people(1, begin=5)
    looks = Looks()
    looks.add(np.concatenate([hit, beside_a_person, beside_another, away]), truth)
    assert (len(looks.seen.hits_px), len(looks.seen.false_px), len(looks.away.false_px)) == (1, 3, 1)
    looks.add(_people(2), None)
    assert (looks.boxes, len(looks.seen.false_px)) == (6, 3)


def test_openvino_runs_beside_the_projects_own_versions_and_reports_to_nobody() -> None:
    def versions(path: Path) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            if "==" in line:
                name, version = line.split()[0].split("==")
                found.setdefault(name, set()).add(version)
        return found

    own, beside = versions(ROOT / "lock" / "runtime.txt"), versions(ROOT / "bench" / "peers" / "openvino.txt")
    assert {name for name in beside if name not in own} == {"openvino"}
    assert all(beside[name] == own[name] for name in beside if name in own)
