"""Boxes in pixels, as tracks and truth of the MOT Challenge: `frame,id,left,top,width,height[,score[,class...]]`."""

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.study.layout import Layout
from throng.study.text import Head, Table, split

NAMES = ("frame", "id", "left", "top", "width", "height", "score", "class")
LEAST_WIDTH = 6
_CLASSES = np.arange(1, 14)

Floats = NDArray[np.float64]


def layout(head: Head) -> Layout:
    """Columns are fixed.

    Raises
    ------
    TrajectoryError
        There are fewer than six columns.
    """
    width = len(split(head.rows[0], ","))
    if width < LEAST_WIDTH:
        raise TrajectoryError(
            f"the rows have {width} columns and no header: give a header that names id, frame, x and y, or at least the six "
            f"columns of MOT Challenge text ({','.join(NAMES[:LEAST_WIDTH])})"
        )
    columns = {name: number for number, name in enumerate(NAMES[:width])}
    return Layout(table=Table(separator=",", width=width, columns=columns, words={}), unit="px")


def feet_px(columns: dict[str, Floats]) -> tuple[Floats, NDArray[np.bool_]]:
    """Where the boxes stand in the picture, and which of them are people that count.

    The foot point is the middle of the lower edge. A score of 0 marks a box that does not count; where the eighth column is a
    whole number from 1 to 13 throughout, it is the class of MOT16 and later, of which 1 is a person (Milan et al. 2016,
    arXiv:1603.00831).

    Returns
    -------
    points : (n, 2) float64
        Image pixels.
    counts : (n,) bool
    """
    points = np.column_stack([columns["left"] + columns["width"] / 2, columns["top"] + columns["height"]])
    counts = np.ones(len(points), dtype=bool)
    if "score" in columns:
        counts &= columns["score"] != 0
    if "class" in columns and np.isin(columns["class"], _CLASSES).all():
        counts &= columns["class"] == 1
    return points, counts
