"""A sensor and the hub itself, over real TLS: enrolled, given work, its numbers stored once, renewed, removed at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import SecretStr
from tests.cli.test_sensor import FakeWorkers

from throng.cli import remote as module
from throng.cli.opened import hub_of, kept_of, place_of, tls_of
from throng.cli.remote import Remote
from throng.data.errors import DeliveryError
from throng.data.plate_picture import SOMEBODY, PlatePicture
from throng.data.release import Release
from throng.deliver.enrol import enrol
from throng.deliver.hub import Address
from throng.deliver.identity import load_identity
from throng.deliver.sender import Pace
from throng.hub.app import Hub
from throng.hub.registry.draft import Draft, Login
from throng.hub.registry.registry import By
from throng.hub.sensors.enrolment import Enrolments
from throng.hub.server import serve
from throng.site.model import Site

DOOR = {"name": "door", "from": [0, 10], "to": [20, 10]}
BY = By("ada")
NOW_S = int(time.time()) // 60 * 60 - 60 * 60


@dataclass
class Served:
    """A hub with TLS in a thread of this process."""

    hub: Hub
    address: Address
    enrolments: Enrolments

    def token(self, name: str) -> str:
        return self.enrolments.make(name, site="station", life_s=600, who="ada")[1]

    def stored(self) -> list[tuple[float, float]]:
        """Times and values of the door's "in"."""
        series = self.hub.kept.store.series("north", "door", "in", start_s=NOW_S, end_s=NOW_S + 3600.0)
        return list(zip((series.tick_start_us / 1e6).tolist(), series.values.tolist(), strict=True))


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("WORK_EVERY_S", "RETRY_S", "SOONEST_S"):
        monkeypatch.setattr(module, name, 0.02)
    (tmp_path / "hub").mkdir()
    site = Site.model_validate(
        {"name": "station", "hub": {"listen": "127.0.0.1:0"}, "tick_s": 60}, context={"folder": tmp_path / "hub"}
    )
    with ExitStack() as opened:
        place = place_of(site, port=0)
        kept = opened.enter_context(kept_of(site))
        hub = hub_of(site, kept, place)
        opened.callback(hub.people.close)
        tls = tls_of(site, hub, place)
        ready, stop = threading.Event(), threading.Event()

        def run() -> None:
            serve(
                hub,
                port=place.port,
                listener=place.listener,
                on_ready=ready.set,
                stop=stop,
                tls=tls,
                is_welcome=hub.sensors.is_welcome,
            )

        thread = threading.Thread(target=run)
        thread.start()
        opened.callback(thread.join)
        opened.callback(stop.set)
        assert ready.wait(20)
        enrolments = Enrolments(kept.records, seal=kept.seal, authority=hub.authority, sensors=hub.sensors, log=kept.log)
        hub.registry.put(
            Draft(
                name="north",
                site="station",
                sensor="north-box",
                address=SecretStr("rtsp://10.9.8.7/hidden"),
                login=Login(SecretStr("u"), SecretStr("p4ss-w0rd")),
                table={"line": [DOOR]},
            ),
            version=0,
            by=BY,
        )
        yield Served(hub, Address("127.0.0.1", place.port), enrolments)


def _release(tick: int, camera: str = "north") -> Release:
    start_s = NOW_S + 60.0 * tick
    day = time.strftime("%Y-%m-%d", time.gmtime(start_s))
    values = np.array([float(tick), 0.0])
    errors = np.full(2, 3.5)
    return Release(camera, start_s, 60.0, f"{day}/1", "buffered(rho=0.2)", ("door", "door"), ("in", "out"), values, errors)


def _until(remote: Remote, enough: Callable[[], object], told: list[str]) -> None:
    for _ in range(1000):
        if enough():
            return
        remote.look_after()
        time.sleep(0.01)
    raise AssertionError(told)


def _started(folder: Path, told: list[str]) -> Remote:
    pace = Pace(first_pause_s=0.01, longest_pause_s=0.05, catch_up_pause_s=0.0)
    return Remote(load_identity(folder), tell=told.append, workers=FakeWorkers, pace=pace)  # type: ignore[arg-type]


def test_a_sensor_enrols_measures_delivers_renews_and_is_removed(served: Served, tmp_path: Path) -> None:
    folder, told = tmp_path / "sensor", list[str]()
    fingerprint, token = served.hub.authority.fingerprint, served.token("north-box")
    enrol(served.address, fingerprint=fingerprint, token=token, folder=folder)
    with pytest.raises(DeliveryError, match="does not enrol this sensor"):
        enrol(served.address, fingerprint=fingerprint, token=token, folder=tmp_path / "second")
    with _started(folder, told) as remote:
        workers: FakeWorkers = remote._workers  # type: ignore[assignment]
        _until(remote, lambda: workers.sites, told)
        site, passwords = workers.sites[-1]
        assert site is not None
        assert site.camera[0].address == "rtsp://10.9.8.7/hidden"
        assert list(passwords.values()) == ["p4ss-w0rd"]
        remote.camera_state("north", "live")
        _until(remote, lambda: served.hub.cameras.all()[0].state == "live", told)
        assert not told
        for tick in (2, 0, 1, 1):
            remote.put(_release(tick))
        _until(remote, lambda: remote.waiting == 0, told)
        assert served.stored() == [(NOW_S + 60.0 * tick, float(tick)) for tick in range(3)]
        # Another sensor's camera: refused for good, and nothing else with it.
        remote.put(_release(3, "south"))
        remote.put(_release(3))
        _until(remote, lambda: remote.waiting == 0, told)
        assert len(served.stored()) == 4
        assert any("set aside" in sentence for sentence in told)
        # The certificate is renewed in the middle of it.
        old = load_identity(folder).certificate
        remote._renew()
        remote.put(_release(4))
        _until(remote, lambda: remote.waiting == 0, told)
        assert load_identity(folder).certificate != old
        assert len(served.stored()) == 5
        # Removed: what it measures from now on stays with it.
        served.hub.sensors.remove("north-box", who="ada")
        remote.put(_release(5))
        _until(remote, lambda: any("does not know this sensor" in sentence for sentence in told), told)
        assert len(served.stored()) == 5
    assert remote.waiting == 1
    # Enrolled anew, it delivers what it kept.
    enrol(served.address, fingerprint=fingerprint, token=served.token("north-box"), folder=folder)
    with _started(folder, told) as remote:
        _until(remote, lambda: remote.waiting == 0, told)
    assert len(served.stored()) == 6


def _plate(ask: int, image: bytes, camera: str = "north") -> PlatePicture:
    return PlatePicture(camera, ask, image, 40, 30, 1)


def test_a_plate_is_asked_for_and_sent_once_and_what_nobody_waits_for_is_let_go(served: Served, tmp_path: Path) -> None:
    folder, told, plates = tmp_path / "sensor", list[str](), served.hub.plates
    image = cv2.imencode(".jpg", np.zeros((30, 40, 3), np.uint8))[1].tobytes()
    fingerprint, token = served.hub.authority.fingerprint, served.token("north-box")
    enrol(served.address, fingerprint=fingerprint, token=token, folder=folder)
    with _started(folder, told) as remote:
        workers: FakeWorkers = remote._workers  # type: ignore[assignment]
        _until(remote, lambda: workers.asked == [{}], told)
        plates.ask("north", by=BY)
        ask = plates.of("north").asked_us
        _until(remote, lambda: workers.asked[-1] == {"north": ask}, told)
        workers.plates.tell("north", SOMEBODY)
        _until(remote, lambda: plates.why("north") == SOMEBODY, told)
        workers.plates.put(_plate(ask, image))
        _until(remote, lambda: plates.image("north") is not None, told)
        assert plates.image("north") == image
        assert (plates.of("north").width_px, plates.of("north").covered) == (40, 1)
        _until(remote, lambda: workers.asked[-1] == {}, told)
        assert not told
        # One that comes too late, and one of a camera that is not its own.
        workers.plates.put(_plate(ask, image))
        workers.plates.put(_plate(ask, image, "south"))
        _until(remote, lambda: not len(remote._plates), told)
        assert "nobody waits for this plate" in told[0]
        assert not any(path.read_bytes().count(image) for path in tmp_path.rglob("*") if path.is_file())


def test_a_plate_waits_in_memory_for_a_hub_that_is_away(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, told, plates = tmp_path / "sensor", list[str](), served.hub.plates
    image = cv2.imencode(".jpg", np.zeros((30, 40, 3), np.uint8))[1].tobytes()
    enrol(served.address, fingerprint=served.hub.authority.fingerprint, token=served.token("north-box"), folder=folder)
    plates.ask("north", by=BY)
    with _started(folder, told) as remote:
        _until(remote, lambda: served.hub.sensors.of("north-box"), told)
        served.hub.is_open = False
        monkeypatch.setattr("throng.hub.gate._is_from_here", lambda scope: False)
        remote._workers.plates.put(_plate(plates.of("north").asked_us, image))  # type: ignore[attr-defined]
        _until(remote, lambda: any("does not take the plate" in sentence for sentence in told), told)
        assert len(remote._plates) == 1
        served.hub.is_open = True
        _until(remote, lambda: plates.image("north") == image, told)
