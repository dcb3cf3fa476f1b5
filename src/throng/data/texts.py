"""What the texts beside released numbers look like: for whoever takes them in and whoever audits them."""

import re
from collections.abc import Collection

LONGEST_TEXT = 400
EPOCH = re.compile(r"\d{4}-\d\d-\d\d/\d{1,3}", re.ASCII)
MECHANISM = re.compile(r"none|[a-z][a-z -]*\([ -~]*\)")
"""Of several mechanisms one after the other, the inner brackets are some of what may stand in the outer ones. Nothing in it may
be read in two ways: whoever sends a text could otherwise keep the hub busy with it for years."""
CELL = re.compile(r"@(?:0|[1-9]\d?),(?:0|[1-9]\d?)", re.ASCII)
"""A heat map's cell, named as a place."""
_QUOTED = re.compile(r'"([^"]*)"')
_HARMLESS_NUMBERS = re.compile(
    r"\d+x\d+"  # the size of a picture
    r"|\d{4}-\d\d-\d\d"
    r"|\([\d.e-]+ of [\d.e-]+ in \d+ starts?\)"  # what was spent of a budget
    r"|\b\d+\.\d times a second instead of \d+\.\d\b"  # how many pictures are looked at
    r"|\b\d+(?:\.\d+)? (?:s|seconds|ticks|minutes|hours?)\b"
    r"|the ledger \S+|ffmpeg [\w .-]+"
)


def is_reason(text: str, cameras: Collection[str]) -> bool:
    """Whether a text has no number but of ticks, seconds, pictures, dates, budgets, and in the names of cameras."""
    if not any(letter.isnumeric() for letter in text):
        return True
    unnamed = _QUOTED.sub(lambda quoted: "" if quoted[1] in cameras else quoted[0], text)
    return not any(letter.isnumeric() for letter in _HARMLESS_NUMBERS.sub("", unnamed))
