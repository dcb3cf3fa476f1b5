"""Tables whose first row names their columns: CSV, also with semicolons, tabs or blanks, and decimal commas."""

from throng.study.layout import Layout, layout_of_names, separator_of
from throng.study.text import Head, split


def layout(head: Head) -> Layout:
    """Columns by their names, units from the names; metres where they give none.

    Raises
    ------
    TrajectoryError
        The header lacks a column that is needed.
    """
    separator = separator_of(head.rows[0])
    names = split(head.rows[0], separator)
    return layout_of_names(names, head, separator=separator, header_rows=1, where="the header", assumed_unit="m")
