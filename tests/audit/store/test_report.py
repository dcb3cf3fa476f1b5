"""A store as real walls make it is clean; and each thing that should not be in one is found."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.audit.scenes import MIDNIGHT_S
from tests.audit.store.conftest import Made, Make

from throng.audit.store.report import StoreReport, audit_store
from throng.data.errors import StoreError
from throng.privacy.budget import MECHANISMS, Shares
from throng.privacy.risk import recognition_rate
from throng.store.duck import DuckStore
from throng.store.store import COLUMNS


def found(report: StoreReport) -> dict[str, str]:
    """The checks that found something, and what they say."""
    sentences: dict[str, str] = {}
    for finding in report.findings:
        if finding.grade == "finding":
            sentences[finding.check] = sentences.get(finding.check, "") + finding.sentence + "\n"
    return sentences


def change(path: Path, *statements: str) -> None:
    """Change a store behind Throng's back."""
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


def change_rows(path: Path, *statements: str) -> None:
    """Change rows, and leave no trace of it in the file: they are in one table `released`, as the first Throng had them."""
    old = path.with_name("old")
    with duckdb.connect(str(old)) as connection:
        connection.execute(f"ATTACH '{path}' AS store (READ_ONLY)").fetchall()
        connection.execute("CREATE TABLE released AS SELECT * FROM store.released ORDER BY tick_start").fetchall()
        connection.execute("CREATE TABLE schema_version AS SELECT 1 AS version").fetchall()
        for statement in statements:
            connection.execute(statement).fetchall()
    old.rename(path)
    with DuckStore(path):
        pass


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_what_real_walls_release_is_clean(make: Make, mechanism: str) -> None:
    report = make(mechanism=mechanism).audit()
    assert found(report) == {}
    assert not report.wrong
    checks = {finding.check for finding in report.findings if finding.grade == "ok"}
    assert checks >= {"tables", "texts", "access", "beside it", "free pages", "one answer", "times", "presence", "sums"}
    assert checks >= {"errors", "grid", "scatter", "promise"}


def test_a_calm_and_a_busy_street_are_clean_too(make: Make) -> None:
    assert found(make(rate=12.0).audit()) == {}


def test_stays_and_a_heat_map_are_clean_too(make: Make) -> None:
    """Their rows come by the hour, and a heat map has places of its own."""
    made = make(shares=Shares(dwell=0.2, heat=0.2))
    assert any("heat" in release.quantities for release in made.releases)
    assert found(made.audit()) == {}


def test_the_store_is_left_as_it_was(clean: Made) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in clean.path.parent.iterdir()}
    clean.audit()
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in clean.path.parent.iterdir()} == before


@pytest.mark.usefixtures("_noise_off")
def test_noise_that_is_off_is_found(make: Make) -> None:
    assert set(found(make().audit())) >= {"grid", "scatter"}


@pytest.mark.usefixtures("_noise_off")
def test_noise_that_is_off_is_found_on_a_busy_street(make: Make) -> None:
    assert "multiples of 1," in found(make(rate=12.0).audit())["grid"]


@pytest.mark.usefixtures("_noise_halved")
@pytest.mark.parametrize("mechanism", ["buffered", "independent"])
def test_noise_that_is_halved_is_found(make: Make, mechanism: str) -> None:
    assert set(found(make(mechanism=mechanism).audit())) == {"scatter"}


HIDING = f"CREATE OR REPLACE VIEW released AS SELECT {', '.join(COLUMNS)} FROM old WHERE camera = 'court'"

DEFECTS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "a column more": (("ALTER TABLE settled ADD COLUMN track VARCHAR",), "tables", "settled.track"),
    "a table more": (("CREATE TABLE faces (picture BLOB)",), "tables", "faces.picture (BLOB)"),
    "a remark": (("COMMENT ON COLUMN fresh.value IS '17 people'",), "tables", "a remark on the column value"),
    "a macro": (("CREATE MACRO people() AS 17",), "tables", "a macro, people"),
    "a number in a reason": (
        ("UPDATE released SET unknown = 'too dark to see the 17 people' WHERE unknown != ''",),
        "texts",
        "a reason with a number",
    ),
    "a number in a mechanism": (
        ("UPDATE released SET mechanism = 'exact(people=' || rowid || ')' WHERE mechanism != 'none'",),
        "texts",
        "more than one way",
    ),
    "another quantity": (("UPDATE released SET quantity = 'identity' WHERE quantity = 'in'",), "texts", "no quantity"),
    "another answer": (
        ("INSERT INTO released SELECT * REPLACE (value + 1 AS value) FROM released WHERE quantity = 'out' AND rowid < 99",),
        "one answer",
        "more than once",
    ),
    "a finer time": (
        ("UPDATE released SET tick_start = tick_start + INTERVAL 300 MILLISECONDS WHERE rowid < 9",),
        "times",
        "between two ticks",
    ),
    "no row when nobody came": (
        ("DELETE FROM released WHERE quantity = 'in' AND abs(value) < 1",),
        "presence",
        "lack some rows",
    ),
    "no tick when nobody came": (
        (
            "DELETE FROM released WHERE (camera, tick_start) IN "
            "(SELECT (camera, tick_start) FROM released WHERE quantity = 'in' AND abs(value) < 1)",
        ),
        "presence",
        "lacks ticks altogether",
    ),
    "a total that does not add up": (
        (
            "UPDATE released SET value = value + 1 WHERE quantity = 'in_total' "
            "AND tick_start = (SELECT max(tick_start) FROM released WHERE value IS NOT NULL)",
        ),
        "sums",
        "in_total",
    ),
    "a number without its error": (
        ("UPDATE released SET standard_error = NULL WHERE quantity = 'occupancy' AND value > 9",),
        "errors",
        "without a standard error",
    ),
    "an error that tells the count": (
        ("UPDATE released SET standard_error = standard_error + 0.01 * abs(value) WHERE quantity = 'exits'",),
        "errors",
        "vary with what was counted",
    ),
    "rounded numbers": (("UPDATE released SET value = round(value, 1)",), "grid", "multiples of 0.1"),
    "noise that is smaller for a while": (
        (
            "UPDATE released SET value = 0.02 * value WHERE camera = 'court' AND quantity = 'in' AND tick_start BETWEEN "
            "(SELECT min(tick_start) + INTERVAL 200 SECONDS FROM released WHERE camera = 'court') AND "
            "(SELECT min(tick_start) + INTERVAL 560 SECONDS FROM released WHERE camera = 'court')",
        ),
        "scatter",
        "court, in of door 0",
    ),
    "errors below what the cost permits": (
        ("UPDATE released SET standard_error = standard_error / 10 WHERE value IS NOT NULL",),
        "promise",
        "below",
    ),
    "no stated cost": (("UPDATE released SET mechanism = 'trust(me=1)' WHERE mechanism != 'none'",), "promise", "no cost"),
    "deleted rows": (("DELETE FROM fresh WHERE rowid % 2 = 0",), "free pages", "rows were deleted"),
    "a view that hides rows": (
        ("ALTER VIEW released RENAME TO old", HIDING),
        "tables",
        "does not show the rows as they are",
    ),
    "a text that no row points to": (
        ("INSERT INTO reason VALUES (99, '17 people stood before the camera')",),
        "texts",
        "a reason with a number",
    ),
}


AT_THE_FILE = {"a column more", "a table more", "a remark", "a macro", "deleted rows", "a view that hides rows"} | {
    "a text that no row points to"
}


@pytest.mark.parametrize("name", DEFECTS)
def test_what_should_not_be_there_is_found(clean: Made, name: str) -> None:
    statements, check, sentence = DEFECTS[name]
    at_rows = name not in AT_THE_FILE
    (change_rows if at_rows else change)(clean.path, *statements)
    report = clean.audit()
    assert report.wrong
    assert sentence in found(report).get(check, ""), found(report)


def test_the_last_rows_deleted_can_be_read_back_and_that_is_found(clean: Made) -> None:
    """A whole stretch at the end: no row number tells of it, but the state before the last change does."""
    change(clean.path, "CREATE OR REPLACE TABLE fresh AS SELECT * FROM fresh WHERE series % 2 = 0")
    assert "can still be read" in found(clean.audit())["free pages"]


def test_bytes_after_the_last_page_are_found(clean: Made) -> None:
    with clean.path.open("ab") as file:
        file.write(b"17 people, " * 9)
    assert "99 bytes follow its last page" in found(clean.audit())["free pages"]


def test_who_can_read_it_is_checked(clean: Made) -> None:
    clean.path.chmod(0o644)
    assert "chmod 600" in found(clean.audit())["access"]


def test_what_lies_beside_it_is_found(clean: Made) -> None:
    clean.path.with_name("throng.duckdb.tmp").write_bytes(b"")
    assert "throng.duckdb.tmp lies beside it" in found(clean.audit())["beside it"]


def test_the_newest_rows_are_read_out_of_the_log(clean: Made, tmp_path: Path) -> None:
    """A copy taken while the hub runs: the log lies beside it."""
    copy = tmp_path / "copy.duckdb"
    with DuckStore(clean.path) as store:
        last = clean.releases[-2]  # the last one ends an hour
        store.add([replace(last, tick_start_s=last.tick_start_s + 10 * last.tick_s)])
        for name in ("", ".wal"):
            shutil.copy(f"{clean.path}{name}", f"{copy}{name}")
    report = audit_store(copy)
    assert "a write-ahead log" in " ".join(finding.sentence for finding in report.findings)
    assert "lacks ticks altogether" in found(report)["presence"]  # the row in the log leaves a gap, so it was seen


def test_names_are_compared_with_those_of_the_site(clean: Made) -> None:
    places = {"gate": {"door 0", "square 0"}, "court": {"door 0"}}
    assert found(audit_store(clean.path, places)) == {}
    assert '"gate/square 0"' in found(audit_store(clean.path, places | {"gate": {"door 0"}}))["texts"]


def test_a_store_of_a_few_ticks_says_that_its_noise_cannot_be_judged(tmp_path: Path, clean: Made) -> None:
    with DuckStore(tmp_path / "few.duckdb") as store:
        store.add([release for release in clean.releases if release.camera == "court"][:9])
    report = audit_store(tmp_path / "few.duckdb")
    assert found(report) == {}
    assert [finding.grade for finding in report.findings if finding.check == "scatter"] == ["note"]


def test_an_empty_store_is_clean_and_says_so(tmp_path: Path) -> None:
    with DuckStore(tmp_path / "throng.duckdb"):
        pass
    report = audit_store(tmp_path / "throng.duckdb")
    assert not report.wrong
    assert report.learned == ("The store is empty.",)


def test_what_its_thief_learns_is_the_curve_of_its_cost(make: Make) -> None:
    """Two starts on one day spend half and a quarter of it."""
    report = make(rho_per_day=0.4).audit()
    assert {camera: cost.rho for camera, cost in report.costs.items()} == pytest.approx({"gate": 0.3, "court": 0.2})
    (sentence,) = [each for each in report.learned if each.startswith('Camera "gate"')]
    for passages in (1, 5, 20):
        rate = 100 * recognition_rate(0.3, passages)
        assert f"{np.ceil(rate):.0f} times in 100" in sentence


def test_nothing_is_promised_of_a_store_that_has_more_in_it(clean: Made) -> None:
    assert "none is exact" in " ".join(clean.audit().learned)
    change(clean.path, "CREATE TABLE faces (picture BLOB)")
    learned = " ".join(clean.audit().learned)
    assert "none is exact" not in learned
    assert "does not hold" in learned


def test_says_what_cannot_be_audited(tmp_path: Path) -> None:
    cases: list[tuple[Path, Callable[[Path], object], str]] = [
        (tmp_path / "absent.duckdb", lambda path: None, "cannot be read: no such file"),
        (tmp_path / "notes.txt", lambda path: path.write_text("not a database " * 1000), "is not a store of Throng"),
        (tmp_path / "other.duckdb", lambda path: change(path, "CREATE TABLE t (i INTEGER)"), "but no store of Throng"),
    ]
    for path, prepare, sentence in cases:
        prepare(path)
        with pytest.raises(StoreError, match=sentence):
            audit_store(path)


def test_a_store_that_forgot_is_clean(clean: Made, tmp_path: Path) -> None:
    """Runs of rows were sorted, and what came before midnight was forgotten."""
    path = tmp_path / "forgot.duckdb"
    with DuckStore(path) as store:
        store._settle_at = 1
        store.add(clean.releases[::2])
        store.add(clean.releases[1::2])
        assert store.forget(MIDNIGHT_S) > 0
        assert store.latest()
    assert found(audit_store(path)) == {}
