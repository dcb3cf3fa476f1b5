"""`throng audit`: what it prints, how it ends, and what it says of mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.audit.scenes import MIDNIGHT_S, events_of, wall, watch

from throng.privacy.budget import Budget
from throng.store.duck import DuckStore

THRONG = [str(Path(sys.executable).parent / "throng")]
SITE = """
name = "square"

[[camera]]
name = "gate"
address = "film.mp4"

[[camera.line]]
name = "door 0"
from = [0, 0]
to = [100, 0]
"""


def throng(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    command = [*THRONG, "audit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd=folder, timeout=120)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    gate = wall(tmp_path, Budget(), number_of_lines=1)
    with DuckStore(tmp_path / "data" / "throng.duckdb") as store:
        store.add(watch(gate, events_of(np.array([[1, 0, 2]])), begin_s=MIDNIGHT_S - 1000, ticks=300))
    (tmp_path / "site.toml").write_text(SITE)
    return tmp_path


def test_a_clean_store_says_what_a_thief_would_learn_and_ends_well(folder: Path) -> None:
    before = (folder / "data" / "throng.duckdb").read_bytes()
    done = throng("--store", "data/throng.duckdb", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "what its thief would learn" in done.stdout
    assert 'Camera "gate": someone whose passage he knows to the second he recognises at most 4 times in 100' in done.stdout
    assert "nothing is there that should not be" in done.stdout
    assert "finding " not in done.stdout
    assert (folder / "data" / "throng.duckdb").read_bytes() == before


def test_something_wrong_ends_with_one(folder: Path) -> None:
    with duckdb.connect(str(folder / "data" / "throng.duckdb")) as connection:
        connection.execute('ALTER TABLE fresh ADD COLUMN "[bold]face" BLOB').fetchall()
    done = throng("--store", "data/throng.duckdb", folder=folder)
    assert done.returncode == 1
    assert "fresh.[bold]face (BLOB) is no column of a store" in done.stdout
    assert done.stdout.endswith("1 finding\n")


def test_json_is_for_machines(folder: Path) -> None:
    done = throng("--store", "data/throng.duckdb", "--json", folder=folder)
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert set(report) == {"store", "wrong", "findings", "cameras", "learned"}
    assert report["wrong"] is False
    assert {finding["grade"] for finding in report["findings"]} <= {"ok", "note"}
    assert report["cameras"]["gate"]["rho"] == pytest.approx(0.1)
    assert set(report["cameras"]["gate"]["recognised"]) == {"1", "5", "20"}


def test_the_site_file_says_which_names_may_be_there(folder: Path) -> None:
    assert throng("--store", "data/throng.duckdb", "--site", "site.toml", folder=folder).returncode == 0
    (folder / "site.toml").write_text(SITE.replace("door 0", "portal"))
    done = throng("--store", "data/throng.duckdb", "--site", "site.toml", folder=folder)
    assert done.returncode == 1
    assert 'the site file has no "gate/door 0"' in done.stdout


def test_a_store_that_a_hub_has_open_is_refused_with_the_remedy(folder: Path) -> None:
    with DuckStore(folder / "data" / "throng.duckdb"):
        done = throng("--store", "data/throng.duckdb", folder=folder)
    assert done.returncode == 2
    assert "open for writing: stop it, or audit a copy of the file and of its .wal" in done.stderr


def test_mistakes_are_one_sentence_and_end_with_two(folder: Path) -> None:
    for arguments, sentence in (
        (("--site", "absent.toml"), "cannot be read"),
        (("--store", "absent.duckdb"), "the store absent.duckdb cannot be read: no such file or directory"),
        (("--store", "site.toml"), "site.toml is not a store of Throng"),
        (("--store", "data/throng.duckdb", "--site", "absent.toml"), "cannot be read"),
    ):
        done = throng(*arguments, folder=folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_help_has_examples(folder: Path) -> None:
    done = throng("--help", folder=folder)
    assert done.returncode == 0
    assert "throng audit --store data/throng.duckdb --json" in done.stdout
