"""Homography files."""

from pathlib import Path

import numpy as np
import pytest

from throng.data.errors import CalibrationError
from throng.ground.file import read_homography

GOOD = "0.01 0 -3\n0 0.02 -5\n0 0.0001 1\n"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace(" ", ", "),
        "# image to metres\n" + GOOD.replace(" ", "\t").replace("\n", "   # row\r\n"),
        "\ufeff" + GOOD.replace("\n", " "),
    ],
)
def test_nine_numbers_in_any_dress(tmp_path: Path, text: str) -> None:
    path = tmp_path / "H.txt"
    path.write_text(text, encoding="utf-8", newline="")
    ground, _ = read_homography(path).to_ground([(400, 300)])
    np.testing.assert_allclose(ground, [[1 / 1.03, 1 / 1.03]])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", '"{path}" must hold nine numbers, three rows of three that map image pixels to metres, not 0'),
        (b"1 2 3", '"{path}" must hold nine numbers, three rows of three that map image pixels to metres, not 3'),
        (b"1 0 0\n0 one 0\n0 0 1", '"{path}", line 2: expected numbers, found "0 one 0"'),
        (b"\x00\xff\xfe", '"{path}" is not a text file: a homography is nine numbers, three to a line'),
        (b"1 " * 40000, '"{path}" is too long for a homography: it must hold nine numbers'),
        (
            b"1 2 3 1 2 3 0 0 1",
            '"{path}": the homography cannot be inverted: its rows must be independent; check that all nine numbers are right',
        ),
        (b"nan 2 3 1 2 3 0 0 1", '"{path}": a homography must be finite: give 3 x 3 numbers that map image pixels to metres'),
    ],
)
def test_files_that_hold_no_homography(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "H.txt"
    path.write_bytes(content)
    with pytest.raises(CalibrationError) as caught:
        read_homography(path)
    assert str(caught.value) == sentence.format(path=path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="cannot be read: no such file or directory"):
        read_homography(tmp_path / "H.txt")
    with pytest.raises(CalibrationError, match="cannot be read: is a directory"):
        read_homography(tmp_path)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["trajectories/eth_hotel/H.txt", "trajectories/ucy_zara01/H.txt"])
def test_published_homographies_put_a_whole_picture_on_the_ground(shared_data: Path, name: str) -> None:
    ground, below = read_homography(shared_data / name).to_ground([(0, 0), (720, 0), (720, 576), (0, 576)])
    assert below.all()
    assert np.abs(ground).max() < 50
