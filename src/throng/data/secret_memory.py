"""Memory for what must not outlive its process: exact counts, their sums, and the noise that hides them.

It is kept out of swap, core dumps and forked processes where the system allows, and overwritten when it is released. What this
protects against and what not: docs/privacy/0003-secret-state.md.
"""

import contextlib
import ctypes
import math
import mmap
import resource
import sys
import threading
import weakref
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 1 << 16
"""Memory is locked by the page and the limit is often 8 MB in all, so that small arrays share a block."""
_ALIGNED_BYTES = 64
_MADV_WIPEONFORK = 18
_PR_SET_DUMPABLE = 4

Scalar = TypeVar("Scalar", bound=np.generic)
_libc = ctypes.CDLL(None)


class _Arena:
    """Blocks of secret memory, handed out from front to back and never twice; a block goes with the last array in it."""

    def __init__(self) -> None:
        self.locked = True
        self._lock = threading.Lock()
        self._block, self._used = self._new(BLOCK_BYTES), 0

    def take(self, size: int) -> NDArray[np.uint8]:
        """So many bytes of zeros, the only array that owns them."""
        room = max(1, math.ceil(size / _ALIGNED_BYTES)) * _ALIGNED_BYTES
        if room > BLOCK_BYTES:
            return np.frombuffer(self._new(room), np.uint8)
        with self._lock:
            if self._used + room > BLOCK_BYTES:
                self._block, self._used = self._new(BLOCK_BYTES), 0
            taken = np.frombuffer(self._block, np.uint8, room, self._used)
            self._used += room
        return taken

    def _new(self, size: int) -> mmap.mmap:
        block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        address = np.frombuffer(block, np.uint8).ctypes.data
        if _libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(size)) != 0:
            self.locked = False
        if sys.platform == "linux":
            block.madvise(mmap.MADV_DONTDUMP)
            # Older than Linux 4.14 it is unknown.
            with contextlib.suppress(OSError):
                block.madvise(_MADV_WIPEONFORK)
        return block


_arena = _Arena()


def secret_array(shape: int | tuple[int, ...], dtype: type[Scalar]) -> NDArray[Scalar]:
    """An array of zeros for what must stay in the memory of this process; overwritten when it and all its views are gone.

    Locked from swap where the limit of locked memory allows (`locked` tells). On Linux it is left out of core dumps, and a
    forked process finds zeros in it: one that reads noise from it has to know that it was forked. It protects what is in this
    array only, not what is computed from it: write in place (`out=`, `[:]`).

    Raises
    ------
    ValueError
        The type holds Python objects, which live elsewhere.
    """
    kind = np.dtype(dtype)
    if kind.hasobject:
        raise ValueError(f"dtype must be one of numbers, not {kind}: objects live in other memory")
    sizes = (shape,) if isinstance(shape, int) else shape
    size = math.prod(sizes) * kind.itemsize
    # Every view's base is this array, since it alone has a base that is no array.
    owner = _arena.take(size)
    wiping = weakref.finalize(owner, ctypes.memset, owner.ctypes.data, 0, owner.nbytes)
    # When the process ends, threads may still draw noise from it, and must not find zeros; the system clears the pages.
    wiping.atexit = False
    array: NDArray[Any] = owner[:size].view(kind).reshape(sizes)
    return array


def locked() -> bool:
    """Whether all secret memory that this process has had is locked from swap."""
    return _arena.locked


def hide_from_dumps() -> None:
    """Let this process leave no core dump and, on Linux, let no other process of its user read its memory or trace it.

    It holds until the process ends, and for those it forks, not for programs that it starts.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # A limit of 0 does not stop a system that hands its dumps to a program; this does.
        _libc.prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(0))
