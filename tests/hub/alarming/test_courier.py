"""The thread that tells outlets: each message once, again and again until it arrives, and none holds up another."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hub.alarming.conftest import BY, NOON_S, OF_FILE, Place, opened
from tests.hub.alarming.test_outlets import EMAIL, WEBHOOK, put
from tests.hub.making import SEAL

from throng.data.errors import HubError
from throng.hub.alarming import courier as module
from throng.hub.alarming.courier import Courier
from throng.hub.alarming.history import Event
from throng.hub.alarming.outlets import Outlet, Outlets, Target


class Kept:
    """Outlets that are there without a hub."""

    def __init__(self, *names: str) -> None:
        target = Target("localhost", 1, "tls")
        self.outlets = {name: Outlet(name, "mqtt", frozenset(), frozenset(), target) for name in names}

    def get(self, name: str) -> Outlet | None:
        return self.outlets.get(name)

    def secrets(self, outlet: Outlet) -> dict[str, str]:
        return {}


def event(number: int, *owed: str) -> Event:
    return Event("a", "danger", "s", "c", "p", "rang", 0, owed=owed, number=number)


def until(is_so: Callable[[], Any]) -> None:
    end_s = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.002)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.01)


Made = Callable[..., tuple[Courier, list[tuple[str, int]], list[tuple[int, str]]]]


@pytest.fixture
def made() -> Iterator[Made]:
    """Makes a courier whose sending fails as a test says, and what was sent and settled."""
    couriers: list[Courier] = []

    def make(
        kept: Kept, fails: Callable[[str, int], str], clock: Callable[[], float] = time.monotonic
    ) -> tuple[Courier, list[tuple[str, int]], list[tuple[int, str]]]:
        sent: list[tuple[str, int]] = []
        paid: list[tuple[int, str]] = []

        def send(attempt: Any, outlet: Outlet, secrets: Any, message: Any) -> str:
            if problem := fails(outlet.name, message.event.number):
                raise HubError(problem)
            sent.append((outlet.name, message.event.number))
            return ""

        made = Courier(kept, hub="", paid=lambda *one: paid.append(one), send=send, clock=clock)  # type: ignore[arg-type]
        couriers.append(made)
        return made, sent, paid

    yield make
    for one in couriers:
        one.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "alarms"]


def test_what_fails_is_sent_again_in_order_and_once(made: Made) -> None:
    tries: list[int] = []

    def fails(name: str, number: int) -> str:
        tries.append(number)
        return "no answer" if len(tries) <= 4 else ""

    courier, sent, paid = made(Kept("a"), fails)
    courier.post([event(number, "a") for number in (1, 2, 3)])
    until(lambda: len(paid) == 3)
    assert (sent, paid) == ([("a", 1), ("a", 2), ("a", 3)], [(1, "a"), (2, "a"), (3, "a")])
    assert tries == [1, 1, 1, 1, 1, 2, 3]
    assert (courier.condition("a").waiting, courier.condition("a").failure) == (0, "")


def test_an_outlet_that_does_not_answer_holds_up_no_other_and_what_it_says_is_told(made: Made) -> None:
    courier, sent, paid = made(Kept("dead", "well"), lambda name, number: "dead is silent" if name == "dead" else "")
    courier.post([event(number, "dead", "well") for number in range(20)])
    until(lambda: len(paid) == 20)
    assert sent == [("well", number) for number in range(20)]
    assert courier.condition("well").failure == ""
    until(lambda: courier.condition("dead").failure)
    assert (courier.condition("dead").waiting, courier.condition("dead").failure) == (20, "dead is silent")


def test_an_outlet_that_failed_is_left_alone_for_a_while(made: Made) -> None:
    tries: list[str] = []

    def fails(name: str, number: int) -> str:
        tries.append(name)
        return "no answer" if name == "dead" else ""

    courier, _, paid = made(Kept("dead", "well"), fails, lambda: 0.0)  # no time passes
    courier.post([event(number, "dead", "well") for number in range(5)])
    until(lambda: len(paid) == 5)
    assert sorted(tries) == ["dead"] + ["well"] * 5


def test_what_is_being_sent_when_the_hub_ends_is_cut_and_still_owed() -> None:
    paid: list[tuple[int, str]] = []
    cut: list[int] = []

    def send(attempt: Any, outlet: Outlet, secrets: Any, message: Any) -> str:
        until(lambda: attempt.is_cut)
        cut.append(message.event.number)
        raise HubError("cut")

    courier = Courier(Kept("a"), hub="", paid=lambda *one: paid.append(one), send=send)  # type: ignore[arg-type]
    courier.post([event(1, "a")])
    until(lambda: courier._attempt)
    courier.stop()
    assert (cut, paid, courier.condition("a").waiting, courier.condition("a").failure) == ([1], [], 1, "")


def test_a_name_service_that_hangs_does_not_keep_the_hub_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throng.hub.alarming.courier._LONGEST_END_S", 0.01)
    hanging, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def send(attempt: Any, outlet: Outlet, secrets: Any, message: Any) -> str:
        hanging.set()
        assert go_on.wait(30)
        raise HubError("cut")

    courier = Courier(Kept("a"), hub="", send=send)  # type: ignore[arg-type]
    courier.post([event(1, "a")])
    assert hanging.wait(30)

    def stop() -> None:
        courier.stop()
        ended.set()

    stopping = threading.Thread(target=stop)
    stopping.start()
    try:
        assert ended.wait(20)
    finally:
        go_on.set()
        stopping.join()


def test_what_could_not_be_sent_for_an_hour_is_given_up(made: Made) -> None:
    clock, tries = itertools.count(0.0, 50.0), list[int]()

    def fails(name: str, number: int) -> str:
        tries.append(number)
        return "no answer"

    courier, sent, paid = made(Kept("a"), fails, lambda: next(clock))
    courier.post([event(1, "a")])
    until(lambda: paid)
    assert (sent, paid) == ([], [(1, "a")])
    assert len(tries) > 5
    assert next(clock) > module.GIVEN_UP_S
    assert courier.condition("a").failure == "no answer"


def test_what_waits_is_bounded_and_that_some_was_lost_is_told(made: Made) -> None:
    courier, _, _ = made(Kept("a"), lambda name, number: "no answer")
    courier.post([event(number, "a") for number in range(module.MOST_WAITING + 50)])
    assert courier.condition("a").waiting == module.MOST_WAITING


def test_a_fault_of_ours_in_one_message_keeps_no_other_from_being_sent(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    def fails(name: str, number: int) -> str:
        if name == "bad":
            raise ZeroDivisionError(str(41 * 3))
        return ""

    courier, _, paid = made(Kept("bad", "well"), fails)
    courier.post([event(1, "bad"), event(2, "well")])
    until(lambda: paid)
    until(lambda: courier.condition("bad").failure)
    assert "ZeroDivisionError" in caplog.text
    assert "123" not in caplog.text


def test_what_waits_for_an_outlet_that_was_removed_goes_with_it(made: Made) -> None:
    kept = Kept("a")
    courier, _, _ = made(kept, lambda name, number: "no answer")
    courier.post([event(1, "a")])
    until(lambda: courier.condition("a").failure)
    kept.outlets.clear()
    courier.again("a")
    assert courier.condition("a") == module.Condition()


def test_what_was_not_sent_when_the_hub_ended_is_sent_when_it_starts_again(tmp_path: Path) -> None:
    with opened(tmp_path, rules=[OF_FILE]) as place:
        place.told.failure = "no answer"
        put(place, "hook", WEBHOOK)
        put(place, "mail", {**EMAIL, "severities": ["notice"]})
        place.tick(300, 300)
        until(lambda: place.alarming.courier.condition("hook").failure)
        shown = place.http.get("/api/v1/alarm-outlets").json()
        assert [(one["name"], one["waiting"], one["failure"]) for one in shown] == [("hook", 1, "no answer"), ("mail", 0, "")]
        now = place.now
    with opened(tmp_path, rules=[OF_FILE], now=now) as place:
        until(lambda: place.told.messages)
        assert place.told.messages == [("hook", "of the file", "rang")]
        until(lambda: not any(event.owed for event in place.alarming.rings.events()))
    with opened(tmp_path, rules=[OF_FILE], now=now) as place:
        place.tick(300)
        assert place.told.messages == []


def test_a_dead_outlet_delays_no_number(place: Place) -> None:
    held = threading.Event()

    def holds(*parts: Any) -> str:
        held.wait(30)
        raise HubError("no answer")

    put(place, "hook", WEBHOOK)
    place.alarming.courier._send = holds
    try:
        place.tick(300, 300, 20, 20, 20)
        assert place.history() == [("of the file", "cleared"), ("of the file", "rang")]
    finally:
        held.set()


def test_an_outlet_is_kept_sealed_for_its_own_name_alone(place: Place) -> None:
    put(place, "hook", WEBHOOK)
    records = place.hub.kept.records
    body = records.all("alarm-outlet")[0].body
    stolen = Outlets(records, SEAL, place.hub.registry).get("hook")
    assert stolen is not None
    other = Outlet("other", stolen.kind, stolen.severities, stolen.sites, stolen.target, body["sealed"], 1)
    with pytest.raises(Exception, match="does not open"):
        place.alarming.outlets.secrets(other)
    assert (BY.name, NOON_S) == ("test", place.now[0])
