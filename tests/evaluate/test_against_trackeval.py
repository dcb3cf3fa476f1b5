"""The scores are those that TrackEval, the reference for HOTA and the MOT Challenge's own programme, prints.

Its figures in `trackeval.csv` came from commit 12c8791b303e0a0b50f753af204249e622d0281a of github.com/JonathonLuiten/TrackEval:
files written by `tests.evaluate.films.write`, read and prepared by its MotChallenge2DBox (BENCHMARK MOT17 where the truth has
classes, otherwise MOT15; pedestrian), scored by the `eval_sequence` of its HOTA (means over alpha), CLEAR and Identity.
`np.float`, `np.int` and `np.bool`, which NumPy no longer has, were spelt `float`, `int` and `bool` there.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
from tests.evaluate.films import crowd, perturbed, table, write

from throng.evaluate.mot_text import read_mot
from throng.evaluate.scores import Scores, score

PRINTED = {
    row.pop("film"): {name: float(value) for name, value in row.items()}
    for row in csv.DictReader(Path(__file__).with_name("trackeval.csv").read_text(encoding="utf-8").splitlines())
}


# Nobody in the last one is a walking person: there is no truth left.
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
@pytest.mark.parametrize("classes", [False, True])
def test_a_made_up_crowd_scores_as_trackeval_says(seed: int, classes: bool) -> None:
    truth, tracks = crowd(seed, classes=classes)
    printed = PRINTED[f"crowd {seed} with classes" if classes else f"crowd {seed}"]
    assert _like(printed, score(table(truth), table(tracks))) == pytest.approx(printed, abs=1e-6)


@pytest.mark.realdata
@pytest.mark.parametrize("film", ["TUD-Campus", "TUD-Stadtmitte", "MOT17-09", "MOT17-11"])
def test_perturbed_truth_of_a_real_film_scores_as_trackeval_says(film: str, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "mot" / film / "gt" / "gt.txt"
    tracks = write(perturbed(np.loadtxt(path, delimiter=","), seed=1), tmp_path / "tracks.txt")
    assert _like(PRINTED[film], score(read_mot(path), read_mot(tracks))) == pytest.approx(PRINTED[film], abs=1e-6)


def _like(printed: dict[str, float], scores: Scores) -> dict[str, float]:
    """The scores that TrackEval has too."""
    return {name: getattr(scores, name) for name in printed}
