"""The audit log: each entry is on the disk, chained to the one before, and nothing typed by a stranger can forge one."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.audit.log import audit_log
from throng.data.chain import FIELDS, START
from throng.data.errors import LogError
from throng.hub.log.log import Entry, Log


def entries(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def written(path: Path, *, number: int = 5) -> list[bytes]:
    """The lines of a fresh log."""
    with Log(path) as log:
        for n in range(number):
            log.write("sign-in", who=f"person {n}", address="127.0.0.1")
    return path.read_bytes().splitlines(keepends=True)


def test_an_entry_says_who_did_what_when(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with Log(path, clock=lambda: 1_800_000_000.25) as log:
        log.write("camera.add", who="ada", about="north", detail="by hand", address="10.0.0.9")
        head = log.head()
    (entry,) = entries(path)
    assert tuple(entry) == FIELDS
    assert entry | {"hash": ""} == {
        "seq": 1,
        "time": "2027-01-15T08:00:00.250Z",
        "event": "camera.add",
        "outcome": "ok",
        "who": "ada",
        "about": "north",
        "detail": "by hand",
        "address": "10.0.0.9",
        "before": START,
        "hash": "",
    }
    assert (head.seq, head.hash) == (1, entry["hash"])
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    written(path, number=3)
    written(path, number=2)
    assert [entry["seq"] for entry in entries(path)] == [1, 2, 3, 4, 5]
    assert not audit_log(path).wrong


@pytest.mark.parametrize("cut", [1, 5, 100])
def test_a_torn_last_line_is_cut_off_and_told(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "audit.jsonl"
    lines = written(path)
    path.write_bytes(b"".join(lines)[:-cut])
    written(path, number=1)
    assert [entry["event"] for entry in entries(path)][-2:] == ["log.torn", "sign-in"]
    assert not audit_log(path).wrong


def test_a_log_whose_last_entry_was_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    lines = written(path)
    path.write_bytes(b"".join(lines).replace(b"person 4", b"person 5"))
    with pytest.raises(LogError, match="was changed"):
        Log(path).open()


@settings(max_examples=60)
@given(texts=st.lists(st.text(max_size=700), min_size=4, max_size=4))
def test_whatever_is_typed_is_one_line_of_its_own(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("log") / "audit.jsonl"
    who, about, detail, address = texts
    with Log(path) as log:
        log.write("sign-in", who=who, about=about, detail=detail, address=address, outcome="refused")
        log.write("sign-in", who="ada")
    assert [entry["seq"] for entry in entries(path)] == [1, 2]
    assert all(len(str(entry[name])) <= 500 for entry in entries(path) for name in ("who", "about", "detail", "address"))
    assert not audit_log(path).wrong


def test_many_threads_make_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with Log(path) as log:

        def write() -> None:
            for _ in range(20):
                log.write("sign-in", who="x")

        threads = [threading.Thread(target=write) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    report = audit_log(path)
    assert (report.entries, report.wrong) == (160, False)


def test_a_flood_of_refusals_is_counted_and_does_not_fill_the_disk(tmp_path: Path) -> None:
    now = [0.0]
    path = tmp_path / "audit.jsonl"
    with Log(path, clock=lambda: now[0]) as log:
        for _ in range(1000):
            log.write("request.refused", who="", outcome="refused")
        log.write("sign-in", who="ada")  # what is no refusal is always told
        now[0] = 61.0
        log.write("request.refused", who="", outcome="refused")
    told = entries(path)
    assert len(told) == 603
    assert (told[600]["event"], told[601]["detail"]) == ("sign-in", "400 more refusals in that minute were counted only")


def test_a_full_disk_is_an_error_and_leaves_the_log_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    written(path)
    script = (
        "import resource, signal, sys; from pathlib import Path; from throng.hub.log.log import Log\n"
        "from throng.data.errors import LogError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); path = Path(sys.argv[1])\n"
        "log = Log(path).open(); size = path.stat().st_size + 50; resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "try: log.write('sign-in', who='ada')\n"
        "except LogError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert "cannot be written" in done.stdout
    assert (audit_log(path).entries, audit_log(path).wrong) == (5, False)


def test_the_newest_entries_can_be_read_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    written(path, number=7)
    with Log(path) as log:
        first = log.newest(most=3)
        second = log.newest(most=3, before=first[-1]["seq"])
    assert [entry["seq"] for entry in first + second] == [7, 6, 5, 4, 3, 2]


def test_nothing_can_be_written_to_a_closed_log(tmp_path: Path) -> None:
    with Log(tmp_path / "audit.jsonl") as log:
        pass
    with pytest.raises(LogError, match="not open"):
        log.write("sign-in", who="ada")
    assert log.path.stat().st_size == 0


def test_several_entries_are_written_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "audit.jsonl"
    synced: list[int] = []
    with Log(path) as log:
        log.write("sign-in", who="ada")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", synced.append)
            log.write_all([Entry("privacy.spend", who="box", about=f"camera {n}") for n in range(50)])
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda file, content: os.writev(file, [content[: len(content) // 2]]))
            with pytest.raises(LogError, match="No space left"):
                log.write_all([Entry("privacy.spend", who="box"), Entry("privacy.spend", who="box")])
        log.write_all([])
        log.write("sign-out", who="ada")
    assert len(synced) == 1
    assert [entry["seq"] for entry in entries(path)] == list(range(1, 53))
    assert entries(path)[-1]["event"] == "sign-out"
    assert not audit_log(path).wrong


@pytest.mark.parametrize("broken", ["write", "fsync", "fstat"])
def test_what_cannot_be_cut_off_at_once_is_cut_off_before_the_next_entry(
    tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(file: int, content: bytes) -> int:
        return os.writev(file, [content[: len(content) // 2]])

    def failing(*args: object) -> None:
        raise OSError(5, "Input/output error")

    path = tmp_path / "audit.jsonl"
    with Log(path) as log:
        log.write("sign-in", who="ada")
        for _ in range(2):
            with monkeypatch.context() as patch:
                patch.setattr(os, broken, half if broken == "write" else failing)
                patch.setattr(os, "ftruncate", failing)
                with pytest.raises(LogError, match="cannot be written"):
                    log.write("camera.add", who="ada")
        log.write("sign-out", who="ada")
        assert log.head().seq == 2
    assert [entry["event"] for entry in entries(path)] == ["sign-in", "sign-out"]
    assert not audit_log(path).wrong


def test_a_flood_of_one_kind_of_refusal_hides_none_of_another(tmp_path: Path) -> None:
    """A stranger who knocks without end must not be able to guess passwords unseen."""
    now = [0.0]
    path = tmp_path / "audit.jsonl"
    with Log(path, clock=lambda: now[0]) as log:
        for _ in range(700):
            log.write("request.refused", who="", outcome="refused")
        log.write("sign-in", who="ada", outcome="refused")
        now[0] = 61.0
        log.write("sign-out", who="ada")
    told = entries(path)
    assert [(entry["event"], entry["about"]) for entry in told[600:]] == [
        ("sign-in", ""),
        ("refusals.counted", "request.refused"),
        ("sign-out", ""),
    ]


def test_past_so_many_refusals_in_a_minute_the_disk_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But what is no refusal is on the disk when it returns, and with it all that came before."""
    synced: list[int] = []
    now = [0.0]
    with Log(tmp_path / "audit.jsonl", clock=lambda: now[0]) as log:
        monkeypatch.setattr(os, "fsync", synced.append)
        for _ in range(150):
            log.write("request.refused", who="", outcome="refused")
        assert len(synced) == 100
        log.write("sign-in", who="ada")
        assert len(synced) == 101
        now[0] = 61.0
        log.write("request.refused", who="", outcome="refused")
        assert len(synced) == 102


def test_a_log_that_could_not_be_taken_up_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    lines = written(path)
    path.write_bytes(b"".join(lines).replace(b"person 4", b"person 5"))
    refused = Log(path)
    with pytest.raises(LogError, match="was changed"):
        refused.open()
    path.rename(tmp_path / "evidence.jsonl")
    path.write_bytes(b"".join(lines))
    written(path, number=1)
    (tmp_path / "evidence.jsonl").write_bytes(b"".join(lines))
    with Log(tmp_path / "evidence.jsonl"):  # no lock is left on it
        pass


def test_two_never_write_one_log(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with Log(path), pytest.raises(LogError, match="is held by another process"):
        Log(path).open()
    with Log(path):
        pass


def test_a_log_that_others_could_read_is_its_owners_alone_again(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.touch(mode=0o644)
    path.chmod(0o644)
    written(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_does_not_show_or_turns_the_line_around_is_a_question_mark(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with Log(path) as log:
        log.write("sign-in", who="a\u202eb", about="c\ud800d", detail="e\nf\x1b[2J", address="g\u2028h\x00")
    (entry,) = entries(path)
    assert [entry[name] for name in ("who", "about", "detail", "address")] == ["a?b", "c?d", "e?f?[2J", "g?h?"]


def test_of_a_long_log_only_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throng.hub.log.log._KEPT", 1)  # the last 1,024 bytes
    path = tmp_path / "audit.jsonl"
    for number in range(1, 30):
        written(path, number=1)
        assert entries(path)[-1]["seq"] == number
    assert not audit_log(path).wrong
