"""The hub as it is really served: on loopback, live, silent, and quick to stop."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.hub.making import code_of

from throng.data.errors import HubError, StoreError
from throng.data.release import Release
from throng.hub.app import Hub
from throng.hub.server import listen, serve
from throng.store.duck import DuckStore

ROOT = Path(__file__).resolve().parents[2]
MakeRelease = Callable[..., Release]


@dataclass
class Served:
    """A hub that is served in a thread of this process."""

    hub: Hub
    told: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    listener: socket.socket = field(default_factory=lambda: listen(0))

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,))
        self._thread.start()
        ready.wait()

    def _serve(self, ready: threading.Event) -> None:
        def on_ready() -> None:
            self.told.append("ready")
            ready.set()

        try:
            serve(
                self.hub,
                port=0,
                listener=self.listener,
                on_ready=on_ready,
                on_stop=lambda: self.told.append("stop"),
                stop=self.stop,
            )
        except StoreError as error:
            self.errors.append(error)

    def end(self) -> None:
        self.stop.set()
        self._thread.join()

    @contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.url, headers={"origin": self.url}, timeout=10) as http:
            assert http.post("/sign-in", data={"code": code_of(self.hub)}).status_code == 303
            yield http


@pytest.fixture
def served(hub: Hub) -> Iterator[Served]:
    running = Served(hub)
    yield running
    running.end()


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_page_sees_a_tick_that_is_put(served: Served, release: MakeRelease) -> None:
    with served.signed_in() as http, http.stream("GET", "/api/v1/live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        events = _events(answer.iter_lines())
        assert [camera["name"] for camera in next(events)[1]] == ["north", "south"]
        served.hub.ingest.camera_state("north", "live")
        name, (camera,) = next(events)
        assert (name, camera["name"], camera["state"]) == ("cameras", "north", "live")
        served.hub.ingest.put(release(start_s=60, value=7))
        name, (tick,) = next(events)
        assert (name, tick["time"], tick["rows"][0]["value"]) == ("ticks", "1970-01-01T00:01:00Z", 7.0)
        assert http.get("/api/v1/latest").json()[0]["value"] == 7.0


def test_signing_out_ends_the_live_pages(served: Served) -> None:
    with served.signed_in() as http, http.stream("GET", "/api/v1/live") as answer:
        events = _events(answer.iter_lines())
        next(events)
        assert http.post("/sign-out").status_code == 303
        assert [name for name, _ in events][-1] == "ended"


def test_stopping_ends_live_pages_and_stores_what_waits(served: Served, store: DuckStore, release: MakeRelease) -> None:
    with served.signed_in() as http, http.stream("GET", "/api/v1/live") as answer:
        lines = answer.iter_lines()
        next(lines)
        for i in range(50):
            served.hub.ingest.put(release(start_s=60.0 * i))
        served.end()
        names = [name for name, _ in _events(lines)]  # ends: the answer is complete, not cut off
        assert set(names) <= {"cameras", "ticks"}
    assert served.told == ["ready", "stop"]
    assert len(store.series("north", "door", "in", start_s=0, end_s=1e6)) == 50


def test_what_could_not_be_stored_to_the_end_is_an_error(served: Served, store: DuckStore, release: MakeRelease) -> None:
    store.close()
    served.hub.ingest.put(release())
    served.end()
    assert [str(error)[:60] for error in served.errors] == [
        "1 releases are lost: the store cannot be written: " + str(store.path)[:10]
    ]


def test_listens_on_loopback_only() -> None:
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_said_before_anything_starts(hub: Hub) -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HubError, match=rf"^port {port} is taken by another program: .* --port$"):
            serve(hub, port=port, on_ready=lambda: pytest.fail("started"))
    assert not [thread for thread in threading.enumerate() if thread.name == "ingest"]


def test_a_number_that_is_no_port_is_said() -> None:
    with pytest.raises(HubError, match="from 0 to 65535, not 70000"):
        listen(70_000)


def test_what_fails_when_ready_stops_the_rest(hub: Hub) -> None:
    told = []

    def on_ready() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve(hub, port=0, listener=listen(0), on_ready=on_ready, on_stop=lambda: told.append("stop"))
    assert told == ["stop"]
    assert not [thread for thread in threading.enumerate() if thread.name == "ingest"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly_and_its_output_holds_no_secret(tmp_path: Path, number: signal.Signals) -> None:
    script = [sys.executable, "-m", "tests.hub.serve_until_killed", str(tmp_path)]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, process.communicate()
        base, code = url.split("/sign-in?code=")
        with httpx.Client(base_url=base, headers={"origin": base}) as http:
            assert http.get(url).status_code == 200
            assert http.post("/sign-in", data={"code": "wrong-guess"}).status_code == 401
            assert http.post("/sign-in", data={"code": code}).status_code == 303
            made = http.post("/api/v1/sign-in-codes").json()["code"]
            token = http.cookies["throng_session"]
            with http.stream("GET", "/api/v1/live") as live:
                next(live.iter_lines())
                process.send_signal(number)
                out, log = process.communicate()
    assert process.returncode == 0, log
    assert out.splitlines() == ["stopping", "stopped"]
    assert not [secret for secret in (code, made, token, "wrong-guess") if secret in log]
    assert log == ""
    for path in tmp_path.rglob("*"):
        assert not [secret for secret in (code, made, token) if secret.encode() in path.read_bytes()]
