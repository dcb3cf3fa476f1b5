"""A made-up town: cameras with a hall to count in and a door to count at, and what they released."""

import time
from collections.abc import Sequence

import numpy as np

from throng.data.place import Extras
from throng.data.rows import Rows
from throng.hub.cameras import CameraEntry, PlaceEntry, Where

SITE = "Central"
HALL = ("occupancy", "density", "mean_speed", "mean_dwell", "entries", "exits", "entries_total", "exits_total")
DOOR = ("in", "out", "in_total", "out_total", "specific_flow")
AREA_M2 = 120.0
_DAY_S = 86_400
_REASON = "the camera is too dark"


def town(count: int, *, tick_s: float = 60.0) -> list[CameraEntry]:
    """Cameras around the middle of a town, and on a plan of 200 by 120 m."""
    side = int(np.ceil(np.sqrt(count)))
    places = (PlaceEntry("door", "line", in_metres=True), PlaceEntry("hall", "zone", in_metres=True))
    entries = []
    for number in range(count):
        column, row = number % side, number // side
        where = Where(52.08 + 0.04 * row / side, 5.10 + 0.06 * column / side, 5 + 190 * column / side, 5 + 110 * row / side)
        entries.append(CameraEntry(f"c{number:04}", places, Extras(heat=number == 0), tick_s, SITE, "", where))
    return entries


def rows(entries: Sequence[CameraEntry], *, start_s: float, end_s: float, seed: int = 0, dark: Sequence[int] = ()) -> Rows:
    """All that these cameras released in a stretch of one tick length: a crowd that comes and goes, with the wall's noise.

    The cameras whose numbers are in `dark` see nothing in the last tenth of it.
    """
    tick_s = entries[0].tick_s
    starts = np.arange(start_s // tick_s * tick_s, end_s - tick_s + 1e-6, tick_s)
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * (starts / _DAY_S)
    days = sorted({time.strftime("%Y-%m-%d", time.gmtime(start)) for start in starts.tolist()})
    part_of_tick = np.array([days.index(time.strftime("%Y-%m-%d", time.gmtime(start))) for start in starts.tolist()], np.int32)
    series, columns = [], []
    for number, entry in enumerate(entries):
        crowd = np.clip((30 + 8 * (number % 13)) * (1.1 - np.cos(phase - 0.01 * number)), 0, None) + rng.normal(
            0, 6, len(starts)
        )
        passing = np.clip(crowd / 6, 0, None) * tick_s / 60
        total = np.cumsum(passing)
        made = {
            "occupancy": (crowd, 6.0), "density": (crowd / AREA_M2, 6.0 / AREA_M2),
            "mean_speed": (np.clip(1.34 * (1 - crowd / AREA_M2 / 5.4), 0.1, None) + rng.normal(0, 0.03, len(starts)), 0.05),
            "mean_dwell": (40 + crowd / 4, 4.0),
            "entries": (passing, 3.0), "exits": (passing, 3.0), "entries_total": (total, 5.0), "exits_total": (total, 5.0),
            "in": (passing, 3.0), "out": (passing * 0.8, 3.0), "in_total": (total, 5.0), "out_total": (total * 0.8, 5.0),
            "specific_flow": (passing / 60 / 3, 0.05),
        }  # fmt: skip
        for place, quantities in (("hall", HALL), ("door", DOOR)):
            for quantity in quantities:
                values, error = made[quantity]
                unknown = np.zeros(len(starts), bool)
                if number in dark:
                    unknown[-max(1, len(starts) // 10) :] = True
                series.append((entry.name, place, quantity))
                columns.append((values, np.full(len(starts), error), unknown))
    unknown = np.concatenate([column[2] for column in columns])
    return Rows(
        tuple(series),
        tuple(
            (f"buffered(ticks={_DAY_S // int(tick_s)}, rho=0.2, sensitivity=2, sigma=4)", f"{day}/1", tick_s) for day in days
        ),
        ("", _REASON),
        series_of=np.repeat(np.arange(len(series), dtype=np.int32), len(starts)),
        part_of=np.tile(part_of_tick, len(series)),
        reason_of=unknown.astype(np.int32),
        tick_start_us=np.tile((starts * 1e6).astype(np.int64), len(series)),
        values=np.where(unknown, np.nan, np.concatenate([column[0] for column in columns]).round(3)),
        standard_errors=np.where(unknown, np.nan, np.concatenate([column[1] for column in columns])),
    )
