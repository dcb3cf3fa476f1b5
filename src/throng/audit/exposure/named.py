"""The hosts and ports that a site file names: its cameras, its hub, its store."""

from urllib.parse import unquote, urlsplit

from throng.audit.exposure.sockets import Listening, targets_of
from throng.audit.exposure.target import Target, written
from throng.data.errors import SiteError
from throng.site.model import Camera, Site
from throng.site.rules import STREAMS

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


def named_targets(site: Site, own: list[str]) -> list[Target]:
    """Every host and port that a site file names.

    Parameters
    ----------
    site : Site
        As it was read.
    own : list of str
        This machine's addresses beyond loopback, for a hub that listens on all of them.

    Raises
    ------
    SiteError
        An address is malformed.
    """
    tried: set[tuple[str, int]] = set()
    cameras = []
    for camera in site.camera:
        if camera.address.lower().startswith(tuple(f"{scheme}://" for scheme in STREAMS)):
            cameras.append(_camera(camera, tried))
    return [*cameras, *_hub(site, own), *_store(site)]


def _camera(camera: Camera, tried: set[tuple[str, int]]) -> Target:
    parts = urlsplit(camera.address)
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    port = parts.port or _PORTS[scheme]
    # A recorder has many cameras at one address and one list of users: it is tried once, lest it lock.
    first = (host, port) not in tried
    tried.add((host, port))
    return Target(
        host,
        port,
        f'camera "{camera.name}"',
        kind="rtsp" if scheme.startswith("rtsp") else "http",
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        tls=scheme in ("rtsps", "https"),
        try_defaults=first,
    )


def _hub(site: Site, own: list[str]) -> list[Target]:
    address = site.hub.address if site.hub is not None else None
    if address is None:
        return [Target("127.0.0.1", site.port, written("127.0.0.1", site.port), kind="hub")] if site.port else []
    host, port = address
    return targets_of(Listening(host, port), own, kind="hub") if port else []


def _store(site: Site) -> list[Target]:
    if site.hub is None or site.hub.store is None:
        return []
    try:
        parts = urlsplit(site.hub.store)
        port = parts.port or 5432
    except ValueError:  # quotes the address
        raise SiteError("hub.store is malformed: write it as postgresql://USER@HOST:PORT/DATABASE") from None
    if not parts.hostname:
        return []  # a socket in the file system, which no network reaches
    user = unquote(parts.username or "") or "postgres"
    database = unquote(parts.path.lstrip("/")) or user
    return [Target(parts.hostname, port, written(parts.hostname, port), kind="postgresql", user=user, database=database)]
