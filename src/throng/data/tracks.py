"""People followed for a moment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly, frozen_array


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tracks(MemoryOnly):
    """Confirmed tracks at one moment, and those that have ended since the moment before.

    Attributes
    ----------
    ids : (n,) uint64
        Random, unique for the life of the process, meaningless afterwards.
    boxes_px : (n, 4) float64
        Left, top, right, bottom in image pixels, filtered.
    xy_image_px : (n, 2) float64
        The point of each box that counts (foot or centre), image pixels.
    xy_ground_m : (n, 2) float64 or None
        The same on the ground, metres; None without calibration.
    ended_ids : (k,) uint64
        Tracks that ended since the previous frame.
    time_s : float
        The frame's time.
    seen : (n,) bool
        Who was found in this very frame; the others are hidden for a moment and are where they were going.
    begin_image_px : (n, 2) float64
        Where the point that counts was when each track began, before it was confirmed.
    """

    ids: NDArray[np.uint64]
    boxes_px: NDArray[np.float64]
    xy_image_px: NDArray[np.float64]
    xy_ground_m: NDArray[np.float64] | None
    ended_ids: NDArray[np.uint64]
    time_s: float
    seen: NDArray[np.bool_]
    begin_image_px: NDArray[np.float64]

    def __post_init__(self) -> None:
        ids = frozen_array(self.ids, np.uint64, shape=(None,), name="ids")
        n = len(ids)
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "boxes_px", frozen_array(self.boxes_px, np.float64, shape=(n, 4), name="boxes_px"))
        object.__setattr__(self, "xy_image_px", frozen_array(self.xy_image_px, np.float64, shape=(n, 2), name="xy_image_px"))
        if self.xy_ground_m is not None:
            ground = frozen_array(self.xy_ground_m, np.float64, shape=(n, 2), name="xy_ground_m")
            object.__setattr__(self, "xy_ground_m", ground)
        object.__setattr__(self, "ended_ids", frozen_array(self.ended_ids, np.uint64, shape=(None,), name="ended_ids"))
        object.__setattr__(self, "seen", frozen_array(self.seen, np.bool_, shape=(n,), name="seen"))
        begin = frozen_array(self.begin_image_px, np.float64, shape=(n, 2), name="begin_image_px")
        object.__setattr__(self, "begin_image_px", begin)

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def nobody(cls, time_s: float) -> "Tracks":
        """No tracks, and none that has ended: what most cameras see at most times, made without checking it again."""
        tracks = object.__new__(cls)
        for name in cls.__slots__:
            object.__setattr__(tracks, name, getattr(_NOBODY, name))
        object.__setattr__(tracks, "time_s", time_s)
        return tracks


_NOBODY = Tracks(
    ids=np.empty(0, np.uint64),
    boxes_px=np.empty((0, 4)),
    xy_image_px=np.empty((0, 2)),
    xy_ground_m=None,
    ended_ids=np.empty(0, np.uint64),
    time_s=0.0,
    seen=np.empty(0, np.bool_),
    begin_image_px=np.empty((0, 2)),
)
