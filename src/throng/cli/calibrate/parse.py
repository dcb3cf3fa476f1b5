"""Points, lengths and sizes as they are written on the command line."""

import math
import re
from collections.abc import Sequence

from throng.data.errors import CalibrationError

Pair = tuple[float, float]

POINT = "412,310=0,0"
LATLON = "412,310=51.7520,-1.2577"
LENGTH = "100,200:180,205=1.5"


def parse_points(texts: Sequence[str]) -> tuple[list[Pair], list[Pair]]:
    """Picture points and ground points, metres, from "x,y=X,Y".

    Raises
    ------
    CalibrationError
        A text has another form.
    """
    split = [_sides(text, "--point", POINT) for text in texts]
    return [_numbers(left, "--point", POINT) for left, _ in split], [_numbers(right, "--point", POINT) for _, right in split]


def parse_latlons(texts: Sequence[str]) -> tuple[list[Pair], list[Pair]]:
    """Picture points, and latitude and longitude, degrees, from "x,y=LATITUDE,LONGITUDE".

    Raises
    ------
    CalibrationError
        A text has another form, or a latitude or longitude is out of range.
    """
    pixels, degrees = [], []
    for text in texts:
        left, right = _sides(text, "--latlon", LATLON)
        latitude, longitude = _numbers(right, "--latlon", LATLON)
        for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
            if abs(value) > most:
                swapped = "; the latitude comes first" if name == "latitude" and abs(value) <= 180 else ""
                raise CalibrationError(
                    f'--latlon "{text}": a {name} lies between -{most} and {most}, not at {value:g}{swapped}'
                )
        pixels.append(_numbers(left, "--latlon", LATLON))
        degrees.append((latitude, longitude))
    return pixels, degrees


def parse_lengths(texts: Sequence[str]) -> list[tuple[Pair, Pair, float]]:
    """The two ends, pixels, and the metres between them, from "x,y:x,y=metres".

    Raises
    ------
    CalibrationError
        A text has another form, or the length is no length.
    """
    found = []
    for text in texts:
        left, right = _sides(text, "--length", LENGTH)
        first, colon, second = left.partition(":")
        if not colon:
            raise CalibrationError(f'--length "{text}" needs two ends with a colon between: write it as "{LENGTH}"')
        metres = _number(right, "--length", LENGTH)
        if not metres > 0:
            raise CalibrationError(f'--length "{text}": a length on the ground is above zero, not {metres:g} m')
        ends = _numbers(first, "--length", LENGTH), _numbers(second, "--length", LENGTH)
        if ends[0] == ends[1]:
            raise CalibrationError(
                f'--length "{text}": its two ends are the same place: give the two ends of what was measured'
            )
        found.append((*ends, metres))
    return found


def parse_size(text: str) -> tuple[int, int]:
    """Width and height from "1920x1080".

    Raises
    ------
    CalibrationError
        The text has another form.
    """
    match = re.fullmatch(r"(\d{2,5})[xX](\d{2,5})", text.strip())
    if match is None:
        raise CalibrationError(f'--size "{text}" is no size of a picture: write it as "1920x1080"')
    return int(match[1]), int(match[2])


def _sides(text: str, option: str, example: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals:
        raise CalibrationError(f'{option} "{text}" has no "=" between picture and ground: write it as "{example}"')
    return left, right


def _numbers(text: str, option: str, example: str) -> Pair:
    parts = text.split(",")
    if len(parts) != 2:
        raise CalibrationError(f'{option}: "{text}" is no pair of numbers: write it as "{example}"')
    return _number(parts[0], option, example), _number(parts[1], option, example)


def _number(text: str, option: str, example: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise CalibrationError(f'{option}: "{text.strip()}" is no number: write it as "{example}"')
    return value
