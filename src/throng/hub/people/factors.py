"""How a person shows who it is: the password, the second factor, the passkeys; checked, set and changed."""

import base64
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from throng.data.errors import AccountError, SealError
from throng.hub.people import totp
from throng.hub.people.accounts import Account, Passkey
from throng.hub.people.limits import Key
from throng.hub.people.people import People
from throng.seal.box import opened_value, sealed_value

MOST_PASSKEYS = 20


@dataclass(frozen=True, slots=True)
class Begun:
    """A second factor that is not confirmed yet: its secret, and the address by which an app takes it over."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


def after_factor(people: People, account: Account, factor: str) -> Account | None:
    """The account once a code of its second factor is used up; None when it does not fit; as it is without a second factor."""
    if account.totp is None:
        return account
    try:
        secret = opened_value(people.seal, account.totp, _about(account)).decode()
    except SealError as error:
        people.log.write("sign-in", who=account.name, outcome="failed", detail=str(error))
        raise AccountError("the hub cannot open what it has sealed: whoever keeps its key should look", status=503) from None
    step = totp.step_of(factor, secret=secret, now_s=people.wall(), after=account.totp_step)
    if step is not None:
        return replace(account, totp_step=step)
    digest = totp.recovery_digest(factor)
    if digest not in account.recovery:
        return None
    return replace(account, recovery=tuple(known for known in account.recovery if known != digest))


def with_password(people: People, account: Account, password: str) -> Account:
    """The account with a new password.

    Raises
    ------
    AccountError
        The password is not good enough.
    """
    why = people.passwords.why_refused(password, names=(account.name, people.site_name))
    if why:
        raise AccountError(why, status=422)
    return replace(account, password=people.passwords.hash(password))


def change_password(people: People, account: Account, password: str, *, session: bytes, address: str) -> None:
    """Set a new password and end all other sessions of its owner."""
    changed = with_password(people, account, password)
    people.change("password.change", [changed.change()], who=account.name, about=account.name, address=address)
    people.codes.forget(account.key)
    people.sessions.end_all(account.name, but=session)


def begin_totp(people: People, account: Account) -> Begun:
    """Begin to set up a second factor, or another in its place; nothing changes before it is confirmed."""
    secret = people.pending.begin(account.key)
    return Begun(secret, totp.address_of(secret, name=account.name, site=people.site_name))


def begun_totp(people: People, account: Account) -> Begun:
    """What was begun, for the page that is shown again; begun anew when it is too old."""
    secret = people.pending.get(account.key)
    if secret is None:
        return begin_totp(people, account)
    return Begun(secret, totp.address_of(secret, name=account.name, site=people.site_name))


def confirm_totp(people: People, account: Account, code: str, *, address: str) -> tuple[Account, tuple[str, ...]]:
    """Set the second factor up that was begun; the account, and its new recovery codes, to be shown once.

    Raises
    ------
    AccountError
        Nothing was begun, or the code does not fit.
    """
    secret = people.pending.get(account.key)
    if secret is None:
        raise AccountError("no second factor was begun, or it is longer than ten minutes ago: begin again", status=409)
    key: Key = ("here", f"{account.key} totp")
    people.attempt(key)
    step = totp.step_of(code, secret=secret, now_s=people.wall(), after=0)
    if step is None:
        raise AccountError("that code does not fit: check the clock of your device, and type the newest one", status=422)
    people.limits.give_back([key])
    recovery = totp.new_recovery_codes()
    changed = replace(
        account,
        totp=sealed_value(people.seal, secret.encode(), _about(account)),
        totp_step=step,
        recovery=tuple(map(totp.recovery_digest, recovery)),
    )
    people.change("totp.add", [changed.change()], who=account.name, about=account.name, address=address)
    people.pending.drop(account.key)
    return replace(changed, version=account.version + 1), recovery


def remove_totp(people: People, account: Account, *, address: str) -> None:
    """Take the second factor and its recovery codes away.

    Raises
    ------
    AccountError
        There is none, or a role of the person needs one.
    """
    if account.totp is None:
        raise AccountError("no second factor is set up", status=404)
    if people.needs_factor(account):
        raise AccountError("your role needs a second factor: set up another in its place instead", status=409)
    changed = replace(account, totp=None, totp_step=0, recovery=())
    people.change("totp.remove", [changed.change()], who=account.name, about=account.name, address=address)


def ask_for_passkey(people: People, account: Account, *, origin: str) -> dict[str, Any]:
    """What the browser is asked to make."""
    if len(account.passkeys) >= MOST_PASSKEYS:
        raise AccountError(f"a person has at most {MOST_PASSKEYS} passkeys: remove one first", status=409)
    return people.passkeys.ask_to_make(
        origin, about=about_making(account), handle=account.handle, name=account.name, known=account.passkeys
    )


def about_making(account: Account) -> str:
    """What a challenge to make a passkey of an account is for."""
    return f"make/{account.key}/{account.handle}"


def with_passkey(
    people: People, account: Account, *, about: str, label: str, origin: str, answer: dict[str, Any]
) -> tuple[Account, Passkey]:
    """The account with a passkey that was made for it.

    Raises
    ------
    AccountError
        The answer does not fit, or somebody has that passkey already.
    """
    made = people.passkeys.made(origin, about=about, answer=answer)
    host = people.passkeys.host_of(origin)
    if people.accounts.of_passkey(made.id, host=host) is not None:
        raise AccountError("that passkey is known already: use it to sign in", status=409)
    passkey = Passkey(
        id=made.id, label=label.strip() or "passkey", host=host, public=made.public, counter=made.counter, made=day(people)
    )
    return replace(account, passkeys=(*account.passkeys, passkey)), passkey


def add_passkey(people: People, account: Account, *, label: str, origin: str, answer: dict[str, Any], address: str) -> Passkey:
    """Add a passkey to the account of somebody who is signed in."""
    changed, passkey = with_passkey(people, account, about=about_making(account), label=label, origin=origin, answer=answer)
    people.change("passkey.add", [changed.change()], who=account.name, about=account.name, address=address)
    return passkey


def remove_passkey(people: People, account: Account, passkey_id: str, *, address: str) -> None:
    """Take a passkey away.

    Raises
    ------
    AccountError
        There is no such passkey, or nothing else would open the account.
    """
    left = tuple(passkey for passkey in account.passkeys if passkey.id != passkey_id)
    if len(left) == len(account.passkeys):
        raise AccountError("you have no such passkey: /api/v1/me lists yours", status=404)
    changed = replace(account, passkeys=left)
    if not changed.can_sign_in:
        raise AccountError("this passkey is all that opens your account: set a password or add another first", status=409)
    people.change("passkey.remove", [changed.change()], who=account.name, about=account.name, address=address)


def new_handle() -> str:
    """What passkeys will know a new account by."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def day(people: People) -> str:
    """Today, UTC."""
    return datetime.fromtimestamp(people.wall(), UTC).date().isoformat()


def _about(account: Account) -> str:
    return f"account/{account.key}/totp"
