"""Joining by a link: the first administrator, whoever was invited, and whoever lost what opened his account."""

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Any

from throng.data.errors import AccountError, ConflictError
from throng.hub.people import factors
from throng.hub.people.accounts import ROOT, THIS_MACHINE, Account, checked_name
from throng.hub.people.codes import Purpose, Ticket
from throng.hub.people.people import People, code_key
from throng.hub.people.sign_in import Entered, FactorNeeded, enter, factor_needed
from throng.store.records import Change

WRONG_LINK = "that link is wrong, used or expired: ask for a new one; the first one is printed when the hub starts"
_TOO_LATE = "somebody else was first: sign in, or ask for a new link"
_PURPOSES: tuple[Purpose, ...] = ("set-up", "invite", "reset")
_EVENTS: dict[Purpose, str] = {"set-up": "account.set-up", "invite": "account.join", "reset": "account.recover"}


@dataclass(frozen=True, slots=True)
class Joining:
    """What a link is for; the name is empty where it is still to be chosen."""

    purpose: Purpose
    name: str


def look(people: People, code: str, *, address: str) -> Joining:
    """What a link is for, without using it up.

    Raises
    ------
    AccountError
        It is for nothing, or not any more.
    """
    ticket = _ticket(people, code, address)
    return Joining(ticket.purpose, people.accounts.get(ticket.key).name if ticket.key else "")


def with_password(people: People, *, code: str, name: str, password: str, address: str) -> Entered | FactorNeeded:
    """Set a password and sign in; to be called in a turn.

    Raises
    ------
    AccountError
        The link, the name or the password will not do; the link is not used up by the latter two.
    """
    ticket = _ticket(people, code, address)
    account = factors.with_password(people, _account(people, ticket, code, name), password)
    joined = _joined(people, ticket, code, account, address=address)
    if people.needs_factor(joined):
        return factor_needed(people, joined)
    return enter(people, joined, how="password", address=address)


def ask_for_passkey(people: People, *, code: str, name: str, origin: str, address: str) -> dict[str, Any]:
    """What the browser is asked to make."""
    account = _account(people, _ticket(people, code, address), code, name)
    return people.passkeys.ask_to_make(origin, about=_about(account, code), handle=account.handle, name=account.name)


def with_passkey(
    people: People, *, code: str, name: str, label: str, origin: str, answer: dict[str, Any], address: str
) -> Entered:
    """Keep the passkey that was made, and sign in.

    Raises
    ------
    AccountError
        The link, the name or the passkey will not do.
    """
    ticket = _ticket(people, code, address)
    account = _account(people, ticket, code, name)
    about = _about(account, code)
    changed, _ = factors.with_passkey(people, account, about=about, label=label, origin=origin, answer=answer)
    joined = _joined(people, ticket, code, changed, address=address)
    return enter(people, joined, how="passkey", address=address)


def _ticket(people: People, code: str, address: str) -> Ticket:
    key = code_key(address)
    people.attempt(key)
    ticket = people.codes.look(code, *_PURPOSES)
    if ticket is None or (ticket.purpose == "set-up" and people.accounts.is_set_up()):
        raise people.refuse("account.join", WRONG_LINK, who="", address=address)
    people.limits.give_back([key])
    return ticket


def _account(people: People, ticket: Ticket, code: str, name: str) -> Account:
    """The account as it is before its owner sets anything; all that opened it before is gone."""
    if ticket.key:
        return people.accounts.get(ticket.key).without_secrets()
    return Account(checked_name(name), handle=_handle_of(code), grants=(ROOT,), made=factors.day(people))


def _joined(people: People, ticket: Ticket, code: str, account: Account, *, address: str) -> Account:
    """The account as it is written, the link used up, and everything that was open under the account before ended."""
    if people.codes.use(code, *_PURPOSES) is None:
        raise people.refuse("account.join", WRONG_LINK, who="", address=address)
    changes: list[Change] = [account.change()]
    if ROOT in account.grants:
        changes.append(people.accounts.guard([account]))
    # After the guard was read: whoever makes an administrator between this look and the change makes that fail.
    if ticket.purpose == "set-up" and people.accounts.is_set_up():
        raise AccountError(_TOO_LATE, status=409)
    try:
        people.change(_EVENTS[ticket.purpose], changes, who=account.name, about=account.name, address=address)
    except ConflictError:
        raise AccountError(_TOO_LATE, status=409) from None
    people.codes.forget(account.key)
    people.sessions.end_all(account.name)
    if ROOT in account.grants:  # from now on nobody signs in without an account
        people.codes.forget("", "sign-in", "set-up")
        people.sessions.end_all(THIS_MACHINE)
    return replace(account, version=account.version + 1)


def _handle_of(code: str) -> str:
    """The handle of an account that does not exist yet: the same when its passkey is asked for and when it is made."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"handle\0" + code.encode("utf-8", "replace")).digest()).decode().rstrip("=")


def _about(account: Account, code: str) -> str:
    return f"{factors.about_making(account)}/{_handle_of(code)}"
