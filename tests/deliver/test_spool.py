"""A spool loses nothing that it kept, whatever happens in between."""

import errno
import random
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from throng.data.errors import DeliveryError
from throng.deliver.spool import Bounds, Spool


def _all(spool: Spool) -> list[bytes]:
    return [payload for _, payload in spool.payloads(spool.oldest(most_rows=10**9))]


def _keep(spool: Spool, *payloads: bytes) -> None:
    spool.keep(payloads, rows=[1] * len(payloads))


class AnyInterleaving(RuleBasedStateMachine):
    """Keeping, acknowledging, and crashes at any byte of what is being written."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="throng-spool-"))
        self.run_number = 0
        self.number = 0
        self.kept: list[bytes] = []
        self.done: set[bytes] = set()
        self.spool = self._opened()

    def _opened(self) -> Spool:
        return Spool(self.root / str(self.run_number), segment_bytes=400)

    def _new(self, sizes: list[int]) -> list[bytes]:
        self.number += len(sizes)
        first = self.number - len(sizes)
        return [b"%d:" % (first + place) + b"\xff" * size for place, size in enumerate(sizes)]

    @rule(sizes=st.lists(st.integers(0, 200), min_size=1, max_size=4))
    def keep(self, sizes: list[int]) -> None:
        new = self._new(sizes)
        _keep(self.spool, *new)
        self.kept += new

    @rule(count=st.integers(1, 5), newest=st.booleans())
    def acknowledge(self, count: int, newest: bool) -> None:
        taken = self.spool.newest(since_s=float("-inf"), most_rows=count) if newest else self.spool.oldest(most_rows=count)
        self.done |= {payload for _, payload in self.spool.payloads(taken)}
        self.spool.done(taken)

    @rule(sizes=st.lists(st.integers(0, 200), min_size=1, max_size=4), at=st.floats(0, 1))
    def crash_while_keeping(self, sizes: list[int], at: float) -> None:
        # Each file grows by appending alone, so that a crash leaves a prefix of what was being written.
        folder = self.root / str(self.run_number)
        before = {path.name: path.stat().st_size for path in folder.glob("*.spool")}
        new = self._new(sizes)
        _keep(self.spool, *new)
        grown = [path for path in folder.glob("*.spool") if path.stat().st_size > before.get(path.name, 0)]
        self.run_number += 1
        copy = self.root / str(self.run_number)
        shutil.copytree(folder, copy)
        self.spool.close()
        written = sum(path.stat().st_size - before.get(path.name, 0) for path in grown)
        left = int(at * written)
        for path in sorted(grown):
            size = min(path.stat().st_size, before.get(path.name, 0) + left)
            left -= size - before.get(path.name, 0)
            with (copy / path.name).open("r+b") as file:
                file.truncate(size)
        self.spool = self._opened()
        found = set(_all(self.spool))
        self.kept += [payload for payload in new if payload in found]
        # What was acknowledged may come back with its file: it is sent twice, and counted once.
        self.done -= found

    @rule()
    def start_again(self) -> None:
        self.spool.close()
        self.spool = self._opened()
        self.done -= set(_all(self.spool))

    @invariant()
    def nothing_is_lost_or_out_of_order(self) -> None:
        assert _all(self.spool) == [payload for payload in self.kept if payload not in self.done]
        assert len(self.spool) == len(self.kept) - len(self.done)

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.root)


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_what_was_kept_survives_being_killed_at_thirty_random_moments(tmp_path: Path) -> None:
    kept: list[int] = []
    done: set[int] = set()
    chance = random.Random(7)
    for _ in range(30):
        first = str(max(kept, default=0) + 100)
        command = [sys.executable, str(Path(__file__).with_name("keep_appending.py")), str(tmp_path), first]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = [process.stdout.readline()]
            time.sleep(chance.uniform(0, 0.02))
            process.kill()
            told += process.stdout.readlines()
        for line in told:
            if line.endswith("\n"):
                words = line.split()
                if words[0] == "kept":
                    kept += [int(word) for word in words[1:]]
                else:
                    done |= {int(word) for word in words[1:]}
        with Spool(tmp_path) as spool:
            found = [int(payload.split()[0]) for payload in _all(spool)]
        assert found == sorted(set(found))
        assert set(kept) - done <= set(found)
        # What was being kept at the end may be there, whole: nobody was told either way.
        kept = sorted(set(kept) | set(found))
    assert len(kept) > 100
    assert done


def test_what_is_done_leaves_no_file(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool") as spool:
        _keep(spool, b"one", b"two")
        assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
        (path,) = (tmp_path / "spool").glob("*.spool")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        spool.done(spool.oldest(most_rows=2))
        assert not list((tmp_path / "spool").glob("*.spool"))
        assert not spool.oldest(most_rows=1)


def test_the_newest_come_first_and_the_oldest_next(tmp_path: Path) -> None:
    now_s = [1000.0]
    with Spool(tmp_path, clock=lambda: now_s[0], segment_bytes=60) as spool:
        for number in range(10):
            now_s[0] = 1000.0 + 10 * number
            _keep(spool, b"%d" % number)
        newest = spool.newest(since_s=1065.0, most_rows=2)
        assert [payload for _, payload in spool.payloads(newest)] == [b"8", b"9"]
        spool.done(newest)
        assert [payload for _, payload in spool.payloads(spool.newest(since_s=1065.0, most_rows=9))] == [b"7"]
        assert [payload for _, payload in spool.payloads(spool.oldest(most_rows=3))] == [b"0", b"1", b"2"]


def test_what_seems_to_be_of_the_future_waits_and_holds_nothing_back(tmp_path: Path) -> None:
    now_s = [10_000.0]
    with Spool(tmp_path, clock=lambda: now_s[0]) as spool:
        _keep(spool, b"of a wrong clock")
        now_s[0] = 5_000.0
        _keep(spool, b"right")
        assert _all(spool) == [b"right"]
        assert len(spool.newest(since_s=0.0, most_rows=9)) == 1
        now_s[0] = 10_000.0
        assert _all(spool) == [b"of a wrong clock", b"right"]


def test_the_oldest_goes_when_there_is_too_much(tmp_path: Path) -> None:
    with Spool(tmp_path, bounds=Bounds(disk_bytes=5000), segment_bytes=500) as spool:
        for number in range(100):
            _keep(spool, b"%03d" % number + b"x" * 97)
        left = [int(payload[:3]) for payload in _all(spool)]
        assert left == list(range(100 - len(left), 100))
        assert sum(path.stat().st_size for path in tmp_path.glob("*.spool")) <= 5000
        assert spool.lost == 100 - len(left) > 0


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    now_s = [0.0]
    with Spool(tmp_path, bounds=Bounds(age_s=100.0), segment_bytes=1, clock=lambda: now_s[0]) as spool:
        _keep(spool, b"old")
        now_s[0] = 101.0
        _keep(spool, b"new")
        assert _all(spool) == [b"new"]
        assert spool.lost == 1


@contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    """The system refuses to let any file grow further, as a full disk does; part of a write may still succeed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_forgets_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        _keep(spool, b"before")
        with _files_of_at_most(100):
            _keep(spool, b"a" * 50, b"b" * 50)
            assert "cannot be written" in spool.problem
            _keep(spool, b"c" * 200)
            assert _all(spool) == [b"before", b"a" * 50, b"b" * 50, b"c" * 200]
            spool.done(spool.newest(since_s=0.0, most_rows=1))
        _keep(spool, b"after")
        assert not spool.problem
    with Spool(tmp_path) as spool:
        assert _all(spool) == [b"before", b"a" * 50, b"b" * 50, b"after"]
        assert spool.lost == 0


def test_a_disk_that_stays_full_costs_the_oldest(tmp_path: Path) -> None:
    with Spool(tmp_path, bounds=Bounds(memory_bytes=100)) as spool, _files_of_at_most(0):
        for number in range(5):
            _keep(spool, b"%d" % number * 40)
        assert _all(spool) == [b"3" * 40, b"4" * 40]
        assert spool.lost == 3


def test_a_broken_fsync_does_not_count_as_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Spool(tmp_path) as spool:
        _keep(spool, b"before")

        def broken(file: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patched:
            patched.setattr("throng.deliver.segment.os.fsync", broken)
            _keep(spool, b"during")
            assert "input/output error" in spool.problem
            assert len(spool) == 2
        _keep(spool, b"after")
        assert _all(spool) == [b"before", b"during", b"after"]


def test_a_changed_byte_is_found_and_never_sent(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        _keep(spool, b"first", b"second")
        (path,) = tmp_path.glob("*.spool")
        content = bytearray(path.read_bytes())
        content[content.index(b"second")] ^= 1
        path.write_bytes(content)
        assert _all(spool) == [b"first"]
        assert spool.lost == 1


def test_a_torn_end_is_cut_off(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        _keep(spool, b"whole", b"torn")
    (path,) = tmp_path.glob("*.spool")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with Spool(tmp_path) as spool:
        assert _all(spool) == [b"whole"]
        assert path.read_bytes() == whole[: whole.index(b"whole") + 5]


def test_two_sensors_do_not_share_a_folder(tmp_path: Path) -> None:
    with Spool(tmp_path), pytest.raises(DeliveryError, match="another sensor uses"):
        Spool(tmp_path)
    Spool(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryError, match="cannot be used"):
        Spool(tmp_path / "file" / "spool")
