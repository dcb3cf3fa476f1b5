"""The requests and answers about outlets; an address of a webhook, a secret and a password are written and never come back."""

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr

from throng.data.errors import SiteError
from throng.hub.alarming.courier import Condition
from throng.hub.alarming.models import Severity
from throng.hub.alarming.outlets import Outlet, OutletKind, Target
from throng.hub.alarming.reach import address_of, is_near, is_refused
from throng.hub.models import Answer, utc
from throng.hub.registry.draft import is_name, name_sentence
from throng.hub.registry.models import NameText, Version

_HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(?<![.-])")
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_PORTS = {"email": 587, "mqtt": 8883}
_SHORTEST_SECRET = 16
Host = Annotated[str, Field(max_length=253)]
Address = Annotated[str, Field(max_length=254)]
_KEYS = {
    "webhook": {"url", "secret"},
    "email": {"host", "port", "encryption", "user", "password", "from", "to"},
    "mqtt": {"host", "port", "user", "password"},
}


class OutletBody(Answer):
    """An outlet as it shall be; a secret that is left out stays as it is where the target does."""

    version: Version = 0
    kind: OutletKind
    severities: list[Severity] = Field(default=["warning", "danger"], min_length=1, max_length=3)
    sites: list[NameText] = Field(default=[], max_length=1000, description="Of these alone; none: of all.")
    authority: str | None = Field(
        default=None,
        max_length=20_000,
        description="The certificate, PEM, of a private authority that signed the target's; left out it stays, empty it goes.",
    )
    url: SecretStr | None = Field(default=None, max_length=2048, description="Of a webhook. Written, never read.")
    secret: SecretStr | None = Field(
        default=None, max_length=255, description="Of a webhook: what its messages are signed with. Written, never read."
    )
    host: Host = Field(default="", description="Of an e-mail server or MQTT broker.")
    port: int | None = Field(default=None, ge=1, le=65535, description="By default 587 or 8883.")
    encryption: Literal["tls", "starttls"] | None = Field(
        default=None, description="Of e-mail: by default STARTTLS, and TLS at port 465."
    )
    user: str = Field(default="", max_length=255, description="Empty where the target asks for none.")
    password: SecretStr | None = Field(default=None, max_length=255, description="Written, never read.")
    sender: Address = Field(default="", alias="from", description="Of an e-mail.")
    to: list[Address] = Field(default=[], max_length=20, description="Of an e-mail.")

    def outlet(self, name: str, old: Outlet | None, known: Mapping[str, str]) -> tuple[Outlet, dict[str, str]]:
        """The outlet that is wanted, and its secrets; `old` and `known` are those that there were.

        Raises
        ------
        SiteError
            A rule is broken: a sentence a line, none of which quotes a secret.
        """
        found = list(self._mistakes(name))
        if found:
            raise SiteError("\n".join(found))
        kept = old.target.authority if old and old.kind == self.kind else ""
        target, path = self._target(kept if self.authority is None else self.authority)
        moved = old is None or (old.kind, old.target.host, old.target.port, old.target.encryption) != (
            self.kind,
            target.host,
            target.port,
            target.encryption,
        )
        if self.kind == "webhook" and self.url is None:
            if old is None or old.kind != "webhook":
                raise SiteError("a webhook needs its address: give url")
            target, path, moved = replace(old.target, authority=target.authority), known["path"], False
        given = {"secret": self.secret, "password": self.password}
        wanted = ("secret",) if self.kind == "webhook" else ("password",) if self.user else ()
        secrets = {"path": path} if self.kind == "webhook" else {}
        for key in wanted:
            new = given[key]
            if new is None and (moved or key not in known):
                # Otherwise a secret could be had by sending it to a machine of one's own.
                raise SiteError(f"the target is new, or has no {key} yet: give its {key}")
            secrets[key] = known[key] if new is None else new.get_secret_value()
        return Outlet(name, self.kind, frozenset(self.severities), frozenset(self.sites), target, {}, self.version), secrets

    def _target(self, authority: str) -> tuple[Target, str]:
        """Where it sends, and a webhook's path, which may hold a token and is a secret."""
        if self.kind == "webhook":
            parts = _parts(self.url)
            is_tls = parts.scheme.lower() == "https"
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            port = parts.port or (443 if is_tls else 80)
            return Target(parts.hostname or "", port, "tls" if is_tls else "none", authority=authority), path
        port = self.port or _PORTS[self.kind]
        encryption = "tls" if self.kind == "mqtt" else self.encryption or ("tls" if port == 465 else "starttls")
        host = self.host.strip("[]")
        return Target(host, port, encryption, self.user, self.sender, tuple(self.to), authority), ""

    def _mistakes(self, name: str) -> Iterator[str]:
        if not is_name(name):
            yield name_sentence("the name of an outlet")
        for site in self.sites:
            if not is_name(site):
                yield name_sentence("the name of a site")
        given = {key for key in self.model_dump(by_alias=True, exclude_defaults=True) if key not in _COMMON}
        for key in sorted(given - _KEYS[self.kind]):
            yield f"{_A[self.kind]} has no {key}: remove it"
        if self.authority and not _is_authority(self.authority):
            yield "authority must be a certificate as PEM, -----BEGIN CERTIFICATE-----"
        yield from self._mistakes_of_webhook() if self.kind == "webhook" else self._mistakes_of_server()
        if self.kind == "email":
            for address in (self.sender, *self.to):
                if not _MAIL.fullmatch(address):
                    yield "from and to must be e-mail addresses as name@example.org"
            if not self.to:
                yield "an e-mail needs somebody to whom it goes: give to"

    def _mistakes_of_webhook(self) -> Iterator[str]:
        if self.url is not None:
            try:
                parts = _parts(self.url)
                yield from _host_mistakes("url", parts.hostname or "", near_only=parts.scheme.lower() == "http")
                if "@" in parts.netloc or parts.fragment:
                    yield "url takes no user, password or fragment: remove it"
            except ValueError:
                yield "url must be an address as https://example.org/alarms, of letters, digits and signs of ASCII"
        secret = None if self.secret is None else self.secret.get_secret_value()
        if secret is not None and not (len(secret) >= _SHORTEST_SECRET and secret.isprintable()):
            yield f"secret must be a text of {_SHORTEST_SECRET} to 255 characters without line breaks"

    def _mistakes_of_server(self) -> Iterator[str]:
        yield from _host_mistakes("host", self.host.strip("[]"))
        password = "" if self.password is None else self.password.get_secret_value()
        if not (self.user.isprintable() and password.isprintable()):
            yield "user and password must be texts without line breaks"
        if password and not self.user:
            yield "a password needs a user: give one"


_COMMON = {"version", "kind", "severities", "sites", "authority"}
_A = {"webhook": "a webhook", "email": "an e-mail", "mqtt": "an MQTT broker"}


class OutletAnswer(Answer):
    """An outlet: never its address where that may hold a token, nor a secret or password."""

    name: str
    kind: OutletKind
    severities: list[Severity]
    sites: list[str]
    host: str
    port: int
    encryption: Literal["tls", "starttls", "none"]
    user: str
    sender: str = Field(alias="from")
    to: list[str]
    has_secret: bool
    has_authority: bool
    version: int
    waiting: int = Field(description="Messages that have yet to be sent.")
    sent: datetime | None = Field(description="When the last was sent, since the hub started.")
    failed: datetime | None = Field(description="When one last failed, since the hub started.")
    failure: str = Field(description="Why it failed; empty once a later one was sent.")


class TriedAnswer(Answer):
    """What came of a test message."""

    sent: bool
    detail: str


def outlet_answer(outlet: Outlet, condition: Condition) -> OutletAnswer:
    """An outlet as administrators see it."""
    target: dict[str, Any] = {key: getattr(outlet.target, key) for key in ("host", "port", "encryption", "user")}
    return OutletAnswer.model_validate(
        target
        | {
            "name": outlet.name,
            "kind": outlet.kind,
            "severities": [each for each in ("notice", "warning", "danger") if each in outlet.severities],
            "sites": sorted(outlet.sites),
            "from": outlet.target.sender,
            "to": list(outlet.target.to),
            "has_secret": bool(outlet.sealed),
            "has_authority": bool(outlet.target.authority),
            "version": outlet.version,
            "waiting": condition.waiting,
            "sent": _moment(condition.sent_s),
            "failed": _moment(condition.failed_s),
            "failure": condition.failure,
        }
    )


def _parts(url: SecretStr | None) -> SplitResult:
    text = "" if url is None else url.get_secret_value()
    parts = urlsplit(text)
    if url is not None and not (_URL.fullmatch(text) and parts.hostname and (parts.port or 1) > 0):
        raise ValueError
    return parts


def _host_mistakes(key: str, host: str, *, near_only: bool = False) -> Iterator[str]:
    address = address_of(host)
    if address is None and not (_HOST.fullmatch(host) and ".." not in host):
        yield f"{key} must name a machine by a name as mail.example.org, or by an IP address"
    if address is not None and is_refused(address):
        yield f"{key} is an address to which the hub sends nothing: choose another target"
    elif address is not None and near_only and not is_near(address):
        yield f"{key} must begin with https, as it leads out of the private network"


def _is_authority(text: str) -> bool:
    try:
        ssl.create_default_context(cadata=text.encode("ascii").decode())
    except (ssl.SSLError, ValueError):
        return False
    return True


def _moment(time_s: float | None) -> datetime | None:
    return None if time_s is None else utc(round(time_s * 1e6))
