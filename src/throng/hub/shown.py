"""Which ticks pages have been shown: late and repeated ones are stored, but are no news."""

import numpy as np

from throng.data.rows import Rows


class Shown:
    """Remembers of each camera the newest tick that was shown."""

    def __init__(self) -> None:
        self._newest_us: dict[str, int] = {}

    def newer(self, rows: Rows) -> list[tuple[str, int]]:
        """The (camera, tick start in microseconds) in some rows that are newer than all before, oldest first; now shown."""
        cameras = list(dict.fromkeys(camera for camera, _, _ in rows.series))
        codes = {camera: code for code, camera in enumerate(cameras)}
        camera_of = np.array([codes[camera] for camera, _, _ in rows.series], dtype=np.int64)[rows.series_of]
        newest_us = np.array([self._newest_us.get(camera, -(2**63)) for camera in cameras], dtype=np.int64)
        news = np.flatnonzero(rows.tick_start_us > newest_us[camera_of]) if len(rows) else np.empty(0, np.intp)
        ticks = sorted(set(zip(rows.tick_start_us[news].tolist(), camera_of[news].tolist(), strict=True)))
        for start_us, code in ticks:
            self._newest_us[cameras[code]] = start_us
        return [(cameras[code], start_us) for start_us, code in ticks]
