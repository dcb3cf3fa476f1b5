"""The hub itself, served as users serve it, passes the part of the audit that it must pass before it serves."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.hub.making import made_hub

from throng.audit.exposure.own import look_at_hub
from throng.audit.exposure.servers.hub import CLOSED
from throng.hub import gate
from throng.hub.app import Hub
from throng.hub.server import listen, serve
from throng.hub.tls import HubTls
from throng.store.duck import DuckStore


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    (tmp_path / "page").mkdir()
    with DuckStore(tmp_path / "throng.duckdb") as store, made_hub(tmp_path, store, (), page_dir=tmp_path / "page") as made:
        yield made


@contextmanager
def _served(hub: Hub, listener: socket.socket, tls: HubTls | None = None) -> Iterator[int]:
    ready, stop = threading.Event(), threading.Event()
    port = int(listener.getsockname()[1])
    settings = {"port": port, "on_ready": ready.set, "listener": listener, "stop": stop, "tls": tls}
    thread = threading.Thread(target=serve, args=(hub,), kwargs=settings)
    thread.start()
    try:
        assert ready.wait(20)
        yield port
    finally:
        stop.set()
        thread.join(20)


def test_the_hub_may_serve_on_loopback_without_tls(hub: Hub) -> None:
    with _served(hub, listen(0)) as port:
        assert look_at_hub("127.0.0.1", port, tls=False) == []


def test_the_hub_may_serve_with_tls(hub: Hub) -> None:
    tls = HubTls(hub.authority, names=["localhost"])
    with _served(hub, listen(0, has_tls=True), tls) as port:
        assert look_at_hub("127.0.0.1", port, tls=True) == []


def test_a_hub_whose_gate_lets_anybody_in_may_not_serve(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "admit", lambda *_: True)
    with _served(hub, listen(0)) as port:
        found = look_at_hub("127.0.0.1", port, tls=False)
    assert any("/api/v1/site" in finding.sentence for finding in found)
    assert {finding.grade for finding in found} == {"finding"}


def test_every_path_that_must_be_closed_is_one_of_the_hub(hub: Hub) -> None:
    paths = {getattr(route, "path", "") for route in hub.routes}
    assert set(CLOSED) <= paths
