"""What has been spent of each camera's budget, on disk before it is spent.

The ledger holds no number about people: only that an epoch was opened, when, and at what cost. It is one file of JSON lines,
only ever appended to, locked while it is read and written, so that several workers may share it. A line without its end is an
epoch that never opened (the machine stopped while writing); it is set aside in `<ledger>.torn`. Any other line that cannot be
read means that what was spent is not known, and then nothing is released.
"""

import fcntl
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

from throng.data.errors import BudgetError

SMALLEST_SHARE = Fraction(1, 64)
"""An epoch is refused once less than this share of the day's budget is left."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """An accounted stretch of a camera's mechanisms: its name, "2026-11-24/1", and what it may spend.

    Attributes
    ----------
    name : str
    rho : float
        With an epsilon, what follows from it: epsilon^2 / 2 (Bun and Steinke 2016, proposition 1.4).
    epsilon : float
        Where a delta of zero is kept; else 0.
    """

    name: str
    rho: float
    epsilon: float = 0.0


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One epoch that was opened; `rho` and `epsilon` as `Epoch` has them. `opened` and `day` are UTC, ISO 8601."""

    camera: str
    day: str
    epoch: str
    rho: float
    sensitivity: float
    mechanism: str
    opened: str
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        texts: tuple[object, ...] = (self.camera, self.day, self.epoch, self.mechanism, self.opened)
        numbers: tuple[object, ...] = (self.rho, self.sensitivity)
        # Read from a file, so the types are not to be trusted.
        if not all(isinstance(text, str) for text in texts) or not all(map(_is_cost, numbers)):
            raise ValueError("a ledger line needs five texts and two positive numbers")
        if self.epsilon != 0 and not _is_cost(self.epsilon):
            raise ValueError("the epsilon of a ledger line must be 0 or positive")
        if date.fromisoformat(self.day).isoformat() != self.day:
            raise ValueError("the day of a ledger line must be written YYYY-MM-DD")


def _is_cost(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


class Ledger:
    """The account of what was spent, one file for any number of cameras.

    Parameters
    ----------
    path : Path
        Made, readable by its owner only, when the first epoch opens.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self) -> list[LedgerLine]:
        """Every epoch that was opened, in order.

        Raises
        ------
        BudgetError
            The ledger cannot be read or is damaged.
        """
        if not self._path.exists():
            return []
        with self._locked() as file:
            return self._read(file)

    def open_epoch(
        self,
        camera: str,
        day: date,
        *,
        rho_per_day: float,
        sensitivity: float,
        mechanism: str,
        epsilon_per_day: float | None = None,
    ) -> Epoch:
        """Open the next epoch of this camera's day: half of what the day has left, durable on disk when this returns.

        With `epsilon_per_day` the day's cost is an epsilon with a delta of zero, and `rho_per_day` has no say.

        Raises
        ------
        BudgetError
            Less than a 64th of the day's budget is left; an epsilon is asked for on a day that has spent a rho; or the ledger
            cannot be read or written, or is damaged.
        """
        with self._locked() as file:
            today = [line for line in self._read(file) if (line.camera, line.day) == (camera, day.isoformat())]
            name = f"{day.isoformat()}/{len(today) + 1}"
            if epsilon_per_day is None:
                rho = float(self._half_left(today, "rho", rho_per_day, camera, day))
                epoch = Epoch(name, rho)
            else:
                if any(not line.epsilon for line in today):
                    raise BudgetError(
                        f'camera "{camera}" has been counted on {day} with noise that has no epsilon of its own: pure-tree '
                        "starts at midnight UTC"
                    )
                epsilon = float(self._half_left(today, "epsilon", epsilon_per_day, camera, day))
                epoch = Epoch(name, epsilon**2 / 2, epsilon)
            opened = datetime.now(UTC).isoformat(timespec="seconds")
            line = LedgerLine(camera, day.isoformat(), name, epoch.rho, sensitivity, mechanism, opened, epoch.epsilon)
            self._append(file, json.dumps(asdict(line)).encode() + b"\n")
            return epoch

    @staticmethod
    def _half_left(
        today: list[LedgerLine], unit: Literal["rho", "epsilon"], per_day: float, camera: str, day: date
    ) -> Fraction:
        # In fractions, so that no rounding ever adds up to more than the day has.
        spent = sum((Fraction(getattr(line, unit)) for line in today), Fraction(0))
        left = Fraction(per_day) - spent
        if left < Fraction(per_day) * SMALLEST_SHARE:
            raise BudgetError(
                f'the privacy budget of camera "{camera}" for {day} is spent ({float(spent):.3g} of {per_day:g} in '
                f"{len(today)} starts): its numbers are back at midnight UTC, or raise budget.{unit}_per_day"
            )
        return left / 2

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            os.close(file)

    def _unusable(self, error: OSError) -> BudgetError:
        return BudgetError(
            f"the ledger {self._path.name} cannot be used ({error.strerror}): nothing is released until it can be written"
        )

    def _read(self, file: int) -> list[LedgerLine]:
        content = os.pread(file, os.fstat(file).st_size, 0)
        whole, _, rest = content.rpartition(b"\n")
        lines = [self._parsed(text, number) for number, text in enumerate(whole.split(b"\n"), 1)] if whole else []
        if rest:
            lines += self._mend(file, rest, keep=len(content) - len(rest))
        return lines

    def _parsed(self, text: bytes, number: int) -> LedgerLine:
        try:
            return LedgerLine(**json.loads(text))
        except (ValueError, TypeError):
            raise BudgetError(
                f"line {number} of the ledger {self._path.name} is damaged, so what was spent is not known: restore the file "
                "from a copy, or move it away after midnight UTC to begin a new one"
            ) from None

    def _mend(self, file: int, rest: bytes, *, keep: int) -> list[LedgerLine]:
        """Finish a last line that lacks only its end, which counts as spent; set aside one that lacks more."""
        try:
            line = LedgerLine(**json.loads(rest))
        except (ValueError, TypeError):
            self._set_aside(rest)
            os.ftruncate(file, keep)
            os.fsync(file)
            return []
        self._append(file, b"\n")
        return [line]

    def _set_aside(self, rest: bytes) -> None:
        torn = os.open(f"{self._path}.torn", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(torn, rest + b"\n")
        finally:
            os.close(torn)

    def _append(self, file: int, text: bytes) -> None:
        """All of it, on the disk, or none of it: a full disk must not cost budget at every try."""
        size = os.fstat(file).st_size
        try:
            if os.write(file, text) < len(text):
                raise OSError(28, "no space left on the device")
            os.fsync(file)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError:
            os.ftruncate(file, size)
            raise
