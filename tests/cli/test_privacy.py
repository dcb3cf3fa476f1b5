"""`throng privacy`: what it says before a site runs, and after."""

import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import ROOT

from throng.cli.privacy.command import privacy
from throng.cli.privacy.plan import SitePlan
from throng.data.place import counters_of
from throng.privacy import risk
from throng.privacy.accountant import spent
from throng.privacy.choose import make_mechanism
from throng.privacy.ledger import Epoch, Ledger
from throng.privacy.streams import streams_of
from throng.site.model import Site
from throng.site.read import read_site

THRONG = [str(Path(sys.executable).parent / "throng")]
LINE = '[[camera.line]]\nname = "door"\nfrom = [0, 0]\nto = [900, 0]\n'
ZONE = '[[camera.zone]]\nname = "square"\ncorners = [[0, 100], [900, 100], [900, 700]]\n'
METRES = "[camera.calibration]\npoints_px = [[0, 0], [9, 0], [9, 9], [0, 9]]\npoints_m = [[0, 0], [9, 0], [9, 9], [0, 9]]\n"
BUDGETS = {
    "buffered": "[budget]\nshares.speed_now = 0.2\nshares.dwell = 0.1\nshares.heat = 0.1\npieces = 2\n",
    "square-root": '[budget]\nmechanism = "square-root"\nrho_per_day = 0.1\n',
    "tree": '[budget]\nmechanism = "tree"\nshares.heat = 0.2\n',
    "pure-tree": '[budget]\nmechanism = "pure-tree"\nepsilon_per_day = 0.8\nshares.dwell = 0.4\n',
    "independent": '[budget]\nmechanism = "independent"\n',
}


def camera(name: str, *places: str, tick_s: int = 3600) -> str:
    return f'[[camera]]\nname = "{name}"\naddress = "film.mp4"\ntick_s = {tick_s}\n' + "".join(places)


CAMERAS = camera("north", LINE, ZONE, METRES) + camera("back door", LINE, tick_s=600) + camera("side door", LINE, tick_s=600)


def written(folder: Path, text: str) -> Site:
    (folder / "site.toml").write_text('name = "Central"\n' + text)
    return read_site(folder / "site.toml")


def throng(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "100"}
    return subprocess.run(
        [*THRONG, "privacy", *arguments], capture_output=True, text=True, check=False, env=environ, cwd=folder, timeout=60
    )


def as_json(folder: Path, **options: str) -> dict[str, Any]:
    with redirect_stdout(StringIO()) as printed:
        privacy(folder / "site.toml", as_json=True, **options)
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def spend(site: Site, *, days: int) -> None:
    """A day without a restart for each camera and day up to today, and one with one."""
    folder = site.data_folder / "ledger"
    folder.mkdir(parents=True)
    today = datetime.now(UTC).date()
    for each in site.camera:
        for ago in (*range(days - 1, -1, -1), 0):
            Ledger(folder / f"{each.key}.jsonl").open_epoch(
                each.name,
                today - timedelta(ago),
                rho_per_day=0.2,
                sensitivity=1.0,
                mechanism=f"buffered, 3 counters x 1 pieces a passage of {each.name[-4:]}",
            )


@pytest.mark.parametrize("mechanism", BUDGETS)
def test_the_errors_are_those_of_the_mechanisms_themselves(tmp_path: Path, mechanism: str) -> None:
    """With ticks of an hour a day is soon stepped through."""
    site = written(tmp_path, BUDGETS[mechanism] + CAMERAS)
    plan = SitePlan(site, site.camera)
    north = site.camera[0]
    counters = counters_of(north.lines(), north.zones(), in_metres=True, extras=plan.budget.shares.extras)
    streams = streams_of(counters, plan.budget)
    planned = plan.streams(north)
    assert list(planned) == [stream.name for stream in streams]
    half = Epoch("2026-11-24/1", plan.budget.rho_per_day / 2, plan.budget.epsilon_per_day / 2)
    for stream in streams:
        made = make_mechanism(plan.budget.mechanism, stream, 24, half)
        noised = [made.step(np.zeros(stream.columns, dtype=np.int64)) for _ in range(24)]
        errors = planned[stream.name]
        assert errors.day == pytest.approx(noised[-1].total_standard_error, rel=0.01)
        assert errors.worst == pytest.approx(max(each.total_standard_error for each in noised), rel=0.01)
        assert errors.tick == pytest.approx(max(each.tick_standard_error for each in noised), rel=0.01)


@pytest.mark.parametrize("mechanism", BUDGETS)
def test_both_sides_move_against_each_other(tmp_path: Path, mechanism: str) -> None:
    """More budget, smaller errors and more that is known; the site's own row is its own plan."""
    site = written(tmp_path, BUDGETS[mechanism] + CAMERAS)
    result = SitePlan(site, site.camera).as_json()
    power, unit = (1.0, "epsilon_per_day") if mechanism == "pure-tree" else (0.5, "rho_per_day")
    for each in result["cameras"]:
        own = next(row for row in each["budgets"] if row[unit] == result[unit])
        assert {name: own[name] for name in ("tick", "hour", "day", "worst")}.items() <= each["streams"]["counts"].items()
        for row in each["budgets"]:
            for name in ("tick", "hour", "day", "worst"):
                assert row[name] == pytest.approx(own[name] * (own[unit] / row[unit]) ** power, rel=1e-3)
    guesses = [[row["guessed"][str(passages)] for passages in risk.PASSAGES] for row in result["budgets"]]
    assert (np.diff(guesses, axis=0) >= 0).all()
    assert (np.diff(guesses, axis=1) > 0).all()
    assert [row[unit] / result[unit] for row in result["budgets"]] == pytest.approx([0.25, 0.5, 1, 2, 4])


def test_only_budgets_that_a_site_file_takes_are_shown(tmp_path: Path) -> None:
    site = written(tmp_path, "[budget]\nrho_per_day = 8\n" + CAMERAS)
    assert [budget.rho_per_day for budget in SitePlan(site, site.camera).budgets()] == [2, 4, 8]


def test_longer_ticks_never_err_more(tmp_path: Path) -> None:
    site = written(tmp_path, "tick_s = 60\n" + camera("quiet", LINE, tick_s=10))
    ticks = SitePlan(site, site.camera).as_json()["cameras"][0]["ticks"]
    assert [row["tick_s"] for row in ticks] == [10, 300, 900, 3600]
    errors = np.array([[row[name] for name in ("tick", "hour", "day")] for row in ticks])
    assert (np.diff(errors, axis=0) < 0).all()


def test_cameras_of_one_plan_are_shown_once(tmp_path: Path) -> None:
    written(tmp_path, BUDGETS["buffered"] + CAMERAS + camera("blank"))
    text = throng("site.toml", folder=tmp_path).stdout
    assert re.findall('^cameras? ".*$', text, re.MULTILINE) == [
        'camera "north"',
        'cameras "back door", "side door"',
        'camera "blank"',
    ]
    assert "counts nothing: give it at least one line or zone" in text
    words = " ".join(text.split())
    for changes in ("3 of 4", "2 of 2"):
        assert words.count(f"bound: a passage changes at most {changes} counters and breaks into at most 2 tracks") == 1
    # The door has no zones to say anything of.
    assert text.count("told of a zone only") == 1


@pytest.mark.parametrize("mechanism", BUDGETS)
def test_it_reads_well_without_colour_at_100_columns(
    tmp_path: Path, mechanism: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = written(tmp_path, BUDGETS[mechanism] + CAMERAS)
    spend(site, days=30)
    monkeypatch.setenv("COLUMNS", "100")
    privacy(tmp_path / "site.toml")
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text
    assert "…" not in text
    assert "nan" not in text
    words = " ".join(text.split())
    for sentence in risk.describe(SitePlan(site, site.camera).budget):
        assert " ".join(sentence.split()) in words
    # Entries and exits err independently of each other.
    (entries,) = re.findall(r"into a zone, and out of it +\S+ +\S+ +(\S+)", text)
    (inside,) = re.findall(r"inside a zone now +(\d\S+) ", text)
    assert float(inside.replace(",", "")) == pytest.approx(2**0.5 * float(entries.replace(",", "")), rel=0.02)
    # A commuter of thirty days is not protected well, and it says so.
    assert re.search(r"north +30 +31 .*\(weak\)", text)


def test_before_it_has_run_nothing_was_spent_and_nothing_is_made(tmp_path: Path) -> None:
    written(tmp_path, CAMERAS)
    assert "nothing yet: there is no ledger" in throng("site.toml", folder=tmp_path).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["site.toml"]


def test_what_was_spent_adds_up(tmp_path: Path) -> None:
    site = written(tmp_path, CAMERAS)
    spend(site, days=3)
    ledger = as_json(tmp_path)["ledger"]
    lines = [line for path in (tmp_path / "data" / "ledger").iterdir() for line in Ledger(path).lines()]
    assert ledger["sums"]["every camera, on every day"]["rho"] == pytest.approx(spent(lines).rho)
    assert sum(each["rho"] for each in ledger["cameras"]) == pytest.approx(spent(lines).rho)
    assert ledger["sums"]["one camera, on its costliest day"]["rho"] == pytest.approx(0.15)
    assert ledger["sums"]["every camera, on the costliest day"]["rho"] == pytest.approx(3 * 0.15)
    for each in ledger["cameras"]:
        assert [day["epochs"] for day in each["days"]] == [1, 1, 2]
        assert sum(day["rho"] for day in each["days"]) == pytest.approx(each["rho"]) == pytest.approx(0.35)
        assert each["left_today"] == pytest.approx(0.05)
        assert each["last"].endswith(each["camera"][-4:])
    text = throng("site.toml", folder=tmp_path).stdout
    assert "- back door, side door: buffered, 3 counters x 1 pieces a passage of door" in text


def test_one_camera_can_be_asked_for(tmp_path: Path) -> None:
    site = written(tmp_path, CAMERAS)
    spend(site, days=1)
    result = as_json(tmp_path, camera="back door")
    assert [each["camera"] for each in result["cameras"]] == ["back door"]
    assert [each["camera"] for each in result["ledger"]["cameras"]] == ["back door"]
    text = throng("site.toml", "--camera", "north", folder=tmp_path).stdout
    assert "back door" not in text


def test_the_number_of_people_it_takes_grows_with_the_noise(tmp_path: Path) -> None:
    site = written(tmp_path, BUDGETS["buffered"] + CAMERAS)
    plan = SitePlan(site, site.camera)
    told = plan.of_crowds(site.camera[0])
    assert [each.what for each in told] == ["mean stay, wait", "mean speed, m/s", "median stay", "speed now, m/s"]
    assert plan.of_crowds(site.camera[1]) == []
    plan.budget = replace(plan.budget, rho_per_day=plan.budget.rho_per_day / 16)
    for each, noisier in zip(told, plan.of_crowds(site.camera[0]), strict=True):
        assert noisier.people == pytest.approx(4 * each.people, abs=4)
        # When it is told at all, it is told as well.
        assert (noisier.error_mps or 0.0) == pytest.approx(each.error_mps or 0.0, rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.toml"], "cannot be read"),
        (["site.toml", "--camera", "west"], 'there is no camera "west": take one of "north", "back door", "side door"'),
        (["site.toml", "--camera", "north"], "line 1 of the ledger damaged.jsonl is damaged"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    site = written(tmp_path, CAMERAS)
    spend(site, days=1)
    (site.data_folder / "ledger" / "damaged.jsonl").write_text("no line\n")
    done = throng(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("throng: ")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_help_has_examples(tmp_path: Path) -> None:
    text = " ".join(throng("--help", folder=tmp_path).stdout.split())
    for example in ("throng privacy site.toml", "--camera north", "--json"):
        assert example in text


def test_the_document_shows_what_the_command_prints(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "privacy" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "site.toml").write_text(example, encoding="utf-8")
    printed = "\n".join(line.rstrip() for line in throng("site.toml", folder=tmp_path).stdout.splitlines())
    shown = re.findall(r"```text\n(.*?)\n```", page, re.DOTALL)
    assert len(shown) == 2
    for block in shown:
        assert block in printed
