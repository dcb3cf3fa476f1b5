"""Recordings of who walked where, read from the files that researchers have."""

from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from throng.data.errors import TrajectoryError
from throng.data.trajectories import Trajectories
from throng.ground.homography import Homography
from throng.study import juelich, mot, named, obsmat
from throng.study.assemble import Columns, assemble
from throng.study.jupedsim import MAGIC, read_jupedsim
from throng.study.layout import SECONDS, Layout, layout_of_names, numbers_of, separator_of
from throng.study.text import Head, Progress, line_of_row, read_head, read_table

Format = Literal["juelich", "obsmat", "csv", "mot", "jupedsim"]
Unit = Literal["m", "cm", "mm", "px"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_LAYOUTS = {"juelich": juelich.layout, "obsmat": obsmat.layout, "csv": named.layout, "mot": mot.layout}


def read_trajectories(
    path: Path | str,
    *,
    format: Format | None = None,
    rate_hz: float | None = None,
    unit: Unit | None = None,
    columns: str | None = None,
    homography: Homography | None = None,
    progress: Progress | None = None,
) -> Trajectories:
    """Read a recording.

    Parameters
    ----------
    path : path
        Text of the Juelich archive (PedPy, PeTrack, JPScore), obsmat.txt of ETH and UCY, CSV with a header, MOT Challenge
        text, or SQLite of JuPedSim; docs/measure.md describes them.
    format : {"juelich", "obsmat", "csv", "mot", "jupedsim"}, optional
        By default what the content looks like.
    rate_hz : float, optional
        Frames a second by which frames are numbered, where the file does not say.
    unit : {"m", "cm", "mm", "px"}, optional
        Of x and y, where the file does not say. Pixels need a homography.
    columns : str, optional
        Names of the columns of a text file without a header, in order, parted by commas or blanks: "frame id x y".
    homography : Homography, optional
        Puts pixels on the ground.
    progress : callable, optional
        Called with how much has been read and how much there is.

    Returns
    -------
    Trajectories
        In metres. Where the file numbers only every k-th frame, frame numbers and rate are divided by k.

    Raises
    ------
    TrajectoryError
        The file cannot be read, lacks a column, rate or unit, has rows that make no sense (the message names the line), or
        its places cannot be those of people in metres.
    """
    file = Path(path)
    if format is not None and format not in get_args(Format):
        raise TrajectoryError(f'there is no format "{format}": give one of {", ".join(get_args(Format))}')
    if unit is not None and unit not in get_args(Unit):
        raise TrajectoryError(f'there is no unit "{unit}": give one of {", ".join(get_args(Unit))}')
    if rate_hz is not None and not 0.0 < rate_hz < np.inf:
        raise TrajectoryError(f"the frame rate must be a positive number of frames a second, not {rate_hz:g}")
    start = _start(file)
    if start.startswith(_HDF5):
        raise TrajectoryError(f"{file} is HDF5, which is not read: take the recording as text, or export it to CSV")
    if format == "jupedsim" or (format is None and start == MAGIC):
        numbers, written_hz = read_jupedsim(file, progress)
        found = Columns(numbers=numbers, name=str(file), where=lambda row: f"{file}, row {row + 1}")
        return assemble(found, unit=_agreed(file, "unit", "m", unit), rate_hz=_agreed(file, "rate", written_hz, rate_hz))
    return _read_text(
        file, _layout(file, format, columns), rate_hz=rate_hz, unit=unit, homography=homography, progress=progress
    )


def _read_text(
    file: Path,
    layout: Layout,
    *,
    rate_hz: float | None,
    unit: Unit | None,
    homography: Homography | None,
    progress: Progress | None,
) -> Trajectories:
    rate_hz = _agreed(file, "rate", layout.rate_hz, rate_hz)
    wanted = _agreed(file, "unit", layout.unit, unit) or ("px" if homography is not None else layout.assumed_unit)
    if wanted is None:
        raise TrajectoryError(f"{file} does not tell the unit of its places: give it (--unit m or --unit cm)")
    if homography is not None and wanted != "px":
        raise TrajectoryError(f"{file} holds places in {wanted}: leave the homography out, which is for pixels")
    numbers, words = read_table(file, layout.table, progress)
    if words:
        numbers["id"] = _ids(words["id"])
    if "time" in numbers:
        numbers["time"] *= SECONDS[layout.time_unit]
    found = Columns(numbers=numbers, name=str(file), where=lambda row: f"{file}, line {line_of_row(file, layout.table, row)}")
    return assemble(found, unit=wanted, rate_hz=rate_hz, step_s=layout.step_s, homography=homography)


def _start(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(len(MAGIC))
    except OSError as error:
        raise TrajectoryError(f"{file} cannot be read: {(error.strerror or 'unknown error').lower()}") from None


def _layout(file: Path, format: Format | None, columns: str | None) -> Layout:
    head = read_head(file)
    try:
        if columns is not None:
            names = columns.replace(",", " ").split()
            separator = separator_of(head.rows[0])
            return layout_of_names(names, head, separator=separator, header_rows=0, where="the list of columns")
        return _LAYOUTS[format or _recognised(head)](head)
    except TrajectoryError as error:
        raise TrajectoryError(f"{file}: {error}") from None


def _recognised(head: Head) -> str:
    separator = separator_of(head.rows[0])
    if numbers_of(head.rows[0], separator) is None:
        return "csv"
    if juelich.names_of(head) is not None:
        return "juelich"
    if separator == ",":
        return "mot"
    return "obsmat" if obsmat.is_like(head) else "juelich"


def _agreed(file: Path, what: str, written: Any, given: Any) -> Any:
    """What the file says or, where it says nothing, what is given."""
    if written is not None and given is not None and written != given:
        raise TrajectoryError(f"{file} says that its {what} is {written}, not {given}: leave --{what} out")
    return given if written is None else written


def _ids(words: pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers where all ids are numbers, or else numbers in the order in which the ids first come."""
    words = words.unify_dictionaries()
    distinct = words.chunk(0).dictionary
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in words.chunks])
    try:
        values = distinct.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        values = np.arange(len(distinct), dtype=np.float64)
    ids: NDArray[np.float64] = values[codes]
    return ids
