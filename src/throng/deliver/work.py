"""What the hub wants a sensor to do, and what the sensor tells of its cameras."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from throng.data.errors import DeliveryError, SealError
from throng.deliver.hub import Answer, Link
from throng.deliver.identity import Identity, read_private, write_private

WORK_FILE = "work.json"
_MOST_REASON = 500

Open = Callable[[ec.EllipticCurvePrivateKey, str], bytes]
"""Opens what the hub sealed to a key."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a sensor is to measure.

    Attributes
    ----------
    site : mapping
        What is common to its cameras, as in a site file.
    cameras : tuple of mappings
        Their tables, as in a site file; a password stands in the table itself.
    plates : mapping of str to int
        Cameras whose plate somebody waits for, and the number of that request.
    """

    site: Mapping[str, Any] = field(repr=False)
    cameras: tuple[Mapping[str, Any], ...] = field(repr=False)
    plates: Mapping[str, int] = field(default_factory=dict)


class WorkDesk:
    """Asks the hub for work, and keeps the last on disk, sealed, for a start without the hub.

    Parameters
    ----------
    folder : Path
        The sensor's own.
    open_sealed : callable
        Opens what was sealed to the sensor's key.
    """

    def __init__(self, folder: Path, *, open_sealed: Open) -> None:
        self._path = folder / WORK_FILE
        self._open = open_sealed
        self._tag = ""

    def last(self, identity: Identity) -> Work | None:
        """What was kept of an earlier run; None where there is nothing that opens."""
        try:
            return self._read(read_private(self._path), identity)
        except (DeliveryError, SealError):
            return None

    def ask(self, link: Link, identity: Identity) -> Work | None:
        """New work; None where it is what it was.

        Raises
        ------
        DeliveryError
            The hub cannot be reached, refuses, or sends what makes no sense.
        SealError
            The work does not open with the sensor's key.
        """
        answer = link.ask("GET", "/api/v1/sensor/work", headers={"if-none-match": self._tag} if self._tag else {})
        if answer.status == 304:
            return None
        if answer.status != 200:
            raise DeliveryError(f"the hub gives this sensor no work: {answer.sentence}")
        work = self._read(answer.body, identity)
        self._tag = answer.headers.get("etag", "")
        try:
            write_private(self._path, answer.body)
        except OSError as error:
            raise DeliveryError(f"{self._path} cannot be written: {(error.strerror or 'unknown error').lower()}") from None
        return work

    def forget(self) -> None:
        """Ask for the whole work next time, as when the key has changed."""
        self._tag = ""

    def _read(self, body: bytes, identity: Identity) -> Work:
        tree = Answer(200, body).tree
        site, sealed = tree.get("site"), tree.get("cameras")
        if not isinstance(site, dict) or not isinstance(sealed, str):
            raise DeliveryError("the hub sent work that makes no sense: is it of this version?")
        plain = self._open(identity.key, sealed)
        try:
            cameras = json.loads(plain)
        except ValueError:
            cameras = None
        # Raised outside the except block: the reader's error holds the text.
        if not isinstance(cameras, list) or not all(isinstance(camera, dict) for camera in cameras):
            raise DeliveryError("the hub sent cameras that make no sense: is it of this version?")
        plates = tree.get("plates", {})
        if not isinstance(plates, dict) or not all(type(ask) is int for ask in plates.values()):
            raise DeliveryError("the hub asks for plates in a way that makes no sense: is it of this version?")
        return Work(site, tuple(cameras), plates)


class States:
    """What is known of each camera, for the hub; safe to change from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, tuple[str, str]] = {}
        self._plates: dict[str, str] = {}
        self.changed = threading.Event()

    def change(self, camera: str, state: str, reason: str = "") -> None:
        """Say whether a camera is starting, live or unknown, and why."""
        with self._lock:
            self._states[camera] = (state, reason[:_MOST_REASON])
        self.changed.set()

    def plate(self, camera: str, why: str) -> None:
        """Say why the plate of a camera is not there yet; nothing: empty."""
        with self._lock:
            self._plates[camera] = why
        self.changed.set()

    def only(self, cameras: "set[str]") -> None:
        """Forget all other cameras; those that are new are starting."""
        with self._lock:
            self._states = {camera: self._states.get(camera, ("starting", "")) for camera in sorted(cameras)}
            self._plates = {camera: why for camera, why in self._plates.items() if camera in cameras}
        self.changed.set()

    def all(self) -> list[dict[str, str]]:
        """Every camera's state, by name."""
        with self._lock:
            return [
                {"camera": camera, "state": state, "reason": reason}
                # Only where there is something to say: an older hub does not know the key.
                | ({"plate": why} if (why := self._plates.get(camera, "")) else {})
                for camera, (state, reason) in sorted(self._states.items())
            ]


def report(link: Link, states: States, *, version: str) -> None:
    """Tell the hub how the cameras are.

    Raises
    ------
    DeliveryError
        It cannot be reached, or refuses.
    """
    states.changed.clear()
    answer = link.post("/api/v1/sensor/states", {"version": version, "cameras": states.all()})
    if not 200 <= answer.status < 300:
        states.changed.set()
        raise DeliveryError(f"the hub does not take the cameras' states: {answer.sentence}")
