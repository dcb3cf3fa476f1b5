"""The frame rate of a film is found where the MOT Challenge puts it."""

from pathlib import Path

import pytest

from throng.data.errors import EvaluationError
from throng.evaluate.seqinfo import frame_rate_of

INFO = "[Sequence]\nname=100%\nframeRate=14\nseqLength=9\n"


def _film(folder: Path) -> tuple[Path, Path]:
    for name in ("det", "gt"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder / "det" / "det.txt", folder / "gt" / "gt.txt"


def test_it_lies_beside_a_file_or_a_folder_above(tmp_path: Path) -> None:
    det, gt = _film(tmp_path / "film")
    assert frame_rate_of(det, gt) is None
    (tmp_path / "seqinfo.ini").write_text(INFO.replace("14", "99"))
    assert frame_rate_of(det, gt) is None
    (tmp_path / "film" / "seqinfo.ini").write_text(INFO)
    assert frame_rate_of(det, gt) == 14.0
    (tmp_path / "film" / "gt" / "seqinfo.ini").write_text(INFO.replace("14", "12.5"))
    assert frame_rate_of(gt, det) == 12.5


@pytest.mark.parametrize(
    "text", ["", "frameRate=14", "[Sequence]\nname=x", INFO.replace("14", "fast"), INFO.replace("14", "0"), "[Sequence\n"]
)
def test_one_without_a_rate_is_no_silent_guess(tmp_path: Path, text: str) -> None:
    det, gt = _film(tmp_path)
    (tmp_path / "seqinfo.ini").write_text(text)
    with pytest.raises(EvaluationError, match="has no positive number frameRate="):
        frame_rate_of(det, gt)
