"""The part of the audit about a hub itself, which it passes before it serves."""

from throng.audit.exposure.judge import OPEN
from throng.audit.exposure.reach import LIMIT_S
from throng.audit.exposure.report import look_at
from throng.audit.exposure.sockets import Listening, own_addresses, targets_of
from throng.audit.finding import Finding

HUB = "Throng hub"


def look_at_hub(address: str, port: int, *, tls: bool, limit_s: float = LIMIT_S) -> list[Finding]:
    """What a stranger could read of a hub that listens on this machine; it may serve if that is nothing.

    A hub that cannot be looked at is a finding too.

    Parameters
    ----------
    address : str
        What it is bound to; 0.0.0.0 and :: are every address of this machine.
    port : int
        Where it listens.
    tls : bool
        Whether it is meant to speak TLS.
    limit_s : float
        Of each conversation, seconds.
    """
    wanted = targets_of(Listening(address, port), own_addresses(), kind="hub", tls=None if tls else False)
    report = look_at(wanted, limit_s=limit_s)
    found = [finding for finding in report.findings if finding.grade == "finding"]
    answering = [one for one in report.seen if one.answer is not None]
    if not answering:
        found.append(Finding(OPEN, "finding", "the hub does not answer itself, so that nothing can be said of it", address))
    for one in answering:
        if one.answer is not None and one.answer.protocol != HUB:
            sentence = "something answers there that does not answer as a hub, so that nothing can be said of it"
            found.append(Finding(OPEN, "finding", sentence, one.target.shown))
        elif tls and (one.tls is None or not one.tls.version):
            found.append(Finding(OPEN, "finding", "the hub answers without TLS, which it is meant to speak", one.target.shown))
    return found
