"""A hub in a process of its own: prints its one-time sign-in, then what it was told at its end."""

import sys
from pathlib import Path

from tests.hub.making import made_hub

from throng.hub.cameras import CameraEntry, PlaceEntry
from throng.hub.server import listen, serve
from throng.store.duck import DuckStore

folder = Path(sys.argv[1])
listener = listen(0)
port = listener.getsockname()[1]
cameras = [CameraEntry("north", (PlaceEntry("door", "line"),))]
with DuckStore(folder / "throng.duckdb") as store, made_hub(folder, store, cameras, port=port) as hub:
    serve(
        hub,
        port=port,
        listener=listener,
        on_ready=lambda: print(hub.sign_in_url(), flush=True),
        on_stop=lambda: print("stopping", flush=True),
    )
print("stopped", flush=True)
