"""Addresses: what kind they are, and that their secrets stay inside."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.capture.address import UNNAMED, Address
from throng.data.errors import SourceError


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("a/film.mp4", "file", "file:a/film.mp4"),
        ("10:30.mp4", "file", "file:10:30.mp4"),
        ("file:///a/b%20c.mp4", "file", "file:/a/b c.mp4"),
        ("/dev/video0", "device", "/dev/video0"),
        ("RTSP://10.0.0.1:554/main?x=1", "url", "RTSP://10.0.0.1:554/main?x=1"),
    ],
)
def test_kinds(text: str, kind: str, target: str) -> None:
    address = Address.parse(text)
    assert address.kind == kind
    assert address.target() == target


@given(user=st.text(min_size=1), password=st.text())
def test_credentials_survive_the_url_and_replace_those_in_it(user: str, password: str) -> None:
    for text in ("rtsp://10.0.0.1:554/main?x=1", "rtsp://old:stale@10.0.0.1:554/main?x=1"):
        try:
            user.encode(), password.encode()
        except UnicodeEncodeError:
            return
        parts = urlsplit(Address.parse(text, user=user, password=password).target())
        assert (unquote(parts.username or ""), unquote(parts.password or "")) == (user, password)
        assert (parts.hostname, parts.port, parts.path, parts.query) == ("10.0.0.1", 554, "/main", "x=1")


def test_nothing_secret_shows() -> None:
    address = Address.parse("rtsp://u:hidden1@10.0.0.1/main", user="someone", password="hidden2")
    for text in (repr(address), str(address), f"{address}", address.shown("north")):
        assert "hidden" not in text
        assert "someone" not in text
        assert "10.0.0.1" not in text


def test_a_source_that_nobody_named_is_not_called_by_a_name() -> None:
    assert Address.parse("rtsp://10.0.0.1/main").shown(UNNAMED) == "the camera"
    assert Address.parse("rtsp://10.0.0.1/main").shown("north") == 'camera "north"'
    assert Address.parse("street.mp4").shown(UNNAMED) == '"street.mp4"'


@pytest.mark.parametrize("text", ["ftp://a:hidden@b/c", "udp://1.2.3.4:5", "concat://x", "", "  "])
def test_other_kinds_are_refused(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        Address.parse(text)
    assert "hidden" not in str(caught.value)


def test_a_malformed_url_is_refused_without_quoting_it() -> None:
    with pytest.raises(SourceError, match="malformed") as caught:
        Address.parse("rtsp://[hidden/x", user="a", password="b").target()
    assert caught.value.__context__ is None
