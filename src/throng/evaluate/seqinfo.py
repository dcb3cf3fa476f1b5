"""What a `seqinfo.ini` of the MOT Challenge says of the film that a text file is about."""

import configparser
import math
from pathlib import Path

from throng.data.errors import EvaluationError

NAME = "seqinfo.ini"


def frame_rate_of(*files: Path) -> float | None:
    """Frames per second by the first `seqinfo.ini` beside one of the files or a folder above; None where there is none.

    Raises
    ------
    EvaluationError
        The `seqinfo.ini` has no frame rate that can be used.
    """
    for file in files:
        folder = file.resolve().parent
        for path in (folder / NAME, folder.parent / NAME):
            if path.is_file():
                return _frame_rate(path)
    return None


def _frame_rate(path: Path) -> float:
    info = configparser.ConfigParser(interpolation=None)
    try:
        info.read_string(path.read_text(encoding="utf-8-sig"))
        rate_hz = float(info["Sequence"]["frameRate"])
    except (configparser.Error, KeyError, ValueError, OSError):
        rate_hz = math.nan
    if not 0.0 < rate_hz < math.inf:
        raise EvaluationError(f"{path} has no positive number frameRate= under [Sequence]: mend it or give --rate")
    return rate_hz
