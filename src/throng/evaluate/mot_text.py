"""Boxes of people over the frames of a film, as the text files of the MOT Challenge hold them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throng.data.errors import EvaluationError
from throng.data.secrecy import MemoryOnly, frozen_array

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_NAMES = ("frame", "id", "left", "top", "width", "height", "score")
_CLASSES = np.arange(1, 14)
_LAST_FRAME = 9_999_999
_LARGEST_ID = 2.0**53
_LARGEST_PX = 1e6
_LEAST_PX = 1e-3


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MotTable(MemoryOnly):
    """Ground truth, detections or tracks of one film: a row per box, in any order.

    Attributes
    ----------
    frames : (n,) int64
        Number of the frame.
    ids : (n,) int64
        Whose box it is; -1 in detections, which do not know.
    boxes_px : (n, 4) float64
        Left, top, right, bottom in image pixels; right > left and bottom > top.
    scores : (n,) float64
        Of a detection, how sure the detector was, in its own scale; in ground truth 0 for a box that does not count.
    classes : (n,) int64 or None
        What is in the box: 1 for a walking person, others as in Milan et al. 2016 (arXiv:1603.00831); None where boxes
        have no class.
    """

    frames: NDArray[np.int64]
    ids: NDArray[np.int64]
    boxes_px: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        frames = frozen_array(self.frames, np.int64, shape=(None,), name="frames")
        n = len(frames)
        boxes = frozen_array(self.boxes_px, np.float64, shape=(n, 4), name="boxes_px")
        if not (boxes[:, 2:] > boxes[:, :2]).all():
            raise ValueError("boxes_px must have right > left and bottom > top")
        object.__setattr__(self, "frames", frames)
        object.__setattr__(self, "ids", frozen_array(self.ids, np.int64, shape=(n,), name="ids"))
        object.__setattr__(self, "boxes_px", boxes)
        object.__setattr__(self, "scores", frozen_array(self.scores, np.float64, shape=(n,), name="scores"))
        if self.classes is not None:
            object.__setattr__(self, "classes", frozen_array(self.classes, np.int64, shape=(n,), name="classes"))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def is_tracked(self) -> bool:
        """Whether the rows say whose boxes they are."""
        return bool((self.ids != -1).any())

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """Rows (n,) whose frame and id an earlier row has."""
        order = np.lexsort((self.ids, self.frames))
        same = (np.diff(self.frames[order]) == 0) & (np.diff(self.ids[order]) == 0)
        repeated = np.zeros(len(order), dtype=bool)
        repeated[order[1:][same]] = True
        return repeated

    def only(self, kept: NDArray[np.bool_]) -> "MotTable":
        """The table of the rows `kept` (n,)."""
        classes = None if self.classes is None else self.classes[kept]
        return MotTable(self.frames[kept], self.ids[kept], self.boxes_px[kept], self.scores[kept], classes)

    def rows_of_frames(self) -> dict[int, NDArray[np.intp]]:
        """The rows of each frame that has any, frames in order, rows as they stand in the table."""
        order = np.argsort(self.frames, kind="stable")
        numbers, starts = np.unique(self.frames[order], return_index=True)
        return dict(zip(numbers.tolist(), np.split(order, starts[1:]), strict=True)) if len(order) else {}


def read_mot(path: Path) -> MotTable:
    """Read a MOT Challenge text file: a box per line, `frame,id,left,top,width,height,score[,class or x[,...]]`.

    The seventh column is a detector's score; in ground truth it is a flag, 0 for boxes that do not count. The eighth is a
    class in the files of MOT16, MOT17 and MOT20 (whole numbers from 1 to 13 everywhere), and a coordinate or -1 in others;
    `MotTable.classes` is None there. A file whose ids are all -1 holds detections; in every other one an id occurs once in a
    frame.

    Parameters
    ----------
    path : Path
        Text, comma-separated, without a header.

    Raises
    ------
    EvaluationError
        The file cannot be read, or a line has another form; the message names the line.

    Notes
    -----
    The columns are those of Leal-Taixé et al. 2015 (arXiv:1504.01942) and of Milan et al. 2016 (arXiv:1603.00831).
    """
    text = _open(path)
    numbers = text.numbers()
    _check(numbers, text)
    frames, ids = numbers[:, :2].astype(np.int64).T
    corners = np.column_stack([numbers[:, 2:4], numbers[:, 2:4] + numbers[:, 4:6]])
    table = MotTable(frames, ids, corners, numbers[:, 6].copy(), _classes(numbers))
    if table.is_tracked:
        text.refuse(table.repeated, ids, "its frame already has a box of id {:d}: an id occurs once in a frame")
    return table


@dataclass(frozen=True, slots=True)
class _Text:
    """The lines of a file, to be read as numbers and to say which line is wrong."""

    path: Path
    lines: list[str]

    def numbers(self) -> Floats:
        """The table of numbers; empty lines are no rows."""
        rows = [line for line in self.lines if line.strip()]
        form = f"a line {','.join(_NAMES)} for each box, with commas and without a header"
        if not rows:
            raise EvaluationError(f"{self.path} is empty: it needs {form}")
        try:
            numbers: Floats = np.loadtxt(rows, delimiter=",", comments=None, ndmin=2, dtype=np.float64)
        except ValueError as error:
            raise EvaluationError(self._fault(rows) or f"{self.path} needs {form}: {error}") from None
        if numbers.shape[1] < len(_NAMES):
            raise EvaluationError(f"{self.path} has too few columns, {numbers.shape[1]}: it needs {form}")
        return numbers

    def refuse(self, wrong: Mask, values: NDArray[Any], rule: str) -> None:
        """Name the first line that is wrong (n,), with its value in the rule."""
        if wrong.any():
            row = int(np.argmax(wrong))
            raise EvaluationError(f"{self._line(row)}: {rule.format(values[row])}")

    def _fault(self, rows: list[str]) -> str:
        """What keeps the rows from being a table of numbers; empty where nothing is found."""
        columns = rows[0].count(",") + 1
        for row, cells in enumerate(text.split(",") for text in rows):
            for cell in cells:
                if not _is_number(cell):
                    return f'{self._line(row)}: "{cell.strip()[:40]}" is no number'
            if len(cells) != columns:
                return f"{self._line(row)} has {len(cells)} columns where the first has {columns}: give all the same"
        return ""

    def _line(self, row: int) -> str:
        numbers = [number for number, line in enumerate(self.lines, start=1) if line.strip()]
        return f"{self.path}, line {numbers[row]}"


def _open(path: Path) -> _Text:
    try:
        return _Text(path, path.read_text(encoding="utf-8-sig").splitlines())
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EvaluationError(f"{path} is no text file: give a text file of the MOT Challenge") from None


def _check(numbers: Floats, text: _Text) -> None:
    """Refuse values that no frame, id or box can have."""
    for name, values in zip(_NAMES, numbers.T, strict=False):
        text.refuse(~np.isfinite(values), values, f"the {name} must be a finite number, not {{:g}}")
    frames, ids = numbers[:, 0], numbers[:, 1]
    wrong = (frames < 0) | (frames > _LAST_FRAME) | (frames % 1 != 0)
    text.refuse(wrong, frames, f"the frame must be a whole number from 0 to {_LAST_FRAME}, not {{:.12g}}")
    text.refuse((ids % 1 != 0) | (np.abs(ids) > _LARGEST_ID), ids, "the id must be a whole number, not {:.12g}; -1 for none")
    for column in (2, 3, 4, 5):
        values = numbers[:, column]
        far = np.abs(values) > _LARGEST_PX
        text.refuse(far, values, f"the {_NAMES[column]} must lie within {_LARGEST_PX:,.0f} pixels of 0, not be {{:g}}")
        if column >= 4:
            text.refuse(
                values < _LEAST_PX, values, f"the {_NAMES[column]} must be positive, {_LEAST_PX} pixels or more, not {{:g}}"
            )


def _classes(numbers: Floats) -> NDArray[np.int64] | None:
    if numbers.shape[1] <= len(_NAMES):
        return None
    column = numbers[:, len(_NAMES)]
    return column.astype(np.int64) if np.isin(column, _CLASSES).all() else None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
