"""How probes talk with a target: a new conversation for each attempt, each with its limit."""

import ssl
import time
from dataclasses import dataclass, replace

from throng.audit.exposure import conversation
from throng.audit.exposure.certificate import Tls, tls_of
from throng.audit.exposure.conversation import Conversation
from throng.audit.exposure.target import Target

LIMIT_S = 2.0
"""Of one conversation."""
_ALERT_S = 0.5


@dataclass(slots=True)
class Reach:
    """A target that is being looked at.

    Attributes
    ----------
    target : Target
    host : str
        The address that the target's name stands for.
    limit_s : float
        Of each conversation, seconds.
    tls : Tls or None
        What it encrypts with from the first byte; None where it does not.
    """

    target: Target
    host: str
    limit_s: float = LIMIT_S
    tls: Tls | None = None

    def talk(self) -> Conversation:
        """A new conversation, encrypted where the target encrypts.

        Raises
        ------
        OSError
            The target cannot be reached, or not be agreed with.
        """
        until_s = time.monotonic() + self.limit_s
        talk = Conversation(conversation.connect(self.host, self.target.port, self.limit_s), until_s)
        if self.tls is not None:
            try:
                talk.start_tls(self.target.host)
            except BaseException:
                talk.__exit__(None, None, None)
                raise
        return talk

    def handshake(self) -> Tls | None:
        """What it encrypts with from the first byte; None where it does not."""
        try:
            with Reach(self.target, self.host, self.limit_s).talk() as talk:
                told = tls_of(talk.start_tls(self.target.host), self.target.host)
                return replace(told, asks=_asks(talk))
        except ssl.SSLError as error:
            # An alert is an answer in TLS: it speaks it, and not with us.
            return Tls("", asks=True) if "ALERT" in (error.reason or "") else None
        except OSError:
            return None


def _asks(talk: Conversation) -> bool:
    """Whether the server wants a certificate. With TLS 1.3 it says so after the handshake; who sends meanwhile may miss it."""
    talk.shorten(_ALERT_S)
    try:
        talk.some(1)
    except ssl.SSLError as error:
        return "CERTIFICATE_REQUIRED" in (error.reason or "")
    except OSError:
        pass  # it waits for us, as most do
    return False
