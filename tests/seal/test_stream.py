"""Sealed files: whole and unchanged, or refused before a wrong byte is handed on."""

import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import throng.seal.stream as stream_module
from throng.data.errors import SealError
from throng.seal.box import Seal
from throng.seal.stream import TAG_BYTES, SealedReader, SealedWriter

SEAL = Seal({"one": bytes(32), "two": bytes(range(32))}, "two")
CHUNK = 64


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "CHUNK_BYTES", CHUNK)


def sealed(*pieces: bytes, seal: Seal = SEAL) -> bytes:
    file = io.BytesIO()
    with SealedWriter(file, seal) as writer:
        for piece in pieces:
            writer.write(piece)
    return file.getvalue()


def opened(content: bytes, seal: Seal = SEAL) -> bytes:
    return SealedReader(io.BytesIO(content), seal).read()


class Trickle(io.RawIOBase):
    """A pipe: gives what it has in pieces of a few bytes."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(min(size, 7) if size >= 0 else 7)


@settings(max_examples=60)
@given(pieces=st.lists(st.binary(max_size=3 * CHUNK), max_size=6), sizes=st.lists(st.integers(0, 2 * CHUNK), max_size=20))
def test_what_is_written_is_read_however_it_is_cut(pieces: list[bytes], sizes: list[int]) -> None:
    plain, reader = b"".join(pieces), SealedReader(Trickle(sealed(*pieces)), SEAL)
    read = b""
    for size in sizes:
        part = reader.read(size)
        assert part == plain[len(read) : len(read) + size]
        read += part
    assert read + reader.read() == plain
    assert reader.read() == reader.read(5) == b""


@settings(max_examples=60)
@given(plain=st.binary(max_size=4 * CHUNK), data=st.data())
def test_a_changed_byte_is_found_and_no_wrong_byte_is_read(plain: bytes, data: st.DataObject) -> None:
    content = bytearray(sealed(plain))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    assert_refused(bytes(content), plain)


@settings(max_examples=60)
@given(plain=st.binary(max_size=4 * CHUNK), data=st.data())
def test_a_file_cut_anywhere_is_refused(plain: bytes, data: st.DataObject) -> None:
    content = sealed(plain)
    assert_refused(content[: data.draw(st.integers(0, len(content) - 1))], plain)


@settings(max_examples=40)
@given(plain=st.binary(min_size=1, max_size=4 * CHUNK), more=st.binary(min_size=1, max_size=CHUNK))
def test_a_file_with_more_behind_it_is_refused(plain: bytes, more: bytes) -> None:
    assert_refused(sealed(plain) + more, plain)


@settings(max_examples=40)
@given(data=st.data())
def test_chunks_left_out_doubled_or_in_another_order_are_refused(data: st.DataObject) -> None:
    plain = data.draw(st.binary(min_size=3 * CHUNK, max_size=5 * CHUNK))
    content, step = sealed(plain), CHUNK + TAG_BYTES
    start = len(sealed()) - TAG_BYTES
    chunks = [content[at : at + step] for at in range(start, len(content), step)]
    order = data.draw(st.lists(st.sampled_from(range(len(chunks))), max_size=7).filter(lambda o: o != list(range(len(chunks)))))
    assert_refused(content[:start] + b"".join(chunks[number] for number in order), plain)


def assert_refused(content: bytes, plain: bytes) -> None:
    """Reading byte by byte hands on nothing but a beginning of what was written, and then refuses."""
    reader, read = SealedReader(io.BytesIO(content), SEAL), bytearray()
    with pytest.raises(SealError):
        _drain(reader, read)
    assert plain.startswith(bytes(read))


def _drain(reader: SealedReader, read: bytearray) -> None:
    while part := reader.read(1):
        read += part


def test_chunks_of_two_files_do_not_mix() -> None:
    first, second = sealed(b"a" * CHUNK * 2), sealed(b"b" * CHUNK * 2)
    start = len(sealed()) - TAG_BYTES
    with pytest.raises(SealError):
        opened(first[:start] + second[start:])


def test_a_file_that_ended_by_an_error_does_not_open() -> None:
    file = io.BytesIO()
    with suppress(OSError), SealedWriter(file, SEAL) as writer:
        writer.write(b"x" * 3 * CHUNK)
        raise OSError("full")
    with pytest.raises(SealError):
        opened(file.getvalue())


def test_the_old_key_opens_and_a_missing_one_is_named() -> None:
    content = sealed(b"numbers", seal=Seal({"one": bytes(32)}, "one"))
    assert opened(content) == b"numbers"
    with pytest.raises(SealError, match='sealed with the key "one"'):
        opened(content, Seal({"two": bytes(32)}, "two"))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"throng-sealed-1\n", b"\0" * 100])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(SealError):
        opened(content)


def test_nothing_that_was_written_is_seen() -> None:
    assert b"MARKED-SECRET" not in sealed(b"MARKED-SECRET" * 50)
