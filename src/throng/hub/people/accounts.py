"""Accounts: who there is, what each may do, and how each shows who it is."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from throng.data.errors import AccountError
from throng.hub.access import EVERYWHERE, Grant
from throng.store.records import Change, Record, Records

THIS_MACHINE = "this machine"
"""Who signed in with a code of the hub's own terminal, without an account."""
LONGEST_NAME = 64
_RESERVED = frozenset({THIS_MACHINE, "hub", "unknown", "*"})
# One letter or digit of any script first; no slash, which parts addresses and the names of tokens.
_NAME = re.compile(r"\w[\w .@'-]*")
_GUARD = "administrators"
ROOT = Grant("administrator", EVERYWHERE)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of an account.

    Attributes
    ----------
    id : str
        Its credential id, base64url.
    label : str
        As its owner calls it.
    host : str
        The name of the hub at which it was made: it works there only.
    public : str
        What the authenticator attested, with the public key; base64url.
    counter : int
        How often it signed, as it says itself; 0 where it does not count.
    made, used : str
        The day, ISO 8601; `used` may be empty.
    """

    id: str
    label: str
    host: str
    public: str = field(repr=False)
    counter: int = 0
    made: str = ""
    used: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in.

    Attributes
    ----------
    name : str
        As it is shown.
    handle : str
        Random, base64url: what a passkey knows its owner by.
    grants : tuple of Grant
        What the person may do where.
    password : str or None
        Argon2id hash.
    totp : dict or None
        The sealed secret of the second factor.
    totp_step : int
        The step whose code was used last.
    recovery : tuple of str
        Digests of the recovery codes that are left.
    passkeys : tuple of Passkey
    made : str
        The day, ISO 8601.
    version : int
        Of the record it was read from; 0 for a new one.
    """

    name: str
    handle: str
    grants: tuple[Grant, ...]
    made: str
    password: str | None = field(default=None, repr=False)
    totp: dict[str, str] | None = field(default=None, repr=False)
    totp_step: int = 0
    recovery: tuple[str, ...] = field(default=(), repr=False)
    passkeys: tuple[Passkey, ...] = ()
    version: int = 0

    @property
    def key(self) -> str:
        """Key of its record: two names that differ in case or width only are one."""
        return key_of(self.name)

    @property
    def can_sign_in(self) -> bool:
        """Whether its owner has set a password or made a passkey."""
        return self.password is not None or bool(self.passkeys)

    def without_secrets(self) -> "Account":
        """As after a reset: nothing opens it but the link that goes with that."""
        return replace(self, password=None, totp=None, totp_step=0, recovery=(), passkeys=())

    def change(self) -> Change:
        """The change that writes it, if nobody else did meanwhile."""
        return Change("account", self.key, _body_of(self), self.version)


class Accounts:
    """Reads accounts from the hub's records.

    Parameters
    ----------
    records : Records
        Open.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def is_set_up(self) -> bool:
        """Whether there is an administrator of all sites who can sign in."""
        return _has_administrator(self.all())

    def all(self) -> list[Account]:
        """Every account, by name."""
        return [_account_of(record) for record in self._records.all("account")]

    def find(self, name: str) -> Account | None:
        """The account of that name, or None."""
        record = self._records.get("account", key_of(name))
        return None if record is None else _account_of(record)

    def get(self, name: str) -> Account:
        """The account of that name.

        Raises
        ------
        AccountError
            There is none.
        """
        account = self.find(name)
        if account is None:
            raise AccountError("there is no person of that name: /api/v1/people lists them", status=404)
        return account

    def of_passkey(self, credential: str, *, host: str) -> tuple[Account, Passkey] | None:
        """The passkey and its owner, or None."""
        found = [
            (account, passkey)
            for account in self.all()
            for passkey in account.passkeys
            if (passkey.id, passkey.host) == (credential, host)
        ]
        return found[0] if found else None

    def guard(self, changed: Sequence[Account]) -> Change:
        """A change to be made with any other that takes rights away: of two such at once only one succeeds.

        Parameters
        ----------
        changed : sequence of Account
            As they will be; of one that is removed or reset, with what is left of it.

        Raises
        ------
        AccountError
            Nobody would be left to administer the hub.
        """
        before = self._records.get("setting", _GUARD)
        present = {account.key: account for account in self.all()}
        after = present | {account.key: account for account in changed}
        if _has_administrator(present.values()) and not _has_administrator(after.values()):
            raise AccountError("the hub needs one administrator of all sites who can sign in: make another first", status=409)
        version = 0 if before is None else before.version
        return Change("setting", _GUARD, {"changes": version + 1}, version)


def key_of(name: str) -> str:
    """The key of the account of that name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def checked_name(name: str) -> str:
    """A name for a new account, its spaces tidied.

    Raises
    ------
    AccountError
        It cannot be one.
    """
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidy or len(tidy) > LONGEST_NAME or not _NAME.fullmatch(tidy) or len(key_of(tidy)) > 2 * LONGEST_NAME:
        raise AccountError(
            f"a name has 1 to {LONGEST_NAME} letters, digits, spaces or . @ ' _ - and begins with a letter or digit"
        )
    if key_of(tidy) in _RESERVED:
        raise AccountError("that name means something else in the hub: choose another")
    return tidy


def covers(own: Iterable[Grant], wanted: Grant) -> bool:
    """Whether somebody with these grants may hand on another: an administrator also what operators and viewers may."""
    handed_on = {"viewer": ("viewer", "operator", "administrator"), "operator": ("operator", "administrator")}
    roles = handed_on.get(wanted.role, (wanted.role,))
    return any(grant.role in roles and grant.site in {wanted.site, EVERYWHERE} for grant in own)


def grants_of(body: Sequence[dict[str, Any]]) -> tuple[Grant, ...]:
    """Grants as records hold them."""
    return tuple(Grant(grant["role"], grant["site"]) for grant in body)


def grants_body(grants: Iterable[Grant]) -> list[dict[str, str]]:
    """Grants for a record."""
    return [{"role": grant.role, "site": grant.site} for grant in grants]


def _has_administrator(accounts: Iterable[Account]) -> bool:
    return any(ROOT in account.grants and account.can_sign_in for account in accounts)


def _body_of(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "handle": account.handle,
        "grants": grants_body(account.grants),
        "made": account.made,
        "password": account.password,
        "totp": account.totp,
        "totp_step": account.totp_step,
        "recovery": list(account.recovery),
        "passkeys": [{name: getattr(passkey, name) for name in Passkey.__slots__} for passkey in account.passkeys],
    }


def _account_of(record: Record) -> Account:
    body = record.body
    return Account(
        name=body["name"],
        handle=body["handle"],
        grants=grants_of(body["grants"]),
        made=body["made"],
        password=body["password"],
        totp=body["totp"],
        totp_step=body["totp_step"],
        recovery=tuple(body["recovery"]),
        passkeys=tuple(Passkey(**passkey) for passkey in body["passkeys"]),
        version=record.version,
    )
