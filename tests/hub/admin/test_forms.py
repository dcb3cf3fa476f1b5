"""What a form sends is read as it was meant, or refused with a sentence."""

import contextlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.data.errors import AccountError
from throng.hub.admin.forms import part_of

KIND = "multipart/form-data; boundary=x8431"


@given(st.binary(max_size=2_000) | st.lists(st.sampled_from([b"\r\n", b"--", b"x843", b"a"])).map(b"".join))
def test_a_file_comes_back_byte_by_byte(content: bytes) -> None:
    """The oracle is another program's encoder."""
    form = {"data": {"before": "1", "after": "2"}, "files": {"table": ("cameras.csv", content, "text/csv")}}
    request = httpx.Request("POST", "https://hub.example", **form)  # type: ignore[arg-type]
    body, kind = request.read(), request.headers["content-type"]
    assert part_of(body, kind, "table") == content
    assert part_of(body, kind, "before") == b"1"
    assert part_of(body, kind, "filename") == b""


@pytest.mark.parametrize(
    "kind",
    ["", "text/csv", "multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 71}"],
)
def test_what_is_no_such_form_is_refused(kind: str) -> None:
    with pytest.raises(AccountError, match="reload the page"):
        part_of(b'--x\r\nContent-Disposition: form-data; name="table"\r\n\r\na\r\n--x--', kind, "table")


@pytest.mark.parametrize("end", [b"", b"\r\n--x8431", b"\r\n--x843--"])
def test_a_form_that_ends_before_its_end_is_refused(end: bytes) -> None:
    body = b'--x8431\r\nContent-Disposition: form-data; name="table"\r\n\r\na,b' + end
    with pytest.raises(AccountError, match="reload the page"):
        part_of(body, KIND, "table")


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(AccountError):
        assert part_of(b"--x8431" + body + b"\r\n--x8431--", KIND, "table") in body


def test_what_stands_before_and_after_the_form_is_no_part_of_it() -> None:
    part = b'Content-Disposition: form-data; name="table"\r\n\r\na,b'
    assert part_of(part + b"\r\n--x8431\r\n\r\n\r\n--x8431--" + part, KIND, "table") == b""
    assert part_of(b"--x8431\r\n" + part + b"\r\n--x8431--\r\n", KIND, "table") == b"a,b"
