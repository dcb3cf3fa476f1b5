"""What has been spent, added up over epochs, days and cameras."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from throng.privacy import risk
from throng.privacy.budget import Budget
from throng.privacy.ledger import Ledger, LedgerLine


@dataclass(frozen=True, slots=True)
class Cost:
    """What a person's passages cost: one for each camera and day that is added up.

    Attributes
    ----------
    gaussian : float
        Under Gaussian noise, zero-concentrated differential privacy.
    pure : float
        Under noise with a delta of zero, the sum of the epsilons.
    rho : float
        Zero-concentrated differential privacy of both together; an epsilon costs epsilon^2 / 2 (Bun and Steinke 2016,
        proposition 1.4).
    """

    gaussian: float = 0.0
    pure: float = 0.0
    rho: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        """Costs add up: Bun and Steinke 2016, lemma 2.3; Dwork and Roth 2014, theorem 3.16."""
        return Cost(self.gaussian + other.gaussian, self.pure + other.pure, self.rho + other.rho)

    @property
    def epsilon_delta(self) -> tuple[float, float]:
        """The least (epsilon, delta) that is known of it: a delta of zero where that is no worse, or else `risk.DELTA`."""
        converted = risk.epsilon(self.rho, risk.DELTA)
        return (self.pure, 0.0) if not self.gaussian and self.pure <= converted else (converted, risk.DELTA)

    @property
    def known(self) -> str:
        """How often an attacker who is right half the time by guessing is right; see `risk.known`."""
        return risk.known(self.gaussian, 1, epsilon=self.pure)


def read_ledgers(folder: Path) -> list[LedgerLine]:
    """Every epoch that the ledgers of a folder have, those of cameras that a site no longer has too, oldest first.

    Raises
    ------
    BudgetError
        A ledger cannot be read or is damaged.
    """
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in Ledger(path).lines()]
    return sorted(lines, key=lambda line: (line.day, line.camera, line.opened))


def spent(lines: Iterable[LedgerLine]) -> Cost:
    """The cost of all of these epochs together."""
    return sum((_cost(line) for line in lines), Cost())


def spent_by(lines: Iterable[LedgerLine], *keys: Literal["camera", "day"]) -> dict[tuple[str, ...], Cost]:
    """The cost for each camera, each day, or each camera and day, in the order of the lines."""
    costs: dict[tuple[str, ...], Cost] = {}
    for line in lines:
        key = tuple(str(getattr(line, name)) for name in keys)
        costs[key] = costs.get(key, Cost()) + _cost(line)
    return costs


def left(lines: Iterable[LedgerLine], camera: str, day: str, budget: Budget) -> float:
    """What a camera may still spend of a UTC day, in the unit of its budget: an epsilon where that is pure, or else a rho.

    Nothing of a pure budget is left on a day that has spent a rho; see `throng.privacy.ledger.Ledger.open_epoch`.
    """
    today = spent(line for line in lines if (line.camera, line.day) == (camera, day))
    if budget.pure:
        return 0.0 if today.gaussian else max(0.0, budget.epsilon_per_day - today.pure)
    return max(0.0, budget.rho_per_day - today.rho)


def _cost(line: LedgerLine) -> Cost:
    return Cost(0.0 if line.epsilon else line.rho, line.epsilon, line.rho)
