"""`throng sensor`: enrols, gets its work, delivers, renews; and a hub that turns bad cannot make it open its files."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tests.deliver.playing_hub import Asked, Authority, PlayingHub, Say, files_under, playing
from typer.testing import CliRunner

from throng import __version__
from throng.cli import remote as module
from throng.cli.remote import Remote, site_of
from throng.cli.sensor import app
from throng.cli.workers import PlateSink
from throng.data.errors import DeliveryError
from throng.data.release import Release
from throng.data.signed import ingest_message
from throng.data.wire import decode
from throng.deliver.hub import Address
from throng.deliver.identity import Identity, load_identity, new_request, store_identity
from throng.deliver.sender import Pace
from throng.deliver.work import Work
from throng.seal.to_key import seal_to
from throng.site.model import Site

TOKEN = "Tok3nId_" + "s3cret" * 6
DOOR = {"name": "door", "from": [0, 10], "to": [20, 10]}
CAMERA = {"name": "north", "address": "rtsp://10.9.8.7/hidden", "user": "u", "password": "p4ss-w0rd", "line": [DOOR]}
SITE = {"name": "station", "tick_s": 30, "budget": {"rho_per_day": 0.1}}


@dataclass
class Playing:
    """What the hub of these tests has to say."""

    authority: Authority = field(default_factory=Authority)
    cameras: list[dict[str, Any]] = field(default_factory=lambda: [CAMERA])
    life_s: float = 86_400
    refusing: bool = False

    def __call__(self, asked: Asked) -> Say:
        if asked.path in ("/api/v1/enrol", "/api/v1/sensor/renew"):
            key = x509.load_pem_x509_csr(asked.tree["request_pem"].encode()).public_key()
            assert isinstance(key, ec.EllipticCurvePublicKey)
            return Say(200, {"certificate_pem": self.authority.issue("north-box", key, life_s=self.life_s)})
        if asked.peer is None:
            return Say(401, {"detail": "show your certificate"})
        if self.refusing:
            return Say(503, {"detail": "not now"}, {"retry-after": "0"})
        key = asked.peer.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        if asked.path == "/api/v1/sensor/work":
            tag = f'"{hash((json.dumps(self.cameras), asked.peer.serial_number))}"'
            if asked.headers.get("if-none-match") == tag:
                return Say(304, headers={"etag": tag})
            sealed = seal_to(key, json.dumps(self.cameras).encode(), about="work")
            return Say(200, {"site": SITE, "cameras": sealed}, {"etag": tag})
        if asked.path == "/api/v1/ingest":
            signature = base64.b64decode(asked.headers["throng-signature"])
            key.verify(signature, ingest_message("north-box", asked.body), ec.ECDSA(hashes.SHA256()))
        return Say(200, {"rows": 1})


class FakeWorkers:
    """Keeps what it was told to measure."""

    def __init__(self, site: Site | None, sink: Remote, *, plates: PlateSink) -> None:
        self.sink, self.plates = sink, plates
        self.asked: list[Mapping[str, int]] = []
        self.sites: list[tuple[Site | None, dict[str, str]]] = []

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def set_site(self, site: Site | None, *, passwords: dict[str, str]) -> None:
        self.sites.append((site, passwords))

    def set_plates(self, plates: Mapping[str, int]) -> None:
        self.asked.append(plates)


def _identity(folder: Path, playing: Playing, address: Address) -> Identity:
    key, _ = new_request()
    pem = playing.authority.issue("north-box", key.public_key(), life_s=playing.life_s)
    return store_identity(folder, hub=address, authority_pem=playing.authority.pem, key=key, certificate_pem=pem)


@contextmanager
def _remote(identity: Identity, told: list[str]) -> Iterator[tuple[Remote, FakeWorkers]]:
    made: list[FakeWorkers] = []

    def workers(site: Site | None, sink: Remote, *, plates: PlateSink) -> FakeWorkers:
        made.append(FakeWorkers(site, sink, plates=plates))
        return made[-1]

    pace = Pace(first_pause_s=0.01, longest_pause_s=0.02)
    with Remote(identity, tell=told.append, workers=workers, pace=pace) as remote:  # type: ignore[arg-type]
        yield remote, made[0]


def _until(remote: Remote, hub: PlayingHub, enough: Callable[[], bool]) -> None:
    for _ in range(2000):
        if enough():
            return
        remote.look_after()
        time.sleep(0.005)
    raise AssertionError([asked.path for asked in hub.asked])


def _release(start_s: float) -> Release:
    return Release("north", start_s, 30.0, "2026-11-24/1", "noise", ("door",), ("in",), np.array([1.0]), np.array([3.5]))


def _paths(hub: PlayingHub, path: str) -> list[Asked]:
    return [asked for asked in hub.asked if asked.path == path]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORK_EVERY_S", "RETRY_S", "SOONEST_S"):
        monkeypatch.setattr(module, name, 0.01)


def test_a_person_enrols_a_sensor_and_the_token_shows_up_nowhere(tmp_path: Path) -> None:
    answers = Playing()
    folder = tmp_path / "sensor"
    with playing(answers, authority=answers.authority) as hub:
        command = ["enrol", hub.address.url, "--fingerprint", answers.authority.fingerprint.hex(":"), "--folder", str(folder)]
        done = CliRunner().invoke(app, command, input=TOKEN + "\n")
        assert done.exit_code == 0, done.output
        assert 'this machine is now the sensor "north-box"' in done.output
        token_file = tmp_path / "token"
        token_file.write_text(TOKEN + "\n")
        token_file.chmod(0o600)
        again = CliRunner().invoke(app, [*command, "--token-file", str(token_file)])
        assert isinstance(again.exception, DeliveryError)
        assert "--again" in str(again.exception)
        assert CliRunner().invoke(app, [*command, "--token-file", str(token_file), "--again"]).exit_code == 0
        token_file.chmod(0o644)
        open_to_all = CliRunner().invoke(app, [*command, "--token-file", str(token_file), "--again"])
        assert "chmod 600" in str(open_to_all.exception)
    assert TOKEN not in done.output
    assert TOKEN[8:].encode() not in files_under(folder)
    assert all(TOKEN[8:].encode() not in asked.body for asked in hub.asked)
    assert load_identity(folder).name == "north-box"


def test_it_gets_work_delivers_and_tells_how_the_cameras_are(tmp_path: Path) -> None:
    answers, told = Playing(), list[str]()
    with playing(answers, authority=answers.authority) as hub:
        identity = _identity(tmp_path, answers, hub.address)
        with _remote(identity, told) as (remote, workers):
            _until(remote, hub, lambda: bool(workers.sites))
            site, passwords = workers.sites[0]
            assert site is not None
            assert (site.name, site.tick_s, site.budget.rho_per_day) == ("station", 30, 0.1)
            assert site.data_folder == tmp_path
            assert site.camera[0].address == "rtsp://10.9.8.7/hidden"
            assert passwords == {site.camera[0].password_env: "p4ss-w0rd"}
            remote.camera_state("north", "live")
            remote.put(_release(60.0))
            _until(remote, hub, lambda: bool(_paths(hub, "/api/v1/ingest")))
            assert decode(_paths(hub, "/api/v1/ingest")[0].body).series == (("north", "door", "in"),)
            _until(remote, hub, lambda: len(_paths(hub, "/api/v1/sensor/states")) >= 2)
            report = _paths(hub, "/api/v1/sensor/states")[-1].tree
            assert report == {"version": __version__, "cameras": [{"camera": "north", "state": "live", "reason": ""}]}
            answers.cameras = []
            _until(remote, hub, lambda: len(workers.sites) == 2)
            assert workers.sites[1] == (None, {})
    assert remote.waiting == 0
    assert not told
    assert all(asked.peer == identity.certificate for asked in hub.asked)


def test_neither_an_address_nor_a_password_of_a_camera_is_written(tmp_path: Path) -> None:
    answers, told = Playing(), list[str]()
    with playing(answers, authority=answers.authority) as hub:
        with _remote(_identity(tmp_path, answers, hub.address), told) as (remote, workers):
            _until(remote, hub, lambda: bool(workers.sites))
        written = files_under(tmp_path)
        assert b"throng-to-key1" in written
        for secret in (b"10.9.8.7", b"p4ss-w0rd"):
            assert secret not in written
            assert secret not in repr(workers.sites).replace("p4ss-w0rd", "", 1).encode()


def test_without_its_hub_it_starts_with_the_work_it_had_and_keeps_what_it_measures(tmp_path: Path) -> None:
    answers, told = Playing(), list[str]()
    with playing(answers, authority=answers.authority) as hub:
        identity = _identity(tmp_path, answers, hub.address)
        with _remote(identity, told) as (remote, workers):
            _until(remote, hub, lambda: bool(workers.sites))
    with _remote(load_identity(tmp_path), told) as (remote, workers):
        assert workers.sites[0][0] is not None
        remote.put(_release(60.0))
        for _ in range(5):
            remote.look_after()
            time.sleep(0.05)  # for the other thread, which delivers, to find the same
    assert remote.waiting == 1
    assert len(told) == 1
    assert "cannot be reached" in told[0]


def test_it_renews_its_certificate_and_goes_on_with_the_new_one(tmp_path: Path) -> None:
    answers, told = Playing(life_s=600), list[str]()  # of 70 minutes: more than two thirds are over
    with playing(answers, authority=answers.authority) as hub:
        old = _identity(tmp_path, answers, hub.address)
        answers.life_s = 40 * 86_400
        with _remote(old, told) as (remote, workers):
            remote.put(_release(60.0))
            hub.wait(lambda asked: bool(_paths(hub, "/api/v1/ingest")))
            _until(remote, hub, lambda: bool(workers.sites))
            remote.put(_release(90.0))
            _until(remote, hub, lambda: len(_paths(hub, "/api/v1/ingest")) >= 2)
    assert not told
    new = load_identity(tmp_path)
    assert new.certificate != old.certificate
    assert len(_paths(hub, "/api/v1/sensor/renew")) == 1
    assert {asked.peer for asked in _paths(hub, "/api/v1/sensor/work")} == {new.certificate}
    assert [asked.peer for asked in _paths(hub, "/api/v1/ingest")] == [old.certificate, new.certificate]


def test_a_hub_that_takes_nothing_is_told_once_and_loses_nothing(tmp_path: Path) -> None:
    answers, told = Playing(refusing=True), list[str]()
    with (
        playing(answers, authority=answers.authority) as hub,
        _remote(_identity(tmp_path, answers, hub.address), told) as (remote, workers),
    ):
        remote.put(_release(60.0))
        _until(remote, hub, lambda: len(_paths(hub, "/api/v1/ingest")) >= 3)
        answers.refusing = False
        _until(remote, hub, lambda: remote.waiting == 0 and bool(workers.sites))
    assert len(told) == len(set(told))
    assert any("not now" in sentence for sentence in told)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password_file": "/etc/shadow"}, "names a secret or film of this machine"),
        ({"password_env": "HOME"}, "names a secret or film of this machine"),
        ({"address": "/etc/shadow"}, "neither a stream nor a video device"),
        ({"address": "file:///etc/shadow"}, "neither a stream nor a video device"),
        ({"detector": "/etc/model.onnx"}, "no name of an installed model"),
        ({"detector": "../model"}, "no name of an installed model"),
        ({"rate_hz": -1}, "camera.0.rate_hz"),
        ({"strange": 1}, "camera.0.strange"),
    ],
)
def test_a_hub_cannot_make_a_sensor_open_its_files(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    table = CAMERA | change
    if "password_file" in change or "password_env" in change:
        table.pop("password")
    with pytest.raises(DeliveryError, match=re.escape(sentence)) as caught:
        site_of(Work(SITE, (table,)), tmp_path)
    for secret in ("10.9.8.7", "p4ss-w0rd", "shadow"):
        assert secret not in str(caught.value)


def test_a_hub_cannot_move_the_ledgers(tmp_path: Path) -> None:
    site, _ = site_of(Work(SITE | {"data": "/elsewhere"}, (CAMERA,)), tmp_path)
    assert site is not None
    assert site.data_folder == tmp_path
