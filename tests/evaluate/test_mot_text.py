"""Text files of the MOT Challenge are read quickly and exactly, and a mistake in one is named with its line."""

import time
from pathlib import Path

import numpy as np
import pytest
from tests.evaluate.films import crowd, table, write

from throng.data.errors import EvaluationError
from throng.evaluate.mot_text import MotTable, read_mot

ROW = "1,1,10,20,40,90,1,-1,-1,-1"


def _read(folder: Path, text: str) -> MotTable:
    path = folder / "film.txt"
    path.write_bytes(text.encode())
    return read_mot(path)


def test_columns_are_what_they_are(tmp_path: Path) -> None:
    read = _read(tmp_path, "7,3,10.5,-20,40.25,90,0.5,-1,-1,-1\n2,-4,0,0,1,1,-2.5,-1,-1,-1\n")
    assert read.frames.tolist() == [7, 2]
    assert read.ids.tolist() == [3, -4]
    assert read.boxes_px.tolist() == [[10.5, -20.0, 50.75, 70.0], [0.0, 0.0, 1.0, 1.0]]
    assert read.scores.tolist() == [0.5, -2.5]
    assert read.classes is None
    assert len(read) == 2


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    for rows in crowd(0, classes=True):
        read, made = read_mot(write(rows, tmp_path / "film.txt")), table(rows)
        for name in ("frames", "ids", "boxes_px", "scores", "classes"):
            assert np.array_equal(getattr(read, name), getattr(made, name)), name


@pytest.mark.parametrize(
    ("eighth", "classes"),
    [
        (["1", "13"], [1, 13]),
        (["1.0", "7"], [1, 7]),
        (["-1", "-1"], None),
        (["1", "-1"], None),
        (["0", "1"], None),
        (["1", "14"], None),
        (["4.4852", "1"], None),
    ],
)
def test_classes_are_whole_numbers_from_1_to_13_everywhere(
    tmp_path: Path, eighth: list[str], classes: list[int] | None
) -> None:
    read = _read(tmp_path, "\n".join(f"{frame},1,10,20,40,90,1,{value},1" for frame, value in enumerate(eighth)))
    assert (None if read.classes is None else read.classes.tolist()) == classes


def test_seven_columns_are_enough(tmp_path: Path) -> None:
    assert _read(tmp_path, "1,1,10,20,40,90,1").classes is None


@pytest.mark.parametrize(
    "text",
    [
        ROW + "\r\n" + ROW.replace("1,1", "2,1", 1) + "\r\n",
        "\ufeff" + ROW + "\n\n  \n" + ROW.replace("1,1", "2,1", 1),
        "1.0, 1, 1e1, 20, 40, 90, 1, -1, -1, -1\n" + ROW.replace("1,1", "2,1", 1),
    ],
)
def test_spaces_empty_lines_and_line_ends_do_not_matter(tmp_path: Path, text: str) -> None:
    read = _read(tmp_path, text)
    assert read.frames.tolist() == [1, 2]
    assert read.boxes_px[0].tolist() == [10, 20, 50, 110]


def test_detections_may_share_the_id_of_nobody(tmp_path: Path) -> None:
    read = _read(tmp_path, "1,-1,10,20,40,90,1\n1,-1,10,20,40,90,1")
    assert not read.is_tracked
    assert _read(tmp_path, "1,-1,10,20,40,90,1\n1,5,10,20,40,90,1").is_tracked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("frame,id,left,top,width,height,score\n" + ROW, 'line 1: "frame" is no number'),
        (ROW + "\n\n1,2,10,x9,40,90,1,-1,-1,-1", 'line 3: "x9" is no number'),
        (ROW + "\n1,2,10,20,,90,1,-1,-1,-1", 'line 2: "" is no number'),
        (ROW + "\n1,2,10,20,40,90,1", "line 2 has 7 columns where the first has 10"),
        (ROW.replace(",", " "), 'line 1: "1 1 10 20 40 90 1 -1 -1 -1" is no number'),
        ("1,1,10,20,40,90", "too few columns, 6"),
        ("1,1,nan,20,40,90,1", "line 1: the left must be a finite number, not nan"),
        ("1,1,10,20,inf,90,1", "line 1: the width must be a finite number, not inf"),
        ("1,1,10,20,40,90,nan", "line 1: the score must be a finite number"),
        ("1.5,1,10,20,40,90,1", "line 1: the frame must be a whole number from 0 to 9999999, not 1.5"),
        ("-1,1,10,20,40,90,1", "line 1: the frame must be"),
        ("1700000000,1,10,20,40,90,1", "not 1700000000"),
        ("1,1.25,10,20,40,90,1", "line 1: the id must be a whole number, not 1.25"),
        ("1,1e300,10,20,40,90,1", "line 1: the id must be a whole number"),
        ("1,1,1e300,20,40,90,1", "line 1: the left must lie within 1,000,000 pixels of 0"),
        ("1,1,1e308,20,1e308,90,1", "line 1: the left must lie within 1,000,000 pixels of 0"),
        (ROW + "\n2,1,10,20,0,90,1,-1,-1,-1", "line 2: the width must be positive"),
        ("1,1,10,20,40,-90,1", "line 1: the height must be positive, 0.001 pixels or more, not -90"),
        ("1,1,1000000,20,1e-12,90,1", "line 1: the width must be positive"),
        (ROW + "\n2,1,1,1,9,9,1,-1,-1,-1\n" + ROW, "line 3: its frame already has a box of id 1"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(EvaluationError) as error:
        _read(tmp_path, text)
    assert words in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "film.txt"))
    assert len(str(error.value).splitlines()) == 1


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"missing\.txt cannot be read: No such file"):
        read_mot(tmp_path / "missing.txt")
    with pytest.raises(EvaluationError, match="cannot be read: Is a directory"):
        read_mot(tmp_path)
    (tmp_path / "film.mp4").write_bytes(b"\x00\x00\x00\x20ftyp\xff\xfe\x80")
    with pytest.raises(EvaluationError, match="is no text file"):
        read_mot(tmp_path / "film.mp4")


def test_a_hundred_thousand_rows_take_no_second(tmp_path: Path) -> None:
    rows = np.tile([1.0, 1, 10.25, 20.5, 40.125, 90, 0.5, -1, -1, -1], (100_000, 1))
    rows[:, 0], rows[:, 1] = np.arange(100_000) // 20, np.arange(100_000) % 20
    path = write(rows, tmp_path / "film.txt")
    started = time.process_time()
    assert len(read_mot(path)) == 100_000
    assert time.process_time() - started < 1.0


def test_a_table_is_checked_when_made() -> None:
    frames, boxes = np.array([1, 2]), np.array([[0.0, 0, 1, 1], [0, 0, 1, 1]])
    with pytest.raises(ValueError, match="shape"):
        MotTable(frames, np.array([1]), boxes, np.ones(2))
    with pytest.raises(ValueError, match="right > left"):
        MotTable(frames, frames, boxes * [[1, 1, 0, 1]], np.ones(2))


def test_rows_of_frames_are_in_order() -> None:
    frames = np.random.default_rng(0).integers(0, 30, 1000)
    rows = MotTable(frames, frames, np.tile([0.0, 0, 1, 1], (1000, 1)), np.ones(1000)).rows_of_frames()
    assert list(rows) == sorted(set(frames.tolist()))
    for frame, here in rows.items():
        assert here.tolist() == np.flatnonzero(frames == frame).tolist()
