"""Tables of aggregates."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa


def stacked(parts: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One table of several with the same columns, one below the other; without any, a table without columns.

    A value that is no array stands in every row.
    """
    return pa.concat_tables([_table(part) for part in parts]) if parts else pa.table({})


def _table(columns: Mapping[str, Any]) -> pa.Table:
    rows = max((len(value) for value in columns.values() if isinstance(value, np.ndarray | list)), default=1)
    return pa.table(
        {name: pa.array(value if isinstance(value, np.ndarray | list) else [value] * rows) for name, value in columns.items()}
    )
