"""What the hub's benchmarks share: a hub in a process of its own, sensors that speak to it, and the time that it takes."""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.hub_process import SERIES, camera, sensor
from bench.report import ROOT
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from throng.data.rows import Rows
from throng.data.signed import HUB_NAME, sign
from throng.data.wire import encode

HUB_CORE, OUR_CORE = 0, 1
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Served:
    """A hub that runs."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    port: int
    authority: str
    cookies: list[str]
    import_s: float

    def cpu_s(self) -> float:
        """Processor time that it has taken, in all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND

    def memory_mb(self) -> float:
        """Memory at its most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def served(folder: Path, *, tick_s: int, pages: int = 0, store: str = "") -> Iterator[Served]:
    """A hub on the first core; we keep to the second."""
    os.sched_setaffinity(0, {OUR_CORE})
    command = [sys.executable, "-m", "bench.hub_process", str(folder), str(HUB_CORE), str(tick_s), str(pages), store]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        while not (folder / "ready.json").exists():
            if process.poll() is not None:
                raise RuntimeError("the hub did not start")
            time.sleep(0.1)
        yield Served(process, folder, **json.loads((folder / "ready.json").read_text()))
    finally:
        process.terminate()
        process.wait(30)


class Sensor:
    """One sensor: its key, its certificate, and a connection that it keeps.

    Parameters
    ----------
    hub : Served
    number : int
        Which sensor.
    """

    def __init__(self, hub: Served, number: int) -> None:
        self.name = sensor(number)
        path = hub.folder / f"{self.name}.pem"
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.load_verify_locations(cadata=hub.authority)
        self._context.load_cert_chain(path)
        self._port = hub.port

    def request(self, rows: Rows) -> bytes:
        """The whole signed request, as it goes over the wire."""
        body = encode(rows)
        signature = sign(lambda message: self._key.sign(message, ec.ECDSA(hashes.SHA256())), self.name, body)
        head = (
            f"POST /api/v1/ingest HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\nthrong-signature: {signature}\r\n"
            f"content-type: application/vnd.throng.rows\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def connect(self) -> None:
        """Open the connection."""
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._context, server_hostname=HUB_NAME, limit=2**20
        )

    async def send(self, request: bytes) -> None:
        """Send a request and wait until its rows are stored."""
        self._writer.write(request)
        await self._writer.drain()
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
        body = await self._reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"{head[:30]!r} {body[:200]!r}")

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


def rows_of(cameras: range, ticks: range, *, tick_s: int, start_s: float, seed: int = 0) -> Rows:
    """Made-up rows of some cameras and ticks, tick by tick."""
    rng = np.random.default_rng((seed, cameras.start, ticks.start))
    series = tuple((camera(number), place, quantity) for number in cameras for place, quantity in SERIES)
    n = len(series) * len(ticks)
    day = time.strftime("%Y-%m-%d", time.gmtime(start_s + ticks.start * tick_s))
    part = (f"buffered(ticks={86_400 // tick_s}, rho=0.2, sensitivity=2, sigma=4)", f"{day}/1", float(tick_s))
    return Rows(
        series,
        (part,),
        ("",),
        series_of=np.tile(np.arange(len(series), dtype=np.int32), len(ticks)),
        part_of=np.zeros(n, np.int32),
        reason_of=np.zeros(n, np.int32),
        tick_start_us=np.repeat(np.int64(start_s * 1e6) + np.array(ticks, np.int64) * tick_s * 1_000_000, len(series)),
        values=rng.normal(10, 5, n).round(2),
        standard_errors=np.full(n, 3.5),
    )
