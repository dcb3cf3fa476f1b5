"""All scores of tracks against truth."""

from dataclasses import dataclass

from throng.evaluate.clear import clear
from throng.evaluate.hota import hota
from throng.evaluate.identity import identity
from throng.evaluate.mot_text import MotTable
from throng.evaluate.overlap import pair
from throng.evaluate.people import people_only


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How well tracks follow the truth; shares from 0 to 1 where nothing else is said.

    Attributes
    ----------
    hota, deta, assa, loca : float
        As `throng.evaluate.hota.Hota`.
    mota, motp : float
        As `throng.evaluate.clear.Clear`; mota may be negative.
    idf1, idp, idr : float
        As `throng.evaluate.identity.Identity`.
    switches, fragmentations, false_positives, false_negatives : int
        As `throng.evaluate.clear.Clear`.
    pieces_mean, pieces_p95, pieces_p99, pieces_most, pieces_people : float, int
        As `throng.evaluate.pieces.Pieces`.
    truth_boxes, track_boxes : int
        Boxes that were scored.
    truth_people, track_people : int
        Identities that these boxes have.
    """

    hota: float
    deta: float
    assa: float
    loca: float
    mota: float
    motp: float
    idf1: float
    idp: float
    idr: float
    switches: int
    fragmentations: int
    false_positives: int
    false_negatives: int
    pieces_mean: float
    pieces_p95: int
    pieces_p99: int
    pieces_most: int
    pieces_people: int
    truth_boxes: int
    track_boxes: int
    truth_people: int
    track_people: int


def score(truth: MotTable, tracks: MotTable) -> Scores:
    """Score tracks against truth with the figures that TrackEval prints for MOT15 (no classes) and MOT17 (classes).

    Parameters
    ----------
    truth, tracks : MotTable
        As read; which of their boxes count, `throng.evaluate.people.people_only` says.

    Raises
    ------
    EvaluationError
        The tracks hold other things than people, or an id occurs twice in a frame.
    """
    paired = pair(*people_only(truth, tracks))
    high, clr, ids = hota(paired), clear(paired), identity(paired)
    return Scores(
        hota=high.hota,
        deta=high.deta,
        assa=high.assa,
        loca=high.loca,
        mota=clr.mota,
        motp=clr.motp,
        idf1=ids.idf1,
        idp=ids.idp,
        idr=ids.idr,
        switches=clr.switches,
        fragmentations=clr.fragmentations,
        false_positives=clr.false_positives,
        false_negatives=clr.false_negatives,
        pieces_mean=clr.pieces.mean,
        pieces_p95=clr.pieces.p95,
        pieces_p99=clr.pieces.p99,
        pieces_most=clr.pieces.most,
        pieces_people=clr.pieces.people,
        truth_boxes=paired.truth_boxes,
        track_boxes=paired.track_boxes,
        truth_people=len(paired.truth_lengths),
        track_people=len(paired.track_lengths),
    )
