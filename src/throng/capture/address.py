"""Addresses of sources, and the credentials that go with them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, unquote, urlsplit

from throng.data.errors import SourceError

URL_KINDS = ("rtsp", "rtsps", "http", "https")
SIMULATED = "simulate:"
UNNAMED = "the camera"
"""What a source is called that nobody has named."""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where a source is; its text never shows in `repr`, because a URL may carry a password.

    Attributes
    ----------
    kind : "file", "device", "url" or "simulated"
    text : str
        Path, URL or scenario/camera, as given.
    user, password : str or None
        Put into the URL only at the moment of opening, in place of any that it has.
    """

    kind: Literal["file", "device", "url", "simulated"]
    text: str
    user: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, text: str, *, user: str | None = None, password: str | None = None) -> Self:
        """Tell what kind of address it is.

        Raises
        ------
        SourceError
            The address is empty, or a URL of a kind that is not read.
        """
        scheme, separator, rest = text.partition("://")
        if not text.strip():
            raise SourceError("a source needs an address: a file, a device such as /dev/video0, or an rtsp or http URL")
        if text.startswith(SIMULATED):
            return cls("simulated", text.removeprefix(SIMULATED))
        if separator and scheme.lower() == "file":
            return cls("file", unquote(rest))
        if separator and scheme.lower() in URL_KINDS:
            return cls("url", text, user, password)
        if separator and not Path(text).exists():
            raise SourceError(
                f'addresses of the kind "{scheme}" are not read: use a file, a device or one of {", ".join(URL_KINDS)}'
            )
        return cls("device" if text.startswith("/dev/video") else "file", text)

    def __repr__(self) -> str:
        return f"Address(kind={self.kind!r})"

    @property
    def scheme(self) -> str:
        """The kind of a URL, in lower case: "rtsp"."""
        return self.text.partition("://")[0].lower()

    def target(self) -> str:
        """What the decoder opens. Holds the credentials: use it at once, keep it nowhere.

        Raises
        ------
        SourceError
            The URL is malformed.
        """
        if self.kind == "device":
            return self.text
        if self.kind == "file":
            return f"file:{self.text}"
        if self.user is None and self.password is None:
            return self.text
        host, rest = _host_and_rest(self.text)
        login = ":".join(quote(part or "", safe="") for part in (self.user, self.password))
        return f"{self.text.partition('://')[0]}://{login}@{host}{rest}"

    def shown(self, camera: str) -> str:
        """How error messages name the source: a path as it is, a URL by the camera's name only."""
        if self.kind in ("file", "device"):
            return f'"{self.text}"'
        return UNNAMED if camera == UNNAMED else f'camera "{camera}"'


def _host_and_rest(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None:  # outside the except block: the error itself may quote the URL
        raise SourceError("its URL is malformed; write it as rtsp://HOST:PORT/PATH")
    return parts.netloc.rpartition("@")[2], parts._replace(scheme="", netloc="").geturl()
