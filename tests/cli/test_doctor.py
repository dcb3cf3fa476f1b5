"""`throng doctor`: what it finds, what it advises, and what it never tells."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detect.conftest import CELLS, save_constant_model
from tests.detect.seer import on_card, seer

from throng.capture.address import Address
from throng.cli.doctor import camera as doctor_camera
from throng.cli.doctor import decoding
from throng.cli.doctor.camera import TOO_FEW, WORTH, Look, Viewed, advice
from throng.cli.doctor.engines import LOOKS_HZ, Host, found, measured
from throng.cli.doctor.machine import memory_limit_bytes
from throng.cli.doctor.stream import StreamFacts
from throng.data.frame import Frame
from throng.detect.models import InstalledModel
from throng.detect.providers import ORDER, Provider, providers

THRONG = [str(Path(sys.executable).parent / "throng")]


def throng(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    models = str(folder.parent / f"{folder.name} models")
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "THRONG_MODELS_FOLDER": models, "COLUMNS": "200"}
    return subprocess.run(
        [*THRONG, *arguments], capture_output=True, text=True, check=False, env=environ, cwd=folder, timeout=240
    )


def _tiny_model(path: Path) -> Path:
    return save_constant_model(path, np.zeros((1, CELLS, 7), np.float32))


def test_a_bare_machine_is_looked_over_and_told_what_it_lacks(tmp_path: Path) -> None:
    done = throng("doctor", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report = json.loads(done.stdout)
    here = report["machine"]
    assert 1 <= here["cores"] <= here["cores_present"]
    assert here["memory_bytes"] <= here["memory_present_bytes"]
    assert here["secrets_locked"] in (True, False)
    assert report["versions"]["av"] == av.__version__
    assert 100 < report["decoding"]["frames_per_core_second"] < 20_000
    assert all(device["opens"] or device["reason"] for device in report["decoding"]["devices"])
    names = [row["name"] for row in report["providers"]]
    assert sorted(set(names), key=names.index) == list(ORDER)
    assert all(row["library"] or row["remedy"] for row in report["providers"])
    (foreground,) = report["detectors"]
    assert foreground["name"] == "foreground"
    (speed,) = foreground["speeds"]
    # One look in five for what changes, and one a second where nothing does: the looks alone bound the cameras.
    share = 0.2 + 0.8 / LOOKS_HZ
    assert 0 < speed["cameras"] < here["cores"] / (share * LOOKS_HZ * speed["look_ms"] / 1e3)
    assert [line for line in report["missing"] if "`throng models pull yolox_nano`" in line]
    assert list(tmp_path.iterdir()) == []


def test_an_installed_model_is_measured_on_every_provider_that_is_here(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    models = tmp_path / "home models"
    # Square brackets mean styles to what prints the tables.
    assert throng("models", "add", str(_tiny_model(tmp_path / "tiny[red].onnx")), folder=folder).returncode == 0
    gone = models / "gone.json"
    gone.write_text(json.dumps({"name": "gone", "family": "yolox", "sha256": "0"}))
    (models / "text.json").write_text(json.dumps({"name": "text", "family": "yolox", "sha256": "0"}))
    (models / "text.onnx").write_text("no model")
    done = throng("doctor", "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    rows = {row["name"]: row for row in report["detectors"]}
    assert set(rows) == {"tiny[red]", "gone", "text", "foreground"}
    described = [speed["described"] for speed in rows["tiny[red]"]["speeds"]]
    assert described[-1] == "ONNX Runtime, CPU, float32" or "OpenVINO" in described[-1]
    assert len(set(described)) == len(described)
    assert all(speed["look_ms"] > 0 and speed["cameras"] > 0 for speed in rows["tiny[red]"]["speeds"])
    assert "gone: add it again" in rows["gone"]["error"]
    assert all("text.onnx is not an ONNX model" in speed["error"] for speed in rows["text"]["speeds"])
    assert all(speed["look_ms"] is None for speed in rows["text"]["speeds"])
    assert not report["missing"]
    printed = throng("doctor", folder=folder)
    assert printed.returncode == 0, printed.stderr
    for text in ("tiny[red]", "cores usable", "asked in this order", "cameras = cores / (5", "hardware decoders:"):
        assert text in printed.stdout
    if not any(row["library"] == "OpenVINO" for row in report["providers"]):
        assert "throng[openvino]" in printed.stdout.replace("\n", "")


def test_decoders_say_whether_the_device_or_the_build_is_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    film = decoding.clip()
    # FFmpeg knows of such devices, and no H.264 decoder of it has a way to them.
    monkeypatch.setattr(decoding, "hwdevices_available", lambda: ["drm", "opencl"])
    assert {device.reason for device in decoding.devices(film)} == {"this FFmpeg's H.264 decoder was built without it"}

    def no_driver(*given: object, **settings: object) -> None:
        raise av.error.PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(decoding, "_opened", no_driver)
    assert {device.reason for device in decoding.devices(film)} == {"no such device here, or its driver does not load"}


def test_a_camera_that_is_not_named_or_not_there_is_asked_for(tmp_path: Path) -> None:
    camera = '[[camera]]\nname = "north"\naddress = "film.mp4"\n'
    (tmp_path / "site.toml").write_text(f'name = "site"\n{camera}')
    unnamed = throng("doctor", "--site", "site.toml", folder=tmp_path)
    assert unnamed.stderr == 'throng: which camera of site.toml is not said: give --camera one of "north"\n'
    unknown = throng("calibrate", "--site", "site.toml", "--camera", "nord", folder=tmp_path)
    assert unknown.stderr == 'throng: site.toml has no camera "nord": give --camera one of "north"\n'


def test_a_note_that_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (tmp_path / "home models").mkdir()
    (tmp_path / "home models" / "broken.json").write_text("{")
    done = throng("doctor", "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert "cannot be read: delete it with `throng models remove" in report["missing"][0]
    assert report["detectors"][0]["name"] == "foreground"


def _film(path: Path, *, seconds: float = 5.0, rate_hz: int = 10, key_every: int = 10) -> Path:
    """H.264 with a key picture every second, and pictures between that no other needs."""
    scene = np.random.default_rng(3).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    options = {"bf": "2", "sc_threshold": "0", "keyint_min": str(key_every)}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=rate_hz, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.gop_size = key_every
        for number in range(int(seconds * rate_hz)):
            picture = np.roll(scene, number, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return path


def _share_that_no_other_needs(film: Path) -> float:
    """By the stream's own account: the share of H.264's coded slices whose nal_ref_idc is nought (ITU-T H.264, 7.4.1)."""
    needed: list[bool] = []
    with av.open(str(film)) as container:
        for packet in container.demux(video=0):
            content, at = bytes(packet), 0
            while at < len(content):
                length, header = int.from_bytes(content[at : at + 4], "big"), content[at + 4]
                if header & 31 in (1, 5):
                    needed.append(bool(header & 0b0110_0000))
                at += 4 + length
    share = 1 - sum(needed) / len(needed)
    assert 0.1 < share < 0.9
    return share


def test_a_camera_is_read_and_its_stream_described(tmp_path: Path) -> None:
    film = _film(tmp_path / "film.mp4")
    done = throng("doctor", "--camera", str(film), "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["camera"] == str(film)
    assert report["size_px"] == [128, 96]
    assert report["rate_hz"] == pytest.approx(10.0, abs=0.01)
    assert report["codec"] == "h264"
    assert report["key_interval_s"] == pytest.approx(1.0, abs=0.01)
    assert report["skippable_share"] == pytest.approx(_share_that_no_other_needs(film), abs=0.01)
    assert 0 < report["decode_ms"] < 100
    assert (report["detector"], report["looks"], report["tiles"]) == ("foreground", [], None)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    printed = throng("doctor", "--camera", str(film), "--seconds", "0.5", folder=tmp_path)
    assert "128x96" in printed.stdout
    assert "fewer than two key pictures" in printed.stdout
    assert "set no tiles" in printed.stdout


def test_a_stream_without_pictures_that_may_be_skipped(tmp_path: Path) -> None:
    path = tmp_path / "plain.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for number in range(30):
            picture = np.full((64, 64, 3), 5 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    done = throng("doctor", "--camera", str(path), "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["codec"], report["skippable_share"]) == ("mpeg4", 0.0)


def test_a_camera_of_a_site_is_found_by_its_name(tmp_path: Path) -> None:
    _film(tmp_path / "film.mp4", seconds=2)
    site = tmp_path / "site.toml"
    site.write_text('name = "s"\n[[camera]]\nname = "north"\naddress = "film.mp4"\ndetector = "foreground"\n')
    done = throng("doctor", "--site", str(site), "--camera", "north", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["detector"] == "foreground"
    for arguments in (("--camera", "south"), ()):
        done = throng("doctor", "--site", str(site), *arguments, folder=tmp_path)
        assert done.returncode == 2
        assert 'give --camera one of "north"' in done.stderr


def test_what_cannot_be_read_is_one_sentence_without_secrets(tmp_path: Path) -> None:
    done = throng("doctor", "--camera", "nothing.mp4", folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, 'throng: cannot read "nothing.mp4": it is not there; check the path\n')
    done = throng("doctor", "--camera", "rtsp://viewer:geheim@127.0.0.1:9/x", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("throng: cannot read the camera: it refuses the connection")
    assert "geheim" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("found_by", "tiles"),
    [
        ((10, 11, 11, 11), None),
        ((10, 12, 12, 13), "2x1"),
        # Each step must bring enough to pay for itself.
        ((10, 11, 12, 13), "2x2"),
        ((10, 12, 14, 15), "2x2"),
        ((10, 12, 14, 17), "3x2"),
        ((0, 0, 0, TOO_FEW), "3x2"),
        ((0, 1, 2, TOO_FEW - 1), None),
        ((40, 30, 30, 30), None),
    ],
)
def test_tiles_are_advised_where_they_pay(found_by: tuple[int, ...], tiles: str | None) -> None:
    grids = ("", "2x1", "2x2", "3x2")
    looks = [Look(grid, 10.0 * 2**k, number) for k, (grid, number) in enumerate(zip(grids, found_by, strict=True))]
    advised, why = advice(looks)
    assert advised == tiles
    assert why
    if tiles is not None:
        assert found_by[grids.index(tiles)] >= WORTH * found_by[0]


def _told(address: str, found_by: tuple[int, ...]) -> dict[str, Any]:
    looks = [Look(grid, 10.0, number) for grid, number in zip(("", "2x1", "2x2", "3x2"), found_by, strict=True)]

    class Stub:
        name = "stub"

    viewed = Viewed(Address.parse(address), "north", "auto")
    return doctor_camera._report(viewed, StreamFacts((64, 64), 10.0, "h264"), Stub(), looks, *advice(looks))  # type: ignore[arg-type]


@given(st.lists(st.integers(TOO_FEW, 10**6), min_size=4, max_size=4), st.integers(2, 50))
def test_of_a_live_camera_no_number_about_people_is_told(numbers: list[int], times: int) -> None:
    few, many = (tuple(factor * number for number in numbers) for factor in (1, times))
    for address in ("rtsp://10.0.0.5/stream", "/dev/video0", "simulate:concourse/gates"):
        told = _told(address, few)
        assert told["camera"] == "north"
        # The same whether there were a few people or many times as many: nothing but the advice depends on them.
        assert told == _told(address, many)
        assert all(set(look) == {"tiles", "look_ms"} for look in told["looks"])
    assert "times_as_many" in _told("film.mp4", few)["looks"][1]


@given(st.integers(1, 256), st.floats(1e-4, 1.0), st.floats(1e-4, 1.0), st.floats(0.01, 1.0))
def test_the_cameras_keep_the_cores_just_busy(cores: int, picture_s: float, look_s: float, busy: float) -> None:
    cameras = Host(cores, picture_s).cameras(look_s, busy=busy)
    assert cameras * LOOKS_HZ * (picture_s + busy * look_s) == pytest.approx(cores)
    on_card = Host(cores, picture_s).cameras(look_s, busy=busy, on_card=True)
    assert on_card * LOOKS_HZ * picture_s <= cores * (1 + 1e-9)
    assert on_card * LOOKS_HZ * busy * look_s <= 1 + 1e-9


def test_of_a_card_it_is_told_that_cameras_are_looked_at_together(tmp_path: Path) -> None:
    model = InstalledModel("seer", "yolox", "0", seer(tmp_path / "seer.onnx"))
    frames = [Frame(np.zeros((64, 64, 3), np.uint8), 0.0, 0, "north")]
    among = [Provider("CUDA", "a stub", on_card), *providers()[-1:]]
    told = [speed.described for speed in measured(model, among, frames, Host(1, 0.01)).speeds]
    assert told == ["ONNX Runtime, CPU, float32, up to 16 cameras a call", "ONNX Runtime, CPU, float32"]


def test_every_provider_of_the_order_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [row.name for row in found() if row.library or row.remedy] == [row.name for row in found()]
    assert found()[-1].precisions == ("full", "fast")


def test_memory_limits_are_seen(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("4:memory:/a\n0::/a\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "memory" / "a").mkdir(parents=True)
    limit = tmp_path / "memory" / "a" / "memory.limit_in_bytes"
    assert memory_limit_bytes(groups=tmp_path, own=own) is None
    # What version 1 says where it means none.
    limit.write_text("9223372036854771712\n")
    (tmp_path / "a" / "memory.max").write_text("max\n")
    assert memory_limit_bytes(groups=tmp_path, own=own) is None
    limit.write_text("2147483648\n")
    assert memory_limit_bytes(groups=tmp_path, own=own) == 2**31
    (tmp_path / "a" / "memory.max").write_text("1073741824\n")
    assert memory_limit_bytes(groups=tmp_path, own=own) == 2**30


@pytest.mark.realdata
def test_tiles_are_advised_for_a_street_and_their_gain_told(shared_data: Path, shared_models: Path, tmp_path: Path) -> None:
    film = shared_data / "video" / "towncentre" / "TownCentre_f0-125_1080p25.mp4"
    model = str(shared_models / "yolox_nano.onnx")
    done = throng("doctor", "--camera", str(film), "--detector", model, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["size_px"], report["codec"], report["tiles"]) == ([1920, 1080], "h264", "2x1")
    assert report["rate_hz"] == pytest.approx(25.0, abs=0.1)
    whole, *tiled = report["looks"]
    assert whole["tiles"] is None
    assert tiled[0]["times_as_many"] > WORTH
    assert all(math.isfinite(look["look_ms"]) for look in report["looks"])
    assert list(tmp_path.iterdir()) == []
