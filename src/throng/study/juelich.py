"""The text form of the Juelich data archive, which PeTrack and JPScore write and PedPy reads: `id frame x y [z ...]`."""

import re

from throng.data.errors import TrajectoryError
from throng.study.layout import Layout, facts_of, is_whole, layout_of_names, named, separator_of
from throng.study.text import Head, Table, split

NAMES = ("id", "frame", "x", "y")


def names_of(head: Head) -> list[str] | None:
    """The columns' names, where a comment gives them, as in `# id frame x/m y/m z/m`."""
    for comment in reversed(head.comments):
        names = re.split(r"[\s,;]+", re.sub(r"\s+(?=[\[(/])", "", comment))
        if is_whole(named(names)[0]):
            return names
    return None


def layout(head: Head) -> Layout:
    """Columns by the names in the comments, or else id, frame, x, y; unit and frame rate from the comments.

    Raises
    ------
    TrajectoryError
        There are fewer than four columns.
    """
    separator = separator_of(head.rows[0])
    names = names_of(head)
    if names is not None:
        return layout_of_names(names, head, separator=separator, header_rows=0, where="a comment")
    width = len(split(head.rows[0], separator))
    if width < len(NAMES):
        raise TrajectoryError(f"the rows have {width} columns: id, frame, x and y are needed, in this order, or a header")
    columns = {name: number for number, name in enumerate(NAMES)}
    unit, rate_hz = facts_of(head.comments)
    return Layout(table=Table(separator=separator, width=width, columns=columns, words={}), unit=unit, rate_hz=rate_hz)
