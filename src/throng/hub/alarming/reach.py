"""Connections to the targets of outlets: looked up and checked each time, bounded in time, and cut when the hub ends."""

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator, Sequence

from throng.data.errors import HubError

TIMEOUT_S, WHOLE_S = 10.0, 20.0
"""How long a target may be silent, and how long a message may take in all."""
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as networks of IPv6 alone reach them (RFC 6052)."""
_MOST_TRIED = 3
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_refused(address: Address) -> bool:
    """Whether nothing is ever sent to an address: where clouds tell a machine its secrets, and what is no single machine."""
    within = _ipv4_in(address)
    if within is not None:
        return is_refused(within)
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA


def is_near(address: Address) -> bool:
    """Whether an address is of this machine or of a private network."""
    return address.is_loopback or address.is_private


def address_of(host: str) -> Address | None:
    """The address that a host is written as; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _ipv4_in(address: Address) -> ipaddress.IPv4Address | None:
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


class Attempt:
    """One try to send something, which can be cut from another thread, and is after `WHOLE_S`.

    Attributes
    ----------
    is_cut : bool
        Whether it was.
    """

    def __init__(self, *, whole_s: float = WHOLE_S) -> None:
        self._lock = threading.Lock()
        self.is_cut = False
        self._line: socket.socket | None = None
        self._timer = threading.Timer(whole_s, self.cut)
        self._timer.daemon = True

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Within this the time runs."""
        self._timer.start()
        try:
            yield
        finally:
            self._timer.cancel()
            self._timer.join()
            with self._lock:
                if self._line is not None:
                    self._line.close()
                    self._line = None

    def cut(self) -> None:
        """End it: whatever it waits for fails at once."""
        with self._lock:
            self.is_cut = True
            if self._line is not None:
                with contextlib.suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)

    def connected(self, host: str, port: int, *, near_only: bool = False) -> socket.socket:
        """A connection to a host, by an address that was checked, so that its name cannot lead elsewhere meanwhile.

        Parameters
        ----------
        host : str
            A name or an IP address.
        port : int
            From 1 to 65535.
        near_only : bool
            Whether it must be this machine or in a private network, as nothing is encrypted.

        Raises
        ------
        HubError
            The name is unknown, or leads where nothing is sent.
        OSError
            It cannot be reached.
        """
        refusal: OSError | None = None
        for family, where in _looked_up(host, port, near_only=near_only):
            line = socket.socket(family, socket.SOCK_STREAM)
            try:
                line.settimeout(TIMEOUT_S)
                self._hold(line)
                line.connect(where)
            except OSError as error:
                line.close()
                refusal = error
                continue
            return line
        raise refusal or OSError("no address")

    def _hold(self, line: socket.socket) -> None:
        with self._lock:
            if self.is_cut:
                raise TimeoutError
            if self._line is not None:
                self._line.close()
            self._line = line.dup()  # whatever wraps the other: shutting one down ends both


def _looked_up(host: str, port: int, *, near_only: bool) -> Sequence[tuple[int, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HubError(f"the name {host} is unknown: correct it, or the name service of the hub's machine") from None
    addresses = [ipaddress.ip_address(str(where[0])) for *_, where in found]
    if any(map(is_refused, addresses)):
        raise HubError(f"{host} leads to an address to which the hub sends nothing: choose another target")
    if near_only and not all(map(is_near, addresses)):
        raise HubError(f"{host} is outside the private network: its address must begin with https")
    return [(family, where) for family, *_, where in found][:_MOST_TRIED]
