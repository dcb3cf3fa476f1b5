"""What the page about oneself shows."""

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import Response

from throng.hub.access import Principal
from throng.hub.admin.grants import grants_told
from throng.hub.admin.markup import Html, joined, tag
from throng.hub.admin.parts import FINE, Problem, behind, field, form, hidden, link, page, secret, shown, table
from throng.hub.admin.proof import passkey_part, proof_note
from throng.hub.admin.qr import qr_picture
from throng.hub.language import said, tell
from throng.hub.people.accounts import Account
from throng.hub.people.asking import origin_of, person
from throng.hub.people.factors import Begun
from throng.hub.people.html import passkey_elsewhere
from throng.hub.people.passwords import LONGEST, SHORTEST
from throng.hub.people.people import People

OTHERS = "others"
"""In place of one session: all but the present one."""
_HOW = {"password": said("password"), "passkey": said("passkey"), "code": said("one-time code")}


def me_page(request: Request, people: People, *, problem: Problem = FINE) -> Response:
    """Who one is, and what opens the account."""
    asked = person(request)
    account = people.accounts.find(asked.name)
    lead = tag("p", tell("You are {name}: {grants}.", name=tag("strong", asked.name), grants=grants_told(asked.grants)))
    if account is None:
        note = tell("You signed in on the hub's own machine, without an account: it has no password, second factor or passkey.")
        return page(request, tell("You"), lead, tag("p", note, class_="note"), _sessions(people, asked), problem=problem)
    proved = people.sessions.is_proved(asked.session)
    parts = [
        proof_note(request, people, asked, back="/admin/me"),
        tag("h2", tell("Password")),
        _password(account) if proved else tag("p", tell("You have one.") if account.password else tell("You have none.")),
        tag("h2", tell("Second factor")),
        *_factor(account, proved=proved),
        tag("h2", tell("Passkeys")),
        *_passkeys(request, people, account, proved=proved),
        _sessions(people, asked),
    ]
    return page(request, tell("You"), lead, *parts, problem=problem, script=True)


def factor_page(request: Request, begun: Begun, *, problem: Problem = FINE) -> Response:
    """The second factor that was begun: to be scanned, followed or typed, and confirmed."""
    letters = " ".join(begun.secret[start : start + 4] for start in range(0, len(begun.secret), 4))
    way = link(begun.address, tell("open it there"))
    steps = tag(
        "ol",
        tag(
            "li",
            tell("Open an authenticator app on your phone and scan this, or {link}, or type the key.", link=way),
            qr_picture(begun.address, alt=tell("QR code of the key below")),
            secret(letters, label=tell("Key")),
        ),
        tag("li", tell("Type the six digits that the app shows now.")),
    )
    code = field(
        *(tell("The six digits"), "code"), inputmode="numeric", autocomplete="one-time-code", required=True, autofocus=True
    )
    confirm = form("/admin/me/factor/confirm", code, button=tell("Confirm"))
    back = tag("p", link("/admin/me", tell("Leave it as it was")), class_="hint")
    return page(request, tell("Second factor"), steps, confirm, back, problem=problem)


def recovery_page(request: Request, codes: Sequence[str]) -> Response:
    """The recovery codes, once."""
    sentence = tell(
        "Your second factor is set up. Keep these recovery codes where nobody else finds them: each is good once in place of a "
        "code of the app. They are not shown again."
    )
    listed = tag("ul", *(tag("li", code) for code in codes), class_="secret")
    back = tag("p", link("/admin/me", tell("I have kept them")))
    return page(request, tell("Recovery codes"), tag("p", sentence), listed, back)


def sessions_table(rows: Sequence[Sequence[str]]) -> Html:
    """Open sessions."""
    heads = (tell("Since"), tell("Last used"), tell("By"), tell("From"), "")
    return table(tell("Open sessions"), heads, rows, empty=tell("There is no open session."))


def session_rows(people: People, name: str, *, current: bytes = b"", end: str = "") -> list[list[str]]:
    """The cells of somebody's sessions; `end` is where a form ends one of them."""
    rows = []
    for known in people.sessions.of(name):
        one = form(end, hidden("session", known.id.hex()), button=tell("End"), quiet=True) if end else ""
        last = tag("span", tell("this one")) if known.id == current else one
        rows.append([shown(known.since), shown(known.seen), tell(_HOW[known.how]), known.address, last])
    return rows


def _password(account: Account) -> Html:
    typed = field(
        tell("New password"),
        "password",
        type="password",
        autocomplete="new-password",
        minlength=SHORTEST,
        maxlength=LONGEST,
        required=True,
        hint=tell(
            "{shortest} characters or more, of any kind. All your other sessions end with the old one.", shortest=SHORTEST
        ),
    )
    name = tag("input", type="hidden", name="name", value=account.name, autocomplete="username")
    button = tell("Change the password") if account.password else tell("Set a password")
    return form("/admin/me/password", name, typed, button=button)


def _factor(account: Account, *, proved: bool) -> list[Html | None]:
    if account.totp is None:
        told = tell("You have none: whoever learns your password is in. A passkey needs none.")
        return [tag("p", told), form("/admin/me/factor", button=tell("Set up a second factor")) if proved else None]
    told = tell("An authenticator app. {count} recovery codes are left.", count=len(account.recovery))
    if not proved:
        return [tag("p", told)]
    return [
        tag("p", told),
        form("/admin/me/factor", button=tell("Set up another in its place, with new recovery codes"), quiet=True),
        behind(tell("Remove the second factor"), form("/admin/me/factor/remove", button=tell("Remove it"))),
    ]


def _passkeys(request: Request, people: People, account: Account, *, proved: bool) -> list[Html | None]:
    rows = [
        [
            passkey.label,
            passkey.host,
            passkey.made,
            passkey.used or tell("never"),
            form("/admin/me/passkeys/remove", hidden("passkey", passkey.id), button=tell("Remove"), quiet=True)
            if proved
            else "",
        ]
        for passkey in account.passkeys
    ]
    heads = (tell("Name"), tell("Works at"), tell("Made"), tell("Last used"), "")
    empty = tell("You have none. A passkey signs you in with your finger, face or number.")
    listed = table(tell("Your passkeys"), heads, rows, empty=empty)
    if not proved:
        return [listed]
    origin = origin_of(request)
    if origin not in people.passkeys.origins:
        return [listed, passkey_elsewhere(people.passkeys.origins, "/admin/me")]
    label = field(tell("Name of a new passkey"), "label", hint=tell("Such as: phone."), maxlength=64, autocomplete="off")
    note = tag("p", tell("Adding a passkey is the one thing here that needs JavaScript."), class_="hint")
    add = passkey_part("add", tell("Add a passkey"), next_="/admin/me?done=passkey")
    return [listed, label, add, tag("noscript", note)]


def _remove(passkey: str) -> Html:
    return form("/admin/me/passkeys/remove", hidden("passkey", passkey), button=tell("Remove"), quiet=True)


def _sessions(people: People, asked: Principal) -> Html:
    rows = session_rows(people, asked.name, current=asked.session, end="/admin/me/sessions/end")
    others = (
        form("/admin/me/sessions/end", hidden("session", OTHERS), button=tell("End all others"), quiet=True)
        if len(rows) > 1
        else None
    )
    return joined(sessions_table(rows), others)
