"""Every error that Throng raises on purpose.

ThrongError
├── SourceError        a camera, file or stream cannot be read
├── ModelError         a detector model cannot be used
├── GeometryError      a line, zone or point pair makes no sense
│   └── CalibrationError   the ground is not determined by what is known of it
├── TrajectoryError    a recording of trajectories makes no sense
├── AlarmError         an alarm rule makes no sense
├── SiteError          the site file is wrong
├── BudgetError        the privacy budget of a camera's day is spent, or its ledger cannot be trusted
├── StoreError         the store cannot be read or written
├── HubError           the hub cannot serve
├── EvaluationError    tracks cannot be scored: a file of detections, tracks or truth is wrong
└── SecrecyError       something tried to carry pixels, boxes or tracks out of memory

A message is one sentence that says what, the rule, the value and the remedy; the command line prints it and exits 2.
"""


class ThrongError(Exception):
    """The root: catching it catches every error raised on purpose and none that is a fault of ours."""


class SourceError(ThrongError):
    """A camera, file or stream cannot be read."""


class ModelError(ThrongError):
    """A detector model cannot be used."""


class GeometryError(ThrongError):
    """A line, zone or point pair makes no sense."""


class CalibrationError(GeometryError):
    """The ground is not determined by what is known of it."""


class TrajectoryError(ThrongError):
    """A recording of trajectories makes no sense."""


class AlarmError(ThrongError):
    """An alarm rule makes no sense."""


class SiteError(ThrongError):
    """The site file is wrong."""


class BudgetError(ThrongError):
    """The privacy budget of a camera's day is spent, or its ledger cannot be trusted."""


class StoreError(ThrongError):
    """The store cannot be read or written."""


class HubError(ThrongError):
    """The hub cannot serve."""


class EvaluationError(ThrongError):
    """Tracks cannot be scored: a file of detections, tracks or truth is wrong."""


class SecrecyError(ThrongError):
    """Something tried to carry pixels, boxes or tracks out of memory."""
