"""What a form sends: its fields, or a file."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from fastapi import Request

from throng.data.errors import AccountError

MOST_FORM_BYTES = 64 * 1024
_MOST_FIELDS = 1_000
_BOUNDARY = re.compile(r'multipart/form-data;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))\s*', re.IGNORECASE)
_NAME = re.compile(rb'form-data;(?:[^\r\n]*;)?\s*name="([^"\r\n]*)"', re.IGNORECASE)
_MALFORMED = "the form came in pieces: reload the page, and try again"


class Typed:
    """The fields of a form; one that was not sent is empty.

    Parameters
    ----------
    fields : mapping of str to sequence of str
        Every value of a field, in the order of the page.
    """

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    def one(self, name: str) -> str:
        """The value of a field."""
        return self.all(name)[0] if self.all(name) else ""

    def all(self, name: str) -> Sequence[str]:
        """All values of a field that comes several times."""
        return self._fields.get(name, ())


NOTHING = Typed({})


async def read_form(request: Request) -> Typed:
    """The fields of a form; none when it is larger than any of ours."""
    body = await _body(request, MOST_FORM_BYTES)
    if body is None:
        return NOTHING
    try:
        # Half a character, which is no text, is replaced as one that is not UTF-8 is.
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return NOTHING
    return Typed(fields)


async def read_file(request: Request, name: str, *, most_bytes: int) -> bytes:
    """The file of a form's field.

    Raises
    ------
    AccountError
        It is larger than that, none was chosen, or the form is malformed.
    """
    body = await _body(request, most_bytes)
    if body is None:
        raise AccountError(f"the file is larger than {most_bytes // 2**20} MiB: is it the right file?", status=413)
    content = part_of(body, request.headers.get("content-type", ""), name)
    if not content:
        raise AccountError("no file was chosen, or it is empty: choose one first", status=422)
    return content


def part_of(body: bytes, content_type: str, name: str) -> bytes:
    """The content of one part of a form that carries files; empty where there is no such part.

    Parameters
    ----------
    body : bytes
        All that was sent.
    content_type : str
        The header, which tells what parts the body.
    name : str
        Of the field.

    Raises
    ------
    AccountError
        It is no such form, or it ends before its end.
    """
    told = _BOUNDARY.fullmatch(content_type)
    if told is None:
        raise AccountError(_MALFORMED, status=422)
    between = b"\r\n--" + (told[1] or told[2]).encode("latin-1", "replace")
    parts = (b"\r\n" + body).split(between)
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise AccountError(_MALFORMED, status=422)
    for part in parts[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        found = _NAME.search(head)
        if found is not None and found[1] == name.encode():
            return content
    return b""


async def _body(request: Request, most_bytes: int) -> bytes | None:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most_bytes:
            return None
    return bytes(body)
