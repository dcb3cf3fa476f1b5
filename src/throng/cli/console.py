"""Where commands print tables and sentences for people."""

from rich.console import Console

_WHOLE_LINES = 10_000


def console(*, stderr: bool = False) -> Console:
    """Standard output, or standard error: as wide as the terminal, and with whole lines where a file or a program reads.

    Parameters
    ----------
    stderr : bool
    """
    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = _WHOLE_LINES
    return made
