"""What is sealed to a key opens with that key alone, for what it is about, unchanged."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st

from throng.data.errors import SealError
from throng.seal.to_key import open_with, seal_to

KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=2000), st.text(max_size=40))
def test_what_is_sealed_opens(plain: bytes, about: str) -> None:
    assert open_with(KEY, seal_to(KEY.public_key(), plain, about=about), about=about) == plain


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_no_other_key_matter_or_text_opens_it(data: st.DataObject) -> None:
    sealed = seal_to(KEY.public_key(), b"rtsp://camera", about="work")
    with pytest.raises(SealError, match='about "work" does not open with this key'):
        open_with(OTHER, sealed, about="work")
    with pytest.raises(SealError, match="does not open"):
        open_with(KEY, sealed, about="work2")
    place = data.draw(st.integers(0, len(sealed) - 1))
    letter = chr((ord(sealed[place]) + data.draw(st.integers(1, 127))) % 128)
    with pytest.raises(SealError):
        open_with(KEY, sealed[:place] + letter + sealed[place + 1 :], about="work")
    with pytest.raises(SealError):
        open_with(KEY, sealed[:place], about="work")


def test_the_same_is_never_sealed_in_the_same_way_and_no_error_holds_it() -> None:
    assert len({seal_to(KEY.public_key(), b"same", about="work") for _ in range(10)}) == 10
    with pytest.raises(SealError) as caught:
        open_with(OTHER, seal_to(KEY.public_key(), b"a secret", about="work"), about="work")
    assert "a secret" not in repr(caught.value)
    assert caught.value.__context__ is None


def test_it_is_hpke_as_others_speak_it() -> None:
    """RFC 9180 names: kem 0x0010, kdf 0x0001, aead 0x0002; the message is the encapsulated key, then the ciphertext."""
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    sealed = seal_to(KEY.public_key(), b"plain", about="work").removeprefix("throng-to-key1:")
    assert suite.decrypt(base64.b64decode(sealed), KEY, info=b"throng to-key 1\0work") == b"plain"
