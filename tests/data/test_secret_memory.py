"""Secret arrays are zeros, apart, locked, out of dumps and forks, and wiped; a hidden process leaves no core dump."""

import ctypes
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from throng.data.secret_memory import BLOCK_BYTES, locked, secret_array

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at what Linux says of a process")

dumps_cores = pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_CORE)[1] == 0, reason="this machine allows no core dump to anyone"
)

MARK = bytes.fromhex("5ec7e7a11ce0cafe")
NOBODY = 65534
SETUP = f"""
import ctypes, faulthandler, os, resource, signal, sys
import numpy as np
from throng.data.secret_memory import hide_from_dumps, secret_array
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
# Turned round, so that the program itself does not hold the mark.
mark = np.frombuffer(bytes.fromhex("{MARK[::-1].hex()}"), np.uint8)[::-1]
"""
IN_SECRET, IN_ORDINARY = "held = secret_array(8000, np.uint8); ", "held = np.zeros(8000, np.uint8); "
HOLD = "held[:8] = mark; del mark\n"


def _run(code: str, folder: Path) -> tuple[int, str]:
    """How a program ended (`os.CLD_DUMPED`: with a core dump), and what it printed."""
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SETUP + code],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as lines:
        printed = lines.read()
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.wait()
    assert ended is not None
    return ended.si_code, printed


def _flags(array: NDArray[np.uint8]) -> set[str]:
    """What the system was told of the memory that an array lies in."""
    address = array.ctypes.data
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if span := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            inside = int(span[1], 16) <= address < int(span[2], 16)
        elif inside and line.startswith("VmFlags:"):
            return set(line.split()[1:])
    raise AssertionError("the array lies in no memory")


@given(
    st.lists(
        st.tuples(
            st.sampled_from([np.int64, np.float64, np.uint8, np.bool_]),
            st.lists(st.integers(0, 40), max_size=3).map(tuple) | st.sampled_from([9000, (3, 9000)]),
        ),
        max_size=12,
    )
)
def test_arrays_are_zeros_of_their_own(wanted: list[tuple[type[np.generic], int | tuple[int, ...]]]) -> None:
    arrays = []
    for dtype, shape in wanted:
        array = secret_array(shape, dtype)
        assert array.shape == np.zeros(shape, dtype).shape
        assert array.dtype == dtype
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert not array.any()
        array[...] = 1
        arrays.append(array)
    assert all(array.all() for array in arrays)
    assert not any(np.may_share_memory(one, other) for one, other in combinations(arrays, 2))


def test_small_arrays_share_pages() -> None:
    arrays = [secret_array(8, np.int64) for _ in range(BLOCK_BYTES // 64)]
    pages = {array.ctypes.data // 4096 for array in arrays}
    assert len(pages) <= 2 * BLOCK_BYTES // 4096


@pytest.mark.parametrize("size", [8, 2 * BLOCK_BYTES])
def test_memory_is_kept_from_swap_dumps_and_forks(size: int) -> None:
    array = secret_array(size, np.uint8)
    flags = _flags(array)
    assert {"dd", "wf"} <= flags
    assert ("lo" in flags) or not locked()
    assert not {"dd", "wf", "lo"} & _flags(np.zeros(2**20, np.uint8))


def test_a_limit_of_locked_memory_is_no_error(tmp_path: Path) -> None:
    code = """
from throng.data import secret_memory
for user in (os.setgid, os.setuid) if os.getuid() == 0 else (): user({nobody})
resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
array = secret_array(10**6, np.uint8)
array[:] = 1
print(secret_memory.locked(), array.sum())
"""
    _, printed = _run(code.format(nobody=NOBODY), tmp_path)
    assert printed.split() == ["False", "1000000"]


@pytest.mark.parametrize("size", [8, 24, BLOCK_BYTES, 3 * BLOCK_BYTES])
def test_memory_is_wiped_once_the_last_view_is_gone(size: int) -> None:
    array = secret_array((size // 8, 8), np.uint8)
    owner: NDArray[np.uint8] = array.base  # type: ignore[assignment]
    # Without the array, so that the memory can still be looked at.
    block, address = owner.base, array.ctypes.data
    array[:] = 77
    view = array[-1:].T.view(np.int8)[:1]
    del array, owner
    assert ctypes.string_at(address, size) == bytes([77]) * size
    del view
    assert ctypes.string_at(address, size) == bytes(size)
    assert block is not None


def test_memory_is_not_wiped_while_the_process_ends(tmp_path: Path) -> None:
    # A thread that outlives the main one would take the zeros for noise.
    at_end = "import atexit; atexit.register(lambda: print(bytes(held[:8]).hex()))\n"
    process = subprocess.run(
        [sys.executable, "-c", at_end + SETUP + IN_SECRET + HOLD], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == MARK.hex()


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="object"):
        secret_array(3, np.object_)


def test_a_forked_process_finds_zeros(tmp_path: Path) -> None:
    code = """
held[:8] = mark
child = os.fork()
if child == 0:
    os._exit(int(held.any()))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), bytes(held[:8]).hex())
"""
    assert _run(IN_SECRET + code, tmp_path)[1].split() == ["0", MARK.hex()]
    assert _run(IN_ORDINARY + code, tmp_path)[1].split() == ["1", MARK.hex()]


@dumps_cores
@pytest.mark.parametrize("signal", ["SIGABRT", "SIGSEGV"])
def test_a_hidden_process_that_crashes_leaves_no_core_and_prints_no_values(tmp_path: Path, signal: str) -> None:
    crash = HOLD + f"faulthandler.enable(); os.kill(os.getpid(), signal.{signal})"
    ended, printed = _run(IN_ORDINARY + "hide_from_dumps(); " + crash, tmp_path)
    assert ended == os.CLD_KILLED
    assert list(tmp_path.iterdir()) == []
    assert "Fatal Python error" in printed
    assert not re.search(MARK.hex() + "|" + MARK[::-1].hex() + f"|{MARK[0]}, ", printed)
    # The same process leaves one when it is not hidden.
    ended, _ = _run(IN_ORDINARY + crash, tmp_path)
    assert ended == os.CLD_DUMPED
    _, printed = _run("hide_from_dumps(); print(resource.getrlimit(resource.RLIMIT_CORE))", tmp_path)
    assert printed.strip() == "(0, 0)"


@dumps_cores
def test_a_dump_of_a_process_that_is_not_hidden_lacks_its_secret_arrays(tmp_path: Path) -> None:
    crash = HOLD + "os.abort()"
    ended, _ = _run(IN_ORDINARY + crash, tmp_path)
    assert ended == os.CLD_DUMPED
    if not (cores := list(tmp_path.iterdir())):
        pytest.skip("this machine puts core dumps where the test cannot see them (/proc/sys/kernel/core_pattern)")
    assert _holds(cores[0], MARK)
    cores[0].unlink()
    _run(IN_SECRET + crash, tmp_path)
    (core,) = tmp_path.iterdir()
    assert not _holds(core, MARK)


def _holds(path: Path, mark: bytes) -> bool:
    return any(mark in part for part in _overlapping(path, len(mark)))


def _overlapping(path: Path, overlap: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        before = b""
        while part := file.read(2**24):
            yield before + part
            before = part[-overlap:]


@pytest.mark.parametrize("hidden", [False, True])
def test_the_same_user_cannot_read_a_hidden_process(tmp_path: Path, hidden: bool) -> None:
    # As a user without rights: root reads everything. The change of user hides a process too, which is undone first.
    code = f"""
if os.getuid() == 0:
    os.setgid({NOBODY}); os.setuid({NOBODY})
reading, writing = os.pipe()
other = os.fork()
if other == 0:
    os.read(reading, 1)
    try:
        print(bool(open(f"/proc/{{os.getppid()}}/environ", "rb").read()), flush=True)
    except PermissionError:
        print("refused", flush=True)
    os._exit(0)
ctypes.CDLL(None).prctl(4, ctypes.c_ulong(1))
if {hidden}: hide_from_dumps()
os.write(writing, b".")
os.waitpid(other, 0)
"""
    assert _run(code, tmp_path)[1].strip() == ("refused" if hidden else "True")
