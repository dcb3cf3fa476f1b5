"""Passwords: judged by length and by how soon they are guessed, kept as Argon2id, compared at the same cost for everybody."""

import unicodedata

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hub.people.conftest import QUICK

from throng.hub.people.passwords import HASHER, LONGEST, SHORTEST, Passwords

PASSWORDS = Passwords(hasher=QUICK)
NAMES = ("Ada", "Central Station")
GOOD = "orbit-velvet-canyon-17"


def test_the_hash_is_argon2id_above_the_recommended_cost() -> None:
    told = extract_parameters(HASHER.hash("x"))
    assert told.type is Type.ID
    assert (told.memory_cost >= 19 * 1024, told.time_cost >= 2, told.hash_len >= 16, told.salt_len >= 16) == (True,) * 4


@pytest.mark.parametrize(
    "password",
    [
        "123456789012", "password1234", "passwordpassword", "qwertyuiopas", "aaaaaaaaaaaaaaaa", "iloveyou1234", "letmein123456",
        "abcdefghijkl", "1q2w3e4r5t6y", "monkeymonkey", "throngthrong", "P@ssw0rd1234", "sunshine2024", "111111111111111111111",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password: str) -> None:
    assert "guessed first" in PASSWORDS.why_refused(password, names=NAMES)


@pytest.mark.parametrize(
    "password",
    [GOOD, "marble lantern tuesday frost", "zwölf Boxkämpfer jagen Viktor", "地铁站里的熊猫喜欢吃苹果", "9 !~ñ⚙ kZ#qw xx"],
)  # fmt: skip
def test_any_characters_will_do_and_no_mixture_is_asked_for(password: str) -> None:
    assert PASSWORDS.why_refused(password, names=NAMES) == ""


@given(length=st.integers(1, 300))
@settings(max_examples=15, deadline=None)
def test_it_has_twelve_to_two_hundred_characters(length: int) -> None:
    password = (GOOD * 20)[:length]
    assert ("200 characters" in PASSWORDS.why_refused(password, names=NAMES)) == (not SHORTEST <= length <= LONGEST)


@pytest.mark.parametrize("password", ["my-ADA-orbit-velvet-canyon", "central velvet orbit canyon", "VelvetStationCanyon9"])
def test_it_does_not_contain_the_names(password: str) -> None:
    assert "your name" in PASSWORDS.why_refused(password, names=NAMES)
    assert PASSWORDS.why_refused(password, names=("Zoe", "Harbour")) == ""


def test_one_persons_names_do_not_count_against_another() -> None:
    PASSWORDS.why_refused(GOOD, names=("kumquat", "site"))
    assert PASSWORDS.why_refused("kumquat velvet orbit", names=NAMES) == ""


@given(password=st.text(min_size=1, max_size=60), other=st.text(min_size=1, max_size=60))
@settings(max_examples=30, deadline=None)
def test_only_the_same_password_fits_however_its_accents_are_written(password: str, other: str) -> None:
    hashed = PASSWORDS.hash(password)
    assert PASSWORDS.fits(hashed, unicodedata.normalize("NFD", password))
    same = unicodedata.normalize("NFC", password) == unicodedata.normalize("NFC", other)
    assert PASSWORDS.fits(hashed, other) == same


def test_nobodys_password_costs_a_comparison_too() -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            verified.append(str(hash))
            return super().verify(hash, password)

    passwords = Passwords(hasher=Counting(time_cost=1, memory_cost=8, parallelism=1))
    assert not passwords.fits(None, GOOD)
    assert not passwords.fits(None, "nobody's password")
    assert passwords.fits(passwords.hash(GOOD), GOOD)
    assert len(verified) == 3
    assert verified[0].split("$")[:4] == verified[2].split("$")[:4]  # the same parameters, so that it takes as long


def test_a_hash_with_other_parameters_is_outdated() -> None:
    assert not PASSWORDS.is_outdated(PASSWORDS.hash(GOOD))
    assert PASSWORDS.is_outdated(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(GOOD))


def test_what_is_no_hash_fits_nothing() -> None:
    assert not PASSWORDS.fits("", GOOD)
    assert not PASSWORDS.fits("$argon2id$garbage", GOOD)
