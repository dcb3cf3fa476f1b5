"""Lines and zones that make no sense are refused with a sentence."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.data.errors import GeometryError
from throng.data.place import Counter, Line, Zone, counters_of


def test_counters_come_lines_first() -> None:
    line = Line("door", np.array([[0, 0], [9, 9]]))
    zone = Zone("hall", np.array([[0, 0], [9, 0], [9, 9]]))
    assert counters_of((line,), (zone,)) == (
        Counter("door", "in"),
        Counter("door", "out"),
        Counter("hall", "entries"),
        Counter("hall", "exits"),
    )


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ([[0, 0], [9, 9], [9, 0], [0, 9]], "crosses itself"),
        ([[0, 0], [9, 9]], "at least three corners"),
        ([[0, 0], [5, 5], [9, 9]], "crosses itself"),
        ([[0, 0], [9, float("nan")], [9, 9]], "finite"),
        ([1, 2, 3], "points x,y"),
    ],
)
def test_a_zone_that_makes_no_sense_is_refused(corners: list[object], words: str) -> None:
    with pytest.raises(GeometryError, match=words) as caught:
        Zone("hall", corners)  # type: ignore[arg-type]
    assert 'zone "hall"' in str(caught.value)


def test_a_line_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(GeometryError, match="shorter than one pixel"):
        Line("door", np.array([[5.0, 5.0], [5.2, 5.0]]))
    with pytest.raises(GeometryError, match="exactly two points"):
        Line("door", np.array([[5.0, 5.0], [50.0, 5.0], [60.0, 5.0]]))


@given(st.integers(3, 12), st.floats(20, 500), st.integers(0, 100))
def test_a_star_shaped_polygon_in_walking_order_is_accepted(n: int, radius: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    angles = (np.arange(n) + generator.uniform(0, 0.5, n)) * 2 * np.pi / n
    radii = radius * generator.uniform(0.5, 1.0, n)
    corners = np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]
    assert len(Zone("hall", corners).corners_px) == n


def test_the_data_package_re_exports_nothing() -> None:
    # import-linter does not see re-exports through a package, so there must be none.
    import throng.data

    public = {name for name in vars(throng.data) if not name.startswith("_")}
    submodules = {name for name in public if type(getattr(throng.data, name)).__name__ == "module"}
    assert public == submodules
    assert Path(throng.data.__file__).read_text().strip() == ""
