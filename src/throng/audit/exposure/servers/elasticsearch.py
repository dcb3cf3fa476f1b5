"""Elasticsearch and OpenSearch."""

from throng.audit.exposure.answer import Answer, cleaned
from throng.audit.exposure.message import Reply, get
from throng.audit.exposure.reach import Reach

_CARRIES = "passwords and documents"


def known(reach: Reach, reply: Reply) -> Answer | None:
    """An answer where the reply to GET / is of such a server."""
    said = reply.json()
    tagline = said.get("tagline")
    challenges = " ".join(reply.all("www-authenticate")).lower()
    name = "OpenSearch" if isinstance(tagline, str) and "OpenSearch" in tagline else "Elasticsearch"
    secured = reply.status == 401 and ('realm="security"' in challenges or 'realm="opensearch' in challenges)
    if not (secured or tagline == "You Know, for Search" or name == "OpenSearch" or reply.header("x-elastic-product")):
        return None
    number = said.get("version")
    version = cleaned(str(number.get("number", ""))) if isinstance(number, dict) else ""
    indices = get(reach, "/_cat/indices")
    if indices is not None and indices.status == 200:
        return Answer(name, version, gives=("reads its documents, without a password",), carries=_CARRIES)
    return Answer(name, version, asks="a password", carries=_CARRIES)
