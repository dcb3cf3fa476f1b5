"""Looks the product's dependencies over: how they are pinned, then what is known against them.

    python scripts/audit_dependencies.py [--osv-url URL]

Ends with 1 when a package is not pinned by version and digest, or has a known vulnerability. Where no service that knows
vulnerabilities answers, it says so in one line and ends with 0: a missing network must not hold up a change, and is no
clean result.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:  # started as a file: the other script lies beside it
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.lock_files import Pin, read_locks

ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT_S = 15
_LONGEST_S = 300


def main() -> None:
    """Audit this checkout."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--osv-url", help="ask this service, in the form of OSV's query interface, and no other")
    url = parser.parse_args().osv_url
    pins, wrong = read_locks(ROOT)
    for sentence in wrong:
        print(f"dependencies: {sentence}")
    print(f"dependencies: {len(pins)} packages, {len(pins) - len(wrong)} pinned by version and digest")
    known = about_python([pin for pin in pins if pin.ecosystem == "pypi"], osv_url=url)
    if url is None:
        known += about_page()
    for sentence in known:
        print(f"dependencies: {sentence}")
    sys.exit(1 if wrong or known else 0)


def about_python(pins: Sequence[Pin], *, osv_url: str | None = None) -> list[str]:
    """A sentence for every known vulnerability, from the first service that answers.

    Parameters
    ----------
    pins : sequence of Pin
        Of Python packages.
    osv_url : str, optional
        The only service to ask.
    """
    services = [["--vulnerability-service", "pypi"], ["--vulnerability-service", "osv"]]
    if osv_url is not None:
        services = [["--vulnerability-service", "osv", "--osv-url", osv_url]]
    for service in services:
        # One package first: where that is not answered the others are not asked for.
        if _answers(_ask(pins[:1], service)):
            return _told([_ask(some, service) for some in _rounds(pins)])
    print(
        "dependencies: NOT CHECKED for known vulnerabilities of Python packages: no service that knows them answers from here"
    )
    return []


def about_page() -> list[str]:
    """A sentence for every package of the page with a known vulnerability."""
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    answer = _json_of(["npm", "audit", "--json"], cwd=ROOT / "web", env=environ)
    if answer is None or "vulnerabilities" not in answer:
        print("dependencies: NOT CHECKED for known vulnerabilities of the page's packages: their registry does not answer that")
        return []
    return [f"{name}: known to be vulnerable ({entry['severity']})" for name, entry in answer["vulnerabilities"].items()]


def _rounds(pins: Sequence[Pin]) -> list[list[Pin]]:
    """The pins in groups in which no name stands twice: one name may have versions for several Pythons."""
    rounds: list[list[Pin]] = []
    for pin in pins:
        fitting = next((some for some in rounds if all(other.name != pin.name for other in some)), None)
        if fitting is None:
            rounds.append([pin])
        else:
            fitting.append(pin)
    return rounds


def _ask(pins: Sequence[Pin], service: Sequence[str]) -> Mapping[str, Any] | None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in pins), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(wanted), "--no-deps", "--disable-pip"]
        command += ["--format", "json", "--progress-spinner", "off", "--timeout", str(_TIMEOUT_S)]
        # An answer of last week would hide what has become known since.
        command += ["--cache-dir", str(Path(folder) / "cache"), *service]
        return _json_of(command)


def _json_of(command: Sequence[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Mapping[str, Any] | None:
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=_LONGEST_S)
        answer = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    return answer if isinstance(answer, dict) else None


def _answers(answer: Mapping[str, Any] | None) -> bool:
    return answer is not None and any("skip_reason" not in entry for entry in answer.get("dependencies", []))


def _told(answers: Sequence[Mapping[str, Any] | None]) -> list[str]:
    told = []
    asked = 0
    for answer in answers:
        for entry in (answer or {}).get("dependencies", []):
            if "skip_reason" in entry:
                print(f"dependencies: NOT CHECKED: {entry['name']}, which the service does not know")
                continue
            asked += 1
            told += [_sentence(entry, found) for found in entry["vulns"]]
    if any(answer is None for answer in answers):
        print("dependencies: NOT CHECKED in full: the service stopped answering")
    print(f"dependencies: {asked} Python packages looked up, {len(told)} known vulnerabilities")
    return told


def _sentence(entry: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    mended = ", ".join(found["fix_versions"])
    remedy = f"mended in {mended}" if mended else "not mended yet"
    return f"{entry['name']} {entry['version']} is known to be vulnerable ({found['id']}): {remedy}"


if __name__ == "__main__":
    main()
