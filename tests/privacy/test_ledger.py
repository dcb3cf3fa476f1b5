"""The ledger: never more than the day's budget, whatever happens to the machine."""

import fcntl
import json
import os
import stat
from datetime import date
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.data.errors import BudgetError
from throng.privacy.ledger import Epoch, Ledger

DAY = date(2026, 11, 24)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def start(ledger: Ledger, camera: str = "gate", day: date = DAY, rho_per_day: float = 0.2) -> Epoch:
    return ledger.open_epoch(camera, day, rho_per_day=rho_per_day, sensitivity=1.5, mechanism="square-root")


def start_pure(ledger: Ledger, epsilon_per_day: float = 1.0) -> Epoch:
    return ledger.open_epoch(
        "gate", DAY, rho_per_day=0.2, epsilon_per_day=epsilon_per_day, sensitivity=3.0, mechanism="pure-tree"
    )


def test_each_epoch_takes_half_of_what_is_left_until_it_refuses(path: Path) -> None:
    epochs = [start(Ledger(path)) for _ in range(7)]
    assert [epoch.rho for epoch in epochs] == [0.2 / 2**n for n in range(1, 8)]
    assert epochs[0].name == "2026-11-24/1"
    assert epochs[6].name == "2026-11-24/7"
    before = path.read_bytes()
    with pytest.raises(BudgetError, match=r'"gate" for 2026-11-24 is spent .*midnight UTC.*raise budget\.rho_per_day'):
        start(Ledger(path))
    assert path.read_bytes() == before


def test_days_and_cameras_have_budgets_of_their_own(path: Path) -> None:
    ledger = Ledger(path)
    assert start(ledger).rho == start(ledger, camera="yard").rho == start(ledger, day=date(2026, 11, 25)).rho == 0.1
    assert start(ledger, day=DAY) == Epoch("2026-11-24/2", 0.05)


@given(
    st.lists(
        st.tuples(st.sampled_from(["gate", "yard"]), st.integers(1, 3), st.sampled_from([0.1, 0.3, 1.0])),
        min_size=1,
        max_size=30,
    )
)
def test_no_sequence_of_starts_spends_more_than_a_day_has(starts: list[tuple[str, int, float]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        largest: dict[tuple[str, int], float] = {}
        for camera, day, rho in starts:
            largest[camera, day] = max(rho, largest.get((camera, day), 0.0))
            try:
                start(Ledger(path), camera, date(2026, 11, day), rho)
            except BudgetError:
                continue
        for (camera, day), most in largest.items():
            spent = [line.rho for line in Ledger(path).lines() if (line.camera, line.day) == (camera, f"2026-11-{day:02}")]
            assert sum(map(Fraction, spent)) <= Fraction(most)
        names = [(line.camera, line.epoch) for line in Ledger(path).lines()]
        assert len(set(names)) == len(names)


def test_an_epsilon_is_halved_in_the_same_way_and_notes_the_rho_that_follows(path: Path) -> None:
    epochs = [start_pure(Ledger(path)) for _ in range(7)]
    assert [epoch.epsilon for epoch in epochs] == [1 / 2**n for n in range(1, 8)]
    assert [epoch.rho for epoch in epochs] == [epoch.epsilon**2 / 2 for epoch in epochs]
    assert [(line.epsilon, line.rho) for line in Ledger(path).lines()] == [(epoch.epsilon, epoch.rho) for epoch in epochs]
    with pytest.raises(BudgetError, match=r"is spent \(0\.992 of 1 in 7 starts\).*raise budget\.epsilon_per_day"):
        start_pure(Ledger(path))


def test_a_day_that_has_spent_a_rho_has_no_epsilon(path: Path) -> None:
    start(Ledger(path), camera="yard")
    assert start_pure(Ledger(path)).epsilon == 0.5
    start(Ledger(path))
    before = path.read_bytes()
    with pytest.raises(BudgetError, match=r"no epsilon of its own: pure-tree starts at midnight UTC"):
        start_pure(Ledger(path))
    assert path.read_bytes() == before


def test_a_rho_after_an_epsilon_has_half_of_what_that_left(path: Path) -> None:
    start_pure(Ledger(path), epsilon_per_day=1.0)
    assert start(Ledger(path), rho_per_day=0.2).rho == pytest.approx((0.2 - 0.5**2 / 2) / 2)
    with pytest.raises(BudgetError, match="is spent"):
        start(Ledger(path), rho_per_day=0.12)


PER_DAY = st.sampled_from([0.1, 0.3, 1.0, 2.0])


@given(st.lists(st.tuples(st.booleans(), PER_DAY), min_size=1, max_size=14))
def test_whatever_each_start_asks_for_no_day_spends_more_than_the_most_that_was_asked(starts: list[tuple[bool, float]]) -> None:
    """In zCDP, where what is epsilon-DP costs epsilon^2 / 2 (Bun and Steinke 2016); and where all is pure, in epsilon."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        ledger, opened = Ledger(Path(folder) / "ledger.jsonl"), []
        for pure, per_day in starts:
            try:
                opened.append(start_pure(ledger, per_day) if pure else start(ledger, rho_per_day=per_day))
            except BudgetError:
                continue
        spent = sum(Fraction(each.epsilon) ** 2 / 2 if each.epsilon else Fraction(each.rho) for each in opened)
        assert spent <= max(Fraction(per_day) ** 2 / 2 if pure else Fraction(per_day) for pure, per_day in starts)
        asked = [Fraction(per_day) for pure, per_day in starts if pure]
        assert sum(Fraction(each.epsilon) for each in opened) <= max(asked, default=0)


def test_changing_the_budget_unspends_nothing(path: Path) -> None:
    start(Ledger(path), rho_per_day=1.0)
    with pytest.raises(BudgetError):
        start(Ledger(path), rho_per_day=0.5)
    assert start(Ledger(path), rho_per_day=0.7).rho == pytest.approx(0.1)


def test_a_line_says_what_was_opened_and_nothing_else(path: Path) -> None:
    start(Ledger(path))
    line = json.loads(path.read_text())
    assert set(line) == {"camera", "day", "epoch", "rho", "epsilon", "sensitivity", "mechanism", "opened"}
    assert line["opened"].endswith("+00:00")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_line_and_its_folder_are_on_disk_before_the_epoch_is_given_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[bool, bytes]] = []
    fsync = os.fsync

    def watched(file: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(file).st_mode), path.read_bytes()))
        fsync(file)

    monkeypatch.setattr(os, "fsync", watched)
    epoch = start(Ledger(path))
    assert [folder for folder, content in synced if epoch.name.encode() in content] == [False, True]


def test_a_last_line_torn_anywhere_is_an_epoch_that_never_opened(path: Path) -> None:
    start(Ledger(path))
    first = path.read_bytes()
    start(Ledger(path))
    both = path.read_bytes()
    for cut in range(len(first) + 1, len(both) - 1):
        path.write_bytes(both[:cut])
        assert [line.epoch for line in Ledger(path).lines()] == ["2026-11-24/1"]
        assert path.read_bytes() == first
        assert path.with_name("ledger.jsonl.torn").read_bytes().endswith(both[len(first) : cut] + b"\n")
        assert start(Ledger(path)) == Epoch("2026-11-24/2", 0.05)


def test_a_last_line_that_lacks_only_its_end_is_spent(path: Path) -> None:
    start(Ledger(path))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert start(Ledger(path)) == Epoch("2026-11-24/2", 0.05)
    assert len(Ledger(path).lines()) == 2


@pytest.mark.parametrize(
    "damage",
    [
        b"{}",
        b"",
        b"[1]",
        b"\xff\x00",
        b'{"camera":"gate","day":"2026-11-24","epoch":"1","rho":-0.1,"sensitivity":1.0,"mechanism":"","opened":""}',
        b'{"camera":"gate","day":"2026-11-24","epoch":"1","rho":NaN,"sensitivity":1.0,"mechanism":"","opened":""}',
        b'{"camera":"gate","day":"24.11.2026","epoch":"1","rho":0.1,"sensitivity":1.0,"mechanism":"","opened":""}',
        b'{"camera":"gate","day":"2026-11-24","epoch":"1","rho":0.1,"epsilon":-1,"sensitivity":1.0,"mechanism":"","opened":""}',
        b'{"camera":"gate","day":"2026-11-24","epoch":"1","rho":0.1,"epsilon":NaN,"sensitivity":1.0,"mechanism":"","opened":""}',
        b'{"camera":"gate","day":"2026-11-24","epoch":"1","rho":0.1,"epsilon":"1","sensitivity":1.0,"mechanism":"","opened":""}',
        b'{"camera":"gate","day":"2026-11-24","epoch":"1","rho":0.1,"epsilon":true,"sensitivity":1.0,"mechanism":"","opened":""}',
        b'{"camera":"gate","day":"2026-11-24","epoch":"1","rho":0.1,"epsilon":null,"sensitivity":1.0,"mechanism":"","opened":""}',
        b'{"camera":7,"day":"2026-11-24","epoch":"1","rho":0.1,"sensitivity":1.0,"mechanism":"","opened":""}',
    ],
)
def test_a_damaged_line_refuses_and_stays_as_it_is(path: Path, damage: bytes) -> None:
    start(Ledger(path))
    path.write_bytes(damage + b"\n" + path.read_bytes())
    before = path.read_bytes()
    for use in (start, Ledger.lines):
        with pytest.raises(BudgetError, match=r"line 1 of the ledger ledger\.jsonl is damaged"):
            use(Ledger(path))
    assert path.read_bytes() == before


def test_lines_from_before_there_was_an_epsilon_have_none(path: Path) -> None:
    start(Ledger(path))
    path.write_bytes(path.read_bytes().replace(b', "epsilon": 0.0', b""))
    assert b"epsilon" not in path.read_bytes()
    assert [line.epsilon for line in Ledger(path).lines()] == [0.0]
    assert start(Ledger(path)) == Epoch("2026-11-24/2", 0.05)


def test_a_ledger_that_cannot_be_written_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match=r"ledger\.jsonl cannot be used"):
        start(Ledger(tmp_path / "absent" / "ledger.jsonl"))


def test_a_full_disk_opens_nothing_and_costs_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(Ledger(path))
    before = path.read_bytes()
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, text: write(file, text[:20]))
        with pytest.raises(BudgetError, match="no space left"):
            start(Ledger(path))
    assert path.read_bytes() == before
    assert start(Ledger(path)).rho == 0.05


def test_a_worker_waits_for_the_one_that_is_writing(path: Path) -> None:
    start(Ledger(path))
    line = path.read_bytes()
    opened: list[Epoch] = []
    waiting = Thread(target=lambda: opened.append(start(Ledger(path))))
    with path.open("ab") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        waiting.start()
        waiting.join(0.3)
        assert opened == []
        writer.write(line.replace(b"24/1", b"24/2").replace(b"0.1,", b"0.05,"))
    waiting.join()
    assert [epoch.name for epoch in opened] == ["2026-11-24/3"]


def test_reading_makes_no_ledger(path: Path) -> None:
    assert Ledger(path).lines() == []
    assert not path.exists()
