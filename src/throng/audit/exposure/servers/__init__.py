"""The servers that the audit knows, a file each: `probe(reach)` gives an `Answer`, or None where it is another server."""
