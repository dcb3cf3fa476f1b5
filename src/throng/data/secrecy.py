"""What may never leave the memory of one process, and arrays that may not change."""

from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from throng.data.errors import SecrecyError


class MemoryOnly:
    """A value that refuses to be pickled, copied into a state or printed: `repr` shows names and shapes only.

    JSON encoders refuse it too: it is no mapping and no sequence, and it has no `__dict__`.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise SecrecyError(f"a {type(self).__name__} lives in the memory of one process and cannot be pickled or copied")

    def __getstate__(self) -> NoReturn:
        raise SecrecyError(f"a {type(self).__name__} lives in the memory of one process and has no state to save")

    def __repr__(self) -> str:
        names: tuple[str, ...] = tuple(self.__slots__)
        parts = (f"{name}={_shape(getattr(self, name))}" for name in names)
        return f"{type(self).__name__}({', '.join(parts)})"

    def __format__(self, spec: str) -> str:
        return repr(self)


def _shape(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}"
    return type(value).__name__


def frozen_array(value: ArrayLike, dtype: DTypeLike, *, shape: tuple[int | None, ...], name: str) -> NDArray[Any]:
    """A read-only array of the given type and shape (`None`: any length), without a copy where none is needed.

    A writable array that already fits is frozen in place: its maker hands it over.

    Raises
    ------
    ValueError
        The shape differs, or a floating-point value is not finite.
    """
    array = np.asarray(value, dtype=dtype)
    if array.size == 0 and array.ndim != len(shape):
        array = array.reshape([0 if n is None else n for n in shape])
    # Several such arrays are made for every picture of every camera: no generator, and nothing asked of empty arrays.
    wrong = array.ndim != len(shape)
    for want, got in zip(shape, array.shape, strict=False):
        wrong = wrong or (want is not None and want != got)
    if wrong:
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}")
    if array.size and array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    array.setflags(write=False)
    return array
