"""The TCP sockets that listen on this machine, who listens, and by which addresses it is reached."""

import re
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from throng.audit.exposure.target import Kind, Target, is_loopback, written

_PROC = Path("/proc")
_LISTENS = "0A"
_WILDCARDS = ("0.0.0.0", "::")
_MOST_ADDRESSES = 16
"""Of this machine, at which a socket that listens everywhere is looked at."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens.

    Attributes
    ----------
    host : str
        What it is bound to; 0.0.0.0 or :: is every address.
    port : int
    program : str
        Who listens; empty where that may not be read.
    """

    host: str
    port: int
    program: str = ""


def listening() -> list[Listening]:
    """Every TCP socket that listens on this machine, by port."""
    found: dict[tuple[str, int], str] = {}
    for table in ("tcp", "tcp6"):
        with suppress(OSError):  # a machine without IPv6 has no tcp6
            for host, port, inode in parse_table((_PROC / "net" / table).read_text(encoding="ascii")):
                found[host, port] = inode
    programs = _programs(set(found.values())) if found else {}
    ordered = sorted(found.items(), key=lambda entry: (entry[0][1], entry[0][0]))
    return [Listening(host, port, programs.get(inode, "")) for (host, port), inode in ordered]


def parse_table(text: str) -> list[tuple[str, int, str]]:
    """Address, port and inode of each listening socket in the text of /proc/net/tcp or tcp6."""
    rows = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTENS:
            host, _, port = fields[1].partition(":")
            rows.append((_address(host), int(port, 16), fields[9]))
    return rows


def _address(digits: str) -> str:
    """The kernel prints 32-bit words in the machine's own byte order."""
    raw = bytes.fromhex(digits)
    if sys.byteorder == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _programs(inodes: set[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for process in _PROC.glob("[0-9]*"):
        with suppress(OSError):  # of another user, or gone
            for descriptor in (process / "fd").iterdir():
                match = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
                if match and match[1] in inodes:
                    name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                    names.setdefault(match[1], "".join(letter for letter in name if letter.isprintable()))
    return names


def own_addresses() -> list[str]:
    """Addresses of this machine beyond loopback."""
    found: list[str] = []
    with suppress(OSError):
        tree = (_PROC / "net" / "fib_trie").read_text(encoding="ascii")
        found += re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", tree)
    with suppress(OSError):
        for line in (_PROC / "net" / "if_inet6").read_text(encoding="ascii").splitlines():
            digits, *_, interface = line.split()
            address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
            found.append(f"{address}%{interface}" if address.startswith("fe80:") else address)
    return [address for address in dict.fromkeys(found) if not is_loopback(address)]


def ways_to(host: str, own: list[str]) -> list[str]:
    """By which addresses a socket is reached that is bound to `host`: itself, or loopback and this machine's own addresses."""
    if host not in _WILDCARDS:
        return [host]
    # A socket on :: mostly takes IPv4 too; where it does not, its ways are refused, or are another socket's.
    near = ["127.0.0.1"] if host == "0.0.0.0" else ["::1", "127.0.0.1"]
    return near + [address for address in own if host == "::" or ":" not in address][:_MOST_ADDRESSES]


def targets_of(bound: Listening, own: list[str], *, kind: Kind = "", tls: bool | None = None) -> list[Target]:
    """A target for every way to a socket."""
    ways = ways_to(bound.host, own)
    return [
        Target(way, bound.port, written(way, bound.port), kind=kind, name=bound.program, tls=tls, spare=len(ways) > 1)
        for way in ways
    ]
