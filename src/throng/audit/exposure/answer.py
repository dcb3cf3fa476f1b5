"""What a server is, and what it gives to a stranger; never what it said beyond its kind and version."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from throng.audit.exposure.certificate import Tls


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe found out.

    Attributes
    ----------
    protocol : str
        "PostgreSQL"; "unknown" where no probe knows it.
    version : str
        As the server says it, cleaned; mostly empty.
    asks : str
        What it asks a stranger for; empty where it asks for nothing, or that cannot be told.
    gives : tuple of str
        What a stranger can read, in words that follow "a stranger": each is a finding.
    notes : tuple of str
        What is worth knowing, in whole sentences without a full stop.
    carries : str
        What whoever listens on the way reads where it is not encrypted; empty where nothing is known of it.
    tls : Tls or None
        Where TLS was agreed on within the protocol.
    """

    protocol: str
    version: str = ""
    asks: str = ""
    gives: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    carries: str = ""
    tls: "Tls | None" = None

    @property
    def authenticated(self) -> bool | None:
        """Whether a stranger is kept out; None where that cannot be told."""
        if self.gives:
            return False
        return True if self.asks else None


def cleaned(said: bytes | str, most: int = 40) -> str:
    """What a server said, safe to show: printable ASCII, no longer than `most`."""
    text = said.decode("ascii", errors="replace") if isinstance(said, bytes) else said
    shown = "".join(letter if " " <= letter <= "~" else " " for letter in text[: 4 * most])
    return " ".join(shown.split())[:most].strip()
