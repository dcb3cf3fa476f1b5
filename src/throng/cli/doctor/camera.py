"""`throng doctor --camera`: what a camera sends, and whether tiles would find more people in it."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from throng.capture.address import UNNAMED, Address
from throng.capture.source import open_source
from throng.cli.camera_of import camera_of
from throng.cli.console import console
from throng.cli.doctor.command import progress
from throng.cli.doctor.stream import StreamFacts, read_stream
from throng.data.errors import SourceError
from throng.data.frame import Frame
from throng.data.outage import Outage
from throng.detect.choose import choose_detector
from throng.detect.detector import Detector
from throng.detect.tiles import Grid, SeesRegions, Tiles
from throng.site.credentials import credentials
from throng.site.read import read_site

GRIDS = (Grid(2, 1), Grid(2, 2), Grid(3, 2))
SURE = 0.4
"""Score of a box that is taken for a person."""
WORTH = 1.15
"""More tiles are advised if they find so many times as many people as fewer do: what they find is not always a person."""
TOO_FEW = 10
"""Boxes, over all pictures, below which nothing is advised."""
_PICTURES = 8
_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking at the pictures.

    Attributes
    ----------
    tiles : str
        "2x1"; empty for the whole picture only.
    look_ms : float
        Mean time for one picture, with one thread.
    found : int
        Boxes, over all pictures. For deciding only: how many is not told of a live camera, and never as a number of people.
    """

    tiles: str
    look_ms: float
    found: int


@dataclass(frozen=True, slots=True)
class Viewed:
    """A camera that was looked at: its address, how it is named to people, and the detector it has."""

    address: Address
    name: str
    detector: str

    @property
    def is_film(self) -> bool:
        """Whether somebody holds the pictures, so that ratios tell them nothing new."""
        return self.address.kind == "file"


def report_camera(camera: str | None, site: Path | None, *, seconds: float, detector: str | None, as_json: bool) -> None:
    """Look at a camera and print what it sends and what to set.

    Raises
    ------
    ThrongError
        The site file, the camera or the detector cannot be used.
    """
    viewed = _viewed(camera, site, detector)
    looker = choose_detector(viewed.detector)
    with progress() as shown:
        task = shown.add_task("reading the camera")
        facts, frames = _read(viewed, seconds)
        looks = []
        if isinstance(looker, SeesRegions):
            for grid in (None, *GRIDS):
                shown.update(task, description=f"looking at {f'{grid} tiles' if grid else 'the whole picture'}")
                looks.append(_look(looker if grid is None else Tiles(looker, grid), frames, str(grid or "")))
    advised, why = advice(looks)
    report = _report(viewed, facts, looker, looks, advised, why)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _print(report)


def advice(looks: Sequence[Look]) -> tuple[str | None, str]:
    """The tiles to set, None for none, and why; the whole picture comes first."""
    if not looks:
        return None, "the foreground detector sees every picture at its own size; tiles are for models"
    if max(look.found for look in looks) < TOO_FEW:
        return None, "too few people were in view to tell: look again when there are more, or for longer"
    taken = looks[0]
    for look in looks[1:]:
        if look.found >= WORTH * taken.found:
            taken = look
    if not taken.tiles:
        return None, "tiles find hardly more people than the whole picture"
    return taken.tiles, f"they find more people; a look then takes {taken.look_ms / looks[0].look_ms:.1f} times as long"


def _viewed(camera: str | None, site: Path | None, detector: str | None) -> Viewed:
    if site is None:
        assert camera is not None
        return Viewed(Address.parse(camera), UNNAMED, detector or "auto")
    described = read_site(site)
    one = camera_of(described, site, camera)
    user, password = credentials(one, described)
    address = Address.parse(
        described.address(one),
        user=user.get_secret_value() if user else None,
        password=password.get_secret_value() if password else None,
    )
    return Viewed(address, one.name, detector or described.detector(one))


def _read(viewed: Viewed, seconds: float) -> tuple[StreamFacts, list[Frame]]:
    """What the camera sends, and a few of its pictures, spread over the time."""
    if viewed.address.kind == "simulated":
        return _rendered(viewed, seconds)
    try:
        return read_stream(viewed.address, seconds=seconds, pictures=_PICTURES, patience_s=seconds + _PATIENCE_S)
    except SourceError as error:
        reason = str(error)
    raise SourceError(f"cannot read {viewed.address.shown(viewed.name)}: {reason}")


def _rendered(viewed: Viewed, seconds: float) -> tuple[StreamFacts, list[Frame]]:
    """A simulated scene sends no stream; its pictures are drawn."""
    with open_source(f"simulate:{viewed.address.text}", camera=viewed.name, max_rate_hz=_PICTURES / seconds) as source:
        kept = list(_until(source, seconds))
        rate_hz = source.info.frame_rate_hz if source.info else None
    return StreamFacts(kept[0].size_px, rate_hz, "none: pictures are drawn"), kept


def _until(source: Any, seconds: float) -> Iterator[Frame]:
    for item in source:
        if not isinstance(item, Outage):
            if item.time_s > seconds:
                return
            yield item


def _look(detector: Detector, frames: Sequence[Frame], tiles: str) -> Look:
    detector.detect(frames[0])
    begun = time.perf_counter()
    found = sum(int((detector.detect(frame).scores >= SURE).sum()) for frame in frames)
    return Look(tiles, 1e3 * (time.perf_counter() - begun) / len(frames), found)


def _report(
    viewed: Viewed, facts: StreamFacts, looker: Detector, looks: Sequence[Look], advised: str | None, why: str
) -> dict[str, Any]:
    """The documented JSON form; of people it holds ratios at most, and those of films only."""
    told = []
    for look in looks:
        told.append({"tiles": look.tiles or None, "look_ms": round(look.look_ms, 2)})
        if look.tiles and viewed.is_film and looks[0].found >= TOO_FEW:
            told[-1]["times_as_many"] = round(look.found / looks[0].found, 2)
    camera = viewed.address.text if viewed.is_film else viewed.name
    return {"camera": camera, **asdict(facts), "detector": looker.name, "looks": told, "tiles": advised, "because": why}


def _print(report: dict[str, Any]) -> None:
    shown = console()
    width, height = report["size_px"]
    rate = "at a rate that is not told" if report["rate_hz"] is None else f"{report['rate_hz']:.4g} pictures a second"
    lines = [f"{report['camera']}: {width}x{height}, {rate}, codec {report['codec']}"]
    if report["key_interval_s"] is not None:
        lines.append(f"a key picture every {report['key_interval_s']:.3g} s")
    elif report["decode_ms"] is not None:
        lines.append("fewer than two key pictures in what was read: for the time between them, read for longer with --seconds")
    if report["skippable_share"] is not None:
        lines.append(
            f"{report['skippable_share']:.0%} of the pictures may be skipped, no other needs them; "
            f"decoding one takes {report['decode_ms']:.1f} ms of a core"
        )
    for look in report["looks"]:
        more = f", finds {look['times_as_many']:.2f} times as many people" if "times_as_many" in look else ""
        whole = f"{look['tiles']} tiles and the whole" if look["tiles"] else "the whole picture"
        lines.append(f"{whole}: {look['look_ms']:.0f} ms a look{more}")
    setting = f'set tiles = "{report["tiles"]}"' if report["tiles"] else "set no tiles"
    for line in (*lines, f"{setting}: {report['because']}"):
        shown.print(line, markup=False, soft_wrap=True)
