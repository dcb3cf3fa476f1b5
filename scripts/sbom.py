"""Writes the software bill of materials: CycloneDX 1.6, from the two lock files and what is installed beside them.

    python scripts/sbom.py dist/throng.cdx.json

Two runs over the same locks and the same environment differ in their time alone; SOURCE_DATE_EPOCH fixes that too.
"""

import importlib.metadata
import json
import os
import re
import sys
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

if __package__ in {None, ""}:  # started as a file: the other script lies beside it
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.lock_files import Pin, read_locks

ROOT = Path(__file__).resolve().parent.parent
_CLASSIFIERS = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_SHARED = re.compile(
    r"(?P<name>lib[A-Za-z0-9_+-]+?)-+[0-9a-f]{8}(?:-[0-9a-f]{8})?(?:\.[0-9.]+)?\.so(?:\.(?P<version>[0-9a-z.]+))?"
)


def main() -> None:
    """Write the file that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/sbom.py FILE")
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    bill = bill_of_materials(ROOT, made=_now())
    path.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    print(f"sbom: {len(bill['components'])} components in {path}")


def bill_of_materials(root: Path, *, made: datetime) -> dict[str, Any]:
    """The bill as CycloneDX JSON.

    Parameters
    ----------
    root : Path
        The checkout.
    made : datetime
        When, UTC.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    components = [_component(pin) for pin in read_locks(root)[0]]
    direct = {re.split(r"[^A-Za-z0-9._-]", wanted)[0].lower() for wanted in project["dependencies"]}
    page = json.loads((root / "web" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    used = [part["bom-ref"] for part in components if _is_direct(part, direct, set(page))]
    own = f"pkg:pypi/throng@{project['version']}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True))}",
        "version": 1,
        "metadata": {
            "timestamp": made.isoformat().replace("+00:00", "Z"),
            "tools": {"components": [{"type": "application", "name": "scripts/sbom.py"}]},
            "authors": [{"name": "Throng"}],
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "throng",
                "version": project["version"],
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": own,
            },
        },
        "components": components,
        "dependencies": [{"ref": own, "dependsOn": sorted(used)}],
    }


def licence_of(name: str) -> str:
    """What an installed package's metadata says of its licence, in short; empty when it is not installed or says nothing."""
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    named = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    if named:
        return " AND ".join(_CLASSIFIERS.get(licence, licence) for licence in named)
    # Some put the whole text there.
    text = metadata["License"].strip() if "License" in metadata else ""
    return "MIT" if "Permission is hereby granted, free of charge" in text else text.partition("\n")[0]


def bundled_in(name: str) -> list[tuple[str, str]]:
    """The shared libraries, name and version of its interface, that an installed wheel carries along."""
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = [_SHARED.fullmatch(path.name) for path in files if path.parts[0].endswith(".libs")]
    return sorted({(match["name"], match["version"] or "") for match in found if match})


def _component(pin: Pin) -> dict[str, Any]:
    purl = f"pkg:{pin.ecosystem}/{quote(pin.name, safe='/')}@{pin.version}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": pin.name,
        "version": pin.version,
        # Left out at run time: what only builds the page.
        "scope": "required" if pin.needed else "excluded",
        "hashes": [{"alg": pin.algorithm, "content": digest} for digest in pin.digests],
        "purl": purl,
    }
    installed = pin.ecosystem == "pypi" and _installed_version(pin.name) == pin.version
    licence = pin.license or (licence_of(pin.name) if installed else "")
    if licence:
        component["licenses"] = [{"license": {"name": licence}}]
    if pin.marker:
        component["properties"] = [{"name": "throng:marker", "value": pin.marker}]
    bundled = bundled_in(pin.name) if installed else []
    if bundled:
        component["components"] = [
            {"type": "library", "bom-ref": f"{purl}#{library}-{version}", "name": library, "version": version}
            for library, version in bundled
        ]
    return component


def _is_direct(part: dict[str, Any], direct: set[str], page: set[str]) -> bool:
    return part["name"] in (direct if part["purl"].startswith("pkg:pypi/") else page)


def _installed_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _now() -> datetime:
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now(UTC).replace(microsecond=0)


if __name__ == "__main__":
    main()
