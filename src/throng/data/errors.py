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
│   └── ConflictError      somebody else changed a record meanwhile
├── WireError          a message from a sensor is malformed
├── SealError          something sealed cannot be opened, or its key cannot be had
├── LogError           the audit log cannot be written, or was tampered with
├── DeliveryError      a sensor cannot enrol at its hub or deliver to it
├── HubError           the hub cannot serve
│   └── AccountError       an account, a password or a token cannot be made, changed or used as asked
├── AuditError         what an audit found cannot be written
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


class ConflictError(StoreError):
    """Somebody else changed a record meanwhile."""


class WireError(ThrongError):
    """A message from a sensor is malformed."""


class SealError(ThrongError):
    """Something sealed cannot be opened, or its key cannot be had."""


class LogError(ThrongError):
    """The audit log cannot be written, or was tampered with."""


class DeliveryError(ThrongError):
    """A sensor cannot enrol at its hub or deliver to it."""


class HubError(ThrongError):
    """The hub cannot serve."""


class AccountError(HubError):
    """An account, a password or a token cannot be made, changed or used as asked.

    Attributes
    ----------
    status : int
        The HTTP status that says so.
    wait_s : int
        Seconds to wait before asking again; 0 where waiting does not help.
    """

    def __init__(self, sentence: str, *, status: int = 400, wait_s: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.wait_s = wait_s


class AuditError(ThrongError):
    """What an audit found cannot be written."""


class EvaluationError(ThrongError):
    """Tracks cannot be scored: a file of detections, tracks or truth is wrong."""


class SecrecyError(ThrongError):
    """Something tried to carry pixels, boxes or tracks out of memory."""
