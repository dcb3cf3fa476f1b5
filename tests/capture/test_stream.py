"""Opening: what an address may reach, and how long it may take."""

import av
import pytest
from av import error as av_error

from throng.capture.address import Address
from throng.capture.stream import open_video, reason_of
from throng.data.errors import SourceError


@pytest.mark.parametrize(
    ("text", "protocols", "has_timeout", "transport"),
    [
        ("film.mp4", {"file"}, False, None),
        ("http://10.0.0.1/x", {"http", "https", "tls", "tcp"}, True, None),
        ("https://10.0.0.1/x", {"https", "tls", "tcp"}, True, None),
        ("rtsp://10.0.0.1/x", {"rtsp", "rtp", "tcp"}, True, "tcp"),
        ("RTSPS://10.0.0.1/x", {"rtsps", "rtsp", "rtp", "tls", "tcp"}, True, "tcp"),
    ],
)
def test_each_kind_of_address_reaches_only_its_own_protocols(
    monkeypatch: pytest.MonkeyPatch, text: str, protocols: set[str], has_timeout: bool, transport: str | None
) -> None:
    asked: dict[str, object] = {}

    def refuse(target: str, mode: str, *, options: dict[str, str], timeout: object = None, **_more: object) -> None:
        asked.update(options, limit=timeout)
        raise av_error.ConnectionRefusedError(111, "refused", target)

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(SourceError, match="it refuses the connection"):
        open_video(Address.parse(text), threads=1)
    assert set(str(asked["protocol_whitelist"]).split(",")) == protocols
    assert asked.get("rtsp_transport") == transport
    assert (asked["limit"] == (10.0, 10.0)) == has_timeout
    assert (asked.get("timeout") == "10000000") == has_timeout


def test_reasons_never_hold_what_ffmpeg_says() -> None:
    kinds = [kind for kind in vars(av_error).values() if isinstance(kind, type) and issubclass(kind, av_error.FFmpegError)]
    assert len(kinds) > 40
    for kind in kinds:
        reason = reason_of(kind(1, "says rtsp://u:hidden@h/x", "rtsp://u:hidden@h/x"))
        assert reason.startswith(("it ", "its "))
        assert "hidden" not in reason
