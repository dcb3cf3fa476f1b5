"""What is measured at one moment: exact, and therefore never stored or sent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throng.data.secrecy import MemoryOnly, frozen_array


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Measurement(MemoryOnly):
    """The exact events of one frame of one camera.

    Attributes
    ----------
    passage_ids : (n,) uint64
        Whose event it is: the id of the track, so that the wall can bound what one passage contributes.
    counters : (n,) intp
        Which counter it adds to: an index into `throng.data.place.counters_of`.
    amounts : (n,) float64
        How much it adds: one person; to a zone's speeds the mean speed of the visit that has ended, m/s; to its stays how long
        it lasted, s; to a cell the share of the time that a track, which has ended, was seen there. A visit's speed and stay
        follow its exit. A level is not added: it is how fast the visitor walks from now on, m/s.
    ended_ids : (k,) uint64
        Passages that are over: the wall forgets them.
    occupancy : (zones,) int64
        People in each zone at this moment.
    time_s : float
        The frame's time.
    """

    passage_ids: NDArray[np.uint64]
    counters: NDArray[np.intp]
    amounts: NDArray[np.float64]
    ended_ids: NDArray[np.uint64]
    occupancy: NDArray[np.int64]
    time_s: float

    def __post_init__(self) -> None:
        ids = frozen_array(self.passage_ids, np.uint64, shape=(None,), name="passage_ids")
        object.__setattr__(self, "passage_ids", ids)
        object.__setattr__(self, "counters", frozen_array(self.counters, np.intp, shape=(len(ids),), name="counters"))
        object.__setattr__(self, "amounts", frozen_array(self.amounts, np.float64, shape=(len(ids),), name="amounts"))
        object.__setattr__(self, "ended_ids", frozen_array(self.ended_ids, np.uint64, shape=(None,), name="ended_ids"))
        object.__setattr__(self, "occupancy", frozen_array(self.occupancy, np.int64, shape=(None,), name="occupancy"))

    @classmethod
    def nothing(cls, occupancy: NDArray[np.int64], time_s: float) -> "Measurement":
        """No event, as at most moments, made without checking it again; `occupancy` is frozen and handed over."""
        measurement = object.__new__(cls)
        for name in cls.__slots__:
            object.__setattr__(measurement, name, getattr(_NOTHING, name))
        object.__setattr__(measurement, "time_s", time_s)
        object.__setattr__(measurement, "occupancy", frozen_array(occupancy, np.int64, shape=(None,), name="occupancy"))
        return measurement


_NOTHING = Measurement(
    passage_ids=np.empty(0, np.uint64),
    counters=np.empty(0, np.intp),
    amounts=np.empty(0),
    ended_ids=np.empty(0, np.uint64),
    occupancy=np.empty(0, np.int64),
    time_s=0.0,
)
