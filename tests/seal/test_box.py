"""What is sealed opens with its key, for what it is about, unchanged, and in no other way."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import throng.seal.box as box_module
from throng.data.errors import SealError, SecrecyError
from throng.seal.box import KEY_BYTES, Seal, key_ids_in, opened_value, resealed, sealed_value

OLD, NEW = bytes(range(KEY_BYTES)), bytes(range(1, KEY_BYTES + 1))
BOTH = Seal({"old": OLD, "new": NEW}, "new")


@given(plain=st.binary(max_size=300), about=st.text(max_size=50))
def test_what_is_sealed_opens_and_is_not_seen(plain: bytes, about: str) -> None:
    sealed = BOTH.seal(plain, about=about)
    assert sealed.startswith("throng1:new:")
    assert sealed.isascii()
    assert BOTH.open(sealed, about=about) == plain
    assert len(plain) < 8 or plain not in sealed.encode()


@given(plain=st.binary(max_size=50), about=st.text(max_size=20), other=st.text(max_size=20))
def test_it_opens_for_nothing_else(plain: bytes, about: str, other: str) -> None:
    sealed = BOTH.seal(plain, about=about)
    if about != other:
        with pytest.raises(SealError, match="does not open"):
            BOTH.open(sealed, about=other)


@given(data=st.data(), plain=st.binary(max_size=50))
def test_no_character_can_be_changed_removed_or_added(data: st.DataObject, plain: bytes) -> None:
    sealed = BOTH.seal(plain, about="a")
    at = data.draw(st.integers(0, len(sealed) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_:= é"))
    changed = data.draw(
        st.sampled_from(
            [sealed[:at] + letter + sealed[at + 1 :], sealed[:at] + sealed[at + 1 :], sealed[:at] + letter + sealed[at:]]
        )
    )
    if changed != sealed:
        with pytest.raises(SealError):
            BOTH.open(changed, about="a")


@pytest.mark.parametrize("plain", [b"", b"a", b"ab"])
def test_a_secret_has_one_text_only(plain: bytes) -> None:
    sealed = BOTH.seal(plain, about="a")
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if letter != sealed[-1]:
            with pytest.raises(SealError):
                BOTH.open(sealed[:-1] + letter, about="a")


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert len({BOTH.seal(b"secret", about="a") for _ in range(200)}) == 200


def test_a_key_of_the_same_name_does_not_open_it() -> None:
    sealed = Seal({"key": OLD}, "key").seal(b"secret", about="a")
    with pytest.raises(SealError, match="does not open"):
        Seal({"key": NEW}, "key").open(sealed, about="a")


def test_a_sealed_text_renamed_to_another_key_of_the_ring_does_not_open() -> None:
    twins = Seal({"one": OLD, "two": OLD}, "one")
    with pytest.raises(SealError, match="does not open"):
        twins.open(twins.seal(b"secret", about="a").replace(":one:", ":two:"), about="a")


def test_a_missing_key_is_named() -> None:
    sealed = BOTH.seal(b"secret", about="camera/door/address")
    with pytest.raises(SealError, match='"camera/door/address" was sealed with the key "new", which the key ring lacks'):
        Seal({"old": OLD}, "old").open(sealed, about="camera/door/address")


def test_old_keys_open_and_the_current_one_seals() -> None:
    sealed = Seal({"old": OLD}, "old").seal(b"secret", about="a")
    assert BOTH.open(sealed, about="a") == b"secret"
    assert BOTH.key_ids == ("new", "old")


@pytest.mark.parametrize(
    ("keys", "current"), [({"a": b"short"}, "a"), ({"a b": OLD}, "a b"), ({"": OLD}, ""), ({"a": OLD}, "b"), ({}, "a")]
)
def test_a_ring_that_makes_no_sense_is_refused(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(SealError):
        Seal(keys, current)


def test_a_key_seals_only_so_often_in_one_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_module, "MOST_SEALS", 3)
    seal = Seal({"key": OLD}, "key")
    for _ in range(3):
        seal.seal(b"", about="a")
    with pytest.raises(SealError, match="throng key rotate"):
        seal.seal(b"", about="a")


def test_a_seal_is_never_shown_copied_or_pickled() -> None:
    assert repr(BOTH) == "Seal(key_ids=['new', 'old'])"
    assert str(BOTH) == f"{BOTH}" == repr(BOTH)
    for carry in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(SecrecyError):
            carry(BOTH)


BODIES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.binary(max_size=9).map(lambda plain: sealed_value(BOTH, plain, "x/y")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


def opened(body: object) -> object:
    if isinstance(body, dict):
        return opened_value(ALL, body, "x/y") if body.keys() == {"sealed", "about"} else {k: opened(v) for k, v in body.items()}
    return [opened(part) for part in body] if isinstance(body, list) else body


ALL = Seal({"old": OLD, "new": NEW, "next": bytes(KEY_BYTES)}, "next")


@given(body=BODIES)
def test_rotation_finds_every_sealed_value_and_changes_nothing_else(body: object) -> None:
    after = resealed(ALL, body)
    assert set(key_ids_in(after)) <= {"next"}
    assert len(list(key_ids_in(after))) == len(list(key_ids_in(body)))
    assert opened(after) == opened(body)
    assert resealed(ALL, after) == after


def test_a_value_moved_to_another_record_does_not_open() -> None:
    value = sealed_value(BOTH, b"secret", "camera/door/password")
    assert opened_value(BOTH, value, "camera/door/password") == b"secret"
    with pytest.raises(SealError):
        opened_value(BOTH, value, "camera/gate/password")
    with pytest.raises(SealError):
        opened_value(BOTH, {**value, "about": "camera/gate/password"}, "camera/gate/password")
    with pytest.raises(SealError):
        opened_value(BOTH, "plain", "camera/door/password")
