"""`obsmat.txt` of the ETH and UCY recordings: `frame id x z y vx vz vy` in metres, annotated every 0.4 s."""

from throng.study.layout import Layout, numbers_of, separator_of
from throng.study.text import BLANKS, Head, Table

WIDTH = 8
STEP_S = 0.4
"""Pellegrini et al. 2009 annotated at 2.5 frames a second; the copies of UCY in this form follow them."""


def is_like(head: Head) -> bool:
    """Whether the rows have eight columns, of which the fourth is the height of flat ground: zero."""
    if separator_of(head.rows[0]) != BLANKS:
        return False
    rows = [numbers_of(row, BLANKS) for row in head.rows]
    return all(row is None or (len(row) == WIDTH and row[3] == 0.0) for row in rows)


def layout(head: Head) -> Layout:
    """Columns, unit and rate are fixed."""
    columns = {"frame": 0, "id": 1, "x": 2, "y": 4}
    return Layout(table=Table(separator=BLANKS, width=WIDTH, columns=columns, words={}), unit="m", step_s=STEP_S)
