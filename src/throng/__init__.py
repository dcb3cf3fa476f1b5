"""Throng: crowd numbers from networks of fixed cameras, that cannot say who anyone is."""

import os

__version__ = "0.1.0"

# Since 1.29 the Linux wheels of ONNX Runtime report every process and model to their maker unless this is set before they load,
# and keep a database of events in the home folder (see docs/decisions/0005-no-telemetry.md; a test traces it).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
