"""Looking at every address of this machine and of a site, at most sixteen at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any

from throng.audit.exposure.judge import judged
from throng.audit.exposure.look import Seen, look
from throng.audit.exposure.named import named_targets
from throng.audit.exposure.reach import LIMIT_S
from throng.audit.exposure.sockets import listening, own_addresses, targets_of
from throng.audit.exposure.target import Target
from throng.audit.finding import Finding
from throng.site.model import Site

AT_ONCE = 16
TOTAL_S = 600.0
"""After so long what was not begun is left out, and said to be."""


@dataclass(frozen=True, slots=True)
class ExposureReport:
    """What a stranger could reach.

    Attributes
    ----------
    seen : tuple of Seen
        What was seen at every address, in the order of the targets.
    findings : tuple of Finding
        Worst first.
    """

    seen: tuple[Seen, ...]
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> bool:
        """Whether a stranger could read anything."""
        return any(finding.grade == "finding" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON form."""
        findings = [asdict(finding) for finding in self.findings]
        return {"wrong": self.wrong, "addresses": [_address(one) for one in self.seen], "findings": findings}


def _address(seen: Seen) -> dict[str, Any]:
    said = {"where": seen.target.shown, "program": seen.target.name, "on_network": seen.target.on_network, "state": seen.state}
    if seen.answer is None:
        return said | dict.fromkeys(("protocol", "version", "authenticated", "asks", "tls"))
    encrypted = None
    if seen.tls is not None:
        encrypted = asdict(seen.tls) | {"names": [] if seen.target.is_camera else list(seen.tls.names)}
    answer = seen.answer
    known = {"protocol": answer.protocol, "version": answer.version, "authenticated": answer.authenticated}
    return said | known | {"asks": answer.asks, "tls": encrypted}


def targets(site: Site | None) -> list[Target]:
    """All that may be looked at: what listens on this machine, and what the site file names; each once, as named.

    Raises
    ------
    SiteError
        An address of the site file is malformed.
    """
    own = own_addresses()
    chosen: dict[object, Target] = {}
    named = named_targets(site, own) if site is not None else []
    for target in named:
        chosen[target.host, target.port, target.shown] = target
    taken = {(target.host, target.port) for target in named}
    for bound in listening():
        for target in targets_of(bound, own):
            if (target.host, target.port) not in taken:
                chosen.setdefault((target.host, target.port, target.shown), target)
    return list(chosen.values())


def look_at(
    wanted: Iterable[Target],
    *,
    limit_s: float = LIMIT_S,
    total_s: float = TOTAL_S,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> ExposureReport:
    """Look at targets.

    Parameters
    ----------
    wanted : iterable of Target
        From `targets`.
    limit_s : float
        Of each conversation, seconds.
    total_s : float
        When no more is begun, seconds.
    on_progress : callable
        Told how many of how many were looked at.
    """
    ordered = list(wanted)
    until_s = monotonic() + total_s
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="audit") as pool:
        futures = [pool.submit(look, target, limit_s) for target in ordered]
        left: set[Future[Seen]] = set(futures)
        while left and monotonic() < until_s:
            _, left = wait(left, timeout=max(0.0, min(1.0, until_s - monotonic())), return_when=FIRST_COMPLETED)
            on_progress(len(futures) - len(left), len(futures))
        pool.shutdown(wait=True, cancel_futures=True)
    seen = [
        Seen(target, "not looked at") if future.cancelled() else future.result()
        for target, future in zip(ordered, futures, strict=True)
    ]
    return ExposureReport(tuple(seen), tuple(judged(seen)))
