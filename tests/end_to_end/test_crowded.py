"""Many cameras in one process: too much work slows all alike and is said, and one that breaks takes none with it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

SCRIPT = Path(__file__).parent / "crowded_sensor.py"
CAMERAS = [f"camera {number}" for number in range(7)] + ["broken"]
SECONDS = 25


def _site() -> str:
    camera = '[[camera]]\nname = "{}"\naddress = "film.mp4"\nloop = true\n'
    line = '[[camera.line]]\nname = "door"\nfrom = [10, 60]\nto = [150, 60]\n'
    return 'name = "Crowded"\ntick_s = 1\n[budget]\nrho_per_day = 8.0\n' + "".join(
        camera.format(name) + line for name in CAMERAS
    )


@pytest.mark.slow
def test_too_many_cameras_are_slowed_alike_and_one_that_breaks_is_started_again_alone(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    with av.open(tmp_path / "film.mp4", "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(60):
            blocks = generator.integers(60, 200, (6, 8, 3), dtype=np.uint8).repeat(20, axis=0).repeat(20, axis=1)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(blocks, format="bgr24")))
        film.mux(stream.encode())
    (tmp_path / "site.toml").write_text(_site())
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), str(SECONDS)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    looks, said = result["looks"], result["said"]
    healthy = [looks[name] for name in CAMERAS[:-1]]
    # Ten looks a second are possible where forty are asked for.
    assert sum(looks.values()) > 0.5 * SECONDS / 0.1 * 0.8
    assert max(healthy) <= 1.2 * min(healthy) + 2
    for name in CAMERAS[:-1]:
        assert any(re.search(r"looked at 1\.\d times a second instead of [45]\.\d", sentence) for sentence in said[name]), said
        assert not [sentence for sentence in said[name] if not sentence.startswith("live")]
    assert "unknown its measuring broke off and is started again" in said["broken"]
    assert said["broken"][-1].startswith("live")
    assert looks["broken"] > 0.5 * min(healthy)
    assert "ZeroDivisionError" in done.stderr
    assert "1234" not in done.stderr
