"""The reference says what the types say."""

from pathlib import Path

from throng.site.alarms import AlarmTable
from throng.site.budget import BudgetTable, SharesTable
from throng.site.calibration import CalibrationTable, LengthTable, ViewTable
from throng.site.expect import keys_of
from throng.site.hub import HubTable
from throng.site.model import Camera, LineTable, Site, WhereTable, ZoneTable
from throng.site.read import read_site
from throng.site.reference import EXAMPLE, reference

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_is_the_one_that_the_types_give() -> None:
    assert (DOCS / "site-file.md").read_text(encoding="utf-8") == reference(), (
        "run .venv/bin/python -m throng.site.reference > docs/site-file.md"
    )


def test_every_key_is_described_and_bounded() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    places = (Camera, LineTable, ZoneTable, CalibrationTable, LengthTable, ViewTable, WhereTable)
    tables = (Site, BudgetTable, SharesTable, HubTable, *places, AlarmTable)
    fields = [field for table in tables for field in keys_of(table).values()]
    assert len(rows) == len(fields)
    assert all(field.description and field.description.endswith(".") for field in fields)
    assert not [row for row in rows if "| a text |" in row or "| a number |" in row or "| a whole number |" in row]


def test_the_example_is_a_site_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    site = read_site(path)
    assert [camera.name for camera in site.camera] == ["north", "south"]
    assert EXAMPLE in reference()
