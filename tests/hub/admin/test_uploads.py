"""A file that was sent is kept for whoever sent it, and not for long."""

from throng.hub.admin.uploads import LIFE_S, Uploads


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_file_is_given_to_the_session_that_sent_it_until_it_is_dropped() -> None:
    uploads = Uploads(Clock())
    word = uploads.put(b"cameras", session=b"a")
    assert (uploads.get(word, session=b"b"), uploads.get("other", session=b"a")) == (None, None)
    assert uploads.get(word, session=b"a") == b"cameras"
    uploads.drop(word)
    assert uploads.get(word, session=b"a") is None


def test_a_file_goes_by_itself() -> None:
    clock = Clock()
    uploads = Uploads(clock)
    word = uploads.put(b"password", session=b"a")
    clock.now_s = LIFE_S
    uploads.drop_old()
    assert "password" not in repr(vars(uploads))
    assert uploads.get(word, session=b"a") is None


def test_a_session_has_one_file_and_all_together_have_few() -> None:
    uploads = Uploads(Clock())
    first = uploads.put(b"1", session=b"a")
    second = uploads.put(b"2", session=b"a")
    assert (uploads.get(first, session=b"a"), uploads.get(second, session=b"a")) == (None, b"2")
    words = [(uploads.put(bytes([n]), session=bytes([n])), bytes([n])) for n in range(20)]
    assert [uploads.get(word, session=session) for word, session in words] == [None] * 12 + [bytes([n]) for n in range(12, 20)]
    assert "\\x13" not in repr(vars(uploads)["_uploads"][words[-1][0]]).replace("session=b'\\x13'", "")
