"""HOTA, against the paper's equations written out and against cases that can be done by hand."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.films import Rows, crowd, table

from throng.evaluate.hota import Hota, hota
from throng.evaluate.overlap import pair

Box = tuple[float, float, float, float]
Frame = dict[int, Box]
Match = tuple[int, int, int, float]


def _frames(rows: Rows) -> dict[int, Frame]:
    frames: dict[int, Frame] = {}
    for frame, key, left, top, width, height, flag, *_ in rows.tolist():
        if flag:
            frames.setdefault(int(frame), {})[int(key)] = (left, top, left + width, top + height)
    return frames


def _overlap(a: Box, b: Box) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / (area - width * height)


def _by_the_book(truth: dict[int, Frame], tracks: dict[int, Frame]) -> Hota:
    """All matchings of every frame tried, all sets of the paper counted one by one."""
    frames = sorted({*truth, *tracks})
    sizes = [Counter(key for frame in film.values() for key in frame) for film in (truth, tracks)]
    together: Counter[tuple[int, int]] = Counter()
    for frame in frames:
        people, seen = truth.get(frame, {}), tracks.get(frame, {})
        overlaps = {(i, j): _overlap(people[i], seen[j]) for i in people for j in seen}
        for (i, j), overlap in overlaps.items():
            rivals = sum(other for (k, m), other in overlaps.items() if k == i or m == j)
            together[i, j] += overlap / rivals if rivals else 0.0  # type: ignore[assignment]
    agreement = {(i, j): shared / (sizes[0][i] + sizes[1][j] - shared) for (i, j), shared in together.items()}
    matches = [match for frame in frames for match in _best(frame, truth.get(frame, {}), tracks.get(frame, {}), agreement)]
    levels = [_level([match for match in matches if match[3] >= k / 20], *sizes) for k in range(1, 20)]
    return Hota(*(sum(level[n] for level in levels) / 19 for n in range(4)))


def _best(frame: int, people: Frame, seen: Frame, agreement: dict[tuple[int, int], float]) -> list[Match]:
    few, many = sorted((sorted(people), sorted(seen)), key=len)
    swapped = len(people) > len(seen)
    best: list[Match] = []
    highest = -1.0
    for chosen in itertools.permutations(many, len(few)):
        pairs = [(b, a) if swapped else (a, b) for a, b in zip(few, chosen, strict=True)]
        matching = [(frame, i, j, _overlap(people[i], seen[j])) for i, j in pairs]
        worth = sum(agreement[i, j] * overlap for _, i, j, overlap in matching)
        if worth > highest:
            highest, best = worth, matching
    return best


def _level(matches: list[Match], people: Counter[int], tracks: Counter[int]) -> tuple[float, float, float, float]:
    if not matches:
        return 0.0, 0.0, 0.0, 1.0
    true_positives = len(matches)
    false_negatives = people.total() - true_positives
    false_positives = tracks.total() - true_positives
    deta = true_positives / (true_positives + false_negatives + false_positives)
    association = 0.0
    for _, i, j, _ in matches:
        tpa = sum(1 for match in matches if match[1:3] == (i, j))
        fna, fpa = people[i] - tpa, tracks[j] - tpa
        association += tpa / (tpa + fna + fpa)
    assa = association / true_positives
    return math.sqrt(deta * assa), deta, assa, sum(match[3] for match in matches) / true_positives


def _scored(truth: Rows, tracks: Rows) -> Hota:
    return hota(pair(table(truth[truth[:, 6] != 0]), table(tracks)))


def _close(first: Hota, second: Hota) -> bool:
    return all(
        getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-9) for name in ("hota", "deta", "assa", "loca")
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 6))
def test_small_films_score_by_the_book(seed: int, people: int, frames: int) -> None:
    truth, tracks = crowd(seed, people=people, frames=frames)
    if len(truth) and len(tracks):
        assert _close(_scored(truth, tracks), _by_the_book(_frames(truth), _frames(tracks)))


def _walk(keys: list[int], overlap: float = 1.0) -> Rows:
    """One person standing for a frame per key, tracked under these keys, by a box of which `overlap` is the person's."""
    return np.array([[frame, key, 0, 0, 40, 90 / overlap, 1, -1, -1, -1] for frame, key in enumerate(keys, start=1)])


def test_perfect_tracks_score_1() -> None:
    truth = crowd(5)[0]
    assert _close(_scored(truth, np.column_stack([truth, truth[:, 0]])[truth[:, 6] != 0]), Hota(1.0, 1.0, 1.0, 1.0))


def test_a_person_in_two_equal_pieces_is_half_associated() -> None:
    # Each match shares 5 of the person's 10 boxes and the track has no others: A(c) = 5 / 10 for all c.
    score = _scored(_walk([1] * 10), _walk([1] * 5 + [2] * 5))
    assert _close(score, Hota(math.sqrt(0.5), 1.0, 0.5, 1.0))


def test_half_of_a_person_found_is_half_detected_and_half_associated() -> None:
    assert _close(_scored(_walk([1] * 10), _walk([1] * 5)), Hota(0.5, 0.5, 0.5, 1.0))


def test_boxes_count_up_to_their_overlap() -> None:
    # Found for alpha = 0.05 ... 0.60, 12 levels of 19, the last one exactly; where nothing is found LocA is 1.
    score = _scored(_walk([1] * 4), _walk([1] * 4, overlap=0.6))
    assert _close(score, Hota(12 / 19, 12 / 19, 12 / 19, (12 * 0.6 + 7) / 19))


def test_without_tracks_or_truth_nothing_is_scored() -> None:
    truth, tracks = crowd(0)
    nothing = Hota(0.0, 0.0, 0.0, 1.0)
    assert _close(_scored(truth, tracks[:0]), nothing)
    assert _close(_scored(truth[:0], tracks), nothing)
    tracks[:, 0] += 1000
    assert _close(_scored(truth, tracks), nothing)
