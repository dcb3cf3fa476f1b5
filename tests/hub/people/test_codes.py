"""Codes: each opens one thing, once, for a short time, and no guess of a purpose widens it."""

import threading
from typing import get_args

import pytest
from tests.hub.people.conftest import Clock

from throng.hub.people.codes import Codes, Purpose

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


@pytest.fixture
def codes(clock: Clock) -> Codes:
    return Codes(clock=clock)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_code_opens_its_own_purpose_once(codes: Codes, purpose: Purpose) -> None:
    code = codes.make(purpose, key="ada")
    others = [other for other in PURPOSES if other != purpose]
    assert codes.use(code, *others) is None
    assert codes.look(code, purpose) is not None
    ticket = codes.use(code, purpose)
    assert ticket is not None
    assert (ticket.purpose, ticket.key) == (purpose, "ada")
    assert codes.look(code, *PURPOSES) is None
    assert codes.use(code, *PURPOSES) is None


def test_a_code_expires(codes: Codes, clock: Clock) -> None:
    code = codes.make("invite", key="ada", life_s=1800)
    clock.now_s += 1799
    assert codes.look(code, "invite")
    clock.now_s += 1
    assert codes.use(code, "invite") is None


def test_of_many_who_use_it_at_once_one_gets_it(codes: Codes) -> None:
    code, found = codes.make("set-up"), []
    barrier = threading.Barrier(8)

    def use() -> None:
        barrier.wait()
        found.append(codes.use(code, "set-up"))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(ticket is not None for ticket in found) == 1


def test_one_persons_codes_do_not_push_out_anothers(codes: Codes) -> None:
    invited = codes.make("invite", key="bob")
    mine = [codes.make("sign-in", key="ada") for _ in range(9)]
    assert [codes.look(code, "sign-in") is not None for code in mine] == [False] + [True] * 8
    assert codes.look(invited, "invite") is not None


def test_codes_are_long_different_and_kept_as_digests_only(codes: Codes) -> None:
    made = [codes.make("sign-in", key=str(number)) for number in range(20)]
    assert len(set(made)) == 20
    assert min(map(len, made)) >= 32  # 192 bits
    assert not [code for code in made if code in repr(vars(codes))]


def test_forgetting_makes_one_persons_codes_worthless(codes: Codes) -> None:
    gone, kept = codes.make("sign-in", key="ada"), codes.make("invite", key="bob")
    codes.forget("ada")
    assert codes.look(gone, "sign-in") is None
    assert codes.look(kept, "invite") is not None
