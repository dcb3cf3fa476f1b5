"""Every reason that Throng writes passes, and no reason with a number of people does."""

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from throng.capture import mailbox, stream
from throng.capture.health import arrival, focus, light, still, view
from throng.data.errors import BudgetError
from throng.data.texts import is_reason
from throng.privacy import derived, ticks
from throng.privacy.ledger import Ledger

SOURCES = Path(__file__).resolve().parents[3] / "src" / "throng"


def _texts_of(module: object) -> list[str]:
    """Every text that stands at the top of a module under a name in capitals."""
    return [text for name, text in vars(module).items() if isinstance(text, str) and name.isupper() and " " in text]


@pytest.mark.parametrize("module", [arrival, focus, light, still, view, mailbox, stream, ticks, derived])
def test_what_cameras_and_ticks_say_is_a_reason(module: object) -> None:
    texts = _texts_of(module)
    assert texts
    for text in texts:
        assert is_reason(text, []), text


def test_what_streams_say_is_a_reason() -> None:
    for _, text in stream._REASONS:
        assert is_reason(f"the camera cannot be read: {text}", []), text


def test_no_reason_of_the_wall_is_taken_for_a_number_of_people() -> None:
    """All sentences that the room `privacy` gives as why something is unknown, with numbers in place of what is filled in."""
    found = []
    for path in (SOURCES / "privacy").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "unknown" and call.args:
                found += [ast.unparse(call.args[0])] if isinstance(call.args[0], ast.Constant | ast.JoinedStr) else []
    assert found
    for text in found:
        assert is_reason(re.sub(r"\{[^}]*\}", "30", text), []), text


def test_a_spent_budget_is_a_reason(tmp_path: Path) -> None:
    def spend(ledger: Ledger) -> None:
        for _ in range(20):
            ledger.open_epoch("gate 7", date(2026, 11, 24), rho_per_day=0.2, sensitivity=1.0, mechanism="buffered")

    with pytest.raises(BudgetError) as spent:
        spend(Ledger(tmp_path / "camera-7.jsonl"))
    assert is_reason(str(spent.value), ["gate 7"])
    assert not is_reason(str(spent.value), ["gate"])
    (tmp_path / "folder").mkdir()
    with pytest.raises(BudgetError) as unusable:
        Ledger(tmp_path / "folder").open_epoch(
            "gate", date(2026, 11, 24), rho_per_day=0.2, sensitivity=1.0, mechanism="buffered"
        )
    assert is_reason(str(unusable.value), [])


@pytest.mark.parametrize(
    "text",
    [
        "17 people were inside",
        "too few people: 3",
        "the camera is dark, track 918273",
        "entries 4, exits 3",
        "at 120,340",
        "dark (5)",
    ],
)
def test_a_number_that_could_be_of_people_is_no_reason(text: str) -> None:
    assert not is_reason(text, ["gate"])
