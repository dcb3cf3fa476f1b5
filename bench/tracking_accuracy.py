"""How well people are followed on real sequences of the MOT Challenge, beside the peers, from the same detections."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench.accuracy import CHOSEN_ON as SHARE_CHOSEN_ON
from bench.film import HIDING, THRONG, as_table, film, peer_tracks, throng_tracks, true_tracks
from bench.peers.environment import version_of
from bench.peers.process import PEERS, Followed, Peers
from bench.report import paragraph
from numpy.typing import NDArray

from throng.evaluate.mot_text import MotTable, read_mot
from throng.evaluate.run import are_probabilities, probability, track
from throng.evaluate.scores import Scores, score
from throng.evaluate.seqinfo import frame_rate_of
from throng.track.tracker import Tracker

RATES_HZ = {"TUD-Campus": 25.0, "TUD-Stadtmitte": 25.0}
"""Frame rates of the sequences that come without a seqinfo.ini."""
CHOSEN_ON = ("TUD-Campus", "TUD-Stadtmitte")
"""Throng's settings were chosen on these and on simulated crowds."""
REPORTED_ON = ("MOT17-09", "MOT17-11")
SEQUENCES = (*CHOSEN_ON, *REPORTED_ON)
HOTA_GOAL, IDF1_GOAL, WORST_GOAL = 0.015, 0.02, -0.005

SIMULATED = ("concourse-50", "concourse-150")
SIMULATED_HZ = 10.0
HEAD = (
    "| tracker | people | HOTA | AssA | DetA | IDF1 | MOTA | id switches |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)

Table = Mapping[str, Mapping[str, Scores]]
"""Scores by tracker and sequence."""


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """One film's detections and truth."""

    name: str
    rate_hz: float
    detections: MotTable
    truth: MotTable


def load(data: Path, name: str) -> Sequence:
    """A sequence from the folder of data."""
    detections, truth = (data / "mot" / name / kind / f"{kind}.txt" for kind in ("det", "gt"))
    rate_hz = frame_rate_of(detections) or RATES_HZ[name]
    return Sequence(name, rate_hz, read_mot(detections), read_mot(truth))


def throng_scores(sequence: Sequence, tracker: Tracker | None = None) -> Scores:
    """The scores of a fresh tracker of Throng on a sequence."""
    return score(sequence.truth, track(sequence.detections, rate_hz=sequence.rate_hz, tracker=tracker or Tracker()))


def peer_scores(sequence: Sequence, peers: Peers) -> dict[str, Scores]:
    """Every peer's scores on a sequence: the better, by HOTA, of those from raw scores and from probabilities."""
    raw = sequence.detections.scores
    scales = [raw] if are_probabilities(raw) else [raw, probability(raw)]
    found: dict[str, list[Scores]] = {name: [] for name in PEERS}
    for scores in scales:
        first, last = _load(sequence.detections, scores, peers)
        for name in PEERS:
            said = peers.run(name, rate_hz=sequence.rate_hz)
            found[name].append(score(sequence.truth, _as_table(said, range(first, last + 1))))
    return {name: max(each, key=lambda scores: scores.hota) for name, each in found.items()}


def table(data: Path) -> list[str]:
    """The tables of real sequences and simulated crowds with the verdict, as Markdown."""
    with Peers() as peers:
        real = _real(data, peers)
        simulated = _simulated(peers)
    return [
        _explained(),
        "",
        *_verdict(real),
        "",
        *HEAD,
        *(_mean_row(tracker, REPORTED_ON, "mean of the two MOT17", real) for tracker in real),
        *(_mean_row(tracker, SEQUENCES, "mean of all four", real) for tracker in real),
        *(_row(tracker, name, scores[name]) for name in SEQUENCES for tracker, scores in real.items()),
        "",
        f"### Simulated crowds at {SIMULATED_HZ:g} frames/s",
        "",
        _simulated_explained(),
        "",
        *HEAD,
        *(_row(tracker, name, scores[name]) for name in SIMULATED for tracker, scores in simulated.items()),
    ]


def _real(data: Path, peers: Peers) -> Table:
    rows: dict[str, dict[str, Scores]] = {name: {} for name in ("Throng", *PEERS)}
    for name in SEQUENCES:
        print(f"bench: following people in {name}", file=sys.stderr, flush=True)
        sequence = load(data, name)
        rows["Throng"][name] = throng_scores(sequence)
        for tracker, scores in peer_scores(sequence, peers).items():
            rows[tracker][name] = scores
    return rows


def _simulated(peers: Peers) -> Table:
    rows: dict[str, dict[str, Scores]] = {name: {} for name in (*THRONG, *PEERS)}
    for name in SIMULATED:
        print(f"bench: following people in {name}", file=sys.stderr, flush=True)
        seen = film(name, rate_hz=SIMULATED_HZ, faults=HIDING)
        truth = as_table(seen, true_tracks(seen))
        for tracker, make in THRONG.items():
            rows[tracker][name] = score(truth, as_table(seen, throng_tracks(seen, make(seen.camera))))
        peers.load([each.boxes_px for each in seen.detections], [each.scores for each in seen.detections])
        for tracker in PEERS:
            said = peers.run(tracker, rate_hz=SIMULATED_HZ)
            rows[tracker][name] = score(truth, as_table(seen, peer_tracks(seen, said)))
    return rows


def _explained() -> str:
    return paragraph(
        f"""
        Public detections, the same for everyone; one setting of Throng for all sequences, chosen on simulated crowds and the
        two TUD sequences, so that the two MOT17 sequences (second halves, DPM detections) are the report. Peers: trackers
        {version_of("trackers")} and norfair {version_of("norfair")} at their defaults, told the frame rate where they ask for
        it; norfair asks for a threshold and gets that of its own demos, 0.7 for `iou` and 30 px for centres. DPM scores run
        from -0.5 to 3.5 where peers expect probabilities: each peer ran with the raw scores and with 1 / (1 + exp(-score)), and
        on each sequence the better result by HOTA is shown. BoT-SORT does without its compensation of camera motion, which
        needs pictures; McByte needs pictures and is left out. Percentages, higher is better; id switches, lower is better.
        """
    )


def _simulated_explained() -> str:
    return paragraph(
        f"""
        For information: detections made from exact boxes, 10 in 100 missed and 5 false for every 100, nobody found of whom more
        than 0.7 is hidden by somebody nearer; who is hidden still counts in the truth. Scores are random, 0.77 in the mean for
        people and 0.40 for false boxes. The last {1 - SHARE_CHOSEN_ON:.0%} of each, on which no setting was chosen.
        """
    )


def _load(detections: MotTable, scores: NDArray[np.float64], peers: Peers) -> tuple[int, int]:
    """Hand the detections over; the numbers of the first and the last frame."""
    rows = detections.rows_of_frames()
    nothing = np.empty(0, dtype=np.intp)
    every = [rows.get(frame, nothing) for frame in range(min(rows), max(rows) + 1)]
    peers.load([detections.boxes_px[each] for each in every], [scores[each] for each in every])
    return min(rows), max(rows)


def _as_table(said: Followed, frames: range) -> MotTable:
    numbers = np.repeat(np.array(frames), [len(ids) for ids in said.ids])
    ids, boxes = np.concatenate(said.ids), np.concatenate(said.boxes_px)
    # A filter may turn a box inside out while it coasts; such a box meets nobody.
    real = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return MotTable(numbers[real], ids[real], boxes[real], np.ones(int(real.sum())))


def _mean(rows: Table, tracker: str, over: tuple[str, ...], name: str) -> float:
    return float(np.mean([getattr(rows[tracker][sequence], name) for sequence in over]))


def _row(tracker: str, sequence: str, scores: Scores) -> str:
    shares = (scores.hota, scores.assa, scores.deta, scores.idf1, scores.mota)
    return f"| {tracker} | {sequence} | {' | '.join(f'{100 * share:.1f}' for share in shares)} | {scores.switches} |"


def _mean_row(tracker: str, over: tuple[str, ...], title: str, rows: Table) -> str:
    shares = [_mean(rows, tracker, over, name) for name in ("hota", "assa", "deta", "idf1", "mota")]
    switches = _mean(rows, tracker, over, "switches")
    return f"| **{tracker}** | {title} | {' | '.join(f'{100 * share:.1f}' for share in shares)} | {switches:.1f} |"


def _verdict(rows: Table) -> list[str]:
    """Throng against the best peer, best anew for every figure."""
    lines = []
    for title, over in (("the two MOT17 sequences", REPORTED_ON), ("all four", SEQUENCES)):
        hota, idf1 = (
            _mean(rows, "Throng", over, name) - max(_mean(rows, peer, over, name) for peer in PEERS)
            for name in ("hota", "idf1")
        )
        least, where = min((rows["Throng"][name].hota - max(rows[peer][name].hota for peer in PEERS), name) for name in over)
        lines.append(
            f"- Throng less the best peer, mean of {title}: HOTA {_against(hota, HOTA_GOAL)}, IDF1 "
            f"{_against(idf1, IDF1_GOAL)}; HOTA of its worst sequence, {where}: {_against(least, WORST_GOAL)}."
        )
    return lines


def _against(difference: float, goal: float) -> str:
    met = "met" if difference >= goal else "missed"
    return f"{100 * difference:+.1f} (goal {100 * goal:+.1f}, {met})"
