"""`throng track-eval`: how well people are followed, against truth in the form of the MOT Challenge. Nothing is stored."""

import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from throng.cli.places import check_names, parse_line
from throng.data.errors import EvaluationError, GeometryError
from throng.data.place import Anchor, Line

if TYPE_CHECKING:
    from throng.evaluate.crossings import CountError, LineError
    from throng.evaluate.mot_text import MotTable
    from throng.evaluate.scores import Scores

EXAMPLES = """Score tracking against ground truth, both text files of the MOT Challenge; nothing is stored.

DET holds detections (ids -1), which Throng's tracker follows, or the tracks of any tracker, which are scored as they stand.

Examples:

    throng track-eval det/det.txt gt/gt.txt

    throng track-eval det.txt gt.txt --rate 25 --line "door: 320,100 320,480" --json

    throng track-eval tracks-of-another-tracker.txt gt.txt

A line of such a file is `frame,id,left,top,width,height,score,class,...`. HOTA, CLEAR and identity scores are those of
TrackEval: by its rules for MOT16 and MOT17 where the truth has classes (its eighth column is 1 to 13 everywhere), for MOT15
where not. Over and under are crossings that the tracks count too many and too few. Tracks of a person are into how many one
passage breaks, and the lines below that are for the site file: they tell the wall how many to protect."""

SHARES = ("hota", "deta", "assa", "loca", "mota", "motp", "idf1", "idp", "idr")
PIECES = ("mean", "p95", "p99", "most")
COUNTS = ("switches", "fragmentations", "false_positives", "false_negatives")
HEADINGS = {"hota": "HOTA", "deta": "DetA", "assa": "AssA", "loca": "LocA"}
MOST_PIECES = 16
"""As many as a site file takes."""
WITH_CLASSES = "truth has classes (MOT16, MOT17): people count, boxes on distractors neither for nor against"
WITHOUT_CLASSES = "truth has no classes (MOT15): every box with a flag counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What was scored, how, and the scores.

    Attributes
    ----------
    tracker : str
        Empty where the file held tracks already.
    rate_hz : float
        0 where no times were needed.
    logistic : bool
        Whether the detections' scores were no probabilities and were made such.
    classes : bool
        Whether the truth has classes.
    """

    detections: Path
    truth: Path
    tracker: str
    rate_hz: float
    logistic: bool
    classes: bool
    anchor: Anchor
    scores: "Scores"
    lines: list["LineError"]

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form."""
        return {
            "detections": str(self.detections),
            "truth": str(self.truth),
            "tracker": self.tracker or None,
            "rate_hz": self.rate_hz or None,
            "logistic_scores": self.logistic,
            "truth_has_classes": self.classes,
            **asdict(self.scores),
            "lines": [{"name": line.name, "in": _as_json(line.went_in), "out": _as_json(line.went_out)} for line in self.lines],
        }


def track_eval(
    detections: Annotated[Path, typer.Argument(metavar="DET", help="Detections or tracks.", show_default=False)],
    truth: Annotated[Path, typer.Argument(metavar="GT", help="Ground truth.", show_default=False)],
    rate: Annotated[
        float | None,
        typer.Option(help="Frames per second; by default that of a seqinfo.ini near the files.", show_default=False),
    ] = None,
    line: Annotated[list[str], typer.Option(help='A line to cross: "name: x,y x,y", pixels.', show_default=False)] = [],  # noqa: B006
    anchor: Annotated[str, typer.Option(help="The point of a box that crosses: foot or centre.")] = "foot",
    least_score: Annotated[
        float | None, typer.Option(help="Drop detections below this score, in the file's own scale.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    lines = tuple(parse_line(text) for text in line)
    check_names(lines, ())
    if anchor not in ("foot", "centre"):
        raise GeometryError(f'--anchor must be foot or centre, not "{anchor}"')
    if rate is not None and not 0.0 < rate < math.inf:
        raise EvaluationError(f"--rate must be a positive number of frames per second, not {rate:g}")
    point: Anchor = "centre" if anchor == "centre" else "foot"
    evaluated = _evaluate(detections, truth, rate=rate, lines=lines, anchor=point, least_score=least_score)
    if as_json:
        print(json.dumps(evaluated.as_json(), ensure_ascii=False))
    else:
        _print_tables(evaluated)


track_eval.__doc__ = EXAMPLES


def _evaluate(
    detections: Path, truth: Path, *, rate: float | None, lines: tuple[Line, ...], anchor: Anchor, least_score: float | None
) -> Evaluated:
    from throng.evaluate.crossings import crossing_errors
    from throng.evaluate.mot_text import read_mot
    from throng.evaluate.run import are_probabilities
    from throng.evaluate.scores import score
    from throng.track.tracker import Tracker

    found, true = read_mot(detections), read_mot(truth)
    _check_pair(found, true, detections, truth)
    if found.is_tracked and least_score is not None:
        raise EvaluationError(f"{detections} holds tracks (its ids are not -1): --least-score is for detections, leave it out")
    rate_hz = 0.0 if found.is_tracked and not lines else _rate(rate, detections, truth)
    tracks = found if found.is_tracked else _tracked(found, detections, rate_hz, least_score)
    return Evaluated(
        detections=detections,
        truth=truth,
        tracker="" if found.is_tracked else Tracker.name,
        rate_hz=rate_hz,
        logistic=not found.is_tracked and not are_probabilities(found.scores),
        classes=true.classes is not None,
        anchor=anchor,
        scores=score(true, tracks),
        lines=crossing_errors(true, tracks, lines, rate_hz=rate_hz, anchor=anchor) if lines else [],
    )


def _check_pair(found: "MotTable", true: "MotTable", detections: Path, truth: Path) -> None:
    """Refuse files that are plainly not detections and truth of one film: every score would be nought."""
    from throng.evaluate.people import people_of

    if not true.is_tracked:
        raise EvaluationError(f"{truth} has no identities (all its ids are -1): give ground truth, detections come first")
    if not len(people_of(true)):
        rule = "a class of 1 and a flag other than 0" if true.classes is not None else "a flag other than 0"
        raise EvaluationError(f"{truth} has no box that counts: columns 7 and 8 must hold {rule} for some")
    if found.frames.max() < true.frames.min() or found.frames.min() > true.frames.max():
        raise EvaluationError(
            f"{detections} (frames {found.frames.min()} to {found.frames.max()}) and {truth} (frames {true.frames.min()} to "
            f"{true.frames.max()}) have no frame in common: give two files of one film, frames numbered alike"
        )


def _rate(given: float | None, detections: Path, truth: Path) -> float:
    from throng.evaluate.seqinfo import NAME, frame_rate_of

    rate_hz = given if given is not None else frame_rate_of(truth, detections)
    if rate_hz is None:
        raise EvaluationError(
            f"the frames per second are unknown: no {NAME} lies beside {truth} or {detections} or a folder above; give --rate"
        )
    return rate_hz


def _tracked(found: "MotTable", path: Path, rate_hz: float, least_score: float | None) -> "MotTable":
    """The tracks of Throng's tracker, with a progress bar where somebody is looking."""
    from throng.evaluate.run import from_score, track
    from throng.track.tracker import Tracker

    kept = from_score(found, -math.inf if least_score is None else least_score)
    if not len(kept):
        raise EvaluationError(
            f"{path} has no detection with a score of {least_score:g} or more (the highest is {found.scores.max():g}): "
            "lower --least-score"
        )
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("tracking", total=None)
        return track(
            kept,
            rate_hz=rate_hz,
            tracker=Tracker(),
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def _as_json(error: "CountError") -> dict[str, int]:
    return {"truth": error.truth, "counted": error.counted, "over": error.over, "under": error.under}


def _print_tables(evaluated: Evaluated) -> None:
    console = Console(highlight=False)
    numbers = asdict(evaluated.scores)
    shares, counts = Table(title="per cent"), Table()
    for table, names in ((shares, SHARES), (counts, COUNTS)):
        for name in names:
            heading = name.replace("_", " ") if table is counts else HEADINGS.get(name, name.upper())
            table.add_column(heading, justify="right")
    shares.add_row(*(f"{100 * numbers[name]:.1f}" for name in SHARES))
    counts.add_row(*(str(numbers[name]) for name in COUNTS))
    console.print(shares)
    console.print(counts)
    console.print(_pieces_table(evaluated.scores))
    if evaluated.lines:
        console.print(_lines_table(evaluated.lines))
    console.print(_facts(evaluated), markup=False)
    if evaluated.scores.pieces_people:
        console.print(*_for_site_file(evaluated), sep="\n", markup=False, soft_wrap=True)


def _lines_table(lines: list["LineError"]) -> Table:
    table = Table("line", "direction")
    for name in ("truth", "counted", "over", "under"):
        table.add_column(name, justify="right")
    for line in lines:
        for direction, error in (("in", line.went_in), ("out", line.went_out)):
            table.add_row(line.name, direction, *(str(number) for number in _as_json(error).values()))
    return table


def _pieces_table(scores: "Scores") -> Table:
    table = Table(title="tracks of a person")
    for name in PIECES:
        table.add_column({"p95": "95 in 100", "p99": "99 in 100"}.get(name, name), justify="right")
    table.add_row(f"{scores.pieces_mean:.2f}", *(str(getattr(scores, f"pieces_{name}")) for name in PIECES[1:]))
    return table


def _for_site_file(evaluated: Evaluated) -> list[str]:
    """The keys of `[budget]` that say how many tracks of one passage are to be protected."""
    scores, folder = evaluated.scores, evaluated.truth.resolve().parent
    film = (folder.parent if folder.name == "gt" else folder).name[:60]
    number = min(scores.pieces_p99, MOST_PIECES)
    today = datetime.now(UTC).date().isoformat()
    where = f"track-eval, {film}, {today}: 99 % of {scores.pieces_people} passages in at most {scores.pieces_p99} tracks"
    return ["for the site file, under [budget]:", f"pieces = {number}", f"pieces_measured = {json.dumps(where)}"]


def _facts(evaluated: Evaluated) -> str:
    """What the numbers are of, as one paragraph."""
    scores = evaluated.scores
    parts = [f"people in truth {scores.truth_people} ({scores.truth_boxes} boxes)"]
    parts.append(f"tracks {scores.track_people} ({scores.track_boxes} boxes)")
    if evaluated.tracker:
        parts.append(f"detections followed by tracker {evaluated.tracker} at {evaluated.rate_hz:g} frames/s")
    else:
        parts.append("tracks scored as they stand")
    if evaluated.logistic:
        parts.append("detection scores leave 0 to 1: all were mapped by 1/(1+exp(-score))")
    parts.append(WITH_CLASSES if evaluated.classes else WITHOUT_CLASSES)
    if evaluated.lines:
        parts.append(f"point {evaluated.anchor}")
    return "; ".join([*parts, "exact, nothing stored"])
