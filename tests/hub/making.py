"""Hubs for tests: everything real, in one folder, with fast password hashing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from throng.alarm.rule import Rule
from throng.hub.app import Hub, HubSettings, Kept, create_app
from throng.hub.cameras import CameraEntry
from throng.hub.log.log import Log
from throng.hub.registry.state import OwnSite
from throng.seal.box import Seal
from throng.store.sqlite_records import SqliteRecords
from throng.store.store import Store

BUDGET = {
    "mechanism": "buffered",
    "rho_per_day": 0.2,
    "passage_counters": 4,
    "pieces": 1,
    "shares": {"speed_now": 0, "dwell": 0, "heat": 0},
}
SEAL = Seal({"test": bytes(32)}, "test")


@contextmanager
def made_hub(
    folder: Path,
    store: Store,
    cameras: Sequence[CameraEntry],
    *,
    page_dir: Path | None = None,
    port: int = 8080,
    site_name: str = "Central",
    alarms: tuple[Rule, ...] = (),
    budget: dict[str, Any] | None = None,
    public: bool = False,
) -> Iterator[Hub]:
    """A hub whose cameras are as given, on loopback, signed in to with one-time codes."""
    with SqliteRecords(folder / "hub.sqlite") as records, Log(folder / "audit.jsonl") as log:
        settings = HubSettings(
            site_name=site_name,
            budget=budget or BUDGET,
            page_dir=page_dir or folder / "page",
            origins=(f"http://127.0.0.1:{port}",),
            one_time=True,
            public=public,
        )
        hub = create_app(Kept(store, records, SEAL, log), settings, own=OwnSite(site_name), alarms=alarms)
        hub.cameras.replace_entries([replace(entry, site=entry.site or site_name) for entry in cameras])
        try:
            yield hub
        finally:
            hub.people.close()


def code_of(hub: Hub) -> str:
    """A one-time code that signs this machine in."""
    return hub.people.codes.make("sign-in")
