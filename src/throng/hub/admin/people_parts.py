"""What the pages about people show."""

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import Response

from throng.hub.access import ROLES, principal
from throng.hub.admin.forms import Typed
from throng.hub.admin.grants import grant_rows, grants_told, typed_grants
from throng.hub.admin.markup import Html, joined, tag
from throng.hub.admin.me_parts import session_rows, sessions_table
from throng.hub.admin.parts import (
    ADMINISTRATOR,
    Problem,
    behind,
    field,
    form,
    hidden,
    link,
    may,
    named,
    page,
    secret,
    table,
)
from throng.hub.admin.proof import proof_note
from throng.hub.language import tell
from throng.hub.people.accounts import LONGEST_NAME, Account, key_of
from throng.hub.people.asking import origin_of
from throng.hub.people.codes import LINK_S
from throng.hub.people.people import People


def people_page(request: Request, people: People, sites: Sequence[str], *, problem: Problem, typed: Typed) -> Response:
    """Everybody, and the forms for administrators."""
    accounts = people.accounts.all()
    rows = [
        [
            link(named("/admin/people", account.name), account.name),
            grants_told(account.grants),
            second_factor_told(account),
            str(len(people.sessions.of(account.name))),
            account.made,
        ]
        for account in accounts
    ]
    heads = (tell("Name"), tell("May be"), tell("Second factor"), tell("Sessions"), tell("Since"))
    empty = tell("Nobody has an account yet: the link that the hub printed makes the first.")
    listed = table(tell("Accounts"), heads, rows, empty=empty)
    parts: list[Html | None] = []
    if may(principal(request), ADMINISTRATOR):
        note = proof_note(request, people, principal(request), back="/admin/people")
        parts = [note] if note else [_invite(sites, typed), _factor_roles(people)]
    return page(request, tell("People"), listed, *parts, problem=problem)


def person_page(request: Request, people: People, account: Account, sites: Sequence[str], *, problem: Problem) -> Response:
    """One person, and the forms for administrators."""
    factor = (
        tell("Second factor: {factor}.", factor=second_factor_told(account))
        if account.can_sign_in
        else tell("Invited, has not come yet.")
    )
    lead = tag("p", tell("{name} may be {grants}.", name=account.name, grants=grants_told(account.grants)), " ", factor)
    sessions = session_rows(people, account.name)
    parts: list[Html | None] = []
    if may(principal(request), ADMINISTRATOR):
        way = named("/admin/people", account.name)
        note = proof_note(request, people, principal(request), back=way)
        is_oneself = key_of(principal(request).name) == account.key
        end = form(f"{way}/sessions", button=tell("End all sessions"), quiet=True) if sessions else None
        parts = [note] if note else [end, *_person_forms(account, sites, way, is_oneself=is_oneself)]
    return page(
        request,
        account.name,
        lead,
        sessions_table(sessions),
        *parts,
        tag("p", link("/admin/people", tell("All people"))),
        problem=problem,
    )


def link_page(request: Request, name: str, code: str) -> Response:
    """The one-time link for somebody, once."""
    sentence = tell(
        "Hand this link to {name}, in person or by a way that you trust. It works once, within {minutes} minutes, and is "
        "not shown again. Whoever opens it sets a password or a passkey that nobody else learns.",
        name=name,
        minutes=LINK_S // 60,
    )
    address = secret(f"{origin_of(request)}/set-up?code={code}", label=tell("Link"))
    back = tag("p", link("/admin/people", tell("All people")))
    return page(request, tell("A link for {name}", name=name), tag("p", sentence), address, back)


def second_factor_told(account: Account) -> str:
    """With what the account is opened beside a password, in words."""
    if not account.can_sign_in:
        return tell("invited, has not come yet")
    told = [tell("app")] if account.totp else []
    if account.passkeys:
        told.append(tell("{count} passkeys", count=len(account.passkeys)))
    return tell(", ").join(told) or tell("none")


def _invite(sites: Sequence[str], typed: Typed) -> Html:
    name = field(
        *(tell("Name"), "name", typed.one("name")),
        maxlength=LONGEST_NAME,
        autocomplete="off",
        autocapitalize="none",
        required=True,
    )
    rows = grant_rows(sites, typed_grants(typed))
    return joined(tag("h2", tell("Invite somebody")), form("/admin/people", name, rows, button=tell("Make the link")))


def _factor_roles(people: People) -> Html:
    needed = people.roles_with_factor()
    boxes = [(tag("input", type="checkbox", name="role", value=role, checked=role in needed), role) for role in ROLES]
    hint = tell("Whoever has such a role sets one up at the next sign-in with a password. A passkey is both.")
    legend = tag("legend", tell("Roles that need a second factor"))
    labels = [tag("label", box, f" {tell(role)}", class_="check") for box, role in boxes]
    group = tag("fieldset", legend, *labels, tag("p", hint, class_="hint"))
    change = form("/admin/second-factor", hidden("change", "yes"), group, button=tell("Change"), quiet=True)
    return joined(tag("h2", tell("Second factor")), change)


def _person_forms(account: Account, sites: Sequence[str], way: str, *, is_oneself: bool) -> list[Html | None]:
    rows = grant_rows(sites, [(grant.role, grant.site) for grant in account.grants])
    hint = tag("p", tell("The person's sessions end, and tokens that may do more."), class_="hint")
    reset = behind(
        tell("Reset what opens the account"),
        tag("p", tell("Password, passkeys and second factor are gone at once. A link sets them anew.")),
        form(f"{way}/reset", button=tell("Reset, and make a link")),
    )
    return [
        tag("h2", tell("Change what the person may do")),
        form(f"{way}/grants", rows, hint, button=tell("Change")),
        tag("h2", tell("Take away")),
        tag("p", link("/admin/me", tell("Your own password and factors are changed on your page.")), class_="hint")
        if is_oneself
        else reset,
        behind(
            tell("Remove this person"),
            tag("p", tell("All sessions and tokens end at once; the name stays in the log.")),
            form(f"{way}/remove", button=tell("Remove {name}", name=account.name)),
        ),
    ]
