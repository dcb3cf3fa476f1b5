"""A hub of 1,039 cameras and as many sensors in a process of its own, on one core: for `hub_day.py` and `hub_live.py`.

    python -m bench.hub_process FOLDER CORE TICK_S PAGES [STORE]

It makes the folder's hub, imports the cameras from a CSV, enrols the sensors, signs people in, says in `ready.json` where it
listens and with what to come, and serves until it is told to stop.
"""

import json
import os
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from throng.hub.access import Grant
from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.log.log import Log
from throng.hub.registry.importing import import_table
from throng.hub.registry.registry import By
from throng.hub.registry.state import OwnSite
from throng.hub.sensors.authority import new_key
from throng.hub.server import listen, serve
from throng.hub.tls import HubTls
from throng.seal.box import Seal
from throng.store.duck import DuckStore
from throng.store.records import Change
from throng.store.sqlite_records import SqliteRecords
from throng.store.store import Store

CAMERAS = 1_039
LINE = ("in", "out", "in_total", "out_total")
ZONE = ("entries", "exits", "entries_total", "exits_total", "occupancy", "mean_dwell", "wait")
SERIES = tuple((place, quantity) for place, all_of in (("door", LINE), ("hall", ZONE)) for quantity in all_of)
BUDGET = {"mechanism": "buffered", "rho_per_day": 0.2, "passage_counters": 4, "pieces": 1}
SHARES = {"shares": {"speed_now": 0, "dwell": 0, "heat": 0}}


def camera(number: int) -> str:
    """A camera's name."""
    return f"camera {number:04d}"


def sensor(number: int) -> str:
    """A sensor's name."""
    return f"box-{number:04d}"


def cameras_csv() -> bytes:
    """All cameras, as an installer would list them."""
    rows = ["name,site,address,user,password,sensor,lines,zones"]
    for number in range(CAMERAS):
        places = '"door: 100,100 900,100","hall: 100,200 900,200 900,800 100,800"'
        address = f"rtsp://10.{number // 250}.{number % 250}.7/stream"
        rows.append(f"{camera(number)},site {number // 100},{address},viewer,p{number:05d},{sensor(number)},{places}")
    return "\n".join(rows).encode()


def enrolled(hub: Hub, folder: Path, number: int, site: str) -> None:
    """A sensor's key and certificate as one PEM file."""
    key = new_key()
    certificate = hub.sensors.enrol(sensor(number), key.public_key(), site=site, used=Change("enrolment", "none", None))
    (folder / f"{sensor(number)}.pem").write_bytes(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _store(folder: Path, address: str) -> Store:
    if not address:
        return DuckStore(folder / "throng.duckdb").open()
    from throng.store.postgres import PostgresStore  # noqa: PLC0415

    return PostgresStore(address).open()


def main() -> None:
    """Serve."""
    folder, core, tick_s, pages = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    os.sched_setaffinity(0, {core})
    with SqliteRecords(folder / "hub.sqlite") as records, Log(folder / "audit.jsonl") as log:
        store = _store(folder, sys.argv[5] if len(sys.argv) > 5 else "")
        kept = Kept(store, records, Seal({"bench": bytes(32)}, "bench"), log)
        settings = HubSettings("City", BUDGET | SHARES, folder, ("https://127.0.0.1",), names=("127.0.0.1",))
        hub = create_app(kept, settings, own=OwnSite(tick_s=tick_s))
        begin = time.perf_counter()
        import_table(hub.registry, cameras_csv(), by=By("bench"))
        import_s = time.perf_counter() - begin
        for number in range(CAMERAS):
            enrolled(hub, folder, number, f"site {number // 100}")
        viewer = (Grant("viewer"),)
        cookies = [hub.people.sessions.open(f"viewer {page // 10}", grants=viewer, how="password") for page in range(pages)]
        tls = HubTls(hub.authority, names=("127.0.0.1",))
        listener = listen(0, host="127.0.0.1", has_tls=True)
        ready = {"port": listener.getsockname()[1], "authority": hub.authority.pem, "cookies": cookies, "import_s": import_s}

        def tell() -> None:
            (folder / "ready.new").write_text(json.dumps(ready))
            (folder / "ready.new").rename(folder / "ready.json")

        serve(hub, port=0, on_ready=tell, listener=listener, tls=tls, is_welcome=hub.sensors.is_welcome)
        store.close()


if __name__ == "__main__":
    main()
