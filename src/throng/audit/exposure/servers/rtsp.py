"""Cameras, and other servers of pictures over RTSP (RFC 2326)."""

from throng.audit.exposure.answer import Answer, cleaned
from throng.audit.exposure.conversation import Conversation
from throng.audit.exposure.login import default_user
from throng.audit.exposure.message import Reply, ask_camera
from throng.audit.exposure.reach import Reach
from throng.audit.exposure.target import written

PICTURES = "pictures"


def probe(reach: Reach) -> Answer | None:
    """OPTIONS, then DESCRIBE without credentials; at a camera of the site file then the few default passwords."""
    address = _address(reach)
    with reach.talk() as talk:
        greeted = ask_camera(talk, "OPTIONS", address)
    if greeted is None:
        return None
    version = cleaned(greeted.header("server"))
    try:
        with reach.talk() as talk:
            described = ask_camera(talk, "DESCRIBE", address, headers={"Accept": "application/sdp"})
    except OSError:
        described = None
    if described is None:
        return Answer("RTSP", version, notes=("it does not say whether it would show a stranger anything",), carries=PICTURES)
    if described.status == 200:
        return Answer("RTSP", version, gives=("sees its pictures, without a password",), carries=PICTURES)
    if described.status != 401:
        return Answer("RTSP", version, notes=(f"it answers a stranger with status {described.status}",), carries=PICTURES)
    gives = tried(reach, address) if reach.target.try_defaults else ()
    return Answer("RTSP", version, asks="a password", gives=gives, carries=PICTURES)


def tried(reach: Reach, address: str) -> tuple[str, ...]:
    """What the default passwords give to a stranger."""

    def asked(talk: Conversation, headers: dict[str, str]) -> Reply | None:
        return ask_camera(talk, "DESCRIBE", address, headers={"Accept": "application/sdp", **headers})

    try:
        found = default_user(reach.talk, asked, method="DESCRIBE", uri=address)
    except OSError:
        return ()
    return default_found(found)


def default_found(found: tuple[str, bool] | None) -> tuple[str, ...]:
    """The sentence about a default password; never the password."""
    if found is None:
        return ()
    user, empty = found
    return (f'sees its pictures, as user "{user}" with {"an empty" if empty else "a default"} password',)


def _address(reach: Reach) -> str:
    scheme = "rtsp" if reach.tls is None else "rtsps"
    return f"{scheme}://{written(reach.target.host, reach.target.port)}{reach.target.path}"
