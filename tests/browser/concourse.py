"""The concourse of the demo with a made-up week, whose numbers do not depend on when it is looked at."""

import time
import tomllib
from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr
from tests.browser import town

from throng.alarm.rule import Rule
from throng.cli.demo import furnish, site_text
from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, Extras, cell_name
from throng.data.rows import Rows
from throng.hub.app import Hub
from throng.hub.cameras import CameraEntry, Where
from throng.hub.registry.draft import Draft
from throng.hub.registry.registry import By

TICK_S, HOUR_S, DAY_S = 300, 3600, 86_400
DARK, REASON = "gates", "the camera is too dark"
HALLS = {"entrance": "lobby", "gates": "gate hall", "board": "waiting", "stairs": "south hall"}
DOORS = {"entrance": "street", "gates": "platforms", "board": "to the board", "stairs": "stairs"}
RULES = (
    Rule("Crowd before the board", "board", "waiting", "density", threshold=1.0, clear=0.2, severity="danger"),
    Rule("Stairs, crowded", "stairs", "south hall", "density", threshold=0.7, clear=0.1),
    Rule("Crush before the board", "board", "waiting", "density", threshold=5.0, clear=3.0, severity="danger"),
    Rule("Gates, crowded", DARK, "gate hall", "density", threshold=2.0, clear=0.5),
)
_FULLER = {"board": 2.5, "stairs": 1.6}
"""How many times as many people as made up are in a hall, so that the levels of service differ."""
_END_S = 1_772_000_000 // DAY_S * DAY_S + 14 * HOUR_S
"""The made-up week ends early in an afternoon, whenever it is looked at."""
_SEEN_DAYS = 8


def entries() -> list[CameraEntry]:
    """The cameras, as `tests.browser.town` makes up numbers for them."""
    return [replace(entry, name=name) for entry, name in zip(town.town(len(HALLS), tick_s=TICK_S), HALLS, strict=True)]


def week() -> tuple[Rows, Rows]:
    """What the cameras released in eight days, and the newest tick: one is dark in the end, and one was for a while."""
    made = town.rows(entries(), start_s=_END_S - _SEEN_DAYS * DAY_S, end_s=_END_S)
    cameras, quantities = (np.array(texts)[made.series_of] for texts in list(zip(*made.series, strict=True))[::2])
    before_end_s = _END_S - made.tick_start_us / 1e6
    start_us = made.tick_start_us + round((newest_s() - _END_S) * 1e6)
    unknown = (cameras == DARK) & (before_end_s <= 2 * HOUR_S) | (cameras == "board") & (
        abs(before_end_s - 9 * HOUR_S) < HOUR_S
    )
    values = made.values.copy()
    for camera, times in _FULLER.items():
        values[(cameras == camera) & np.isin(quantities, ("occupancy", "density"))] *= times
    values = np.where(np.char.endswith(quantities, "_total"), _of_day(made.series_of, start_us, values), values)
    shown = replace(
        made,
        series=tuple((camera, (HALLS if place == "hall" else DOORS)[camera], what) for camera, place, what in made.series),
        reasons=("", REASON),
        reason_of=unknown.astype(np.int32),
        tick_start_us=start_us,
        values=np.where(unknown, np.nan, values),
        standard_errors=np.where(unknown, np.nan, made.standard_errors),
    )
    is_newest = start_us == start_us.max()
    return shown.taken(np.flatnonzero(~is_newest)), shown.taken(np.flatnonzero(is_newest))


def _of_day(series_of: NDArray[np.int32], start_us: NDArray[np.int64], totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running totals that begin anew with each UTC day; the rows of a series follow each other."""
    _, first, part = np.unique(
        np.stack([series_of, start_us // (DAY_S * 10**6)]), axis=1, return_index=True, return_inverse=True
    )
    return np.asarray(totals - totals[first][part.ravel()])


def heat(camera: str) -> Rows:
    """The newest heat map of a camera: most people stood a little left of the middle."""
    cells = np.arange(HEAT_COLUMNS * HEAT_ROWS)
    y, x = np.divmod(cells, HEAT_COLUMNS)
    people = 60 * np.exp(-((x - 6.5) ** 2) / 12 - (y - 4.5) ** 2 / 2.5)
    start_us = round((time.time() // HOUR_S - 1) * HOUR_S * 1e6)
    day = time.strftime("%Y-%m-%d", time.gmtime(start_us / 1e6))
    return Rows(
        tuple((camera, cell_name(cell), "heat") for cell in cells.tolist()),
        (("gaussian(rho=0.1, sensitivity=1, sigma=2)", f"{day}/1", float(HOUR_S)),),
        ("",),
        series_of=cells.astype(np.int32),
        part_of=np.zeros(len(cells), np.int32),
        reason_of=np.zeros(len(cells), np.int32),
        tick_start_us=np.full(len(cells), start_us),
        values=people.round(2),
        standard_errors=np.full(len(cells), 2.0),
    )


def newest_s() -> float:
    """When the newest tick ended, Unix time."""
    return time.time() // TICK_S * TICK_S


def register(hub: Hub) -> None:
    """Give a hub the concourse's cameras, its plan and its plates, and say how the cameras are."""
    for table in tomllib.loads(site_text("concourse", port=0))["camera"]:
        name, where = table.pop("name"), Where(**table.pop("where"))
        address = SecretStr(table.pop("address"))
        del table["loop"]
        draft = Draft(name, site="Central", where=where, address=address, table=table | {"tick_s": TICK_S})
        hub.registry.put(draft, version=0, by=By("test"))
    furnish(hub)
    hub.cameras.replace_entries([replace(entry, extras=Extras(heat=entry.name == "board")) for entry in hub.cameras.entries])
    for name in HALLS:
        hub.ingest.camera_state(name, "unknown" if name == DARK else "live", REASON * (name == DARK))
    today = hub.spending.today()
    days = [(today - timedelta(days=day)).isoformat() for day in range(10)]
    hub.spending.add([(name, f"{day}/1", "buffered(rho=0.1)") for day in days for name in HALLS])
