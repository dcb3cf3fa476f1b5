"""A real hub over TLS in a process of its own, which can be killed at any moment and started again on what it left."""

import contextlib
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from tests.hub.making import BUDGET, SEAL

from throng.data.errors import StoreError
from throng.data.rows import Rows
from throng.deliver.hub import Address
from throng.deliver.identity import Identity, load_identity, store_identity
from throng.hub import ingest
from throng.hub.access import Grant
from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.log.log import Log
from throng.hub.registry.importing import import_table
from throng.hub.registry.registry import By
from throng.hub.registry.state import OwnSite
from throng.hub.sensors.authority import new_key
from throng.hub.server import Chore, listen, serve
from throng.hub.tls import HubTls
from throng.store import duck, duck_schema
from throng.store.duck import DuckStore
from throng.store.postgres import PostgresStore
from throng.store.postgres_records import PostgresRecords
from throng.store.records import Change, Records
from throng.store.sqlite_records import SqliteRecords
from throng.store.store import Store

SENSORS = ("box-0", "box-1", "box-2", "box-3")
CAMERAS_EACH = 2
LINE = ("in", "out", "in_total", "out_total")
ZONE = ("entries", "exits", "entries_total", "exits_total", "occupancy", "mean_dwell", "wait")
SERIES = tuple((place, quantity) for place, all_of in (("door", LINE), ("hall", ZONE)) for quantity in all_of)
GONE = "gone"
"""A file of this name in the hub's folder: its store takes nothing."""
_KEEP_S = 3 * 365 * 86_400.0
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, "tests.end_to_end.walled_sensor"])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hub is.

    Attributes
    ----------
    folder : Path
        What it keeps; of its sensors too.
    port : int
        The same after every start, so that sensors find it again.
    postgres : str
        The address of its store and records; empty for files in the folder.
    passwords : str
        The file with the password for it.
    token : str
        Of a script that may change everything.
    """

    folder: Path
    port: int
    postgres: str = ""
    passwords: str = ""
    token: str = field(default="", repr=False)

    def identity(self, sensor: str) -> Identity:
        """A sensor's key and certificate."""
        return load_identity(self.folder / "sensors" / sensor)


def cameras_of(sensor: str) -> tuple[str, ...]:
    """Those that a sensor watches."""
    return tuple(f"{sensor} camera {number}" for number in range(CAMERAS_EACH))


def make_place(folder: Path, *, postgres: str = "", passwords: str = "") -> Place:
    """A hub with cameras and enrolled sensors, ready to be started."""
    rows = ["name,site,address,sensor,lines,zones"]
    places = '"door: 100,100 900,100","hall: 100,200 900,200 900,800 100,800"'
    rows += [f"{camera},north,rtsp://10.0.0.7/{box},{box},{places}" for box in SENSORS for camera in cameras_of(box)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with _opened(Place(folder, port, postgres, passwords)) as hub:
        import_table(hub.registry, "\n".join(rows).encode(), by=By("test"))
        for sensor in SENSORS:
            key = new_key()
            made = hub.sensors.enrol(sensor, key.public_key(), site="north", used=Change("enrolment", "none", None))
            store_identity(
                folder / "sensors" / sensor,
                hub=Address("127.0.0.1", port),
                authority_pem=hub.authority.pem,
                key=key,
                certificate_pem=made.public_bytes(serialization.Encoding.PEM).decode(),
            )
        secret, token = hub.people.tokens.draw("script", owner="owner", grants=[Grant("administrator")], days=1)
        hub.kept.records.change([token.change()])
    return Place(folder, port, postgres, passwords, secret)


class HubProcess:
    """A hub's process, from one start to the next.

    Parameters
    ----------
    place : Place
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._process: ForkServerProcess | None = None
        self._ready: Connection[None, None] | None = None

    def __enter__(self) -> "HubProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def begin(self) -> None:
        """Start it, and do not wait until it answers."""
        self._ready, theirs = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(target=_serve, args=(self.place, theirs))
        self._process.start()
        theirs.close()

    def start(self) -> float:
        """Start it and wait until it answers; how long that took, seconds."""
        begin = time.monotonic()
        self.begin()
        assert self._process is not None
        assert self._ready is not None
        wait([self._ready, self._process.sentinel], 60)
        assert self._process.is_alive(), "the hub did not start"
        self._ready.recv()
        return time.monotonic() - begin

    def kill(self) -> None:
        """End it as a power cut would end the process: it is asked nothing and told nothing."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._end()

    def _end(self) -> int:
        assert self._process is not None
        assert self._ready is not None
        self._process.join(60)
        status = self._process.exitcode
        assert status is not None, "the hub does not end"
        self._process.close()
        self._ready.close()
        self._process = self._ready = None
        return status


class _Failing(DuckStore):
    """Takes nothing while a file says so."""

    def add_rows(self, rows: Rows) -> int:
        if (self.path.parent / GONE).exists():
            raise StoreError("the store cannot be written: its disk does not answer")
        return super().add_rows(rows)


@contextlib.contextmanager
def _opened(place: Place) -> Iterator[Hub]:
    folder = place.folder
    with contextlib.ExitStack() as opened:
        log = opened.enter_context(Log(folder / "audit.jsonl"))
        store: Store
        records: Records
        if place.postgres:
            records = opened.enter_context(PostgresRecords(place.postgres))
            store = opened.enter_context(PostgresStore(place.postgres))
        else:
            records = opened.enter_context(SqliteRecords(folder / "hub.sqlite"))
            store = opened.enter_context(_Failing(folder / "throng.duckdb"))
        settings = HubSettings("City", BUDGET, folder / "page", ("https://127.0.0.1",), names=("127.0.0.1",))
        hub = create_app(Kept(store, records, SEAL, log), settings, own=OwnSite(tick_s=10))
        opened.callback(hub.people.close)
        yield hub


def _serve(place: Place, ready: "Connection[None, None]") -> None:
    # Small, so that it is also killed while rows are sorted, the log is folded in and the file is written anew.
    if place.passwords:
        os.environ["PGPASSFILE"] = place.passwords
    duck.SETTLED_ROWS = 3000
    duck_schema.SETTINGS["checkpoint_threshold"] = "400KB"
    ingest._RETRY_S = (0.05,) * 5
    with _opened(place) as hub:
        serve(
            hub,
            port=0,
            listener=listen(place.port, has_tls=True),
            on_ready=lambda: ready.send(None),
            tls=HubTls(hub.authority, names=("127.0.0.1",)),
            is_welcome=hub.sensors.is_welcome,
            chores=[Chore(0.3, lambda: hub.forget_older_than(_KEEP_S))],
        )
