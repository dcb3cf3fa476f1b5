"""A hub in a process of its own: prints its one-time sign-in, then what it was told at its end."""

import sys
from pathlib import Path

from throng.hub.app import create_app
from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.hub.server import listen, serve
from throng.store.store import Store

folder = Path(sys.argv[1])
listener = listen(0)
port = listener.getsockname()[1]
with Store(folder / "throng.duckdb") as store:
    hub = create_app(
        site_name="Station",
        tick_s=60.0,
        budget={
            "mechanism": "buffered",
            "rho_per_day": 0.2,
            "passage_counters": 4,
            "pieces": 1,
            "shares": {"speed_now": 0, "dwell": 0, "heat": 0},
        },
        cameras=[CameraEntry("north", (PlaceEntry("door", "line"),))],
        store=store,
        port=port,
        page_dir=folder / "page",
    )
    serve(
        hub,
        port=port,
        listener=listener,
        on_ready=lambda: print(hub.sign_in_url(), flush=True),
        on_stop=lambda: print("stopping", flush=True),
    )
print("stopped", flush=True)
