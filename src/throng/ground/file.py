"""A homography kept in a text file."""

from pathlib import Path

from throng.data.errors import CalibrationError
from throng.ground.homography import Homography, homography_of

LARGEST_BYTES = 65536


def read_homography(path: Path | str) -> Homography:
    """Read nine numbers, three to a line, that map image pixels to metres.

    Spaces, tabs or commas part the numbers; whatever follows a # is a comment.

    Raises
    ------
    CalibrationError
        The file cannot be read, does not hold nine numbers, or they cannot be inverted.
    """
    numbers = [number for line, text in enumerate(_text(path).splitlines(), start=1) for number in _numbers(text, path, line)]
    if len(numbers) != 9:
        raise CalibrationError(
            f'"{path}" must hold nine numbers, three rows of three that map image pixels to metres, not {len(numbers)}'
        )
    try:
        return homography_of([numbers[0:3], numbers[3:6], numbers[6:9]])
    except CalibrationError as error:
        raise CalibrationError(f'"{path}": {error}') from None


def _text(path: Path | str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise CalibrationError(
            f'the homography "{path}" cannot be read: {(error.strerror or "unknown error").lower()}'
        ) from None
    try:
        if len(content) > LARGEST_BYTES:
            raise CalibrationError(f'"{path}" is too long for a homography: it must hold nine numbers')
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CalibrationError(f'"{path}" is not a text file: a homography is nine numbers, three to a line') from None


def _numbers(text: str, path: Path | str, line: int) -> list[float]:
    words = text.partition("#")[0].replace(",", " ").split()
    try:
        return [float(word) for word in words]
    except ValueError:
        raise CalibrationError(f'"{path}", line {line}: expected numbers, found "{text.strip()[:40]}"') from None
