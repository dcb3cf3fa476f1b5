"""Studies in files, and as JSON."""

import math
from pathlib import Path
from typing import Any

from pyarrow import csv, parquet

from throng.data.errors import TrajectoryError
from throng.study.study import Study

SUFFIXES = (".csv", ".parquet")


def write_tables(study: Study, path: Path | str) -> list[Path]:
    """Write every table that has rows to a file of its own, and give their paths.

    Parameters
    ----------
    study : Study
        What was measured.
    path : path
        "name.csv" and "name.parquet" give files such as "name-zones.csv"; any other path is a folder, made if it is not there,
        for files such as "zones.csv".

    Raises
    ------
    TrajectoryError
        The files cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    named = suffix in SUFFIXES
    folder, prefix, suffix = (target.parent, f"{target.stem}-", suffix) if named else (target, "", ".csv")
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in study.tables().items():
            file = folder / f"{prefix}{name}{suffix}"
            with file.open("wb") as opened:
                (parquet.write_table if suffix == ".parquet" else csv.write_csv)(table, opened)
            written.append(file)
    except OSError as error:
        raise TrajectoryError(f"{target} cannot be written: {(error.strerror or 'unknown error').lower()}") from None
    return written


def as_json(study: Study) -> dict[str, Any]:
    """The documented JSON form: facts, and each table as a list of rows; null is what cannot be known."""
    return {
        "people": study.people,
        "frames": study.frames,
        "rate_hz": study.rate_hz,
        "seconds": study.seconds,
        "interval_s": study.interval_s,
        "notes": list(study.notes),
        **{
            name: [{key: _known(value) for key, value in row.items()} for row in table.to_pylist()]
            for name, table in study.tables().items()
        },
    }


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
