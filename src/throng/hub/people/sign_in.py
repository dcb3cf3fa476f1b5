"""Signing in, and showing again who one is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from throng.data.errors import AccountError, ConflictError
from throng.hub.access import Principal
from throng.hub.people import factors
from throng.hub.people.accounts import ROOT, THIS_MACHINE, Account, key_of
from throng.hub.people.codes import FACTOR_S
from throng.hub.people.limits import Key
from throng.hub.people.people import PROOF, People, code_key, password_keys
from throng.hub.people.sessions import THIS_MACHINE as LIFE_HERE
from throng.hub.people.sessions import How, life_of

WRONG = "that did not fit: check the name, the password and, where a second factor is set up, its code"
WRONG_CODE = "that code is wrong, used or expired: the hub prints a new one when it starts, and a signed-in page makes more"
WRONG_PASSKEY = "the hub does not know that passkey: sign in with your password, or ask an administrator for a new link"
SIGN_IN = "sign-in"


@dataclass(frozen=True, slots=True)
class Entered:
    """A session was opened: its token for the cookie, and how long the cookie lasts, seconds."""

    token: str = field(repr=False)
    most_s: int


@dataclass(frozen=True, slots=True)
class FactorNeeded:
    """The password was right, and the person's role needs a second factor, to be set up now with this code."""

    code: str = field(repr=False)
    begun: factors.Begun


def by_password(people: People, *, name: str, password: str, factor: str, address: str) -> Entered | FactorNeeded:
    """Sign in with a name, a password, and a code where a second factor is set up; to be called in a turn.

    Raises
    ------
    AccountError
        Something did not fit, and what is not told; or too many attempts did not.
    """
    account = people.accounts.find(name)
    keys = password_keys(key_of(name), address)
    checked = _checked(people, account, password, factor, keys=keys, event=SIGN_IN, address=address)
    if checked.totp is None and people.needs_factor(checked):
        return factor_needed(people, checked)
    try:
        return enter(people, checked, how="password", address=address, changed=checked != account)
    except ConflictError:  # the code was used a second time meanwhile
        raise AccountError(WRONG, status=401) from None


def by_code(people: People, *, code: str, address: str) -> Entered:
    """Sign in with a one-time code.

    Raises
    ------
    AccountError
        The code is wrong, used or expired.
    """
    keys = (code_key(address),)
    people.attempt(*keys)
    ticket = people.codes.use(code, "sign-in")
    if ticket is None or (not ticket.key and not people.signs_in_by_code()):
        raise people.refuse(SIGN_IN, WRONG_CODE, who="", address=address, detail="one-time code")
    people.limits.give_back(keys)
    if not ticket.key:
        people.log.write(SIGN_IN, who=THIS_MACHINE, detail="one-time code", address=address)
        token = people.sessions.open(
            THIS_MACHINE, grants=(ROOT,), how="code", address=address, life=LIFE_HERE, end_s=ticket.session_end_s
        )
        return Entered(token, int(LIFE_HERE.most_s))
    account = people.accounts.get(ticket.key)
    people.log.write(SIGN_IN, who=account.name, detail="one-time code of another device", address=address)
    return _opened(people, account, how="code", address=address, end_s=ticket.session_end_s)


def by_passkey(people: People, *, origin: str, answer: dict[str, Any], address: str) -> Entered:
    """Sign in with a passkey, which is both factors: the thing, and its owner's finger, face or number.

    Raises
    ------
    AccountError
        The passkey is not known or did not sign as asked.
    """
    # Not counted: a passkey cannot be guessed, and nobody who has one is kept out by another who guesses.
    account = _signed(people, origin=origin, answer=answer, about=SIGN_IN, event=SIGN_IN, address=address)
    return enter(people, account, how="passkey", address=address, changed=True)


def prove_by_password(people: People, asked: Principal, *, password: str, factor: str, address: str) -> str:
    """Show again who one is; the session's new token. To be called in a turn.

    Raises
    ------
    AccountError
        Something did not fit.
    """
    account = people.accounts.get(asked.name)
    # Counted by session: whoever guesses at the door keeps nobody who is inside from anything.
    keys: tuple[Key, ...] = (("here", f"session {asked.session.hex()}"),)
    checked = _checked(people, account, password, factor, keys=keys, event=PROOF, address=address)
    changes = [checked.change()] if checked != account else []
    people.change(PROOF, changes, who=account.name, detail="password", address=address)
    return _proved(people, asked, how="password")


def prove_by_passkey(people: People, asked: Principal, *, origin: str, answer: dict[str, Any], address: str) -> str:
    """Show again who one is, with a passkey; the session's new token.

    Raises
    ------
    AccountError
        The passkey is not the person's, or did not sign as asked.
    """
    about = f"{PROOF}/{key_of(asked.name)}"
    account = _signed(people, origin=origin, answer=answer, about=about, event=PROOF, address=address)
    if account.key != key_of(asked.name):
        raise people.refuse(PROOF, WRONG_PASSKEY, who=asked.name, address=address, detail="passkey of another person")
    people.change(PROOF, [account.change()], who=account.name, detail="passkey", address=address)
    return _proved(people, asked, how="passkey")


def ask_for_proof(people: People, asked: Principal, *, origin: str) -> dict[str, Any]:
    """What the browser is asked to sign by somebody who shows again who it is."""
    account = people.accounts.get(asked.name)
    return people.passkeys.ask_to_sign(origin, about=f"{PROOF}/{account.key}", known=account.passkeys)


def confirm_factor(people: People, *, code: str, factor: str, address: str) -> tuple[Entered, tuple[str, ...]]:
    """Set up the second factor that a role needs, and sign in; the recovery codes are to be shown once.

    Raises
    ------
    AccountError
        The code of the page is too old, or that of the second factor does not fit.
    """
    ticket = people.codes.look(code, "factor")
    if ticket is None:
        raise AccountError("that took longer than ten minutes: sign in again", status=401)
    account = people.accounts.get(ticket.key)
    changed, recovery = factors.confirm_totp(people, account, factor, address=address)
    people.codes.use(code, "factor")
    return enter(people, changed, how="password", address=address), recovery


def enter(people: People, account: Account, *, how: How, address: str, changed: bool = False) -> Entered:
    """Log the sign-in, write the account where it changed, and open a session."""
    changes = [account.change()] if changed else []
    people.change(SIGN_IN, changes, who=account.name, detail=how, address=address)
    return _opened(people, account, how=how, address=address)


def factor_needed(people: People, account: Account) -> FactorNeeded:
    """Begin the second factor that the account must have before it is let in."""
    people.codes.forget(account.key, "factor")
    code = people.codes.make("factor", key=account.key, life_s=FACTOR_S)
    return FactorNeeded(code, factors.begin_totp(people, account))


def _checked(
    people: People, account: Account | None, password: str, factor: str, *, keys: Sequence[Key], event: str, address: str
) -> Account:
    """The account as it is once the password and the code are used; the same work and answer whatever does not fit."""
    people.attempt(*keys)
    fits = people.passwords.fits(account.password if account else None, password)
    checked = factors.after_factor(people, account, factor) if account and fits else None
    if checked is None or account is None:
        # A name that nobody has may be a password, typed into the wrong field: it is not kept.
        raise people.refuse(event, WRONG, who=account.name if account else "", address=address, detail="password")
    people.limits.give_back(keys)
    if len(checked.recovery) < len(account.recovery):
        people.log.write("recovery-code.use", who=account.name, about=account.name, address=address)
    if checked.password and people.passwords.is_outdated(checked.password):
        return replace(checked, password=people.passwords.hash(password))
    return checked


def _signed(people: People, *, origin: str, answer: dict[str, Any], about: str, event: str, address: str) -> Account:
    """The owner of the passkey that signed as asked, with its new counter."""
    found = people.accounts.of_passkey(answer["id"], host=people.passkeys.host_of(origin))
    if found is None:
        raise people.refuse(event, WRONG_PASSKEY, who="", address=address, detail="unknown passkey")
    account, passkey = found
    try:
        counter = people.passkeys.counter_of(origin, about=about, passkey=passkey, handle=account.handle, answer=answer)
    except AccountError as error:
        raise people.refuse(event, str(error), who=account.name, address=address, detail="passkey") from None
    used = replace(passkey, counter=counter, used=factors.day(people))
    return replace(account, passkeys=tuple(used if known == passkey else known for known in account.passkeys))


def _opened(people: People, account: Account, *, how: How, address: str, end_s: float = math.inf) -> Entered:
    """Open a session, unless what opened it was taken away in the same moment."""
    token = people.sessions.open(
        account.name, grants=account.grants, how=how, address=address, end_s=end_s, proved=how != "code"
    )
    now = people.accounts.find(account.key)
    if now is None or _opens(now) != _opens(account):
        opened = people.sessions.principal_of(token)
        people.sessions.end(opened.session if opened else b"")
        raise AccountError("your account was changed in this moment: sign in again", status=401)
    return Entered(token, int(life_of(account.grants).most_s))


def _opens(account: Account) -> tuple[object, ...]:
    passkeys = [passkey.id for passkey in account.passkeys]
    return account.grants, account.password, account.totp, passkeys


def _proved(people: People, asked: Principal, *, how: How) -> str:
    token = people.sessions.prove(asked.session, how=how)
    if token is None:
        raise AccountError("your session has ended: sign in again", status=401)
    return token
