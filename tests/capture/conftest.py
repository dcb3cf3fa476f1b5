"""Small films made on the spot, and a camera on loopback."""

import base64
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream

WIDTH_PX, HEIGHT_PX = 64, 48

FilmMaker = Callable[..., Path]


@pytest.fixture
def film(tmp_path: Path) -> FilmMaker:
    """Makes a film: frame i is flat grey of level 20 + 8 * (i % 28), shown at times_s[i]."""

    def make(
        name: str, times_s: Sequence[float], *, codec: str = "mpeg4", rotation: int = 0, options: dict[str, str] | None = None
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=options or {}) as container:
            stream = cast(VideoStream, container.add_stream(codec, rate=25))
            stream.width, stream.height = WIDTH_PX, HEIGHT_PX
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            if rotation:
                stream.set_display_rotation(rotation)
            if not times_s:
                container.start_encoding()
            for i, time_s in enumerate(times_s):
                image = np.full((HEIGHT_PX, WIDTH_PX, 3), 20 + 8 * (i % 28), np.uint8)
                picture = av.VideoFrame.from_ndarray(image, format="bgr24")
                picture.pts, picture.time_base = round(time_s * 1000), Fraction(1, 1000)
                container.mux(stream.encode(picture))
            if times_s:
                container.mux(stream.encode())
        return path

    return make


class Camera:
    """An HTTP camera that sends multipart JPEG to whoever knows the password, while it is on."""

    user, password = "operator", "p@ss/w:rd secret"

    def __init__(self) -> None:
        self.on = threading.Event()
        self.on.set()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/video"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if not self.on.is_set():
            handler.send_error(503)
        elif handler.headers.get("Authorization") != wanted:
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="camera"')
            handler.end_headers()
        else:
            handler.send_response(200)
            handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            handler.end_headers()
            self.send_pictures(handler)

    def send_pictures(self, handler: BaseHTTPRequestHandler) -> None:
        jpeg = cv2.imencode(".jpg", np.full((HEIGHT_PX, WIDTH_PX, 3), 90, np.uint8))[1].tobytes()
        part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(jpeg), jpeg)
        try:
            while self.on.is_set():
                handler.wfile.write(part)
                time.sleep(0.03)
        except OSError:
            pass  # the client has gone

    def close(self) -> None:
        self.on.clear()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def camera() -> Iterator[Camera]:
    made = Camera()
    yield made
    made.close()
