"""Each server that the audit knows, open to strangers and closed; of what it says nothing comes out."""

import json
import secrets
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from tests.audit.exposure import fakes
from tests.audit.exposure.certificates import self_signed
from tests.audit.exposure.conftest import Serve, here, seen_at

from throng.audit.exposure import login
from throng.audit.exposure.own import look_at_hub
from throng.audit.exposure.report import look_at


@pytest.mark.parametrize("closed", [False, True])
def test_mongodb_is_open_where_it_lists_its_databases(serve: Serve, closed: bool) -> None:
    asked: list[str] = []
    report = look_at([here(serve(fakes.mongodb(closed=closed, asked=asked)))])
    (seen,) = report.seen
    assert seen.answer is not None
    assert (seen.answer.protocol, seen.answer.version, seen.answer.authenticated) == ("MongoDB", "7.0.14", closed)
    assert asked[-1] == "listDatabases"
    assert report.wrong is not closed
    assert "marked-content" not in json.dumps(report.as_json())


@pytest.mark.parametrize("closed", [False, True])
def test_elasticsearch_is_open_where_it_lists_its_indices(serve: Serve, closed: bool) -> None:
    report = look_at([here(serve(fakes.elasticsearch(closed=closed)))])
    (seen,) = report.seen
    assert seen.answer is not None
    assert (seen.answer.protocol, seen.answer.authenticated) == ("Elasticsearch", closed)
    assert seen.answer.version == ("" if closed else "8.15.1")
    assert report.wrong is not closed
    assert "marked-content" not in json.dumps(report.as_json())


@pytest.mark.parametrize("path", ["", "/api/v1/site", "/api/v1/latest", "/api/v1/live"])
def test_a_hub_is_open_where_it_answers_one_question_without_a_session(serve: Serve, path: str) -> None:
    report = look_at([here(serve(fakes.hub(open_paths=(path,))))])
    (seen,) = report.seen
    assert seen.answer is not None
    assert seen.answer.protocol == "Throng hub"
    assert seen.answer.gives == ((f"reads {path}, without signing in",) if path else ())
    assert report.wrong is bool(path)
    assert "marked-content" not in json.dumps(report.as_json())


@pytest.mark.parametrize("path", ["", "/api/v1/alarms"])
def test_a_hub_is_asked_by_one_of_its_own_names_as_any_stranger_can(serve: Serve, path: str) -> None:
    port = serve(fakes.hub(open_paths=(path,), names=("localhost",)))
    assert bool(look_at_hub("127.0.0.1", port, tls=False)) is bool(path)


def test_a_hub_that_is_closed_may_serve(serve: Serve) -> None:
    assert look_at_hub("127.0.0.1", serve(fakes.hub()), tls=False) == []


def test_a_hub_may_not_serve_without_the_tls_that_it_is_meant_to_speak(serve: Serve) -> None:
    (finding,) = look_at_hub("127.0.0.1", serve(fakes.hub()), tls=True)
    assert "without TLS" in finding.sentence


def test_a_hub_may_not_serve_where_it_cannot_be_looked_at(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    (absent,) = look_at_hub("127.0.0.1", port, tls=False)
    assert absent.grade == "finding"
    (other,) = look_at_hub("127.0.0.1", serve(fakes.elasticsearch(closed=True)), tls=False)
    assert "does not answer as a hub" in other.sentence


@pytest.mark.parametrize("scheme", ["digest", "digest-qop", "basic"])
@pytest.mark.parametrize("kind", ["rtsp", "http"])
def test_a_camera_of_the_site_with_a_default_password_is_a_finding(serve: Serve, kind: str, scheme: str) -> None:
    camera = fakes.Camera(("admin", "12345"), scheme=scheme, web=kind == "http")
    target = here(serve(camera.handle), kind=kind, path=camera.path, tls=False, try_defaults=True)
    report = look_at([target])
    (seen,) = report.seen
    assert seen.answer is not None
    assert seen.answer.gives == ('sees its pictures, as user "admin" with a default password',)
    assert report.wrong
    assert "12345" not in json.dumps([finding.sentence for finding in report.findings])
    assert len(camera.tried) == 1 + login.DEFAULTS.index(("admin", "12345"))


@pytest.mark.parametrize("kind", ["rtsp", "http"])
def test_a_camera_with_a_password_of_its_own_is_tried_six_times_and_no_more(serve: Serve, kind: str) -> None:
    camera = fakes.Camera(("admin", "a-long-one"), web=kind == "http")
    port = serve(camera.handle)
    report = look_at([here(port, kind=kind, path=camera.path, tls=False, try_defaults=True)])
    (seen,) = report.seen
    assert seen.answer is not None
    assert seen.answer.authenticated is True
    assert not report.wrong
    assert 1 <= len(camera.tried) <= 6
    assert len(set(camera.tried)) == len(camera.tried)
    # One that nobody asked to try is only asked.
    camera.tried.clear()
    look_at([here(port, kind=kind, path=camera.path, tls=False)])
    assert camera.tried == []


@pytest.mark.parametrize("kind", ["rtsp", "http"])
def test_a_camera_without_a_password_is_a_finding_and_what_it_shows_is_not_told(serve: Serve, kind: str) -> None:
    camera = fakes.Camera(None, web=kind == "http")
    report = look_at([here(serve(camera.handle), kind=kind, path=camera.path, tls=False, try_defaults=True)])
    assert report.wrong
    assert camera.tried == []
    told = json.dumps(report.as_json())
    assert "marked-content" not in told
    assert camera.path not in told


def test_a_socket_of_this_machine_is_known_as_a_camera_but_no_password_is_tried(serve: Serve) -> None:
    camera = fakes.Camera(("admin", "admin"))
    seen = seen_at(serve(camera.handle))
    assert seen.answer is not None
    assert (seen.answer.protocol, seen.answer.version, seen.answer.authenticated) == ("RTSP", "Cam/1", True)
    assert camera.tried == []


def test_a_list_of_files_is_a_finding_and_another_page_is_a_note(serve: Serve) -> None:
    for body, wrong in ((b"<html><title>Index of /backup</title>", True), (b"<html><title>Welcome</title>", False)):
        assert look_at([here(serve(fakes.http(lambda path, headers, body=body: (200, {}, body))))]).wrong is wrong  # type: ignore[misc]


@pytest.mark.parametrize("asked", [False, True])
def test_tls_is_found_on_any_port_and_a_client_certificate_that_is_asked_for_closes_it(
    serve: Serve, tmp_path: Path, asked: bool
) -> None:
    key, certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if asked:
        context.load_verify_locations(certificate)
        context.verify_mode = ssl.CERT_REQUIRED

    def handle(connection: socket.socket) -> None:
        with suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as encrypted:
            fakes.hub()(encrypted)

    seen = seen_at(serve(handle))
    assert seen.answer is not None
    assert seen.tls is not None
    assert (seen.tls.version, seen.tls.self_signed, seen.tls.expired) == ("TLSv1.3", True, False)
    assert seen.answer.protocol == ("TLS" if asked else "Throng hub")
    assert seen.answer.authenticated is True


def test_the_answer_to_a_digest_is_that_of_the_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 7616, section 3.9.1.
    monkeypatch.setattr(secrets, "token_hex", lambda count: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    for algorithm, response in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        challenge = (
            f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        )
        answer = login.authorization([challenge], method="GET", uri="/dir/index.html", user="Mufasa", password="Circle of Life")
        assert f'response="{response}"' in answer
