"""Sessions: how long they last, what ends them, and that only digests of their tokens are kept."""

import pytest
from tests.hub.people.conftest import Clock

from throng.hub.access import Grant
from throng.hub.people.sessions import PROOF_S, Sessions

VIEWER = (Grant("viewer", "north"),)
OPERATOR = (Grant("operator", "*"),)
ADMINISTRATOR = (Grant("administrator", "*"),)
AUDITOR = (Grant("viewer", "north"), Grant("auditor", "*"))


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(clock=clock, wall=clock.wall)


def _id(sessions: Sessions, token: str) -> bytes:
    found = sessions.principal_of(token)
    assert found is not None
    return found.session


@pytest.mark.parametrize("grants", [ADMINISTRATOR, AUDITOR])
def test_a_powerful_session_ends_after_half_an_hour_without_use(sessions: Sessions, clock: Clock, grants: tuple[Grant]) -> None:
    token = sessions.open("Ada", grants=grants, how="password")
    for _ in range(10):
        clock.now_s += 30 * 60 - 1
        assert sessions.principal_of(token) is not None
    clock.now_s += 30 * 60
    assert sessions.principal_of(token) is None


@pytest.mark.parametrize("grants", [VIEWER, OPERATOR])
def test_a_watching_session_lasts_a_shift_without_use(sessions: Sessions, clock: Clock, grants: tuple[Grant]) -> None:
    token = sessions.open("Bob", grants=grants, how="password")
    session = _id(sessions, token)
    clock.now_s += 12 * 3600 - 1
    assert sessions.is_open(session)
    clock.now_s += 1
    assert not sessions.is_open(session)
    assert sessions.principal_of(token) is None


@pytest.mark.parametrize(("grants", "most_s"), [(ADMINISTRATOR, 12 * 3600), (VIEWER, 7 * 24 * 3600)])
def test_no_session_outlives_its_longest_time(sessions: Sessions, clock: Clock, grants: tuple[Grant], most_s: int) -> None:
    token = sessions.open("Ada", grants=grants, how="passkey")
    for _ in range(most_s // 600 - 1):
        clock.now_s += 600
        assert sessions.principal_of(token) is not None
    clock.now_s += 600
    assert sessions.principal_of(token) is None


def test_looking_whether_it_is_open_does_not_keep_it_open(sessions: Sessions, clock: Clock) -> None:
    session = _id(sessions, sessions.open("Ada", grants=ADMINISTRATOR, how="password"))
    for _ in range(30):
        clock.now_s += 60
        sessions.is_open(session)
    assert not sessions.is_open(session)


def test_showing_again_who_one_is_changes_the_token_and_not_the_session(sessions: Sessions, clock: Clock) -> None:
    old = sessions.open("Ada", grants=ADMINISTRATOR, how="password")
    session = _id(sessions, old)
    clock.now_s += PROOF_S + 1
    assert not sessions.is_proved(session)
    new = sessions.prove(session, how="passkey")
    assert new is not None
    assert new != old
    assert sessions.principal_of(old) is None
    assert _id(sessions, new) == session
    assert sessions.is_proved(session)


def test_ending_one_or_all_tells_which(sessions: Sessions) -> None:
    ended: list[bytes] = []
    sessions.on_end(ended.append)
    ada = [_id(sessions, sessions.open("Ada", grants=ADMINISTRATOR, how="password")) for _ in range(4)]
    bob = _id(sessions, sessions.open("Bob", grants=VIEWER, how="password"))
    sessions.end(ada[0])
    assert ended == [ada[0]]
    assert sessions.end_all("Ada", but=ada[3]) == 2
    assert ended == ada[:3]
    assert [sessions.is_open(known) for known in (*ada, bob)] == [False, False, False, True, True]
    assert [facts.id for facts in sessions.of("Ada")] == [ada[3]]


def test_of_more_than_twenty_of_one_person_the_one_unused_for_longest_ends(sessions: Sessions, clock: Clock) -> None:
    bob = sessions.open("Bob", grants=VIEWER, how="password")
    tokens = []
    for _ in range(20):
        tokens.append(sessions.open("Ada", grants=ADMINISTRATOR, how="password"))
        clock.now_s += 1
    assert sessions.principal_of(tokens[0]) is not None
    clock.now_s += 1
    sessions.open("Ada", grants=ADMINISTRATOR, how="password")
    assert sessions.principal_of(tokens[1]) is None
    assert sessions.principal_of(tokens[0]) is not None
    assert sessions.principal_of(bob) is not None


def test_tokens_are_long_different_and_kept_as_digests_only(sessions: Sessions) -> None:
    tokens = [sessions.open("Ada", grants=ADMINISTRATOR, how="password") for _ in range(20)]
    assert len(set(tokens)) == 20
    assert min(map(len, tokens)) >= 43  # 256 bits at 6 bits a letter
    held = repr(vars(sessions))
    assert not [token for token in tokens if token in held]


def test_a_session_opened_by_another_ends_with_it_at_the_latest(sessions: Sessions, clock: Clock) -> None:
    first = sessions.open("Bob", grants=VIEWER, how="password")
    clock.now_s += 3_600
    end_s = clock.now_s + sessions.left_s(_id(sessions, first))
    second = sessions.open("Bob", grants=VIEWER, how="code", end_s=end_s, proved=False)
    assert sessions.left_s(_id(sessions, second)) == sessions.left_s(_id(sessions, first))
    assert not sessions.is_proved(_id(sessions, second))
