"""How a fault of ours is told: where it happened and of what kind it is, and not what it says, which may hold a number."""

import traceback


def told(error: BaseException) -> str:
    """The lines of a traceback without the error's own text."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
