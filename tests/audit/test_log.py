"""A changed, missing or moved entry of the audit log is found."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from throng.audit.log import audit_log
from throng.data.chain import entry_hash
from throng.data.errors import LogError
from throng.hub.log.log import Log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Log(tmp_path / "audit.jsonl") as log:
        for n in range(6):
            log.write("sign-in", who=f"person {n}")
    return tmp_path / "audit.jsonl"


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def sentences(path: Path, head: str = "") -> str:
    return " ".join(one.sentence for one in audit_log(path, head=head).findings if one.grade == "finding")


def test_a_whole_log_is_whole(path: Path) -> None:
    report = audit_log(path)
    assert (report.entries, report.wrong, report.head) == (6, False, json.loads(lines_of(path)[-1])["hash"])


@pytest.mark.parametrize("name", ["time", "event", "outcome", "who", "about", "detail", "address"])
@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_changed_entry_is_found(path: Path, name: str, at: int) -> None:
    lines = lines_of(path)
    entry = json.loads(lines[at])
    entry[name] += "x"
    lines[at] = json.dumps(entry).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    assert f"line {at + 1}: the entry was changed" in sentences(path)


@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_missing_entry_is_found(path: Path, at: int) -> None:
    lines = lines_of(path)
    del lines[at]
    path.write_bytes(b"".join(lines))
    assert "missing or were moved" in sentences(path)


@pytest.mark.parametrize("at", [0, 2, 4])
def test_entries_in_another_order_are_found(path: Path, at: int) -> None:
    lines = lines_of(path)
    lines[at : at + 2] = lines[at + 1], lines[at]
    path.write_bytes(b"".join(lines))
    assert "missing or were moved" in sentences(path)


@pytest.mark.parametrize("at", [0, 3])
def test_an_entry_rewritten_with_a_hash_that_fits_is_found(path: Path, at: int) -> None:
    lines = lines_of(path)
    entry = json.loads(lines[at]) | {"who": "somebody else"}
    entry["hash"] = entry_hash(entry)
    lines[at] = json.dumps(entry).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    assert f"line {at + 2}: the entry before it was changed" in sentences(path)


def test_an_end_cut_off_is_found_against_a_hash_noted_elsewhere(path: Path) -> None:
    head = audit_log(path).head
    path.write_bytes(b"".join(lines_of(path)[:-2]))
    assert sentences(path) == ""
    assert "cut short" in sentences(path, head)


@pytest.mark.parametrize("rubbish", [b"\x00\xff\n", b"[]\n", b"{}\n", b'{"seq": 1}\n', b"[" * 60_000])
def test_what_is_no_entry_is_found(path: Path, rubbish: bytes) -> None:
    path.write_bytes(path.read_bytes() + rubbish)
    assert "line 7" in sentences(path)


def test_a_log_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot be read: no such file"):
        audit_log(tmp_path / "audit.jsonl")


def rewritten(path: Path, at: int, change: Callable[[bytes], bytes]) -> str:
    """What is found when a line is written otherwise, though it says the same to a program."""
    lines = lines_of(path)
    changed = change(lines[at])
    assert changed != lines[at]
    assert json.loads(changed) == json.loads(lines[at])
    path.write_bytes(b"".join([*lines[:at], changed, *lines[at + 1 :]]))
    return sentences(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda line: b'{"who":"somebody else",' + line[1:],  # whoever reads it sees this one, a program the other
        lambda line: line.replace(b'"who":', b'"who": '),
        lambda line: line.replace(b"sign-in", b"sign\\u002din"),
        lambda line: line[:-1] + b" \n",
        lambda line: line[:-1] + b"\r\n",
        lambda line: b" " + line,
    ],
)
@pytest.mark.parametrize("at", [0, 3, 5])
def test_an_entry_that_only_reads_otherwise_is_found(path: Path, at: int, change: Callable[[bytes], bytes]) -> None:
    assert f"line {at + 1}: is not written as the hub writes it" in rewritten(path, at, change)


def test_a_last_line_without_an_end_is_found(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    assert sentences(path) == "line 6: is torn"


@pytest.mark.parametrize("value", [None, True, 1.5, [], {}])
@pytest.mark.parametrize("name", ["seq", "who", "hash", "before"])
def test_a_field_of_another_kind_is_found(path: Path, name: str, value: object) -> None:
    lines = lines_of(path)
    entry = json.loads(lines[0]) | {name: value}
    if name != "hash":
        entry["hash"] = entry_hash(entry)
    path.write_bytes(json.dumps(entry, separators=(",", ":")).encode() + b"\n" + b"".join(lines[1:]))
    assert "line 1: does not have the fields of an entry" in sentences(path)


def test_a_hash_is_what_the_documentation_says(path: Path) -> None:
    """Of all fields but itself, the hash of the entry before among them: anybody can check it with other tools."""
    for line in lines_of(path):
        entry = json.loads(line)
        told = entry.pop("hash")
        assert set(entry) == {"seq", "time", "event", "outcome", "who", "about", "detail", "address", "before"}
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert told == hashlib.sha256(text.encode()).hexdigest()
