"""The hash chain of the audit log: what the hub writes and `throng audit --log` checks."""

import hashlib
import json
from collections.abc import Mapping

START = "0" * 64
"""What the first entry names as the one before it."""
FIELDS = ("seq", "time", "event", "outcome", "who", "about", "detail", "address", "before", "hash")


def entry_hash(entry: Mapping[str, object]) -> str:
    """SHA-256, hex, of an entry's other fields as JSON with sorted keys and no spaces, UTF-8.

    The field `before` holds the hash of the entry before, so that each hash covers all the past.
    """
    content = {name: entry[name] for name in FIELDS if name != "hash"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
