"""The plates of cameras: the empty scenes that people draw on, asked for, received, sealed, and let go of in time."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from throng.data.errors import ConflictError, HubError, SealError, ThrongError
from throng.data.plate_picture import MOST_BYTES, MOST_PX, MOST_WIDE_PX, PlatePicture
from throng.hub.pictures import picture_of
from throng.hub.registry.camera import Registered
from throng.hub.registry.registry import By, Registry
from throng.seal.box import opened_value, sealed_value
from throng.store.records import Change, Record, Records

MOST_BYTES_TOGETHER = 256 * 2**20
"""Of all plates: a backup holds them in memory at once."""
NOT_BEGUN = "the camera's sensor has not begun yet"
NOT_STORED = "the plate came, but could not be stored: ask for it again"
_HUB = By("hub")
_logger = logging.getLogger("throng.hub")


@dataclass(frozen=True, slots=True)
class Plate:
    """What is known of a camera's plate.

    Attributes
    ----------
    asked_us : int
        When it was asked for, microseconds since 1970, which is the number of the request too; 0 where nobody waits.
    made_us : int
        When the one that is kept came; 0 where there is none.
    width_px, height_px : int
        Of the camera's own picture, in whose pixels lines and zones are drawn.
    covered : int
        Regions that are hatched over.
    size_bytes : int
        Of the picture.
    address : mapping
        The camera's address when it was asked for, sealed: a plate goes when that changes.
    """

    asked_us: int = 0
    made_us: int = 0
    width_px: int = 0
    height_px: int = 0
    covered: int = 0
    size_bytes: int = 0
    address: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def state(self) -> Literal["none", "waiting", "ready"]:
        """Whether somebody waits for it, or it is there."""
        return "waiting" if self.asked_us else "ready" if self.made_us else "none"


NONE = Plate()


class Plates:
    """Keeps the newest plate of each camera, sealed, and who waits for one; safe to use from many threads.

    Parameters
    ----------
    registry : Registry
        Its cameras may have plates; a plate goes with its camera, and when the camera's address changes.
    records : Records
        Those of the registry.
    clock : callable
        Unix time, UTC.

    Raises
    ------
    HubError
        A record makes no sense.
    StoreError
        The records cannot be read or written.
    LogError
        The audit log cannot be written.
    """

    def __init__(self, registry: Registry, records: Records, *, clock: Callable[[], float] = time.time) -> None:
        self._registry, self._records, self._clock = registry, records, clock
        # The registry's own: nobody asks, sends or is told between a camera's change and what follows from it here.
        self._lock = registry.lock
        self._told: list[Callable[[], None]] = []
        self._why: dict[str, str] = {}
        self._seen: dict[str, Registered] = {}
        self._plates = {record.key: _of_record(record) for record in records.all("plate")}
        self._of_file = {camera.name: camera.address for camera in registry.own.cameras}
        self._follow()
        registry.on_change(self._follow)

    def of(self, camera: str) -> Plate:
        """What is known of a camera's plate."""
        return self._plates.get(camera, NONE)

    def why(self, camera: str) -> str:
        """Why it is not there yet; empty where nobody waits."""
        return self._why.get(camera, NOT_BEGUN) if self.of(camera).asked_us else ""

    def image(self, camera: str) -> bytes | None:
        """The picture, JPEG; None where there is none.

        Raises
        ------
        SealError, StoreError
            It does not open, or cannot be read.
        """
        record = self._records.get("plate-picture", camera)
        return opened_value(self._registry.seal, record.body["image"], _about(camera, "image")) if record else None

    def asked_of(self, sensor: str) -> dict[str, int]:
        """The cameras of a sensor (empty: the hub's machine) whose plates somebody waits for, and the requests' numbers."""
        asked = {name: plate.asked_us for name, plate in list(self._plates.items()) if plate.asked_us}
        cameras = self._registry.state.cameras
        return {name: ask for name, ask in asked.items() if name in cameras and cameras[name].sensor == sensor}

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have something called when other plates are asked for and after every change of a camera, one after the other."""
        self._told.append(callback)

    def ask(self, camera: str, *, by: By) -> None:
        """Ask a camera's sensor for a new plate; the one that is kept stays until it comes.

        Raises
        ------
        ConflictError
            There is no such camera any more.
        """
        with self._lock:
            if camera not in self._registry.state.cameras:
                raise ConflictError(f'the camera "{camera}" was removed meanwhile: there is nothing to ask for')
            old = self.of(camera)
            if not old.asked_us:
                self._why.pop(camera, None)
            self._keep(camera, replace(old, asked_us=self._number(), address=self._sealed_address(camera)), "plate.ask", by=by)

    def delete(self, camera: str, *, by: By, detail: str = "") -> None:
        """Delete a camera's plate, and ask for none."""
        with self._lock:
            if camera not in self._plates:
                return
            changes = [Change("plate", camera, None), Change("plate-picture", camera, None)]
            self._registry.make(changes, "plate.delete", by=by, about=camera, detail=detail)
            del self._plates[camera]
            self._why.pop(camera, None)
            self._tell()

    def take(self, camera: str, image: bytes, *, ask: int, size_px: tuple[int, int], covered: int, by: By) -> None:
        """Keep the plate that was asked for.

        Parameters
        ----------
        camera : str
            Its name.
        image : bytes
            JPEG.
        ask : int
            The number of the request that it answers.
        size_px : tuple of int
            Width and height of the camera's own picture.
        covered : int
            Regions that are hatched over.
        by : By
            Who took it.

        Raises
        ------
        ConflictError
            Nobody waits for it, or not for this one any more.
        HubError
            It is no such picture, or there are too many.
        """
        _check(image, size_px)
        with self._lock:
            old = self.of(camera)
            if not old.asked_us or ask != old.asked_us:
                raise ConflictError(f'nobody waits for this plate of the camera "{camera}": take one when the hub asks for it')
            together = sum(plate.size_bytes for name, plate in self._plates.items() if name != camera) + len(image)
            if together > MOST_BYTES_TOGETHER:
                raise HubError(f"all plates together may take {MOST_BYTES_TOGETHER // 2**20} MiB: delete some first")
            new = Plate(0, self._number(), *size_px, covered, len(image), old.address)
            kept = {"image": sealed_value(self._registry.seal, image, _about(camera, "image"))}
            self._keep(camera, new, "plate.receive", Change("plate-picture", camera, kept), by=by)
            self._why.pop(camera, None)

    def put(self, picture: PlatePicture) -> None:
        """Keep the plate that a process of this machine took; where it cannot be kept, people are told so."""
        size_px = picture.width_px, picture.height_px
        try:
            self.take(picture.camera, picture.image, ask=picture.ask, size_px=size_px, covered=picture.covered, by=_HUB)
        except ConflictError:
            pass  # whoever waited does so no more
        except ThrongError as error:
            _logger.error("%s", error)
            self.tell(picture.camera, NOT_STORED)

    def tell(self, camera: str, why: str) -> None:
        """Take note of why a plate is not there yet."""
        self._why[camera] = why

    def forget(self, before_s: float) -> None:
        """Delete the plates that came before a moment, Unix time.

        Raises
        ------
        StoreError, LogError
            They could not be deleted.
        """
        for camera, plate in list(self._plates.items()):
            if plate.made_us and plate.made_us < before_s * 1e6:
                self._delete_image(camera, plate, "it was older than is kept")

    def _follow(self) -> None:
        """Let go of the plates of cameras that went, or have another address now."""
        with self._lock:
            for name, plate in list(self._plates.items()):
                camera = self._registry.state.cameras.get(name)
                if camera is None:
                    self.delete(name, by=_HUB, detail="the camera was removed")
                elif camera is not self._seen.get(name):
                    if self._is_elsewhere(name, plate):
                        self._delete_image(name, plate, "the camera's address changed")
                    self._seen[name] = camera
            self._seen = {name: camera for name, camera in self._seen.items() if name in self._plates}
            self._tell()  # a camera may have another sensor now

    def _delete_image(self, name: str, plate: Plate, detail: str) -> None:
        """Delete a picture; whoever waits for a new one still does, and gets one that is taken from now on."""
        with self._lock:
            if not plate.asked_us:
                self.delete(name, by=_HUB, detail=detail)
                return
            new = Plate(asked_us=self._number(), address=self._sealed_address(name))
            self._keep(name, new, "plate.delete", Change("plate-picture", name, None), by=_HUB, detail=detail)

    def _keep(self, camera: str, plate: Plate, event: str, *more: Change, by: By, detail: str = "") -> None:
        self._registry.make([Change("plate", camera, asdict(plate)), *more], event, by=by, about=camera, detail=detail)
        self._plates[camera] = plate
        self._tell()

    def _is_elsewhere(self, camera: str, plate: Plate) -> bool:
        try:
            return opened_value(self._registry.seal, plate.address, _about(camera, "address")).decode() != self._address(camera)
        except SealError:
            return True

    def _sealed_address(self, camera: str) -> dict[str, str]:
        return sealed_value(self._registry.seal, self._address(camera).encode(), _about(camera, "address"))

    def _address(self, camera: str) -> str:
        known = self._registry.state.cameras[camera]
        return self._of_file[camera] if known.of_file else known.secrets(self._registry.seal).address

    def _number(self) -> int:
        return round(self._clock() * 1e6)

    def _tell(self) -> None:
        for callback in self._told:
            callback()


def _of_record(record: Record) -> Plate:
    try:
        return Plate(**record.body)
    except TypeError:
        raise HubError(f'the record of the plate of "{record.key}" is damaged: restore a backup') from None


def _about(camera: str, what: str) -> str:
    return f"plate/{camera}/{what}"


def _check(image: bytes, size_px: tuple[int, int]) -> None:
    """Refuse what no honest sensor sends."""
    if len(image) > MOST_BYTES:
        raise HubError(f"a plate must have at most {MOST_BYTES // 2**20} MiB, not {len(image):,} bytes: update the sensor")
    found, (width, height) = picture_of(image), size_px
    if found.kind != "jpeg" or max(found.width, found.height) > MOST_WIDE_PX or max(size_px) > MOST_PX:
        raise HubError(f"a plate must be a JPEG whose longer side has at most {MOST_WIDE_PX:,} pixels: update the sensor")
    if found.width > width or abs(found.width * height - found.height * width) > 2 * (width + height):
        raise HubError("a plate must have the shape of its camera's picture: update the sensor")
