from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.data.errors import SourceError
from throng.simulate.trajectories import KNOT_HZ, Trajectories, load_trajectories, save


def straight(start: int = 0, knots: int = 11, duration_s: float = 20.0) -> Trajectories:
    """One person eastwards, 0.2 m a knot."""
    path = np.stack([1.0 + 0.2 * np.arange(knots), np.full(knots, 3.0)], axis=1)
    return Trajectories.of([(start, path)], duration_s=duration_s)


def test_between_knots_people_are_on_the_straight_line() -> None:
    crowd = straight()
    people, xy, heading = crowd.positions(0.5)
    assert people.tolist() == [0]
    np.testing.assert_allclose(xy, [[1.5, 3.0]])
    np.testing.assert_allclose(heading, [0.0])
    walked, speed = crowd.gait(0.5)
    np.testing.assert_allclose(walked, [0.5])
    np.testing.assert_allclose(speed, [1.0])


def test_people_are_there_only_between_their_first_and_last_knot() -> None:
    crowd = straight(start=10)
    assert [len(crowd.positions(t)[0]) for t in (1.9, 2.0, 3.9, 4.0, 4.1, 10.0)] == [0, 1, 1, 1, 0, 0]
    np.testing.assert_allclose(crowd.positions(4.0)[1], [[3.0, 3.0]])


def test_time_loops_and_paths_go_on_at_the_beginning() -> None:
    crowd = straight(start=95)
    for time_s in (19.5, 0.3, 20.3, -19.7):
        assert len(crowd.positions(time_s)[0]) == 1
    np.testing.assert_allclose(crowd.positions(0.3)[1], [[1.0 + 1.3, 3.0]])
    np.testing.assert_allclose(crowd.positions(20.3)[1], crowd.positions(0.3)[1])


def test_standing_people_keep_their_heading() -> None:
    north = np.stack([np.zeros(6), 0.25 * np.arange(6)], axis=1)
    crowd = Trajectories.of([(0, np.concatenate([north, np.repeat(north[-1:], 20, axis=0)]))], duration_s=20.0)
    np.testing.assert_allclose(crowd.positions(4.0)[2], [np.pi / 2])
    assert crowd.gait(4.0)[1] == [0.0]


def test_heading_turns_the_short_way() -> None:
    angle = np.radians(np.linspace(150, 210, 41))
    around = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    crowd = Trajectories.of([(0, around)], duration_s=20.0)
    headings = np.array([crowd.positions(t)[2][0] for t in np.arange(0.5, 7.5, 0.03)])
    turns = (np.diff(headings) + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(turns).max() < 0.05


walks = st.lists(
    st.tuples(
        st.integers(0, 99),
        st.lists(st.tuples(st.floats(-4, 44), st.floats(-4, 28)), min_size=2, max_size=30),
    ),
    max_size=6,
)


@settings(max_examples=50, deadline=None)
@given(walks)
def test_files_give_back_the_centimetre(
    tmp_path_factory: pytest.TempPathFactory, paths: list[tuple[int, list[tuple[float, float]]]]
) -> None:
    crowd = Trajectories.of(paths, duration_s=20.0)
    path = tmp_path_factory.mktemp("crowd") / "crowd.npz"
    save(crowd, path)
    again = load_trajectories(path)
    for name in ("xy_cm", "firsts", "start_knots"):
        np.testing.assert_array_equal(getattr(again, name), getattr(crowd, name))
    assert again.duration_s == crowd.duration_s
    for (_, points), k in zip(paths, range(len(crowd)), strict=True):
        np.testing.assert_allclose(again.path(k)[1], points, atol=0.0051)


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04 torn"])
def test_a_file_that_is_no_crowd_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "crowd.npz"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"crowd\.npz holds no simulated crowd"):
        load_trajectories(path)
    with pytest.raises(SourceError, match=r"absent\.npz"):
        load_trajectories(tmp_path / "absent.npz")


def test_a_crowd_that_makes_no_sense_is_refused() -> None:
    xy, starts = np.zeros((3, 2), dtype=np.int32), np.array([0], dtype=np.int64)
    with pytest.raises(ValueError, match="two knots"):
        Trajectories(xy, np.array([0, 1]), starts, 10.0)
    with pytest.raises(ValueError, match="multiple"):
        Trajectories(xy, np.array([0, 3]), starts, 10.0 + 0.3 / KNOT_HZ)
