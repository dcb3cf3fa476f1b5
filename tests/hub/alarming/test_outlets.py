"""Outlets: their secrets are written and never read, and some targets are refused whatever anybody says."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.hub.alarming.conftest import Place

from throng.hub.alarming.reach import Attempt

SECRET, TOKEN, PASSWORD = "a-secret-of-32-characters-is-long", "token-in-the-address", "pass-word-of-the-broker"
WEBHOOK = {"kind": "webhook", "url": f"https://hooks.example/{TOKEN}?t={TOKEN}", "secret": SECRET}
EMAIL = {
    "kind": "email", "host": "mail.example", "user": "throng", "password": PASSWORD,
    "from": "throng@site.example", "to": ["guard@site.example", "boss@site.example"],
}  # fmt: skip
MQTT = {"kind": "mqtt", "host": "broker.example", "user": "throng", "password": PASSWORD}


def put(place: Place, name: str, body: dict[str, Any]) -> Any:
    return place.http.put(f"/api/v1/alarm-outlets/{name}", json=body)


def test_what_was_written_is_shown_but_for_secrets_and_nowhere_in_the_clear(place: Place) -> None:
    for name, body in (("hook", WEBHOOK), ("mail", EMAIL), ("broker", MQTT)):
        answer = put(place, name, body)
        assert (answer.status_code, answer.json()["version"]) == (200, 1), answer.text
    told = place.http.get("/api/v1/alarm-outlets")
    shown = {one["name"]: (one["kind"], one["host"], one["port"], one["encryption"], one["user"]) for one in told.json()}
    assert shown == {
        "hook": ("webhook", "hooks.example", 443, "tls", ""),
        "mail": ("email", "mail.example", 587, "starttls", "throng"),
        "broker": ("mqtt", "broker.example", 8883, "tls", "throng"),
    }
    assert all(one["has_secret"] for one in told.json())
    assert (told.json()[2]["from"], told.json()[2]["to"]) == ("throng@site.example", EMAIL["to"])
    kept = repr([record.body for record in place.hub.kept.records.all("alarm-outlet")])
    log = place.hub.kept.log.path.read_text(encoding="utf-8")
    for secret in (SECRET, TOKEN, PASSWORD):
        for text in (told.text, kept, log, repr(place.alarming.outlets.all())):
            assert secret not in text
    assert place.alarming.outlets.secrets(place.alarming.outlets.all()[1]) == {
        "path": f"/{TOKEN}?t={TOKEN}",
        "secret": SECRET,
    }


def test_a_secret_stays_where_its_target_does_and_goes_to_no_other_machine(place: Place) -> None:
    put(place, "hook", WEBHOOK)
    put(place, "mail", EMAIL)
    unsaid = {key: value for key, value in WEBHOOK.items() if key not in ("url", "secret")}
    assert put(place, "hook", {**unsaid, "version": 1, "severities": ["danger"]}).status_code == 200
    assert put(place, "hook", {**unsaid, "version": 2, "url": "https://hooks.example/other"}).status_code == 200
    hook = place.alarming.outlets.get("hook")
    assert hook is not None
    assert place.alarming.outlets.secrets(hook) == {"path": "/other", "secret": SECRET}
    for url in ("https://mine.example/", "http://127.0.0.1/", "https://hooks.example:8443/"):
        answer = put(place, "hook", {**unsaid, "version": 3, "url": url})
        assert (answer.status_code, answer.json()["detail"]) == (
            422,
            "the target is new, or has no secret yet: give its secret",
        )
    mail = {key: value for key, value in EMAIL.items() if key != "password"}
    assert put(place, "mail", {**mail, "version": 1, "to": ["a@b.example"]}).status_code == 200
    for change in ({"host": "mine.example"}, {"port": 2525}, {"encryption": "tls"}):
        assert put(place, "mail", {**mail, "version": 2, **change}).status_code == 422, change
    assert put(place, "hook", {**MQTT, "version": 3, "password": None}).status_code == 422
    assert put(place, "hook", {**WEBHOOK, "version": 1}).status_code == 409
    assert place.http.delete("/api/v1/alarm-outlets/hook?version=3").status_code == 204
    assert place.http.delete("/api/v1/alarm-outlets/hook?version=3").status_code == 404


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({**WEBHOOK, "url": "https://169.254.169.254/latest"}, "sends nothing"),
    ({**WEBHOOK, "url": "http://[fe80::1]/"}, "sends nothing"),
    ({**WEBHOOK, "url": "http://[::ffff:169.254.169.254]/"}, "sends nothing"),
    ({**WEBHOOK, "url": "http://[fd00:ec2::254]/"}, "sends nothing"),
    ({**WEBHOOK, "url": "http://0.0.0.0/"}, "sends nothing"),
    ({**WEBHOOK, "url": "http://224.0.0.1/"}, "sends nothing"),
    ({**WEBHOOK, "url": "http://93.184.215.14/"}, "must begin with https"),
    ({**WEBHOOK, "url": "ftp://hooks.example/"}, "url must be"),
    ({**WEBHOOK, "url": "https://hooks.example/a b"}, "url must be"),
    ({**WEBHOOK, "url": "https://hooks.example/a\r\nX: y"}, "url must be"),
    ({**WEBHOOK, "url": "https://hooks.example:99999/"}, "url must be"),
    ({**WEBHOOK, "url": "https://"}, "url must be"),
    ({**WEBHOOK, "url": "https://[::1/"}, "url must be"),
    ({**WEBHOOK, "url": f"https://me:{PASSWORD}@hooks.example/"}, "url takes no user"),
    ({**WEBHOOK, "secret": "too short"}, "secret must be"),
    ({**WEBHOOK, "secret": "x" * 20 + "\r\nX: y"}, "secret must be"),
    ({**WEBHOOK, "host": "hooks.example"}, "a webhook has no host"),
    ({"kind": "webhook", "secret": SECRET}, "give url"),
    ({**EMAIL, "from": "throng@site.example\r\nBcc: x@y.example"}, "from and to must be"),
    ({**EMAIL, "to": ["a@b.example, c@d.example"]}, "from and to must be"),
    ({**EMAIL, "to": []}, "give to"),
    ({**EMAIL, "host": "mail..example"}, "host must name"),
    ({**EMAIL, "host": "mail.example/x"}, "host must name"),
    ({**EMAIL, "host": "169.254.0.1"}, "sends nothing"),
    ({**EMAIL, "user": "a\r\nQUIT"}, "without line breaks"),
    ({**EMAIL, "user": ""}, "a password needs a user"),
    ({**MQTT, "to": ["a@b.example"]}, "an MQTT broker has no to"),
    ({**MQTT, "authority": "-----BEGIN CERTIFICATE-----\nnone"}, "authority must be"),
    ({**MQTT, "sites": ["a/b"]}, "the name of a site"),
    ({**MQTT, "severities": []}, "severities"),
    ({**MQTT, "port": 0}, "port"),
    ({"kind": "pigeon"}, "kind"),
]


def test_a_target_that_makes_no_sense_or_harm_is_refused_without_repeating_a_secret(place: Place) -> None:
    for body, told in REFUSED:
        answer = put(place, "one", body)
        assert (answer.status_code, told in answer.json()["detail"]) == (422, True), (body, answer.text)
        assert not any(secret in answer.text for secret in (SECRET, TOKEN, PASSWORD))
    for name in ("a/b", "x\r\nBcc: y", "a\u2028b"):
        assert put(place, name.replace("\r\n", "%0D%0A"), MQTT).status_code in (404, 422)
    assert place.http.get("/api/v1/alarm-outlets").json() == []


def test_a_name_that_leads_to_a_refused_address_only_when_it_is_looked_up_is_refused_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for found, near, told in (
        (["10.0.0.1", "169.254.169.254"], False, "sends nothing"),
        (["::ffff:169.254.1.1"], False, "sends nothing"),
        (["2002:a9fe:a9fe::"], False, "sends nothing"),
        (["64:ff9b::a9fe:a9fe"], False, "sends nothing"),
        (["10.0.0.1", "93.184.215.14"], True, "must begin with https"),
    ):
        monkeypatch.setattr(
            "socket.getaddrinfo", lambda *where, found=found, **more: [(2, 1, 6, "", (one, 1)) for one in found]
        )
        with pytest.raises(Exception, match=told):
            Attempt().connected("hooks.example", 1, near_only=near)


def test_a_private_authority_stays_until_it_is_taken_away(place: Place, files: tuple[Path, Path]) -> None:
    put(place, "broker", {**MQTT, "authority": files[0].read_text()})
    for version, change, has in ((1, {}, True), (2, {"authority": ""}, False), (3, {}, False)):
        assert put(place, "broker", {**MQTT, "version": version, **change}).json()["has_authority"] is has


def test_each_outlet_is_told_of_what_it_wants_once(place: Place) -> None:
    put(place, "all", {**WEBHOOK, "severities": ["notice", "warning", "danger"]})
    put(place, "grave", {**EMAIL, "severities": ["danger"]})
    put(place, "elsewhere", {**MQTT, "sites": ["Other"]})
    put(place, "here", {**MQTT, "sites": ["Central"]})
    place.put()
    place.tick(20, 300, 300, 20, 20, 20)
    assert place.states() == {"of the file": "quiet", "full": "quiet"}
    while any(one["waiting"] for one in place.http.get("/api/v1/alarm-outlets").json()):
        pass
    expected = {("all", "full"), ("all", "of the file"), ("grave", "of the file"), ("here", "full"), ("here", "of the file")}
    assert {(outlet, name) for outlet, name, _ in place.told.messages} == expected
    for outlet, name in expected:
        assert [what for to, of, what in place.told.messages if (to, of) == (outlet, name)] == ["rang", "cleared"]


def test_trying_an_outlet_says_what_came_of_it(place: Place) -> None:
    put(place, "hook", WEBHOOK)
    assert place.http.post("/api/v1/alarm-outlets/hook/try").json() == {"sent": True, "detail": ""}
    place.told.failure = "hooks.example did not answer in time"
    assert place.http.post("/api/v1/alarm-outlets/hook/try").json() == {"sent": False, "detail": place.told.failure}
    assert place.http.post("/api/v1/alarm-outlets/none/try").status_code == 404
    entry = place.hub.kept.log.newest(most=1)[0]
    assert (entry["event"], entry["about"]) == ("alarm-outlet.try", "hook")
    assert json.dumps(place.history()) == "[]"
