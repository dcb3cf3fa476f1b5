"""The walls between the rooms hold, and the check of them would notice a breach."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from throng.detect import boxes

ROOT = Path(__file__).resolve().parent.parent


def _lint(configuration: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--config", str(configuration), "--no-cache"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_import_contracts_are_kept() -> None:
    done = _lint(ROOT / ".importlinter")
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_a_forbidden_import_would_be_noticed(tmp_path: Path) -> None:
    # The same contract, asked of rooms that do import each other, must break.
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    rules["importlinter:contract:wall"]["source_modules"] = "throng.pipeline"
    rules["importlinter:contract:wall"]["forbidden_modules"] = boxes.__name__.rpartition(".")[0]
    path = tmp_path / "broken.ini"
    with path.open("w") as file:
        rules.write(file)
    assert _lint(path).returncode != 0


@pytest.mark.parametrize(
    "room",
    [
        "capture",
        "detect",
        "track",
        "ground",
        "measure",
        "privacy",
        "evaluate",
        "study",
        "alarm",
        "store",
        "hub",
        "simulate",
        "cli",
    ],
)
def test_rooms_re_export_nothing(room: str) -> None:
    assert (ROOT / "src" / "throng" / room / "__init__.py").read_text().strip() == ""
