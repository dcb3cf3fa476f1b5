"""`throng audit` as a stranger: what it prints, how it ends, and what it writes."""

import json
from pathlib import Path

import pytest
from tests.audit.exposure import fakes
from tests.audit.exposure.conftest import Serve
from typer.testing import CliRunner, Result

from throng.audit.exposure import report
from throng.audit.exposure.sockets import Listening
from throng.cli.app import app
from throng.data.errors import AuditError


def _audit(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments], env={"COLUMNS": "200"})


def _only(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    monkeypatch.setattr(report, "own_addresses", list)
    monkeypatch.setattr(report, "listening", lambda: [Listening("127.0.0.1", port, "[bold]program") for port in ports])


@pytest.mark.parametrize("closed", [False, True])
def test_this_machine_is_audited_without_any_option(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, closed: bool
) -> None:
    port = serve(fakes.elasticsearch(closed=closed))
    _only(monkeypatch, port)
    done = _audit("--sarif", str(tmp_path / "out.sarif"))
    assert done.exit_code == (0 if closed else 1)
    assert f"127.0.0.1:{port}" in done.stdout
    assert "[bold]program" in done.stdout
    last = "no stranger could read anything" if closed else "1 finding"
    assert done.stdout.splitlines()[-1] == last
    (run,) = json.loads((tmp_path / "out.sarif").read_text())["runs"]
    assert {result["level"] for result in run["results"]} == ({"none"} if closed else {"error"})


def test_json_of_a_site_names_its_cameras_and_not_their_addresses(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    camera = fakes.Camera(("root", "pass"), path="/marked-path")
    port = serve(camera.handle)
    (tmp_path / "site.toml").write_text(
        f'name = "square"\nport = 0\n[[camera]]\nname = "gate"\naddress = "rtsp://127.0.0.1:{port}/marked-path"\n'
    )
    _only(monkeypatch, port)
    done = _audit("--site", str(tmp_path / "site.toml"), "--json", "--sarif", str(tmp_path / "out.sarif"))
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert set(told) == {"wrong", "addresses", "findings"}
    assert told["wrong"] is True
    (address,) = told["addresses"]
    assert address == {
        "where": 'camera "gate"',
        "program": "",
        "on_network": False,
        "state": "answers",
        "protocol": "RTSP",
        "version": "Cam/1",
        "authenticated": False,
        "asks": "a password",
        "tls": None,
    }
    for text in (done.stdout, (tmp_path / "out.sarif").read_text()):
        assert "marked" not in text
        assert str(port) not in text


def test_a_file_that_cannot_be_written_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _only(monkeypatch)
    done = _audit("--sarif", str(tmp_path / "absent" / "out.sarif"))
    assert isinstance(done.exception, AuditError)
    assert str(done.exception).endswith("out.sarif cannot be written: no such file or directory")
