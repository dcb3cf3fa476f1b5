"""Whatever speaks HTTP: Elasticsearch and the hub are told apart, of others what a stranger gets is said."""

from contextlib import suppress

from throng.audit.exposure.answer import Answer, cleaned
from throng.audit.exposure.conversation import Conversation
from throng.audit.exposure.login import default_user
from throng.audit.exposure.message import Reply, ask, get
from throng.audit.exposure.reach import Reach
from throng.audit.exposure.servers import elasticsearch, hub
from throng.audit.exposure.servers.rtsp import PICTURES, default_found

_REFUSALS = {401: "a password", 403: "a permission", 407: "a password"}
_LISTINGS = (b"<title>index of ", b"<title>directory listing for ")


def probe(reach: Reach) -> Answer | None:
    """GET / without credentials, and what the answer leads to."""
    if reach.target.is_camera:
        return _camera(reach)
    reply = get(reach, "/")
    if reply is None:
        return None
    for known in (elasticsearch.known, hub.known):
        answer = known(reach, reply)
        if answer is not None:
            return answer
    version = cleaned(reply.header("server"))
    if reply.status in _REFUSALS:
        return Answer("HTTP", version, asks=_REFUSALS[reply.status])
    if any(mark in reply.body.lower() for mark in _LISTINGS):
        return Answer("HTTP", version, gives=("reads a list of its files, without a password",))
    said = f"it answers a stranger with status {reply.status}; whether that is more than a sign-in page cannot be told"
    return Answer("HTTP", version, notes=(said,))


def _camera(reach: Reach) -> Answer | None:
    """The very address of the site file, without credentials and then with the default passwords."""
    path = reach.target.path

    def asked(talk: Conversation, headers: dict[str, str]) -> Reply | None:
        return ask(talk, reach, path, headers=headers)

    with reach.talk() as talk:
        reply = asked(talk, {})
    if reply is None:
        return None
    version = cleaned(reply.header("server"))
    if reply.status == 200:
        return Answer("HTTP", version, gives=("sees its pictures, without a password",), carries=PICTURES)
    if reply.status not in _REFUSALS:
        return Answer("HTTP", version, notes=(f"it answers a stranger with status {reply.status}",), carries=PICTURES)
    found = None
    if reach.target.try_defaults:
        with suppress(OSError):  # it does not answer any more
            found = default_user(reach.talk, asked, method="GET", uri=path)
    return Answer("HTTP", version, asks=_REFUSALS[reply.status], gives=default_found(found), carries=PICTURES)
