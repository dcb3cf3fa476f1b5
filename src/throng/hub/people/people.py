"""People: what the gate and the routes know about whoever signs in."""

import time
from collections.abc import Callable, Sequence

from argon2 import PasswordHasher

from throng.data.errors import AccountError, StoreError
from throng.hub.access import Principal
from throng.hub.log.log import Log
from throng.hub.people.accounts import Account, Accounts
from throng.hub.people.codes import LINK_S, Codes
from throng.hub.people.limits import Key, Limits, network_of
from throng.hub.people.passkeys import Passkeys
from throng.hub.people.passwords import HASHER, Passwords
from throng.hub.people.pending import Pending
from throng.hub.people.sessions import Sessions
from throng.hub.people.tokens import Tokens
from throng.hub.people.turns import Turns
from throng.seal.box import Seal
from throng.store.records import Change, Records

PROOF = "sign-in.again"
_SECOND_FACTOR = "second-factor"


class People:
    """The parts behind accounts, sign-in, sessions and tokens.

    Parameters
    ----------
    records : Records
        Open.
    seal : Seal
        Seals the secrets of second factors.
    log : Log
        Open.
    site_name : str
        As people call the place.
    origins : sequence of str
        Where people open the hub, "https://hub.example:8443"; passkeys belong to the names in it.
    clock : callable
        Seconds that only go forward.
    wall : callable
        Unix time.
    one_time : bool
        Whether a code of the terminal signs in without an account: on loopback only.
    factor_roles : sequence of str
        Roles that need a second factor beside a password, until an administrator says otherwise.
    hasher : PasswordHasher
        Argon2id with its parameters.
    """

    def __init__(
        self,
        records: Records,
        seal: Seal,
        log: Log,
        *,
        site_name: str,
        origins: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        one_time: bool = False,
        factor_roles: Sequence[str] = (),
        hasher: PasswordHasher = HASHER,
    ) -> None:
        self.records, self.seal, self.log = records, seal, log
        self.site_name, self.origins, self.one_time = site_name, tuple(origins), one_time
        self.clock, self.wall = clock, wall
        self._factor_roles = tuple(factor_roles)
        self.accounts = Accounts(records)
        self.passwords = Passwords(hasher=hasher)
        self.passkeys = Passkeys(site_name=site_name, origins=origins, clock=clock)
        self.pending = Pending(clock=clock)
        self.sessions = Sessions(clock=clock, wall=wall)
        self.tokens = Tokens(records, wall=wall)
        self.codes = Codes(clock=clock)
        self.limits = Limits(clock=clock)
        self.turns = Turns()

    def principal_of_cookie(self, token: str) -> Principal | None:
        """Whose session a cookie stands for; counts as use of it."""
        return self.sessions.principal_of(token)

    def principal_of_bearer(self, token: str) -> Principal | None:
        """Who a token speaks for."""
        return self.tokens.principal_of(token)

    def is_open(self, session: bytes) -> bool:
        """Whether a session or token still opens something; does not count as use."""
        return self.sessions.is_open(session) or self.tokens.is_open(session)

    def on_end(self, callback: Callable[[bytes], None]) -> None:
        """Have a session's id told when it is ended."""
        self.sessions.on_end(callback)

    def set_up_url(self, base: str) -> str | None:
        """The link that makes the first administrator, once, within half an hour; None where there is an administrator.

        For the terminal that started the hub, never a log.
        """
        return (
            None if self.accounts.is_set_up() else f"{base.rstrip('/')}/set-up?code={self.codes.make('set-up', life_s=LINK_S)}"
        )

    def sign_in_url(self, base: str) -> str | None:
        """The link that signs this machine in, once, within half an hour; None where people sign in with accounts."""
        return f"{base.rstrip('/')}/sign-in?code={self.codes.make('sign-in')}" if self.signs_in_by_code() else None

    def reset_url(self, base: str, name: str) -> str:
        """The link by which somebody who lost everything sets a new password, once, within half an hour.

        For the terminal that started the hub, never a log.

        Raises
        ------
        AccountError
            There is no such account.
        """
        account = self.accounts.get(name)
        self.log.write("account.reset", who="hub", about=account.name, detail="a link was shown on the terminal")
        return f"{base.rstrip('/')}/set-up?code={self.codes.make('reset', key=account.key)}"

    def signs_in_by_code(self) -> bool:
        """Whether this machine signs in without an account."""
        return self.one_time and not self.accounts.is_set_up()

    def close(self) -> None:
        """Stop hashing; call once nobody is served any more."""
        self.turns.close()

    def needs_factor(self, account: Account) -> bool:
        """Whether an account must have a second factor where it signs in with a password."""
        return any(grant.role in self.roles_with_factor() for grant in account.grants)

    def roles_with_factor(self) -> tuple[str, ...]:
        """The roles that need a second factor beside a password."""
        record = self.records.get("setting", _SECOND_FACTOR)
        return self._factor_roles if record is None else tuple(record.body["roles"])

    def require_factor(self, roles: Sequence[str], *, who: str, address: str) -> None:
        """Set the roles that need a second factor beside a password."""
        change = Change("setting", _SECOND_FACTOR, {"roles": list(roles)})
        told = ", ".join(roles) or "no role"
        self.change("second-factor.require", [change], who=who, detail=f"required of {told}", address=address)

    def change(
        self, event: str, changes: Sequence[Change], *, who: str, about: str = "", detail: str = "", address: str = ""
    ) -> None:
        """Log and make a change: what cannot be logged is not done, and what was logged and then failed is told, too.

        Raises
        ------
        LogError, StoreError
            Nothing was changed.
        """
        self.log.write(event, who=who, about=about, detail=detail, address=address)
        try:
            self.records.change(changes)
        except StoreError:
            self.log.write(event, who=who, outcome="failed", about=about, detail="nothing was changed", address=address)
            raise

    def attempt(self, *keys: Key) -> None:
        """Count an attempt to sign in.

        Raises
        ------
        AccountError
            Too many were wrong: it is not even looked at.
        """
        wait_s = self.limits.take(keys)
        if wait_s:
            raise AccountError(f"too many wrong attempts: wait {wait_s} seconds", status=429, wait_s=wait_s)

    def refuse(self, event: str, sentence: str, *, who: str, address: str, detail: str = "") -> AccountError:
        """Log a refusal; the error to raise, which tells the same whatever was wrong."""
        self.log.write(event, who=who, outcome="refused", detail=detail, address=address)
        # To a page 401 means that its session is over, which it is not for somebody who is asked a second time.
        return AccountError(sentence, status=403 if event == PROOF else 401)


def password_keys(key: str, address: str) -> tuple[Key, ...]:
    """Under what attempts to guess an account's password are counted."""
    network = network_of(address)
    return ("here", f"{key[:200]} {network}"), ("account", key[:200]), ("address", network)


def code_key(address: str) -> Key:
    """Under what attempts to guess a one-time code are counted."""
    return "code", network_of(address)
