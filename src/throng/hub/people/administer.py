"""What administrators do about people, and people about their tokens."""

from collections.abc import Sequence
from dataclasses import replace

from throng.data.errors import AccountError, ConflictError
from throng.hub.access import EVERYWHERE, Grant, Principal
from throng.hub.people import factors
from throng.hub.people.accounts import Account, checked_name, covers, key_of
from throng.hub.people.codes import LINK_S
from throng.hub.people.people import People
from throng.hub.people.tokens import MOST_OF_ONE, Token
from throng.store.records import Change

MOST_PEOPLE = 5_000


def invite(people: People, name: str, *, grants: Sequence[Grant], who: str, address: str) -> tuple[Account, str]:
    """A new account that nothing opens yet, and the code of the link by which its owner sets what will.

    Raises
    ------
    AccountError
        The name cannot be one or is taken.
    """
    account = Account(checked_name(name), handle=factors.new_handle(), grants=tuple(grants), made=factors.day(people))
    if len(people.accounts.all()) >= MOST_PEOPLE:
        raise AccountError(f"the hub keeps at most {MOST_PEOPLE:,} people: remove some first", status=409)
    try:
        detail = f"may be {_told(grants)}"
        people.change("account.invite", [account.change()], who=who, about=account.name, detail=detail, address=address)
    except ConflictError:
        raise AccountError("somebody has that name already: choose another", status=409) from None
    return account, people.codes.make("invite", key=account.key, life_s=LINK_S)


def set_grants(people: People, name: str, *, grants: Sequence[Grant], who: str, address: str) -> Account:
    """Change what somebody may do; ends the person's sessions, and the tokens that may do more.

    Raises
    ------
    AccountError
        There is no such person, or it is the last administrator.
    """
    account = people.accounts.get(name)
    changed = replace(account, grants=tuple(grants))
    beyond = people.tokens.beyond(account.name, grants)
    changes = [changed.change(), people.accounts.guard([changed]), *_removed(beyond)]
    detail = f"may be {_told(grants)}"
    people.change("account.grants", changes, who=who, about=account.name, detail=detail, address=address)
    _shut_out(people, account, beyond)
    return changed


def remove(people: People, name: str, *, who: str, address: str) -> None:
    """Remove an account with its sessions, codes and tokens.

    Raises
    ------
    AccountError
        There is no such person, or it is the last administrator.
    """
    account = people.accounts.get(name)
    gone = people.tokens.of(account.name)
    guard = people.accounts.guard([replace(account, grants=())])
    changes = [Change("account", account.key, None, account.version), guard, *_removed(gone)]
    people.change("account.remove", changes, who=who, about=account.name, address=address)
    _shut_out(people, account, gone)


def reset(people: People, name: str, *, who: str, address: str) -> str:
    """The code of a link by which somebody sets a new password; all that opened the account before is gone at once.

    Raises
    ------
    AccountError
        There is no such person, it is the last administrator, or the one who asks.
    """
    account = people.accounts.get(name)
    if account.key == key_of(who):
        raise AccountError("you change your own password and factors yourself: see /api/v1/me", status=409)
    changed = account.without_secrets()
    changes = [changed.change(), people.accounts.guard([changed])]
    detail = "password, passkeys and second factor removed"
    people.change("account.reset", changes, who=who, about=account.name, detail=detail, address=address)
    _shut_out(people, account, ())
    return people.codes.make("reset", key=account.key, life_s=LINK_S)


def end_sessions(people: People, name: str, *, who: str, address: str, session: str = "", but: bytes = b"") -> int:
    """End the sessions of a person, or one of them by its id; how many.

    Raises
    ------
    AccountError
        There is no such session.
    """
    if session:
        found = [known.id for known in people.sessions.of(name) if known.id.hex() == session]
        if not found:
            raise AccountError("there is no such session, or it has ended already", status=404)
        people.log.write("session.end", who=who, about=name, detail="one session", address=address)
        people.sessions.end(found[0])
        return 1
    people.log.write(
        "session.end", who=who, about=name, detail="all other sessions" if but else "all sessions", address=address
    )
    if not but:
        people.codes.forget(key_of(name), "sign-in")
    return people.sessions.end_all(name, but=but)


def make_token(
    people: People, asked: Principal, name: str, *, grants: Sequence[Grant], days: int, address: str
) -> tuple[str, Token]:
    """A token that may do no more than its maker; the secret, which is shown once, and what is kept.

    Raises
    ------
    AccountError
        It would be able to do more, or the person has too many.
    """
    account = people.accounts.get(asked.name)
    beyond = [grant for grant in grants if not covers(account.grants, grant)]
    if beyond:
        raise AccountError(f"a token may do no more than you: you cannot give {_told(beyond)}", status=403)
    if len(people.tokens.of(account.name)) >= MOST_OF_ONE:
        raise AccountError(f"a person has at most {MOST_OF_ONE} tokens: remove one first", status=409)
    secret, token = people.tokens.draw(name, owner=account.name, grants=grants, days=days)
    # The account's version: a token of somebody who is removed at the same moment must not outlive him.
    changes = [token.change(), account.change()]
    detail = f"may be {_told(grants)} for {days} days"
    people.change("token.make", changes, who=account.name, about=f"{account.name}/{name}", detail=detail, address=address)
    people.tokens.add(token)
    return secret, token


def tokens_for(people: People, asked: Principal) -> list[Token]:
    """The tokens that somebody may see: the own ones, an administrator's and auditor's of all sites everybody's."""
    if any(grant.site == EVERYWHERE and grant.role in {"administrator", "auditor"} for grant in asked.grants):
        return people.tokens.all()
    return people.tokens.of(asked.name)


def remove_token(people: People, asked: Principal, token_id: str, *, address: str) -> None:
    """Remove a token: one's own, or as an administrator of all sites anybody's.

    Raises
    ------
    AccountError
        There is no such token.
    """
    mighty = Grant("administrator", EVERYWHERE) in asked.grants
    own = [token for token in people.tokens.all() if mighty or key_of(token.owner) == key_of(asked.name)]
    found = [token for token in own if token.id == token_id]
    if not found:
        raise AccountError("there is no such token: /api/v1/tokens lists yours", status=404)
    about = f"{found[0].owner}/{found[0].name}"
    people.change("token.remove", _removed(found), who=asked.name, about=about, address=address)
    people.tokens.discard(found)


def _removed(tokens: Sequence[Token]) -> list[Change]:
    return [Change("token", token.id, None) for token in tokens]


def _shut_out(people: People, account: Account, tokens: Sequence[Token]) -> None:
    people.tokens.discard(tokens)
    people.codes.forget(account.key)
    people.pending.drop(account.key)
    people.sessions.end_all(account.name)


def _told(grants: Sequence[Grant]) -> str:
    return (
        ", ".join(f"{grant.role} of {'all sites' if grant.site == EVERYWHERE else grant.site}" for grant in grants) or "nothing"
    )
