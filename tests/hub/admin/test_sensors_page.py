"""The page about sensors: letting one in, and shutting it out."""

import re

import pytest
from tests.hub.admin.conftest import ORIGIN, Office, problem_of, secret_of

pytestmark = pytest.mark.anyio
SENSORS = "/admin/sensors"
FORM = {"sensor": "east-box", "site": "north", "valid_s": "1800"}


async def test_the_token_is_shown_once_with_the_command_to_type(office: Office) -> None:
    async with office.browser() as http:
        made = await http.post(SENSORS, data=FORM)
        token = secret_of(made)
        assert made.headers["cache-control"] == "no-store"
        fingerprint = office.hub.authority.shown_fingerprint
        assert f"<code>throng sensor enrol {ORIGIN} --fingerprint {fingerprint}</code>" in made.text
        listed = (await http.get(SENSORS)).text
        assert token not in listed
        (enrolment,) = re.findall(r'name="enrolment" value="([\w-]+)"', listed)
        assert token.startswith(enrolment)
        assert (
            (await http.post(f"{SENSORS}/withdraw", data={"enrolment": enrolment})).headers["location"].endswith("=withdrawn")
        )
        assert (await http.post(f"{SENSORS}/withdraw", data={"enrolment": enrolment})).status_code == 404
        assert "wait for their sensors" not in (await http.get(SENSORS)).text
    assert [event for event, _ in office.events()][-2:] == ["enrolment.make", "enrolment.withdraw"]


async def test_an_enrolment_that_will_not_do_is_told_why(office: Office) -> None:
    wrong = [
        ({"sensor": ""}, "sensor"),
        ({"sensor": "a b"}, "sensor"),
        ({"site": "nowhere"}, "no such site"),
        ({"site": ""}, "site"),
    ]
    async with office.browser() as http:
        for form, sentence in wrong:
            answer = await http.post(SENSORS, data=FORM | form)
            assert (answer.status_code, sentence in problem_of(answer).lower()) == (422, True)
    assert office.hub.kept.records.all("enrolment") == []


async def test_a_sensor_is_shown_as_it_is_and_shut_out(office: Office) -> None:
    sensors = office.hub.sensors
    async with office.browser() as http:
        assert "silent" in (await http.get(SENSORS)).text
        sensors._seen_s["north-box"] = sensors._clock()
        sensors.heard("north-box", version="1.2.3", cameras={"a": ("live", ""), "b": ("unknown", "dark")})
        page = (await http.get(SENSORS)).text
        assert "1 of 2 live" in page
        assert "1.2.3" in page
        assert (await http.post(f"{SENSORS}/north-box/remove")).headers["location"] == f"{SENSORS}?done=removed"
        assert sensors.of("north-box") is None
        gone = await http.post(f"{SENSORS}/north-box/remove")
        assert (gone.status_code, bool(problem_of(gone))) == (404, True)


async def test_an_operator_sees_the_sensors_of_his_site_alone(office: Office) -> None:
    office.account("Bob", "operator", "north")
    async with office.browser("Bob") as http:
        page = (await http.get(SENSORS)).text
        assert "north-box" in page
        assert "south" not in page
        for path in ("", "/withdraw", "/north-box/remove"):
            assert (await http.post(f"{SENSORS}{path}", data=FORM)).status_code == 403
    assert office.hub.sensors.of("north-box") is not None
