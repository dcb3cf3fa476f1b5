"""The QR code says what it is of, to a program that reads such codes."""

import base64
import re

import cv2
import numpy as np
import pytest

from throng.hub.admin.qr import LONGEST, QUIET, qr_address, qr_picture
from throng.hub.people.totp import address_of, new_secret


def drawn(address: str) -> np.ndarray:
    """The picture, a pixel a module."""
    picture = base64.b64decode(address.removeprefix("data:image/svg+xml;base64,")).decode()
    size = re.search(r'viewBox="0 0 (\d+) \1"', picture)
    assert size
    pixels = np.full((int(size[1]), int(size[1])), 255, np.uint8)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", picture):
        pixels[int(y), int(x)] = 0
    return pixels


def decoded(pixels: np.ndarray) -> str:
    """What the code says. Where it lies is told: the search for it misses one picture in ten, however well it is drawn."""
    scale, n = 8, len(pixels) - QUIET
    corners = np.array([[[QUIET, QUIET], [n, QUIET], [n, n], [QUIET, n]]], np.float32) * scale
    picture = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    return cv2.QRCodeDetector().decode(picture, corners)[0]


@pytest.mark.parametrize(("name", "site"), [("Ada", "Central"), ("Zoë O'Neil", "Gare <du> Nord"), ("a" * 64, "b" * 60)])
def test_it_reads_as_the_address_of_the_second_factor(name: str, site: str) -> None:
    address = address_of(new_secret(), name=name, site=site)
    pixels = drawn(qr_address(address))
    assert all((pixels[edge] == 255).all() for edge in (slice(QUIET), slice(-QUIET, None)))
    assert decoded(pixels) == address


def test_a_text_that_no_phone_would_read_has_no_picture() -> None:
    assert qr_picture("x" * LONGEST, alt="") is not None
    assert qr_picture("x" * (LONGEST + 1), alt="") is None
