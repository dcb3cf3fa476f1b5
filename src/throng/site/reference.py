"""The reference of the site file, written from its types: `python -m throng.site.reference > docs/site-file.md`."""

import json
import sys
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from throng.site.expect import expected, keys_of, table_of, unit
from throng.site.model import Site

EXAMPLE = """\
name = "Central station"
data = "data"
tick_s = 60
port = 8040

[budget]
rho_per_day = 0.2
passage_counters = 3
pieces = 2
pieces_measured = "track-eval, our own film, 2026-11-02: 99 % of passages in at most 2 tracks"

[budget.shares]
dwell = 0.2

[hub]
listen = "0.0.0.0:8443"
names = ["hub.station.example", "10.0.0.2"]

[[camera]]
name = "north"
address = "rtsp://10.0.0.5/stream"
user = "viewer"
password_env = "THRONG_NORTH_PASSWORD"
detector = "auto"
anchor = "foot"
rate_hz = 10

[[camera.line]]
name = "door"
from = [661, 166]
to = [1859, 520]

[[camera.zone]]
name = "square"
corners = [[100, 100], [900, 100], [900, 700], [100, 700]]

[camera.calibration]
points_px = [[204, 1052], [1716, 1040], [1180, 388], [742, 391]]
points_m = [[0, 0], [6, 0], [6, 9], [0, 9]]

[camera.where]
lat = 52.0894
lon = 5.1103

[[camera]]
name = "south"
address = "south.mp4"
loop = true
tick_s = 600

[[alarm]]
name = "crush"
camera = "north"
place = "square"
preset = "standing-crowd"
"""

INTRODUCTION = f"""\
# The site file

One TOML file, encoded as UTF-8, describes a site. `throng run site.toml` reads it. What it does not know it refuses: every
mistake is told with its line, what was expected and what was found.

<!-- Written by `python -m throng.site.reference > docs/site-file.md` from src/throng/site/model.py: change it there. -->

```toml
{EXAMPLE}```

Keys of the whole site stand first, above the first `[table]`: TOML takes whatever follows a `[table]` as part of it. Paths
are relative to the folder of the site file. Picture points are in pixels from the upper left corner, x to the right and y
down; lines and zones may reach beyond the picture, but not lie outside.

A password never stands in the site file, nor in an address. It comes from an environment variable (`password_env`) or from a
file of one line that only its owner may read (`password_file`, mode 0600), and is read when the camera is opened.
"""


def reference() -> str:
    """The reference, Markdown."""
    return "\n".join([INTRODUCTION, *_sections(Site, "The site", "")]).rstrip("\n") + "\n"


def _sections(table: type[BaseModel], title: str, prefix: str) -> Iterator[str]:
    yield f"## {title}\n\n{table.__doc__}\n"
    yield "| key | takes | unit | default | meaning |\n| --- | --- | --- | --- | --- |"
    yield from (_row(f"{prefix}{key}", key, field) for key, field in keys_of(table).items())
    yield ""
    for key, field in keys_of(table).items():
        inner, several = table_of(field)
        if inner is not None:
            name = f"{prefix}{key}"
            yield from _sections(inner, f"`[[{name}]]`" if several else f"`[{name}]`", f"{name}.")


def _row(path: str, key: str, field: FieldInfo) -> str:
    inner, _ = table_of(field)
    takes = expected(path if inner else key, field).replace(f" ({unit(field)})", "") if unit(field) else expected(path, field)
    return f"| `{key}` | {takes} | {unit(field)} | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.default
    if isinstance(default, BaseModel):
        return "its defaults"
    return "none" if default is None or default == () else f"`{json.dumps(default)}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
