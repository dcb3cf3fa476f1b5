"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for the day the app is lost."""

import base64
import hashlib
import hmac
import secrets
import unicodedata

import pyotp

STEP_S = 30
_RECOVERY_BYTES = 15  # 120 bits, 24 letters: too many for a fast hash to be a weakness
_RECOVERY_CODES = 10
_DIGITS = 6


def new_secret() -> str:
    """A secret to be shared with an app: base32, 160 bits."""
    return pyotp.random_base32()


def address_of(secret: str, *, name: str, site: str) -> str:
    """The otpauth: address by which an app takes a secret over."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=f"Throng {site}")


def step_of(code: str, *, secret: str, now_s: float, after: int) -> int | None:
    """The 30 s step whose code this is: the present one, or the one before or after it; None for a wrong or used code.

    Parameters
    ----------
    code : str
        Six digits, spaces allowed.
    secret : str
        Base32.
    now_s : float
        Unix time.
    after : int
        The step whose code was used last; an earlier or the same one is not taken again.
    """
    typed = unicodedata.normalize("NFKC", "".join(code.split()))
    if len(typed) != _DIGITS or not typed.isascii() or not typed.isdigit():
        return None
    now = int(now_s // STEP_S)
    generator = pyotp.TOTP(secret)
    # All three are compared, each in constant time.
    fitting = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(generator.generate_otp(step), typed)]
    return next((step for step in fitting if step > after), None)


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes, each good once in place of an app's."""
    return tuple(_grouped(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(_RECOVERY_CODES))


def recovery_digest(code: str) -> str:
    """The form in which a recovery code is kept, however its letters were typed."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKC", code).casefold() if letter.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def _grouped(secret: bytes) -> str:
    letters = base64.b32encode(secret).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
