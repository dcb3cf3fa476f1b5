"""The door: a code opens once and for half an hour, a session lasts twelve hours, guessing is slow."""

from collections.abc import Iterable

import pytest

from throng.hub.door import CODE_S, SESSION_S, Door


class Clock:
    """Seconds that go forward when told."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> Door:
    return Door(clock=clock)


def _opens(door: Door, codes: Iterable[str]) -> list[bool]:
    return [door.sign_in(code) is not None for code in codes]


def test_a_code_opens_one_session_once(door: Door) -> None:
    code = door.new_code()
    token = door.sign_in(code)
    assert token is not None
    session = door.session_of(token)
    assert session is not None
    assert door.is_open(session)
    assert door.sign_in(code) is None
    assert door.session_of(code) is None


def test_a_code_expires(door: Door, clock: Clock) -> None:
    early, late = door.new_code(), door.new_code()
    clock.now_s += CODE_S - 1
    assert door.sign_in(early)
    clock.now_s += 1
    assert door.sign_in(late) is None


def test_a_session_expires(door: Door, clock: Clock) -> None:
    token = door.sign_in(door.new_code())
    assert token is not None
    clock.now_s += SESSION_S - 1
    session = door.session_of(token)
    assert session is not None
    clock.now_s += 1
    assert not door.is_open(session)
    assert door.session_of(token) is None


def test_signing_out_ends_one_session_only(door: Door) -> None:
    mine, other = (door.session_of(door.sign_in(door.new_code()) or "") for _ in range(2))
    assert mine is not None
    assert other is not None
    door.sign_out(mine)
    assert not door.is_open(mine)
    assert door.is_open(other)


def test_after_ten_wrong_codes_none_is_looked_at_for_a_minute(door: Door, clock: Clock) -> None:
    right = door.new_code()
    for _ in range(10):
        assert door.wait_s() == 0
        clock.now_s += 1
        assert door.sign_in("wrong") is None
    assert door.wait_s() == 51
    assert door.sign_in(right) is None
    clock.now_s += 51
    assert door.wait_s() == 0
    assert door.sign_in(right)


def test_secrets_are_long_different_and_kept_as_digests_only(door: Door) -> None:
    codes = [door.new_code() for _ in range(20)]
    token = door.sign_in(codes[0])
    assert len(set(codes)) == 20
    assert min(map(len, codes)) >= 22  # 128 bits at 6 bits a letter
    assert token is not None
    assert len(token) >= 43  # 256 bits
    held = repr(vars(door))
    assert not [secret for secret in (*codes, token) if secret in held]


def test_of_too_many_codes_the_oldest_dies(door: Door) -> None:
    codes = [door.new_code() for _ in range(33)]
    assert _opens(door, codes) == [False] + [True] * 32
