"""Cameras on loopback that stream in real time and break on request: MPEG-TS and motion JPEG by HTTP, MPEG-4 by RTSP."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator

import cv2
from tests.soak.scene import Luma, Scene

RATE_HZ = 10
HOUR_S = 3600.0
EVERY = ("closed", "refused", "error", "stall", "garbage", "rubbish", "size", "black", "frozen", "moved")
_CLOCKS = {"clock ahead": HOUR_S, "clock back": -HOUR_S}


class Camera:
    """A camera that serves whoever connects, each connection in a thread of its own.

    Attributes
    ----------
    fault : str
        What is wrong with it now; empty where nothing is.
    suffers : tuple of str
        What may befall it beside `EVERY`.
    """

    scheme, path = "http", "/"
    suffers: tuple[str, ...] = ()

    def __init__(self, seed: int) -> None:
        self.fault = ""
        self._scene = Scene(seed)
        self._on = True
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._listen()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._port}{self.path}"

    def begin(self, fault: str) -> None:
        """Break, until `mend`."""
        self.fault = fault
        if fault == "refused":
            self._stop_listening()
        if fault in {"closed", "refused", "error"}:
            self._hang_up()

    def mend(self) -> None:
        """Be well again."""
        if self.fault == "refused":
            self._listener = socket.create_server(("127.0.0.1", self._port))
            self._listen()
        self.fault = ""

    def close(self) -> None:
        self._on = False
        self._stop_listening()
        self._hang_up()
        for thread in self._threads:
            thread.join(10.0)

    def answer(self, connection: socket.socket) -> None:
        """Serve a connection; OSError where the other end has gone."""
        raise NotImplementedError

    def pictures(self) -> Iterator[Luma]:
        """Pictures in real time while the camera is on; none while it stalls."""
        due_s = time.monotonic()
        while self._on:
            if self.fault == "stall":
                time.sleep(0.05)
                due_s = time.monotonic()
                continue
            yield self._scene.picture(self.fault)
            due_s = max(due_s + 1 / RATE_HZ, time.monotonic() - 0.5)
            time.sleep(max(0.0, due_s - time.monotonic()))

    def clock_s(self, number: int) -> float:
        """What the camera's own clock says at its so-many-eth picture; it began two hours ago."""
        return 2 * HOUR_S + number / RATE_HZ + _CLOCKS.get(self.fault, 0.0)

    def content(self, picture: bytes) -> bytes:
        """An encoded picture, or what an encoder gone wrong makes of it: in due form, and nothing in it that can be decoded."""
        return os.urandom(len(picture)) if self.fault == "rubbish" else picture

    def send(self, connection: socket.socket, content: bytes) -> None:
        """Send these bytes, or as many random ones."""
        connection.sendall(os.urandom(len(content)) if self.fault == "garbage" else content)

    def _listen(self) -> None:
        thread = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = listener.accept()
                self._connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the other end has gone
            self.answer(connection)
        self._connections.remove(connection)

    def _stop_listening(self) -> None:
        with contextlib.suppress(OSError):  # not listening now
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _hang_up(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # the other end has gone
                connection.shutdown(socket.SHUT_RDWR)


def request(connection: socket.socket) -> dict[str, str]:
    """The next request of HTTP or RTSP: its headers in lower case, and its method under the empty name."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (byte := connection.recv(1)):
            raise ConnectionResetError
        head += byte
    first, *lines = head.decode().strip().split("\r\n")
    headers = (line.partition(":") for line in lines)
    return {"": first.split()[0], **{name.strip().lower(): value.strip() for name, _, value in headers}}


class HttpCamera(Camera):
    """Answers one request with a stream that does not end."""

    content_type = ""

    def answer(self, connection: socket.socket) -> None:
        request(connection)
        if self.fault == "error":
            connection.sendall(b"HTTP/1.0 503 Busy\r\nContent-Length: 0\r\n\r\n")
            return
        connection.sendall(f"HTTP/1.0 200 OK\r\nContent-Type: {self.content_type}\r\n\r\n".encode())
        self.stream(connection)

    def stream(self, connection: socket.socket) -> None:
        raise NotImplementedError


class JpegCamera(HttpCamera):
    """Motion JPEG, a picture a part."""

    path = "/video.mjpg"
    content_type = "multipart/x-mixed-replace; boundary=frame"

    def stream(self, connection: socket.socket) -> None:
        for luma in self.pictures():
            jpeg = self.content(cv2.imencode(".jpg", luma)[1].tobytes())
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.send(connection, head.encode() + jpeg + b"\r\n")
