"""The second factor: the published codes of RFC 6238, one step either way, each once; recovery codes with enough in them."""

import base64
import re

import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.hub.people import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()
# RFC 6238, appendix B, SHA-1, the last six of eight digits.
PUBLISHED = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize(("now_s", "code"), PUBLISHED.items())
def test_the_published_codes_fit(now_s: int, code: str) -> None:
    assert totp.step_of(code, secret=SECRET, now_s=now_s, after=0) == now_s // 30
    assert totp.step_of(f" {code[:3]} {code[3:]}", secret=SECRET, now_s=now_s, after=0) == now_s // 30


@settings(max_examples=40)
@given(now_s=st.integers(10_000, 4_000_000_000), off=st.integers(-5, 5))
def test_a_code_fits_one_step_early_or_late_and_not_two(now_s: int, off: int) -> None:
    code = pyotp.TOTP(SECRET).generate_otp(now_s // 30 + off)
    step = totp.step_of(code, secret=SECRET, now_s=now_s, after=0)
    if abs(off) <= 1:
        assert step is not None
        assert pyotp.TOTP(SECRET).generate_otp(step) == code
    elif step is not None:  # one code in 300,000 is that of another step, too
        assert pyotp.TOTP(SECRET).generate_otp(step) == code


@settings(max_examples=40)
@given(now_s=st.integers(10_000, 4_000_000_000))
def test_a_step_that_was_used_is_not_used_again(now_s: int) -> None:
    code = pyotp.TOTP(SECRET).generate_otp(now_s // 30)
    step = totp.step_of(code, secret=SECRET, now_s=now_s, after=0)
    assert step is not None
    later = totp.step_of(code, secret=SECRET, now_s=now_s, after=step)
    assert later is None or later > step


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦x", "000000\0", "-12345", "½½½½½½"])
def test_what_is_no_code_fits_nothing(code: str) -> None:
    assert totp.step_of(code, secret=SECRET, now_s=59, after=0) is None


def test_secrets_and_recovery_codes_hold_enough_and_differ() -> None:
    assert len({totp.new_secret() for _ in range(20)}) == 20
    assert len(totp.new_secret()) >= 32  # 160 bits
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == len(codes) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){5}[a-z2-7]{4}", code) for code in codes)  # 24 letters of 5 bits: 120 bits
    assert len({totp.recovery_digest(code) for code in codes}) == 10


def test_a_recovery_code_may_be_typed_in_other_ways() -> None:
    code = totp.new_recovery_codes()[0]
    assert {totp.recovery_digest(typed) for typed in (code.upper(), code.replace("-", " "), f" {code.replace('-', '')} ")} == {
        totp.recovery_digest(code)
    }
