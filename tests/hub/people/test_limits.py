"""Limits: guessing is slowed down more and more, and what is slowed down says nothing about who there is."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hub.people.conftest import Clock

from throng.hub.people.limits import FREE, LONGEST_WAIT_S, Key, Limits, network_of
from throng.hub.people.people import password_keys

HERE: Key = ("here", "ada 203.0.113.7")


def _guesses(limits: Limits, clock: Clock, keys: tuple[Key, ...], *, within_s: float) -> int:
    """How many guesses a patient attacker makes in a time, waiting as told."""
    end_s, made = clock.now_s + within_s, 0
    while clock.now_s < end_s:
        wait_s = limits.take(keys)
        made += not wait_s
        clock.now_s += wait_s
    return made


def test_after_five_wrong_ones_each_wait_is_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    clock = Clock()
    limits, waits = Limits(clock=clock), []
    for _ in range(5 + 12):
        wait_s = limits.take([HERE])
        waits.append(wait_s)
        clock.now_s += wait_s
        if wait_s:
            assert limits.take([HERE]) == 0
    assert waits == [0] * 5 + [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert LONGEST_WAIT_S == 900


def test_a_patient_guesser_makes_few_guesses_a_day() -> None:
    clock = Clock()
    assert _guesses(Limits(clock=clock), clock, (HERE,), within_s=86_400) < 120


def test_from_ever_new_addresses_an_account_is_guessed_at_hardly_more_often() -> None:
    clock = Clock()
    limits = Limits(clock=clock)
    made, address = 0, 0
    end_s = clock.now_s + 86_400
    while clock.now_s < end_s:
        address += 1
        wait_s = limits.take(password_keys("ada", f"10.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"))
        made += not wait_s
        clock.now_s += wait_s
    assert made < FREE["account"] + 120


def test_one_address_does_not_keep_an_accounts_owner_out_elsewhere() -> None:
    clock = Clock()
    limits = Limits(clock=clock)
    assert _guesses(limits, clock, password_keys("ada", "203.0.113.66"), within_s=3_600) > 5
    assert limits.take(password_keys("ada", "198.51.100.4")) == 0


def test_many_at_once_are_no_way_around() -> None:
    limits = Limits(clock=Clock())
    assert [bool(limits.take([HERE])) for _ in range(100)].count(False) == FREE["here"]


def test_a_refused_attempt_does_not_lengthen_the_wait() -> None:
    clock = Clock()
    limits = Limits(clock=clock)
    while not limits.take([HERE]):
        pass
    clock.now_s += 1
    assert limits.take([HERE]) == 0
    wait_s = limits.take([HERE])
    assert wait_s == 2
    for _ in range(50):
        assert limits.take([HERE]) == wait_s
    clock.now_s += wait_s
    assert limits.take([HERE]) == 0


def test_the_right_one_frees_the_account_but_gives_its_address_one_attempt_back_only() -> None:
    limits = Limits(clock=Clock())
    keys = password_keys("ada", "203.0.113.7")
    for _ in range(4):
        assert limits.take(keys) == 0
    assert limits.take(keys) == 0
    limits.give_back(keys)
    assert all(limits.take([keys[0]]) == 0 for _ in range(FREE["here"]))
    assert sum(limits.take([keys[2]]) == 0 for _ in range(100)) == FREE["address"] - 4


def test_after_an_hour_without_an_attempt_all_is_forgotten() -> None:
    clock = Clock()
    limits = Limits(clock=clock)
    while not limits.take([HERE]):
        pass
    clock.now_s += 3_601
    assert [limits.take([HERE]) for _ in range(FREE["here"])] == [0] * FREE["here"]


def test_a_flood_of_names_frees_nobody_who_waits_and_takes_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throng.hub.people.limits._MOST_KEYS", 200)
    clock = Clock()
    limits = Limits(clock=clock)
    while not limits.take([HERE]):
        pass
    for number in range(500):
        limits.take([("here", f"name {number}")])
    assert limits.take([HERE]) > 0
    assert len(limits._counts) <= 200


@settings(max_examples=30)
@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_an_ipv6_network_counts_as_one_address(address: object, low: int) -> None:
    first = ipaddress.IPv6Address(str(address))
    second = ipaddress.IPv6Address(int(first) >> 64 << 64 | low)
    if first.ipv4_mapped is None and second.ipv4_mapped is None:
        assert network_of(str(first)) == network_of(str(second))


@pytest.mark.parametrize(("told", "network"), [("203.0.113.7", "203.0.113.7"), ("::ffff:203.0.113.7", "203.0.113.7"), ("", "")])
def test_other_addresses_count_as_they_are(told: str, network: str) -> None:
    assert network_of(told) == network
