"""Classes of how crowded a place is, and densities and flows that the literature of crowd safety warns of.

Levels of service, A (free) to F (breakdown), by the ground each person has:

| square feet a person, at least | A | B | C | D | E |
| --- | --- | --- | --- | --- | --- |
| walkway, Fruin 1971 | 35 | 25 | 15 | 10 | 5 |
| stairs, Fruin 1971 | 20 | 15 | 10 | 7 | 4 |
| queue, Fruin 1971 | 13 | 10 | 7 | 3 | 2 |
| walkway, HCM 2000 | 60 | 40 | 24 | 15 | 8 |

Fruin's bounds are whole square feet; publications in metres round them differently. One square foot is 0.09290304 square
metres exactly, so that 35, 25, 15, 10 and 5 are 3.252, 2.323, 1.394, 0.929 and 0.465 m2; tables say 3.24 to 3.3, 2.3 to 2.32,
1.39 to 1.4, 0.9 to 0.93 and 0.46 to 0.5, and so between 2.0 and 2.17 people/m2 for the worst bound. Throng converts exactly.
The Highway Capacity Manual has bounds of its own: those of 2000 (chapter 11) for walkways ask for more room than Fruin's, are
published in metres and are taken in metres here; its queues are Fruin's, rounded to 0.1 m2, and are not repeated.

References
----------
Fruin (1971), Pedestrian Planning and Design, Metropolitan Association of Urban Designers and Environmental Planners, New York;
Fruin (1971), Designing for pedestrians: a level-of-service concept, Highway Research Record 355, 1-15.
Transportation Research Board (2000), Highway Capacity Manual, chapters 11 and 18.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

SQUARE_FOOT_M2 = 0.09290304
FOOT_M = 0.3048
LEVELS = "ABCDEF"
UNKNOWN = "unknown"
Kind = Literal["walkway", "stairs", "queue", "walkway-hcm2000", "stairs-hcm2000"]

SPACE_M2: dict[str, tuple[float, ...]] = {
    "walkway": tuple(feet * SQUARE_FOOT_M2 for feet in (35, 25, 15, 10, 5)),
    "stairs": tuple(feet * SQUARE_FOOT_M2 for feet in (20, 15, 10, 7, 4)),
    "queue": tuple(feet * SQUARE_FOOT_M2 for feet in (13, 10, 7, 3, 2)),
    "walkway-hcm2000": (5.6, 3.7, 2.2, 1.4, 0.75),
    "stairs-hcm2000": (1.9, 1.6, 1.1, 0.7, 0.5),
}
"""The least ground for each person, square metres, of levels A to E."""

FLOW_PER_M_S: dict[str, tuple[float, ...]] = {
    "walkway": tuple(people / FOOT_M / 60 for people in (7, 10, 15, 20, 25)),
    "stairs": tuple(people / FOOT_M / 60 for people in (5, 7, 10, 13, 17)),
    "walkway-hcm2000": tuple(people / 60 for people in (16, 23, 33, 49, 75)),
    "stairs-hcm2000": tuple(people / 60 for people in (16, 20, 26, 36, 49)),
}
"""The greatest specific flow, people/(m s), of levels A to E: Fruin's are 7 ... 25 people a foot and minute."""


def level_of_service(density_per_m2: float, kind: Kind) -> str:
    """Level of service, "A" to "F", of a density; "unknown" for NaN.

    A density on a bound belongs to the better level. A density below zero (a number to which noise was added can be) is as good
    as none.

    Parameters
    ----------
    density_per_m2 : float
        People/m2.
    kind : {"walkway", "stairs", "queue", "walkway-hcm2000", "stairs-hcm2000"}
        What the place is for.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    if kind not in SPACE_M2:
        raise ValueError(f"a level of service is defined for {', '.join(SPACE_M2)}, not for {kind}")
    return _level(density_per_m2, tuple(1 / space for space in SPACE_M2[kind]))


def level_of_flow(flow_per_m_s: float, kind: Kind) -> str:
    """Level of service of a specific flow, people/(m s), while people move freely; "unknown" for NaN.

    A flow alone cannot tell a free walkway from a jammed one: at level F it may be anything. Use the density where it is known.

    Raises
    ------
    ValueError
        No flow is published for this kind.
    """
    if kind not in FLOW_PER_M_S:
        raise ValueError(f"a level of service by flow is defined for {', '.join(FLOW_PER_M_S)}, not for {kind}")
    return _level(flow_per_m_s, FLOW_PER_M_S[kind])


def possible_levels(density_per_m2: float, standard_error_per_m2: float, kind: Kind, *, errors: float = 1.96) -> str:
    """All levels of service a density may have, best first, such as "BC"; "unknown" where it or its error is NaN.

    Those from the density less `errors` standard errors to the density plus as many: 1.96 of them hold the true density in 95
    of 100 cases where the error is normal.
    """
    if np.isnan(density_per_m2) or np.isnan(standard_error_per_m2):
        return UNKNOWN
    margin = errors * standard_error_per_m2
    best, worst = (level_of_service(density_per_m2 + way * margin, kind) for way in (-1, 1))
    return LEVELS[LEVELS.index(best) : LEVELS.index(worst) + 1]


def _level(value: float, bounds: tuple[float, ...]) -> str:
    if np.isnan(value):
        return UNKNOWN
    return LEVELS[int(np.searchsorted(np.array(bounds) * (1 + 1e-12), value))]


@dataclass(frozen=True, slots=True)
class CrowdThreshold:
    """A density or specific flow that the literature of crowd safety warns of.

    Attributes
    ----------
    name : str
    value : float
        People/m2, or people/(m s) if `is_flow`.
    crowd : str
        "standing", "moving" or "any".
    meaning : str
        What is said to happen beyond it.
    source : str
    is_flow : bool
    """

    name: str
    value: float
    crowd: Literal["standing", "moving", "any"]
    meaning: str
    source: str
    is_flow: bool = False


_GREEN_GUIDE = "Sports Grounds Safety Authority, Guide to Safety at Sports Grounds, sixth edition, 2018"
_STILL = "Still, Introduction to Crowd Science, CRC Press 2014"
_FRUIN_1993 = "Fruin, The causes and prevention of crowd disasters, Engineering for Crowd Safety, Elsevier 1993"

CROWD_THRESHOLDS: tuple[CrowdThreshold, ...] = (
    CrowdThreshold("moving-limit", 4.0, "moving", "people bump into each other and who falls brings down others", _STILL),
    CrowdThreshold("standing-limit", 5.0, "standing", "bodies touch, and pushes run through the crowd", _STILL),
    CrowdThreshold("standing-design", 4.7, "standing", "47 people on 10 m2, the most in a good standing area", _GREEN_GUIDE),
    CrowdThreshold(
        "dangerous-forces", 1 / (2 * SQUARE_FOOT_M2), "any", "potentially dangerous crowd forces develop", _FRUIN_1993
    ),
    CrowdThreshold("critical", 7.0, "any", "the crowd becomes almost a fluid mass; shock waves run through it", _FRUIN_1993),
    CrowdThreshold(
        "level-egress", 82 / 60, "moving", "82 people a metre and minute, the most on the level", _GREEN_GUIDE, True
    ),
    CrowdThreshold("stepped-egress", 66 / 60, "moving", "66 people a metre and minute, the most on steps", _GREEN_GUIDE, True),
)
"""Fruin's 2 square feet a person are 5.38 people/m2. The Green Guide's flows were 109 and 73 a metre and minute up to its
fourth edition (1997); flows seen in a stadium were all below 60 (Larsson et al. 2021, Fire Safety Journal 120, 103040)."""
