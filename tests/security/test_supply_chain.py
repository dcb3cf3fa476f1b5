"""What the product is made of: pinned, listed, under licences that its users can live with, and asked about."""

import importlib.metadata
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from scripts.audit_dependencies import about_python
from scripts.lock_files import Pin, page_pins, python_pins, read_locks
from scripts.sbom import bill_of_materials, bundled_in, licence_of
from tests.conftest import ROOT

MADE = datetime(2026, 11, 30, tzinfo=UTC)
PINS = [Pin("pypi", "alpha", "1.0", "", "SHA-256", ("0" * 64,)), Pin("pypi", "beta", "2.0", "", "SHA-256", ("0" * 64,))]
COPYLEFT = ("AGPL", "GPL", "GNU Affero", "GNU General Public")
EXCEPTIONS = {
    # What each means for whoever passes an image on is in docs/decisions/0004.
    ("av", "libx264"): "GPL-2.0-or-later: an encoder in PyAV's wheel, which Throng never calls",
    ("av", "libx265"): "GPL-2.0-or-later: an encoder in PyAV's wheel, which Throng never calls",
}
GPL_LIBRARIES = {"libx264", "libx265", "libxvidcore", "libpostproc", "librubberband", "libvidstab", "libcdio", "libreadline"}


def test_every_package_is_pinned_by_version_and_digest() -> None:
    pins, wrong = read_locks(ROOT)
    assert wrong == []
    assert {"fastapi", "uvicorn", "cryptography", "uplot"} <= {pin.name for pin in pins}
    assert all(len(digest) == (64 if pin.algorithm == "SHA-256" else 128) for pin in pins for digest in pin.digests)


@pytest.mark.parametrize(
    "line",
    [
        "alpha>=1.0 --hash=sha256:" + "0" * 64,
        "alpha",
        "alpha==1.0",
        "alpha==1.0 --hash=md5:" + "0" * 32,
        "alpha==1.*",
        "git+https://127.0.0.1/alpha",
        "--extra-index-url https://127.0.0.1/simple",
        "-e .",
    ],
)
def test_a_line_that_pins_nothing_is_found(line: str) -> None:
    good = "beta==2.0 ; python_full_version < '3.12' \\\n    --hash=sha256:" + "1" * 64 + "\n"
    assert python_pins(good)[1] == []
    assert len(python_pins(good + line + "\n")[1]) == 1


def test_a_package_of_the_page_without_a_digest_is_found() -> None:
    lock = {"packages": {"": {"version": "0"}, "node_modules/alpha": {"version": "1.0", "license": "MIT"}}}
    assert page_pins(json.dumps(lock))[1] == ["alpha 1.0 has no SHA-512 digest: run npm install in web/"]


def test_the_bill_of_materials_keeps_to_its_schema_and_lists_every_pin_once() -> None:
    bill = bill_of_materials(ROOT, made=MADE)
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(bill)) is None
    assert validator.validate_str(json.dumps(bill | {"components": [{"name": "alpha"}]})) is not None
    pins, _ = read_locks(ROOT)
    assert sorted((part["name"], part["version"]) for part in bill["components"]) == sorted((p.name, p.version) for p in pins)
    listed = {part["bom-ref"] for part in bill["components"]}
    (own,) = bill["dependencies"]
    assert set(own["dependsOn"]) <= listed
    assert {"uplot", "fido2", "numpy"} <= {ref.rpartition("/")[2].partition("@")[0] for ref in own["dependsOn"]}


def test_the_bill_is_the_same_twice() -> None:
    assert bill_of_materials(ROOT, made=MADE) == bill_of_materials(ROOT, made=MADE)


def test_the_bill_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "dist" / "throng.cdx.json"
    subprocess.run([sys.executable, "scripts/sbom.py", str(target)], cwd=ROOT, check=True, capture_output=True, timeout=60)
    assert json.loads(target.read_text(encoding="utf-8"))["metadata"]["component"]["name"] == "throng"


def test_nothing_that_runs_is_under_the_gpl_or_the_agpl() -> None:
    pins, _ = read_locks(ROOT)
    here = [pin for pin in pins if pin.ecosystem == "pypi" and _is_here(pin)]
    assert len(here) > 45
    licences = {pin.name: licence_of(pin.name) for pin in here} | {pin.name: pin.license for pin in pins if pin.license}
    assert {name: licence for name, licence in licences.items() if not licence} == {}
    assert {name: licence for name, licence in licences.items() if _is_copyleft(licence)} == {}


def test_libraries_under_the_gpl_that_wheels_bring_along_are_recorded() -> None:
    pins, _ = read_locks(ROOT)
    brought = {(pin.name, library) for pin in pins if pin.ecosystem == "pypi" for library, _ in bundled_in(pin.name)}
    assert ("av", "libavcodec") in brought
    assert {found for found in brought if found[1] in GPL_LIBRARIES} == set(EXCEPTIONS)


@pytest.mark.parametrize(
    ("licence", "copyleft"),
    [("GPL-3.0-or-later", True), ("AGPL-3.0", True), ("LGPL-2.1", False), ("MIT", False), ("MIT AND GPL-2.0-only", True)],
)
def test_the_licence_check_tells_the_licences_apart(licence: str, copyleft: bool) -> None:
    assert _is_copyleft(licence) == copyleft


def test_a_known_vulnerability_is_told_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    with _service({"beta": [_vulnerability("EXAMPLE-1", "beta", "2.1")]}) as (url, asked):
        told = about_python(PINS, osv_url=url)
    assert told == ["beta 2.0 is known to be vulnerable (EXAMPLE-1): mended in 2.1"]
    assert {"alpha", "beta"} <= set(asked)
    assert "2 Python packages looked up, 1 known vulnerabilities" in capsys.readouterr().out


def test_a_known_vulnerability_fails_the_build() -> None:
    with _service({"cryptography": [_vulnerability("EXAMPLE-2", "cryptography", "99.0")]}) as (url, _):
        done = _audited(url)
    assert done.returncode == 1
    assert "(EXAMPLE-2)" in done.stdout


def test_without_an_answer_it_says_that_nothing_was_checked_and_goes_on() -> None:
    with _service({}, status=404) as (url, _):
        done = _audited(url)
    assert done.returncode == 0
    assert "NOT CHECKED" in done.stdout
    assert "looked up" not in done.stdout


def test_what_is_not_there_at_all_is_no_clean_result() -> None:
    with _service({}) as (url, _):
        pass  # stopped again: nothing listens there
    done = _audited(url)
    assert done.returncode == 0
    assert "NOT CHECKED" in done.stdout


def _is_here(pin: Pin) -> bool:
    try:
        return importlib.metadata.version(pin.name) == pin.version
    except importlib.metadata.PackageNotFoundError:
        return False


def _is_copyleft(licence: str) -> bool:
    weaker = licence.replace("LGPL", "").replace("GNU Lesser General Public", "")
    return any(word in weaker for word in COPYLEFT)


def _vulnerability(number: str, name: str, fixed: str) -> dict[str, object]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    return {"id": number, "schema_version": "1.3.0", "summary": "an example", "affected": affected}


def _audited(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/audit_dependencies.py", "--osv-url", url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def _service(known: dict[str, list[dict[str, object]]], *, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A service on this machine that knows these vulnerabilities, and the names that it was asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = json.loads(self.rfile.read(int(self.headers["content-length"])))["package"]["name"]
            asked.append(name)
            body = json.dumps({"vulns": known[name]} if name in known else {}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the output is the test's."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
        finally:
            server.shutdown()
            thread.join()
