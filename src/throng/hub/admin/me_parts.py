"""What the page about oneself shows."""

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import Response

from throng.hub.access import Principal
from throng.hub.admin.grants import grants_told
from throng.hub.admin.markup import Html, joined, tag
from throng.hub.admin.parts import FINE, Problem, behind, field, form, hidden, link, page, secret, shown, table
from throng.hub.admin.proof import passkey_button, proof_note
from throng.hub.admin.qr import qr_picture
from throng.hub.people.accounts import Account
from throng.hub.people.asking import origin_of, person
from throng.hub.people.factors import Begun
from throng.hub.people.passwords import LONGEST, SHORTEST
from throng.hub.people.people import People

OTHERS = "others"
"""In place of one session: all but the present one."""
_HOW = {"password": "password", "passkey": "passkey", "code": "one-time code"}


def me_page(request: Request, people: People, *, problem: Problem = FINE) -> Response:
    """Who one is, and what opens the account."""
    asked = person(request)
    account = people.accounts.find(asked.name)
    lead = tag("p", "You are ", tag("strong", asked.name), f": {grants_told(asked.grants)}.")
    if account is None:
        note = "You signed in on the hub's own machine, without an account: it has no password, second factor or passkey."
        return page(request, "You", lead, tag("p", note, class_="note"), _sessions(people, asked), problem=problem)
    proved = people.sessions.is_proved(asked.session)
    parts = [
        proof_note(request, people, asked, back="/admin/me"),
        tag("h2", "Password"),
        _password(account) if proved else tag("p", "You have one." if account.password else "You have none."),
        tag("h2", "Second factor"),
        *_factor(account, proved=proved),
        tag("h2", "Passkeys"),
        *_passkeys(request, people, account, proved=proved),
        _sessions(people, asked),
    ]
    return page(request, "You", lead, *parts, problem=problem, script=True)


def factor_page(request: Request, begun: Begun, *, problem: Problem = FINE) -> Response:
    """The second factor that was begun: to be scanned, followed or typed, and confirmed."""
    letters = " ".join(begun.secret[start : start + 4] for start in range(0, len(begun.secret), 4))
    steps = tag(
        "ol",
        tag(
            "li",
            "Open an authenticator app on your phone and scan this, or ",
            link(begun.address, "open it there"),
            ", or type the key.",
            qr_picture(begun.address, alt="QR code of the key below"),
            secret(letters, label="Key"),
        ),
        tag("li", "Type the six digits that the app shows now."),
    )
    code = field("The six digits", "code", inputmode="numeric", autocomplete="one-time-code", required=True, autofocus=True)
    confirm = form("/admin/me/factor/confirm", code, button="Confirm")
    back = tag("p", link("/admin/me", "Leave it as it was"), class_="hint")
    return page(request, "Second factor", steps, confirm, back, problem=problem)


def recovery_page(request: Request, codes: Sequence[str]) -> Response:
    """The recovery codes, once."""
    sentence = (
        "Your second factor is set up. Keep these recovery codes where nobody else finds them: each is good once in place of a "
        "code of the app. They are not shown again."
    )
    listed = tag("ul", *(tag("li", code) for code in codes), class_="secret")
    return page(request, "Recovery codes", tag("p", sentence), listed, tag("p", link("/admin/me", "I have kept them")))


def sessions_table(rows: Sequence[Sequence[str]]) -> Html:
    """Open sessions."""
    return table("Open sessions", ("Since", "Last used", "By", "From", ""), rows, empty="There is no open session.")


def session_rows(people: People, name: str, *, current: bytes = b"", end: str = "") -> list[list[str]]:
    """The cells of somebody's sessions; `end` is where a form ends one of them."""
    rows = []
    for known in people.sessions.of(name):
        one = form(end, hidden("session", known.id.hex()), button="End", quiet=True) if end else ""
        last = tag("span", "this one") if known.id == current else one
        rows.append([shown(known.since), shown(known.seen), _HOW[known.how], known.address, last])
    return rows


def _password(account: Account) -> Html:
    typed = field(
        "New password",
        "password",
        type="password",
        autocomplete="new-password",
        minlength=SHORTEST,
        maxlength=LONGEST,
        required=True,
        hint=f"{SHORTEST} characters or more, of any kind. All your other sessions end with the old one.",
    )
    name = tag("input", type="hidden", name="name", value=account.name, autocomplete="username")
    return form("/admin/me/password", name, typed, button="Change the password" if account.password else "Set a password")


def _factor(account: Account, *, proved: bool) -> list[Html | None]:
    if account.totp is None:
        told = "You have none: whoever learns your password is in. A passkey needs none."
        return [tag("p", told), form("/admin/me/factor", button="Set up a second factor") if proved else None]
    told = f"An authenticator app. {len(account.recovery)} recovery codes are left."
    if not proved:
        return [tag("p", told)]
    return [
        tag("p", told),
        form("/admin/me/factor", button="Set up another in its place, with new recovery codes", quiet=True),
        behind("Remove the second factor", form("/admin/me/factor/remove", button="Remove it")),
    ]


def _passkeys(request: Request, people: People, account: Account, *, proved: bool) -> list[Html | None]:
    rows = [
        [
            passkey.label,
            passkey.host,
            passkey.made,
            passkey.used or "never",
            form("/admin/me/passkeys/remove", hidden("passkey", passkey.id), button="Remove", quiet=True) if proved else "",
        ]
        for passkey in account.passkeys
    ]
    heads = ("Name", "Works at", "Made", "Last used", "")
    listed = table(
        "Your passkeys", heads, rows, empty="You have none. A passkey signs you in with your finger, face or number."
    )
    if not proved:
        return [listed]
    origin = origin_of(request)
    if origin not in people.passkeys.origins:
        places = [joined(link(f"{place}/admin/me", place), " ") for place in people.passkeys.origins[:2]]
        return [
            listed,
            tag("p", "A passkey needs the hub's name: open ", *places, "for it.", class_="hint") if places else None,
        ]
    label = field("Name of a new passkey", "label", hint="Such as: phone.", maxlength=64, autocomplete="off")
    script = tag("noscript", tag("p", "Adding a passkey is the one thing here that needs JavaScript.", class_="hint"))
    return [listed, label, passkey_button("add", "Add a passkey", next_="/admin/me?done=passkey"), script]


def _sessions(people: People, asked: Principal) -> Html:
    rows = session_rows(people, asked.name, current=asked.session, end="/admin/me/sessions/end")
    others = (
        form("/admin/me/sessions/end", hidden("session", OTHERS), button="End all others", quiet=True)
        if len(rows) > 1
        else None
    )
    return joined(sessions_table(rows), others)
