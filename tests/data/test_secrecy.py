"""Pixels, boxes, tracks and exact counts do not leave memory."""

import copy
import json
import logging
import pickle

import numpy as np
import pytest

from throng.data.crowd_map import CrowdMap
from throng.data.detections import Detections
from throng.data.errors import SecrecyError
from throng.data.frame import Frame
from throng.data.measurement import Measurement
from throng.data.secrecy import MemoryOnly
from throng.data.tracks import Tracks
from throng.evaluate.mot_text import MotTable
from throng.evaluate.overlap import PairedFrame, PairedFrames

MARK = 177

VALUES: list[MemoryOnly] = [
    Frame(np.full((4, 6, 3), MARK, np.uint8), 0.0, 0, "north"),
    Detections(np.array([[MARK, MARK, 2 * MARK, 2 * MARK]], float), np.array([0.5]), 0.0),
    Tracks(
        np.array([MARK], np.uint64),
        np.array([[MARK, MARK, 2 * MARK, 2 * MARK]], float),
        np.array([[MARK, MARK]], float),
        None,
        np.array([MARK], np.uint64),
        0.0,
        np.array([True]),
        np.array([[MARK, MARK]], float),
    ),
    Measurement(np.array([MARK], np.uint64), np.array([0]), np.ones(1), np.array([MARK], np.uint64), np.array([MARK]), 0.0),
    MotTable(
        np.array([MARK]),
        np.array([MARK]),
        np.array([[MARK, MARK, 2 * MARK, 2 * MARK]], float),
        np.array([float(MARK)]),
        np.array([MARK]),
    ),
    CrowdMap(np.array([[float(MARK)]]), (MARK, MARK), 0.0),
    PairedFrame(np.array([MARK]), np.array([MARK]), np.array([0]), np.array([float(MARK)])),
    PairedFrames((), np.array([MARK]), np.array([MARK])),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_in_memory_is_neither_pickled_copied_nor_encoded(value: MemoryOnly) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(SecrecyError):
            pickle.dumps(value, protocol)
    with pytest.raises(SecrecyError):
        copy.deepcopy(value)
    with pytest.raises(TypeError):
        json.dumps(value)
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_in_memory_shows_shapes_only(value: MemoryOnly, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r %s", value, value, f"{value:>9}")
    assert type(value).__name__ in caplog.text
    assert str(MARK) not in caplog.text


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_arrays_are_read_only(value: MemoryOnly) -> None:
    names: tuple[str, ...] = tuple(value.__slots__)
    arrays = [getattr(value, name) for name in names]
    frozen = [array for array in arrays if isinstance(array, np.ndarray)]
    assert frozen
    assert not any(array.flags.writeable for array in frozen)


def test_values_are_checked_once_when_made() -> None:
    with pytest.raises(ValueError, match="right > left"):
        Detections(np.array([[5, 5, 5, 9]], float), np.array([0.5]), 0.0)
    with pytest.raises(ValueError, match="finite"):
        Detections(np.array([[5, 5, np.nan, 9]], float), np.array([0.5]), 0.0)
    with pytest.raises(ValueError, match="shape"):
        Frame(np.zeros((4, 6), np.uint8), 0.0, 0, "north")


_NOBODY = Tracks(
    ids=np.empty(0, np.uint64),
    boxes_px=np.empty((0, 4)),
    xy_image_px=np.empty((0, 2)),
    xy_ground_m=None,
    ended_ids=np.empty(0, np.uint64),
    time_s=3.5,
    seen=np.empty(0, np.bool_),
    begin_image_px=np.empty((0, 2)),
)
_NOTHING = Measurement(np.empty(0, np.uint64), np.empty(0, np.intp), np.empty(0), np.empty(0, np.uint64), np.array([2, 0]), 3.5)


@pytest.mark.parametrize(
    ("quick", "checked"),
    [(Tracks.nobody(3.5), _NOBODY), (Measurement.nothing(np.array([2, 0]), 3.5), _NOTHING)],
    ids=["nobody", "nothing"],
)
def test_what_is_made_without_checking_is_what_checking_gives(quick: MemoryOnly, checked: MemoryOnly) -> None:
    assert type(quick) is type(checked)
    names: tuple[str, ...] = tuple(type(checked).__slots__)
    for name in names:
        one, other = getattr(quick, name), getattr(checked, name)
        if isinstance(other, np.ndarray):
            assert (one.dtype, one.shape, one.tolist()) == (other.dtype, other.shape, other.tolist())
            assert not one.flags.writeable
        else:
            assert one == other
