"""The plates that a sensor has taken, until its hub has them; in memory only."""

import threading
from collections.abc import Collection
from urllib.parse import quote, urlencode

from throng.data.errors import DeliveryError
from throng.data.plate_picture import MEDIA_TYPE, PlatePicture
from throng.deliver.hub import Link

_UNWANTED = (404, 409, 413, 415, 422)
"""Nobody waits for it any more, or the hub will never take it: sending it again is of no use."""


class Plates:
    """Keeps the newest plate of each camera and sends it once; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, PlatePicture] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def put(self, picture: PlatePicture) -> None:
        """Keep a plate until it is sent."""
        with self._lock:
            self._waiting[picture.camera] = picture

    def only(self, cameras: Collection[str]) -> None:
        """Let go of those of all other cameras."""
        with self._lock:
            self._waiting = {camera: picture for camera, picture in self._waiting.items() if camera in cameras}

    def send(self, link: Link) -> None:
        """Send all that wait.

        Raises
        ------
        DeliveryError
            The hub cannot be reached, or does not take one now: those are kept. One that it will never take is let go.
        """
        for picture in list(self._waiting.values()):
            about = {"ask": picture.ask, "width": picture.width_px, "height": picture.height_px, "covered": picture.covered}
            path = f"/api/v1/sensor/plates/{quote(picture.camera, safe='')}?{urlencode(about)}"
            answer = link.ask("PUT", path, body=picture.image, headers={"content-type": MEDIA_TYPE})
            if not 200 <= answer.status < 300 and answer.status not in _UNWANTED:
                raise DeliveryError(f'the hub does not take the plate of the camera "{picture.camera}": {answer.sentence}')
            with self._lock:
                if self._waiting.get(picture.camera) is picture:
                    del self._waiting[picture.camera]
            if answer.status >= 300:
                raise DeliveryError(f'the hub has no use for the plate of the camera "{picture.camera}": {answer.sentence}')
