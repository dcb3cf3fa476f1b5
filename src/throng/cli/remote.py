"""A sensor away from its hub: asks for work, measures it, delivers, tells how the cameras are, renews its certificate."""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import ValidationError

from throng import __version__
from throng.cli.workers import Workers
from throng.data.errors import DeliveryError, SealError, SiteError
from throng.data.plate_picture import PlatePicture, Why
from throng.data.release import Release
from throng.data.signed import sign
from throng.data.wire import MEDIA_TYPE
from throng.deliver.enrol import renew
from throng.deliver.hub import Answer, Link
from throng.deliver.identity import Identity
from throng.deliver.plates import Plates
from throng.deliver.sender import Delivery, Pace
from throng.deliver.spool import Bounds, Spool
from throng.deliver.work import States, Work, WorkDesk, report
from throng.seal.to_key import open_with
from throng.site.model import Site

WORK_EVERY_S = 30.0
STATES_EVERY_S = 60.0
RETRY_S = 30.0
SOONEST_S = 2.0
"""Between two reports of states that change."""
_REFUSED = Bounds(disk_bytes=64 * 2**20)
_ADDRESS = re.compile(r"(rtsps?|https?)://.*|simulate:.*|/dev/video\d{1,3}", re.IGNORECASE | re.DOTALL)
_DETECTOR = re.compile(r"[^/\\]+(?<!\.onnx)", re.IGNORECASE)


class Remote:
    """Everything of a sensor that runs; `look_after` is to be called about every second.

    Parameters
    ----------
    identity : Identity
    tell : callable
        Gets a sentence whenever something changes that a person should know.
    workers : callable
        Makes what measures, of a site or None and a sink.
    pace : Pace
        Of the delivery.
    clock : callable
        Unix time, UTC.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        tell: Callable[[str], None],
        workers: Callable[..., Workers] = Workers,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._tell = tell
        self._clock = clock
        self._states = States()
        self._desk = WorkDesk(identity.folder, open_sealed=lambda key, sealed: open_with(key, sealed, about="work"))
        self._control = Link(identity.hub, identity.context)
        self._poster = _Poster(identity)
        self._spool = Spool(identity.folder / "spool")
        self._refused = Spool(identity.folder / "refused", bounds=_REFUSED)
        self._delivery = Delivery(
            self._spool, refused=self._refused, post=self._poster.post, tell=self._tell_once, pace=pace, clock=clock
        )
        self._plates = Plates()
        self._workers = workers(None, self, plates=_PlateDesk(self._plates, self._states))
        self._due_s = dict.fromkeys(("work", "states", "renewal", "plates"), 0.0)
        self._reported_s = float("-inf")
        self._told: dict[str, str] = {}
        self._telling = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many releases the hub has not acknowledged yet."""
        return self._delivery.waiting

    def __enter__(self) -> Self:
        self._delivery.start()
        last = self._desk.last(self._identity)
        if last is not None:
            try:
                self._measure(last)
            except DeliveryError as error:
                self._tell(str(error))
        self._workers.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._workers.stop()
        self._delivery.stop()
        self._control.close()
        self._poster.close()
        self._spool.close()
        self._refused.close()

    def put(self, release: Release) -> None:
        """Deliver a release; returns at once."""
        self._delivery.put(release)

    def camera_state(self, name: str, state: Literal["starting", "live", "unknown"], reason: str = "") -> None:
        """Tell the hub whether a camera is starting, live or unknown, and why."""
        self._states.change(name, state, reason)

    def look_after(self) -> None:
        """Do whatever is due: renew the certificate, ask for work, tell the cameras' states."""
        if self._clock() >= self._identity.renew_s:
            self._at_most("renewal", RETRY_S, self._renew)
        self._at_most("work", WORK_EVERY_S, self._ask)
        if self._states.changed.is_set():
            self._due_s["states"] = min(self._due_s["states"], self._reported_s + SOONEST_S)
        self._at_most("states", STATES_EVERY_S, self._report)
        if len(self._plates):
            self._at_most("plates", RETRY_S, lambda: self._plates.send(self._control))

    def _at_most(self, what: str, every_s: float, do: Callable[[], None]) -> None:
        """Do something whose time has come; say it once where it fails, and once where it works again."""
        if time.monotonic() < self._due_s[what]:
            return
        sentence = ""
        try:
            do()
        except (DeliveryError, SealError, SiteError) as error:
            sentence = str(error)
        self._say(what, sentence)
        self._due_s[what] = time.monotonic() + every_s

    def _tell_once(self, sentence: str) -> None:
        self._say("delivery", sentence)

    def _say(self, what: str, sentence: str) -> None:
        """Tell a sentence, unless another part of this sensor said it and has not heard otherwise since."""
        with self._telling:
            told = sentence in self._told.values()
            self._told[what] = sentence
        if sentence and not told:
            self._tell(sentence)

    def _renew(self) -> None:
        identity = renew(self._identity, self._control, clock=self._clock)
        self._identity = identity
        self._poster.identity = identity
        # The next connection shows the new certificate, and the work is sealed to its key from now on.
        self._control.close()
        self._desk.forget()
        self._due_s["work"] = 0.0

    def _ask(self) -> None:
        work = self._desk.ask(self._control, self._identity)
        if work is not None:
            self._measure(work)

    def _report(self) -> None:
        self._reported_s = time.monotonic()
        report(self._control, self._states, version=__version__)

    def _measure(self, work: Work) -> None:
        site, passwords = site_of(work, self._identity.folder)
        names = {camera.name for camera in site.camera} if site else set()
        self._states.only(names)
        self._plates.only(names)
        self._workers.set_site(site, passwords=passwords)
        self._workers.set_plates(work.plates)


class _PlateDesk:
    """Takes plates from the workers, and why they are not there yet."""

    def __init__(self, plates: Plates, states: States) -> None:
        self._plates, self._states = plates, states

    def put(self, picture: PlatePicture) -> None:
        self._plates.put(picture)
        self._states.plate(picture.camera, "")

    def tell(self, camera: str, why: Why) -> None:
        self._states.plate(camera, why)


class _Poster:
    """Sends batches, each signed with the key of the certificate that its connection shows."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._used = identity
        self._link = Link(identity.hub, identity.context)

    def post(self, body: bytes) -> Answer:
        """Send one; called by one thread."""
        if self._used is not self.identity:
            self._link.close()
            self._used = self.identity
        signature = sign(self._used.sign, self._used.name, body)
        headers = {"content-type": MEDIA_TYPE, "throng-signature": signature}
        return self._link.ask("POST", "/api/v1/ingest", body=body, headers=headers)

    def close(self) -> None:
        """Close the connection."""
        self._link.close()


def site_of(work: Work, folder: Path) -> tuple[Site | None, dict[str, str]]:
    """The site that a sensor measures, None without cameras; and their passwords, by the name in their tables.

    A hub names streams and devices. It cannot make a sensor open its files, or send what stands in them to a camera.

    Parameters
    ----------
    work : Work
        As it came from the hub.
    folder : Path
        The sensor's own; the ledgers go into it.

    Raises
    ------
    DeliveryError
        The work breaks a rule of site files, or one of these.
    """
    passwords: dict[str, str] = {}
    tables = []
    for table in work.cameras:
        tables.append(kept_to_streams(table, passwords))
    if not tables:
        return None, {}
    site, problem = None, ""
    try:
        site = Site.model_validate(
            {**work.site, "data": str(folder.absolute()), "camera": tables}, context={"folder": folder.absolute()}
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        problem = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    # Raised outside the except block: the validator's own error carries the addresses.
    if site is None:
        raise DeliveryError(f"the hub's work cannot be done, so the cameras stay as they are: {problem}")
    return site, passwords


def kept_to_streams(table: Mapping[str, Any], passwords: dict[str, str]) -> dict[str, Any]:
    """A camera's table as a registry has it, with its password moved into `passwords`.

    Raises
    ------
    DeliveryError
        It names a file of this machine.
    """
    own = {key: value for key, value in table.items() if key != "password"}
    name, password = str(own.get("name")), table.get("password")
    if {"password_env", "password_file", "loop"} & own.keys():
        raise DeliveryError(f'the hub names a secret or film of this machine for the camera "{name}": that is not its business')
    if not _ADDRESS.fullmatch(str(own.get("address"))):
        raise DeliveryError(f'the hub gives the camera "{name}" an address that is neither a stream nor a video device')
    if not _DETECTOR.fullmatch(str(own.get("detector", "auto"))):
        raise DeliveryError(f'the hub gives the camera "{name}" a detector that is no name of an installed model')
    if password is not None:
        own["password_env"] = "THRONG_CAMERA_" + hashlib.sha256(name.encode()).hexdigest().upper()
        passwords[own["password_env"]] = str(password)
    return own
