import csv
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from throng.data.errors import SourceError
from throng.simulate.footage import write
from throng.simulate.render import Renderer
from throng.simulate.truth import truth_of


@pytest.fixture
def scenario(crowd_of: Any, small_camera: Any) -> Any:
    camera = small_camera(
        {"door": ((20.0, 6.0), (20.0, 16.0))}, {"hall": ((16.0, 8.0), (24.0, 8.0), (24.0, 14.0), (16.0, 14.0))}
    )
    return crowd_of([(0.0, [(0, 17, 11), (5, 23, 11)]), (38.0, [(0, 30, 12), (5, 24, 12)])], camera)


def test_footage_comes_back_as_it_was_rendered(scenario: Any, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    video, _, _ = write(scenario, "hall", tmp_path / "new", duration_s=4.0, progress=lambda *done: told.append(done))
    assert told == [(n, 50) for n in range(1, 51)]
    renderer = Renderer(scenario, scenario.cameras[0])
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "mpeg4"
        assert float(stream.average_rate or 0) == 12.5
        frames = [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(stream)]
    np.testing.assert_allclose([time for time, _ in frames], np.arange(50) * 0.08, atol=1e-6)
    for index in (0, 20, 49):
        error = np.abs(frames[index][1].astype(int) - renderer.image_at(index * 0.08)).mean()
        assert error < 5.0


def test_truth_lies_beside_it(scenario: Any, tmp_path: Path) -> None:
    _, truth_path, _ = write(scenario, "hall", tmp_path, duration_s=4.0)
    written = json.loads(truth_path.read_text())
    truth = truth_of(scenario, scenario.cameras[0], duration_s=4.0)
    (line,), (zone,) = written["lines"], written["zones"]
    assert (line["name"], line["in"], line["out"]) == ("door", 1, 0)
    np.testing.assert_allclose(line["in_s"], [2.5], atol=0.01)
    np.testing.assert_allclose(line["ends_px"], scenario.cameras[0].lines_px[0].ends_px, atol=0.01)
    assert (zone["entries"], zone["exits"]) == (len(truth.zones[0].entries_s), len(truth.zones[0].exits_s))
    assert zone["occupancy"] == truth.zones[0].occupancy.tolist()
    assert written["in_view"] == truth.in_view.tolist() == [2, 2, 2, 2]
    assert len(written["calibration"]["points_m"]) == len(written["calibration"]["points_px"]) >= 6


def test_trajectories_lie_beside_it(scenario: Any, tmp_path: Path) -> None:
    _, _, path = write(scenario, "hall", tmp_path, duration_s=4.0)
    with path.open() as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert {row["id"] for row in rows} == {0.0, 3.0}
    assert min(row["time_s"] for row in rows) == 0.0
    assert max(row["time_s"] for row in rows) < 4.0
    for time_s in (0.0, 2.4, 3.8):
        here = sorted((row["x_m"], row["y_m"]) for row in rows if row["time_s"] == time_s)
        np.testing.assert_allclose(here, sorted(map(tuple, scenario.positions(time_s)[1])), atol=0.0051)


def test_what_cannot_be_written_is_said(scenario: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot write footage into"):
        write(scenario, "hall", tmp_path / "file", duration_s=1.0)
    with pytest.raises(SourceError, match="more than 0 seconds, not -1"):
        write(scenario, "hall", tmp_path, duration_s=-1.0)
    with pytest.raises(SourceError, match='no camera "hill": did you mean "hall"'):
        write(scenario, "hill", tmp_path, duration_s=1.0)
