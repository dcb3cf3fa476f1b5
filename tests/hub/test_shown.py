"""Which ticks are news to a page."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from throng.data.rows import Rows
from throng.hub.shown import Shown

CAMERAS = ("north", "south", "west")


def rows(cells: list[tuple[int, int]]) -> Rows:
    """Rows of cameras and ticks; every camera has two series."""
    n = len(cells)
    return Rows(
        tuple((camera, "door", way) for camera in CAMERAS for way in ("in", "out")),
        (("noise()", "2026-11-24/1", 60.0),),
        ("",),
        series_of=np.array([2 * camera + place % 2 for place, (camera, _) in enumerate(cells)], np.int32),
        part_of=np.zeros(n, np.int32),
        reason_of=np.zeros(n, np.int32),
        tick_start_us=np.array([tick for _, tick in cells], np.int64),
        values=np.zeros(n),
        standard_errors=np.zeros(n),
    )


@given(st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(-5, 20)), max_size=12), max_size=6))
def test_a_tick_is_news_once_and_never_after_a_newer_one(batches: list[list[tuple[int, int]]]) -> None:
    shown, newest = Shown(), dict.fromkeys(range(3), -(2**63))
    for batch in batches:
        wanted = sorted({(tick, camera) for camera, tick in batch if tick > newest[camera]}, key=lambda one: one[0])
        found = shown.newer(rows(batch))
        assert sorted(found) == sorted((CAMERAS[camera], tick) for tick, camera in wanted)
        assert [tick for _, tick in found] == sorted(tick for _, tick in found)  # oldest first
        for camera, tick in batch:
            newest[camera] = max(newest[camera], tick)
