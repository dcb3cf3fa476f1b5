"""A text as a QR code (ISO/IEC 18004), drawn as a picture that a page can carry in itself."""

import base64

from throng.hub.admin.markup import Html, tag

LONGEST = 1_000
QUIET = 4
"""Modules left white around it."""


def qr_address(text: str) -> str:
    """The address of the picture, `data:image/svg+xml`."""
    import cv2  # noqa: PLC0415 -- slow to load, and needed by whoever sets up a second factor alone

    # The white around it is drawn below: OpenCV leaves two modules of it, scanners are promised four.
    dark = cv2.QRCodeEncoder.create().encode(text) == 0
    rows, columns = dark.any(axis=1).nonzero()[0], dark.any(axis=0).nonzero()[0]
    dark = dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = len(dark) + 2 * QUIET
    drawn = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z" for y, row in enumerate(dark) for x, is_dark in enumerate(row) if is_dark
    )
    picture = tag(
        "svg",
        tag("path", d=f"M0 0h{size}v{size}h-{size}z", fill="#fff"),
        tag("path", d=drawn),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {size} {size}",
        shape_rendering="crispEdges",
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}"


def qr_picture(text: str, *, alt: str) -> Html | None:
    """The picture; None of a text so long that no phone would read it."""
    if len(text) > LONGEST:
        return None
    return tag("img", src=qr_address(text), alt=alt, class_="qr", width=220, height=220)
