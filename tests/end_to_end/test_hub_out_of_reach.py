"""The network is cut, the store goes away, the disk fills: sensors keep what was not acknowledged, and it arrives once."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end.delivering import CuttingNetwork, Sensor, delivering
from tests.end_to_end.killable import GONE, HubProcess, Place, cameras_of, make_place
from tests.store.cluster import Cluster, running

from throng.data.release import Release
from throng.store.duck import DuckStore
from throng.store.postgres import PostgresStore
from throng.store.store import Store

HERE = Path(__file__).parent
TICK_S, AWAY_S = 10, 600
BEGIN_S = int(time.time()) // TICK_S * TICK_S - 2 * AWAY_S


def _release(camera: str, tick: int) -> Release:
    start_s = float(BEGIN_S + TICK_S * tick)
    day = time.strftime("%Y-%m-%d", time.gmtime(start_s))
    values = np.array([float(tick), -float(tick)])
    return Release(camera, start_s, TICK_S, f"{day}/1", "noise(rho=0.2)", ("door", "door"), ("in", "out"), values, np.ones(2))


def _until(enough: Callable[[], object]) -> None:
    """Wait; the test's time limit ends it otherwise."""
    while not enough():
        time.sleep(0.01)


def _values(store: Store, camera: str, quantity: str) -> list[float]:
    return [float(value) for value in store.series(camera, "door", quantity, start_s=0, end_s=2e9).values]


@pytest.mark.timeout(120)
def test_over_a_network_that_cuts_every_connection_everything_arrives_once(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    (camera, _), ticks = cameras_of("box-0"), range(80)
    with HubProcess(place) as hub:
        network = CuttingNetwork(place.port, seed=3, most_bytes=(4000, 4000))
        with network, delivering(place.identity("box-0"), address=network.address, clock=time.time) as sensor:
            for tick in ticks:
                sensor.delivery.put(_release(camera, tick))
                time.sleep(0.02)
            _until(lambda: not sensor.delivery.waiting)
            assert not len(sensor.refused)
        assert hub.stop() == 0
    with DuckStore(tmp_path / "throng.duckdb") as store:
        assert _values(store, camera, "in") == list(ticks)
        assert _values(store, camera, "out") == [-tick for tick in ticks]
    assert network.cut["request"]
    assert network.cut["answer"]
    epochs = {_release(camera, tick).epoch for tick in ticks}
    assert (tmp_path / "audit.jsonl").read_text().count('"privacy.spend"') == len(epochs)


@dataclass(frozen=True, slots=True)
class Away:
    """A store that can be taken from its hub."""

    place: Place
    goes: Callable[[], object]
    returns: Callable[[], object]
    opened: Callable[[], Store]
    says: str


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running("fsync=off") as started:
        yield started


@pytest.fixture(params=["a disk that does not answer", "a PostgreSQL server that is killed"])
def away(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Away]:
    if "PostgreSQL" not in request.param:
        sign = tmp_path / GONE
        says = "the store cannot be written: its disk does not answer"
        yield Away(make_place(tmp_path), sign.touch, sign.unlink, lambda: DuckStore(tmp_path / "throng.duckdb"), says)
        return
    cluster = request.getfixturevalue("cluster")
    passwords = tmp_path / "pgpass"
    passwords.touch(mode=0o600)
    passwords.write_text(f"*:*:*:*:{cluster.password}\n", encoding="utf-8")
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    with cluster.database() as name:
        address = cluster.address(name)
        place = make_place(tmp_path, postgres=address, passwords=str(passwords))
        yield Away(place, lambda: cluster.stop("immediate"), cluster.start, lambda: PostgresStore(address), "no server answers")


@pytest.mark.timeout(180)
def test_after_ten_minutes_without_its_store_the_hub_has_everything_once(away: Away) -> None:
    """Ten minutes by the sensors' clocks: what they keep is by then late, and the live ticks go first."""
    now_s = [float(BEGIN_S)]
    minutes, cameras = AWAY_S // TICK_S, [cameras_of(box)[0] for box in ("box-0", "box-1")]
    with HubProcess(away.place) as hub, ExitStack() as opened:
        sensors = [
            opened.enter_context(delivering(away.place.identity(box), clock=lambda: now_s[0])) for box in ("box-0", "box-1")
        ]

        def measure(ticks: range) -> None:
            for tick in ticks:
                now_s[0] = BEGIN_S + TICK_S * (tick + 1.0)
                for sensor, camera in zip(sensors, cameras, strict=True):
                    sensor.delivery.put(_release(camera, tick))
                time.sleep(0.005)

        measure(range(10))
        _until(lambda: not any(sensor.delivery.waiting for sensor in sensors))
        away.goes()
        measure(range(10, 10 + minutes))
        _until(lambda: all(sensor.delivery.problem for sensor in sensors))
        assert all(sensor.delivery.waiting == minutes for sensor in sensors)
        _look_told(sensors, away.says)
        away.returns()
        measure(range(10 + minutes, 20 + minutes))
        hub.kill()  # while they catch up, or just before or after
        hub.start()
        _until(lambda: not any(sensor.delivery.waiting for sensor in sensors))
        assert not any(len(sensor.refused) for sensor in sensors)
        assert hub.stop() == 0
    with away.opened() as store:
        for camera in cameras:
            assert _values(store, camera, "in") == list(range(20 + minutes))
            assert _values(store, camera, "out") == [-tick for tick in range(20 + minutes)]


def _look_told(sensors: list[Sensor], says: str) -> None:
    for sensor in sensors:
        assert sensor.said[-1].startswith("the hub takes nothing now, so numbers wait: "), sensor.said
        assert says in sensor.said[-1]


def test_a_hub_whose_disk_is_full_says_so_keeps_nothing_half_and_goes_on_once_there_is_room(tmp_path: Path) -> None:
    script = [sys.executable, str(HERE / "full_hub.py"), str(tmp_path)]
    unshare = ["unshare", "-Urm"]
    allowed = subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0
    if not allowed:
        pytest.skip("needs a small disk of its own: unshare -Urm is not allowed here")
    environ = os.environ | {"PYTHONPATH": str(HERE.parent.parent)}
    result = subprocess.run([*unshare, *script], capture_output=True, text=True, check=False, env=environ)
    assert result.returncode == 0, result.stdout + result.stderr
