"""What is looked at: an address that this machine listens on, or one that the site file names."""

import ipaddress
from dataclasses import dataclass
from typing import Literal

Kind = Literal["", "hub", "postgresql", "rtsp", "http"]


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """One address and port. Its repr is what may be shown: of a camera only the name.

    Attributes
    ----------
    host : str
        A name or address.
    port : int
    shown : str
        How people and files are told of it.
    kind : str
        What is expected there; empty for a socket of this machine, of which nothing is expected.
    name : str
        Of the program that listens, where it is known.
    path : str
        Of a camera's address, with its query; never shown.
    tls : bool or None
        Whether TLS is spoken from the first byte; None to find out.
    spare : bool
        One of several ways to a socket that listens everywhere: refusing is nothing to tell of.
    try_defaults : bool
        Whether the default passwords of cameras are tried.
    user, database : str
        Which a PostgreSQL server is asked for.
    """

    host: str
    port: int
    shown: str
    kind: Kind = ""
    name: str = ""
    path: str = "/"
    tls: bool | None = None
    spare: bool = False
    try_defaults: bool = False
    user: str = "postgres"
    database: str = "postgres"

    def __repr__(self) -> str:
        return f"Target({self.shown})"

    @property
    def is_camera(self) -> bool:
        """Whether it is a camera of the site file."""
        return self.kind in ("rtsp", "http")

    @property
    def on_network(self) -> bool:
        """Whether it is reached by another way than this machine's loopback."""
        return not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None)
    return (inner or address).is_loopback


def written(host: str, port: int) -> str:
    """An address and port as people write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
