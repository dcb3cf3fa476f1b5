"""Tracks put on the ground."""

import numpy as np

from throng.data.tracks import Tracks
from throng.ground.apply import on_ground
from throng.ground.homography import homography_of

FLAT = homography_of([[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1.0]])
HORIZON_AT_200 = homography_of([[0.01, 0, -5], [0, 0.01, 0], [0, 0.001, -0.2]])


def tracks(boxes: list[list[float]], anchor: str = "foot") -> Tracks:
    array = np.array(boxes, dtype=np.float64)
    middle = array[:, [0, 2]].mean(axis=1)
    y = array[:, 3] if anchor == "foot" else array[:, [1, 3]].mean(axis=1)
    ids = np.arange(7, 7 + len(array), dtype=np.uint64)
    return Tracks(
        ids,
        array,
        np.column_stack([middle, y]),
        None,
        np.array([3], dtype=np.uint64),
        1.5,
        np.arange(len(ids)) > 0,
        array[:, :2],
    )


def test_feet_are_mapped_whatever_counts_in_the_picture() -> None:
    for anchor in ("foot", "centre"):
        given = tracks([[100, 100, 140, 300], [0, 0, 20, 50]], anchor)
        mapped = on_ground(given, FLAT)
        assert mapped.xy_ground_m is not None
        np.testing.assert_allclose(mapped.xy_ground_m, [[1.2, 3.0], [0.1, 0.5]])
        np.testing.assert_array_equal(mapped.xy_image_px, given.xy_image_px)
        np.testing.assert_array_equal(mapped.ids, given.ids)
        assert mapped.time_s == given.time_s


def test_who_stands_beyond_the_horizon_is_left_out_and_the_ended_stay() -> None:
    mapped = on_ground(tracks([[100, 20, 140, 150], [100, 300, 140, 500], [0, 100, 20, 200]]), HORIZON_AT_200)
    assert mapped.ids.tolist() == [8]
    assert mapped.ended_ids.tolist() == [3]
    assert mapped.xy_ground_m is not None
    assert mapped.xy_ground_m.shape == (1, 2)


def test_nobody_is_mapped_to_nobody() -> None:
    none = np.empty(0, dtype=np.uint64)
    nobody = Tracks(none, np.empty((0, 4)), np.empty((0, 2)), None, none, 0.0, np.empty(0, dtype=bool), np.empty((0, 2)))
    mapped = on_ground(nobody, FLAT)
    assert len(mapped) == 0
    assert mapped.xy_ground_m is not None
