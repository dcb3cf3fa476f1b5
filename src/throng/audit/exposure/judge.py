"""What is wrong with what was seen, in sentences."""

from collections.abc import Iterable

from throng.audit.exposure.answer import Answer
from throng.audit.exposure.certificate import Tls
from throng.audit.exposure.look import UNKNOWN, Seen, State
from throng.audit.exposure.servers.rtsp import PICTURES
from throng.audit.exposure.target import Target
from throng.audit.finding import Finding

OPEN, PLAIN, CERTIFICATE, LOOKED = "open to strangers", "not encrypted", "certificate", "looked at"
_ABSENT: dict[State, str] = {
    "refuses": "nothing listens there",
    "silent": "nothing answered in time",
    "no such name": "its name stands for no address",
    "not looked at": "it was not looked at: the time was up",
}


def judged(seen: Iterable[Seen]) -> list[Finding]:
    """What is to be said of all that was seen, worst first; of one program at several addresses once, with all of them."""
    ways: dict[tuple[str, str, str, object], list[str]] = {}
    for one in seen:
        target = one.target
        same = target.shown if target.is_camera else (target.name, target.port)
        for finding in findings_of(one):
            ways.setdefault((finding.grade, finding.check, finding.sentence, same), []).append(finding.where)
    found = [Finding(check, grade, sentence, ", ".join(where)) for (grade, check, sentence, _), where in ways.items()]  # type: ignore[arg-type]
    return sorted(found, key=lambda finding: ("finding", "note", "ok").index(finding.grade))


def findings_of(seen: Seen) -> list[Finding]:
    """What is to be said of one target."""
    target, answer = seen.target, seen.answer
    if answer is None:
        if target.spare and seen.state != "not looked at":
            return []
        return [Finding(LOOKED, "note", _ABSENT[seen.state], target.shown)]
    found = [Finding(OPEN, "finding", f"{answer.protocol}: {_who(target)} {each}", target.shown) for each in answer.gives]
    found += _plain(target, answer, seen.tls)
    if seen.tls is not None and seen.tls.version:
        found += _of_tls(target, seen.tls)
    found += [Finding(LOOKED, "note", f"{answer.protocol}: {each}", target.shown) for each in answer.notes]
    if not found:
        asks = f" asks a stranger for {answer.asks}" if answer.asks else ": nothing was found"
        found.append(Finding(LOOKED, "ok", f"{answer.protocol}{asks}", target.shown))
    return found


def _who(target: Target) -> str:
    return "a stranger on the network" if target.on_network else "any program on this machine"


def _plain(target: Target, answer: Answer, tls: Tls | None) -> list[Finding]:
    if tls is not None or answer.gives or not target.on_network or not answer.carries:
        return []
    sentence = f"{answer.protocol}: whoever listens on the way reads {answer.carries}"
    # Most cameras cannot encrypt; what they send stays on the way from the camera to the sensor.
    return [Finding(PLAIN, "note" if answer.carries == PICTURES else "finding", sentence, target.shown)]


def _of_tls(target: Target, tls: Tls) -> list[Finding]:
    found = []
    if tls.weak:
        sentence = f"{tls.version} no longer protects: allow nothing below TLS 1.2"
        found.append(Finding(PLAIN, "finding" if target.on_network else "note", sentence, target.shown))
    if tls.expired:
        found.append(Finding(CERTIFICATE, "note", f"the certificate expired, on {tls.ends[:10]}", target.shown))
    if tls.self_signed:
        sentence = "the certificate is signed by itself: who connects must know its fingerprint"
        found.append(Finding(CERTIFICATE, "note", sentence, target.shown))
    if not tls.fits and target.on_network:
        found.append(Finding(CERTIFICATE, "note", "the certificate does not name this address", target.shown))
    return found


def protocol_of(seen: Seen) -> str:
    """What answers there, in a word or two."""
    if seen.answer is None:
        return "nothing"
    return f"{seen.answer.protocol} {seen.answer.version}".strip() if seen.answer.protocol != UNKNOWN else UNKNOWN
