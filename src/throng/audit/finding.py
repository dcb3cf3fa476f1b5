"""What a check says."""

from dataclasses import dataclass
from typing import Literal

Grade = Literal["finding", "note", "ok"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence: something that should not be, something to know, or that all is well.

    Attributes
    ----------
    check : str
        What was looked at, in a word or two.
    grade : "finding", "note" or "ok"
    sentence : str
    where : str
        The address that it is about; empty where it is about the whole.
    """

    check: str
    grade: Grade
    sentence: str
    where: str = ""


def judged(check: str, wrong: list[str], well: str) -> list[Finding]:
    """A finding for every sentence of what is wrong, or that all is well."""
    return [Finding(check, "finding", sentence) for sentence in wrong] or [Finding(check, "ok", well)]


def listed(names: list[str], most: int = 5) -> str:
    """A few of many, in quotes."""
    shown = ", ".join(f'"{name}"' for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
