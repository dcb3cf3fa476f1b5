"""A place's numbers as a file to take along: CSV or Parquet."""

import csv
import io
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import FastAPI, Query, Request
from starlette.responses import StreamingResponse

from throng.data.release import UNITS
from throng.hub.access import visible
from throng.hub.api import FAILED, NUMBERS, SPANS, Moment, Name, no_measure, series_of, span
from throng.hub.cameras import Cameras
from throng.hub.models import Problem, Quantity, Step, utc
from throng.store.store import Series, Store

MOST_QUANTITIES = 8
_ROWS_A_CHUNK = 2_000
_HEAD = ("time", "quantity", "unit", "value", "standard_error", "unknown")
_SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("us", "UTC")),
        ("quantity", pa.string()),
        ("unit", pa.string()),
        ("value", pa.float64()),
        ("standard_error", pa.float64()),
        ("unknown", pa.string()),
    ]
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would reckon out."""
_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A table of `time` (when the tick, hour or UTC day began), `quantity`, `unit`, `value`, "
        "`standard_error` and `unknown`, by quantity, oldest first. An unknown value is empty, and `unknown` says why.",
        "content": {kind: {"schema": {"type": "string"}} for kind in _TYPES.values()},
    },
    400: {"model": Problem},
    404: {"model": Problem},
    **FAILED,
}
_Quantities = Annotated[list[Quantity], Query(min_length=1, max_length=MOST_QUANTITIES)]
_Found = Sequence[tuple[str, Series]]


def add_export(app: FastAPI, *, store: Store, cameras: Cameras) -> None:
    """Add the download of a place's numbers."""

    @app.get("/api/v1/export", response_class=StreamingResponse, responses=_ANSWERS, openapi_extra=NUMBERS)
    def export(
        request: Request,
        camera: Name,
        place: Name,
        quantity: _Quantities,
        *,
        start: Moment = None,
        end: Moment = None,
        step: Step = "tick",
        format: Literal["csv", "parquet"] = "csv",
    ) -> StreamingResponse:
        """Some quantities of one place over time as a file, each as /api/v1/series tells it."""
        seen = cameras.site_of(camera) in visible(request)
        if not seen:
            raise no_measure(camera, place, quantity[0])
        start_s, end_s = span(start, end, SPANS[step])
        entry = cameras.entry(camera)
        found = [
            (each, series_of(store, entry, (camera, place, each), step=step, start_s=start_s, end_s=end_s))
            for each in dict.fromkeys(quantity)
        ]
        content = _csv(found) if format == "csv" else _parquet(found)
        headers = {"content-disposition": _attached(f"throng {camera} {place}", format), "x-content-type-options": "nosniff"}
        return StreamingResponse(content, media_type=_TYPES[format], headers=headers)


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _attached(name: str, ending: str) -> str:
    """The header that names a download: letters and digits of any script, and of ASCII alone for those that read no other."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:120]
    plain = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9._-]+", "-", safe)).strip("-.")
    return f"attachment; filename=\"{plain}.{ending}\"; filename*=UTF-8''{quote(f'{safe}.{ending}')}"


def _csv(found: _Found) -> Iterator[bytes]:
    rows = itertools.chain.from_iterable(_rows(*each) for each in found)
    lines = itertools.chain([_HEAD], rows)
    while chunk := list(itertools.islice(lines, _ROWS_A_CHUNK)):
        text = io.StringIO()
        csv.writer(text).writerows(chunk)
        yield text.getvalue().encode()


def _rows(quantity: str, series: Series) -> Iterator[tuple[str | float, ...]]:
    columns = (series.tick_start_us.tolist(), series.values.tolist(), series.standard_errors.tolist(), series.unknown.tolist())
    for time_us, value, error, unknown in zip(*columns, strict=True):
        numbers = ("", "") if math.isnan(value) else (value, error)
        yield (utc(time_us).isoformat().replace("+00:00", "Z"), quantity, UNITS[quantity], *numbers, harmless(unknown))


def _parquet(found: _Found) -> Iterator[bytes]:
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, "w"), _SCHEMA) as writer:
        for quantity, series in found:
            n = len(series)
            columns = [
                pa.array(series.tick_start_us, pa.timestamp("us", "UTC")),
                pa.array([quantity] * n, pa.string()),
                pa.array([UNITS[quantity]] * n, pa.string()),
                pa.array(series.values, from_pandas=True),
                pa.array(series.standard_errors, from_pandas=True),
                pa.array([harmless(text) for text in series.unknown], pa.string()),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Takes what a writer writes, and hands it on piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self._written += len(self._pieces[-1])
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        """What has been written since it was last asked."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
