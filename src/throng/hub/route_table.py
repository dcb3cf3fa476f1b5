"""Who may ask what, as a table: `python -m throng.hub.route_table > docs/security/routes.md`."""

import sys
import tempfile
from pathlib import Path

from throng.hub.access import Need, Needs
from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.log.log import Log
from throng.hub.registry.state import OwnSite
from throng.seal.box import Seal
from throng.store.duck import DuckStore
from throng.store.sqlite_records import SqliteRecords

COLUMNS = ("stranger", "viewer", "operator", "administrator", "auditor", "sensor")
HEAD = """\
# Who may ask what

<!-- Written by `python -m throng.hub.route_table > docs/security/routes.md` from the routes themselves: change it there. -->

Every route of the hub, and who may use it; whatever is not in this table is denied. *Site*: the role at one site suffices, and
the answer keeps to that site. *Hub*: the role must be granted everywhere. A script's token has the grants it was given, at most
those of its maker; a sensor shows its certificate. `tests/security/test_matrix.py` asks every route as everybody.

"""


def table(needs: Needs) -> str:
    """The page, Markdown."""
    rows = ["| route | " + " | ".join(COLUMNS) + " |", "| --- |" + " --- |" * len(COLUMNS)]
    for method, path, need in needs.stated():
        rows.append(f"| `{method} {path}` | " + " | ".join(_cell(need, column) for column in COLUMNS) + " |")
    return HEAD + "\n".join(rows) + "\n"


def _cell(need: Need, asker: str) -> str:
    if "stranger" in need.askers:
        return "yes"
    if asker not in need.askers:
        return ""
    return "yes" if asker == "sensor" else need.reach


def _app(folder: Path, store: DuckStore, records: SqliteRecords, log: Log) -> Hub:
    budget = {"mechanism": "buffered", "rho_per_day": 0.2, "passage_counters": 3, "pieces": 1}
    shares = {"shares": {"speed_now": 0, "dwell": 0, "heat": 0}}
    settings = HubSettings("Site", budget | shares, folder, ("http://127.0.0.1",))
    return create_app(Kept(store, records, Seal({"none": bytes(32)}, "none"), log), settings, own=OwnSite())


def main() -> None:
    """Print the page."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with (
            DuckStore(folder / "throng.duckdb") as store,
            SqliteRecords(folder / "hub.sqlite") as records,
            Log(folder / "audit.jsonl") as log,
        ):
            sys.stdout.write(table(Needs(_app(folder, store, records, log))))


if __name__ == "__main__":
    main()
