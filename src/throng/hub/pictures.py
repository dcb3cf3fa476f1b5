"""What a picture's own header says: its type and its size. The hub never decodes a picture."""

from dataclasses import dataclass
from typing import Literal

from throng.data.errors import HubError

PictureKind = Literal["png", "jpeg", "webp"]
MEDIA_TYPES: dict[str, PictureKind] = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ENDS = frozenset({0xD9, 0xDA})
_MOST_SEGMENTS = 1_000
_DAMAGED = "the picture is damaged, or cut short: save it anew as PNG, JPEG or WebP"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's type, and its size in pixels."""

    kind: PictureKind
    width: int
    height: int


def picture_of(data: bytes) -> Picture:
    """What a picture's header says of it.

    Raises
    ------
    HubError
        It is none of PNG, JPEG and WebP, or its header is damaged.
    """
    if data.startswith(_PNG):
        picture = Picture("png", _number(data, 16, 4, "big"), _number(data, 20, 4, "big"))
    elif data.startswith(b"\xff\xd8\xff"):
        picture = _jpeg(data)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        picture = _webp(data)
    else:
        raise HubError("the picture must be a PNG, JPEG or WebP: save it as one of them")
    if not (picture.width and picture.height):
        raise HubError(_DAMAGED)
    return picture


def _jpeg(data: bytes) -> Picture:
    """Segment after segment, up to the one that tells the size."""
    place = 2
    for _ in range(_MOST_SEGMENTS):
        marker = _number(data, place + 1, 1, "big")
        if data[place] != 0xFF:
            break
        if marker == 0xFF:  # filling
            place += 1
            continue
        length = _number(data, place + 2, 2, "big")
        if marker in _JPEG_SIZES and length >= 8:
            return Picture("jpeg", _number(data, place + 7, 2, "big"), _number(data, place + 5, 2, "big"))
        if marker in _JPEG_ENDS or length < 2:
            break
        place += 2 + length
    raise HubError(_DAMAGED)


def _webp(data: bytes) -> Picture:
    form = data[12:16]
    if form == b"VP8X":
        return Picture("webp", 1 + _number(data, 24, 3, "little"), 1 + _number(data, 27, 3, "little"))
    if form == b"VP8L" and data[20:21] == b"\x2f":
        bits = _number(data, 21, 4, "little")
        return Picture("webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if form == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return Picture("webp", _number(data, 26, 2, "little") & 0x3FFF, _number(data, 28, 2, "little") & 0x3FFF)
    raise HubError(_DAMAGED)


def _number(data: bytes, place: int, length: int, order: Literal["big", "little"]) -> int:
    part = data[place : place + length]
    if len(part) < length:
        raise HubError(_DAMAGED)
    return int.from_bytes(part, order)
