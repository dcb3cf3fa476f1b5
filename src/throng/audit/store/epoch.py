"""The rows of one camera and epoch as matrices."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

DAY_US = 86_400_000_000

_EPOCHS = "SELECT DISTINCT camera, epoch FROM released ORDER BY ALL"
_ROWS = """
SELECT place, quantity, epoch_us(tick_start) AS tick_us, tick_s, value, standard_error, unknown != '' AS unknown
FROM released WHERE camera = $camera AND epoch = $epoch ORDER BY tick_start
"""


@dataclass(frozen=True, slots=True, eq=False)
class Epoch:
    """What is stored of one camera and epoch. Of rows that stand there twice the last is taken.

    Attributes
    ----------
    camera, name : str
    series : tuple of (place, quantity), length k
    tick_us : (n,) int64
        Unix time, UTC, microseconds, ascending.
    tick_s : tuple of float
        All lengths of ticks, seconds: one, in a store that is as it should be.
    present, unknown : (k, n) bool
    values, errors : (k, n) float64
        NaN where there is none.
    """

    camera: str
    name: str
    series: tuple[tuple[str, str], ...]
    tick_us: NDArray[np.int64]
    tick_s: tuple[float, ...]
    present: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]

    def of(self, place: str, quantity: str) -> int | None:
        """Which of the series it is."""
        return self.series.index((place, quantity)) if (place, quantity) in self.series else None

    def whole(self) -> bool:
        """Whether no tick is missing between the first and the last."""
        return bool((np.diff(self.tick_us) == round(1e6 * self.tick_s[0])).all())


def epochs(connection: duckdb.DuckDBPyConnection) -> Iterator[Epoch]:
    """Every epoch of every camera."""
    for camera, epoch in connection.execute(_EPOCHS).fetchall():
        yield _epoch(connection, camera, epoch)


def _epoch(connection: duckdb.DuckDBPyConnection, camera: str, epoch: str) -> Epoch:
    table = connection.sql(_ROWS, params={"camera": camera, "epoch": epoch}).to_arrow_table()
    places, quantities = (table[name].combine_chunks().dictionary_encode() for name in ("place", "quantity"))
    names = [(p, q) for p in places.dictionary.to_pylist() for q in quantities.dictionary.to_pylist()]
    pairs = places.indices.to_numpy() * len(quantities.dictionary) + quantities.indices.to_numpy()
    which, rows = np.unique(pairs, return_inverse=True)
    tick_us, columns = np.unique(table["tick_us"].to_numpy(), return_inverse=True)
    shape = (len(which), len(tick_us))
    present, unknown = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    values, errors = np.full(shape, np.nan), np.full(shape, np.nan)
    present[rows, columns] = True
    unknown[rows, columns] = table["unknown"].to_numpy()
    for matrix, name in ((values, "value"), (errors, "standard_error")):
        matrix[rows, columns] = table[name].to_numpy()
    return Epoch(
        camera=camera,
        name=epoch,
        series=tuple(names[pair] for pair in which),
        tick_us=tick_us,
        tick_s=tuple(np.unique(table["tick_s"].to_numpy()).tolist()),
        present=present,
        unknown=unknown,
        values=values,
        errors=errors,
    )
