"""A sensor's delivery to a real hub, and a network between the two that breaks off."""

import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from throng.data.signed import sign
from throng.data.wire import MEDIA_TYPE
from throng.deliver.hub import Address, Answer, Link
from throng.deliver.identity import Identity
from throng.deliver.sender import Delivery, Pace
from throng.deliver.spool import Spool

PACE = Pace(first_pause_s=0.02, longest_pause_s=0.1, catch_up_pause_s=0.0)
_ABORT = struct.pack("ii", 1, 0)


@contextmanager
def posting(identity: Identity, address: Address | None = None) -> Iterator[Callable[[bytes], Answer]]:
    """Sends batches as a sensor does, over a connection of their own."""
    link = Link(address or identity.hub, identity.context)

    def post(body: bytes) -> Answer:
        headers = {"content-type": MEDIA_TYPE, "throng-signature": sign(identity.sign, identity.name, body)}
        return link.ask("POST", "/api/v1/ingest", body=body, headers=headers)

    try:
        yield post
    finally:
        link.close()


@dataclass
class Sensor:
    """What delivers, what it said, and what it will never deliver."""

    delivery: Delivery
    refused: Spool
    said: list[str] = field(default_factory=list)


@contextmanager
def delivering(identity: Identity, *, address: Address | None = None, clock: Callable[[], float]) -> Iterator[Sensor]:
    """A sensor's delivery out of its folder."""
    folder, said = identity.folder, list[str]()
    with (
        posting(identity, address) as post,
        Spool(folder / "spool", clock=clock) as spool,
        Spool(folder / "refused", clock=clock) as refused,
    ):
        delivery = Delivery(spool, refused=refused, post=post, tell=said.append, pace=PACE, clock=clock)
        delivery.start()
        try:
            yield Sensor(delivery, refused, said)
        finally:
            delivery.stop()


class CuttingNetwork:
    """Passes bytes to a port, and cuts each connection in the middle of a request or of its answer.

    Parameters
    ----------
    port : int
    seed : int
    most_bytes : (int, int)
        After how many bytes at most: of what the sensor sends, of what the hub answers.
    """

    def __init__(self, port: int, *, seed: int, most_bytes: tuple[int, int]) -> None:
        self.cut: Counter[str] = Counter()
        self._port, self._most_bytes = port, most_bytes
        self._chance = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._take, name="network")

    @property
    def address(self) -> Address:
        """Where the sensor takes the hub to be."""
        return Address("127.0.0.1", self._listener.getsockname()[1])

    def __enter__(self) -> "CuttingNetwork":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _take(self) -> None:
        """One connection after the other, as a sensor has them."""
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            up = self._chance.random() < 0.5
            left = self._chance.randint(0, self._most_bytes[0 if up else 1])
            with near, socket.create_connection(("127.0.0.1", self._port)) as far:
                back = threading.Thread(target=self._pass, args=(far, near, None if up else left, "answer"))
                back.start()
                self._pass(near, far, left if up else None, "request")
                back.join()

    def _pass(self, source: socket.socket, sink: socket.socket, left: int | None, what: str) -> None:
        with suppress(OSError):
            while (data := source.recv(4096)) and (left is None or len(data) < left):
                sink.sendall(data)
                left = None if left is None else left - len(data)
            if data:
                sink.sendall(data[:left])
                self.cut[what] += 1
                for end in (source, sink):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
