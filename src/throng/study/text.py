"""Tables of numbers in text files: read in blocks, fast where they are clean, and told by the line where they are not."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute
from pyarrow import csv as arrow_csv

from throng.data.errors import TrajectoryError
from throng.data.secrecy import MemoryOnly

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is, in any unit."""

BLOCK_BYTES = 8 << 20
LONGEST_LINE_BYTES = 1 << 20
BLANKS = " "
"""The separator that stands for any run of spaces and tabs."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.IGNORECASE | re.ASCII)
_COMMENT = re.compile(rb"^[ \t]*#[^\n]*", re.MULTILINE)
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How the rows of a text file are to be read.

    Attributes
    ----------
    separator : str
        A single character, or `BLANKS`.
    width : int
        How many cells each row has.
    columns : dict of str to int
        Which cells are numbers that are wanted, by name.
    words : dict of str to int
        Which cells are wanted as they stand.
    header_rows : int
        Rows before the first that holds numbers; lines that are empty or begin with # are no rows.
    decimal : str
        What parts whole from broken numbers: a point or a comma.
    """

    separator: str
    width: int
    columns: dict[str, int]
    words: dict[str, int]
    header_rows: int = 0
    decimal: str = "."


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Head(MemoryOnly):
    """The beginning of a text file: its comments without the #, and its first rows."""

    comments: tuple[str, ...]
    rows: tuple[str, ...]


def read_head(path: Path, rows: int = 100) -> Head:
    """The comments and the first rows of a text file.

    Raises
    ------
    TrajectoryError
        The file cannot be read, is no text, or has no rows.
    """
    block = next(_blocks(path, None), b"").decode("utf-8", errors="replace")
    lines = [line.strip() for line in block.split("\n") if line.strip()]
    data = tuple(line for line in lines if not line.startswith("#"))[:rows]
    if not data:
        raise TrajectoryError(f"{path} has no rows: it needs one for each person in each frame")
    return Head(tuple(line.lstrip("#").strip() for line in lines if line.startswith("#")), data)


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell holds one number, NaN and infinity among them."""
    return _NUMBER.fullmatch(cell.strip().replace(decimal, ".")) is not None


def split(row: str, separator: str) -> list[str]:
    """The cells of one row."""
    if separator == BLANKS:
        return row.split()
    return next(csv.reader([row], delimiter=separator), [])


def read_table(
    path: Path, table: Table, progress: Progress | None = None
) -> tuple[dict[str, NDArray[np.float64]], dict[str, pa.ChunkedArray]]:
    """Read the wanted columns.

    Returns
    -------
    numbers : dict of (n,) float64
        By the names in `table.columns`; they may be NaN or infinite.
    words : dict of ChunkedArray
        The dictionary-encoded cells of `table.words`.

    Raises
    ------
    TrajectoryError
        A row has another number of cells than the first, or a cell is no number; the message names the line.
    """
    numbers: dict[str, list[NDArray[np.float64]]] = {name: [] for name in table.columns}
    words: dict[str, list[pa.Array]] = {name: [] for name in table.words}
    first_line, waiting = 1, table.header_rows
    for block in _blocks(path, progress):
        text, waiting = _without_header(_COMMENT.sub(b"", block) if b"#" in block else block, waiting)
        if text.strip():
            found, kept = _parsed(text, table, path, first_line)
            for name, column in found.items():
                numbers[name].append(column)
            for name, cells in kept.items():
                words[name].append(cells)
        first_line += block.count(b"\n")
    if not next(iter(numbers.values())):
        raise TrajectoryError(f"{path} has a header but no rows: it needs one for each person in each frame")
    return (
        {name: np.concatenate(parts) for name, parts in numbers.items()},
        {name: pa.chunked_array(parts).dictionary_encode() for name, parts in words.items()},
    )


def line_of_row(path: Path, table: Table, row: int) -> int:
    """The line of the file on which the row of that number stands, the first being 0."""
    line, left = 0, row + table.header_rows
    for block in _blocks(path, None):
        for text in _COMMENT.sub(b"", block).split(b"\n")[:-1]:
            line += 1
            if text.strip():
                if left == 0:
                    return line
                left -= 1
    return line


def _parsed(
    text: bytes, table: Table, path: Path, first_line: int
) -> tuple[dict[str, NDArray[np.float64]], dict[str, pa.Array]]:
    """Arrow reads clean blocks; any other is read again line by line, which is slower, laxer and knows where it stands."""
    wanted = {**dict.fromkeys(table.columns.values(), pa.float64()), **dict.fromkeys(table.words.values(), pa.string())}
    try:
        found = arrow_csv.read_csv(
            pa.BufferReader(_single_blanks(text) if table.separator == BLANKS else text),
            read_options=arrow_csv.ReadOptions(
                column_names=[str(number) for number in range(table.width)], block_size=len(text) + 1, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=table.separator, quote_char=table.separator != BLANKS and '"'),
            convert_options=arrow_csv.ConvertOptions(
                column_types={str(column): kind for column, kind in wanted.items()},
                include_columns=[str(column) for column in wanted],
                null_values=[],
                decimal_point=table.decimal,
            ),
        )
    except pa.ArrowInvalid:
        return _line_by_line(text, table, path, first_line)
    return (
        {name: found[str(column)].to_numpy() for name, column in table.columns.items()},
        {name: compute.utf8_trim_whitespace(found[str(column)].combine_chunks()) for name, column in table.words.items()},
    )


def _line_by_line(
    text: bytes, table: Table, path: Path, first_line: int
) -> tuple[dict[str, NDArray[np.float64]], dict[str, pa.Array]]:
    numbers: dict[str, list[float]] = {name: [] for name in table.columns}
    words: dict[str, list[str]] = {name: [] for name in table.words}
    for line, row in enumerate(text.decode("utf-8", errors="replace").split("\n"), start=first_line):
        if not row.strip():
            continue
        try:
            cells = split(row, table.separator)
        except csv.Error as error:
            raise TrajectoryError(f"{path}, line {line}: cannot be read: {error}") from None
        if len(cells) != table.width:
            raise TrajectoryError(
                f"{path}, line {line}: has {len(cells)} columns where the first row has {table.width}: give all rows the same"
                + ("; if numbers have decimal commas, separate columns by semicolons" if table.separator == "," else "")
            )
        for name, column in table.columns.items():
            cell = cells[column].strip()
            if not is_number(cell, table.decimal):
                what = f'"{cell[:_SHOWN]}" is no number' if cell else "is empty"
                raise TrajectoryError(f"{path}, line {line}: the {name} {what}")
            numbers[name].append(float(cell.replace(table.decimal, ".")))
        for name, column in table.words.items():
            words[name].append(cells[column].strip())
    return (
        {name: np.array(column, dtype=np.float64) for name, column in numbers.items()},
        {name: pa.array(column, pa.string()) for name, column in words.items()},
    )


def _single_blanks(text: bytes) -> bytes:
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    if b"  " in text:
        text = re.sub(rb" {2,}", b" ", text)
    if text.startswith(b" ") or b"\n " in text or b" \n" in text:
        text = re.sub(rb"^ +| +$", b"", text, flags=re.MULTILINE)
    return text


def _without_header(text: bytes, rows: int) -> tuple[bytes, int]:
    """Blank out the first rows, so that the lines keep their numbers; and how many are still to come."""
    at = 0
    while rows and at < len(text):
        end = text.index(b"\n", at)
        if text[at:end].strip():
            rows -= 1
        at = end + 1
    return b"\n" * text.count(b"\n", 0, at) + text[at:], rows


def _blocks(path: Path, progress: Progress | None) -> Iterator[bytes]:
    """The file in blocks of whole lines that end in a line feed each."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            rest, start = b"", True
            while chunk := file.read(BLOCK_BYTES):
                if start:
                    chunk, start = chunk.removeprefix(b"\xef\xbb\xbf"), False
                    if chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                        raise TrajectoryError(f"{path} is encoded as UTF-16: save it as UTF-8")
                if b"\0" in chunk:
                    raise TrajectoryError(f"{path} is no text file, and no other recording that can be read")
                text = rest + chunk
                end = text.rfind(b"\n") + 1 or text.rfind(b"\r") + 1
                block, rest = text[:end], text[end:]
                if len(rest) > LONGEST_LINE_BYTES:
                    raise TrajectoryError(
                        f"{path} has a line of more than {LONGEST_LINE_BYTES >> 20} MiB: is it the right file?"
                    )
                if block:
                    yield _line_feeds(block)
                if progress is not None:
                    progress(file.tell(), size)
            if rest:
                yield _line_feeds(rest + b"\n")
    except OSError as error:
        raise TrajectoryError(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}") from None


def _line_feeds(block: bytes) -> bytes:
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in block else block
