"""What a site has spent: its ledgers, added up."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from throng.cli.privacy.tables import titled
from throng.privacy.accountant import Cost, left, spent, spent_by
from throng.privacy.budget import Budget
from throng.privacy.ledger import LedgerLine


def print_ledger(console: Console, lines: Sequence[LedgerLine], budget: Budget) -> None:
    """Print what each camera has spent, with which noise and bound, and the sums over cameras and days."""
    console.print("\nwhat was spent", style="bold")
    if not lines:
        console.print("nothing yet: there is no ledger in the site's data folder")
        return
    unit = "epsilon" if budget.pure else "rho"
    table = titled(
        "once past a camera on each of its days", "camera", "days", "epochs", "spent", "guess right", f"{unit} left today"
    )
    for (camera,), cost in spent_by(lines, "camera").items():
        mine = [line for line in lines if line.camera == camera]
        days = len({line.day for line in mine})
        table.add_row(
            camera, str(days), str(len(mine)), _spent(cost), cost.known, f"{left(mine, camera, _today(), budget):.3g}"
        )
    console.print(table)
    sums = titled("added up", "someone who passed", "spent", "guess right")
    for who, cost in _sums(lines).items():
        sums.add_row(who, _spent(cost), cost.known)
    console.print(sums)
    console.print("noise and bound of the last epoch")
    for text, cameras in _last(lines).items():
        console.print(f"- {', '.join(cameras)}: {text}")


def ledger_json(lines: Sequence[LedgerLine], budget: Budget) -> dict[str, Any]:
    """The documented JSON form of the same."""
    last = {camera: text for text, cameras in _last(lines).items() for camera in cameras}
    cameras = [
        {
            "camera": camera,
            "left_today": left(lines, camera, _today(), budget),
            "last": last[camera],
            "days": [
                {"day": day, "epochs": sum((line.camera, line.day) == (camera, day) for line in lines), **_cost_json(each)}
                for (name, day), each in spent_by(lines, "camera", "day").items()
                if name == camera
            ],
            **_cost_json(cost),
        }
        for (camera,), cost in spent_by(lines, "camera").items()
    ]
    return {"cameras": cameras, "sums": {who: _cost_json(cost) for who, cost in _sums(lines).items()}}


def _sums(lines: Sequence[LedgerLine]) -> dict[str, Cost]:
    def most(costs: dict[tuple[str, ...], Cost]) -> Cost:
        return max(costs.values(), key=lambda cost: cost.rho, default=Cost())

    return {
        "one camera, on its costliest day": most(spent_by(lines, "camera", "day")),
        "every camera, on the costliest day": most(spent_by(lines, "day")),
        "every camera, on every day": spent(lines),
    }


def _last(lines: Sequence[LedgerLine]) -> dict[str, list[str]]:
    """By the text of a camera's last epoch, which cameras have it."""
    texts: dict[str, list[str]] = {}
    for camera, text in {line.camera: line.mechanism for line in lines}.items():
        texts.setdefault(text, []).append(camera)
    return texts


def _spent(cost: Cost) -> str:
    """As rho and as the (epsilon, delta) that it implies."""
    epsilon, delta = cost.epsilon_delta
    return f"rho {cost.rho:.3g}: ({epsilon:.2g}, {delta:g})"


def _cost_json(cost: Cost) -> dict[str, Any]:
    epsilon, delta = cost.epsilon_delta
    return {"rho": cost.rho, "epsilon": epsilon, "delta": delta, "guessed": cost.known}


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
