"""The pages for people who are not signed in, as HTML."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import HTMLResponse, Response

from throng.hub.admin.markup import Attribute, Html, document, joined, tag
from throng.hub.language import is_told, language, language_form, said, tell
from throng.hub.people.factors import Begun
from throng.hub.people.joining import Joining
from throng.hub.people.passwords import LONGEST, SHORTEST

_LEADS = {
    "set-up": said("You are the first: you become the administrator of this hub. This link works once."),
    "invite": said("You were invited to this hub. What you set here nobody else knows."),
    "reset": said("Set anew what opens your account. What opened it before is gone."),
}
REFUSALS = (
    said("that did not fit: check the name, the password and, where a second factor is set up, its code"),
    said("that code is wrong, used or expired: the hub prints a new one when it starts, and a signed-in page makes more"),
    said("that link is wrong, used or expired: ask for a new one; the first one is printed when the hub starts"),
    said("that code does not fit: check the clock of your device, and type the newest one"),
    said("that took longer than ten minutes: sign in again"),
    said("too many people sign in at once: try again in a few seconds"),
)
"""What strangers are told most often; all else that was refused is told in English."""


def sign_in_page(
    site: str, *, name: str = "", message: str = "", has_passkeys: bool, elsewhere: Sequence[str], status: int = HTTPStatus.OK
) -> Response:
    """Name, password and code; a passkey where the browser can."""
    typed = (
        _field(tell("Name"), "name", value=name, autocomplete="username webauthn", required=True, autofocus=True),
        _field(tell("Password"), "password", type="password", autocomplete="current-password", required=True),
        _field(
            tell("Code of your second factor"),
            "factor",
            hint=tell("Of your app, or a recovery code. Leave it empty if you have set none up."),
            autocomplete="one-time-code",
        ),
    )
    passkey = (
        tag("div", passkey_button("sign", tell("Sign in with a passkey"), quiet=True), hidden=True)
        if has_passkeys
        else passkey_elsewhere(elsewhere, "/sign-in")
    )
    sent = _form("/sign-in", *typed, problem_of(message), button=tell("Sign in"))
    return _page(tell("{site}: sign in", site=site), sent, passkey, script=has_passkeys, status=status)


def code_page(site: str, *, code: str = "", message: str = "", status: int = HTTPStatus.OK) -> Response:
    """A one-time code."""
    typed = _field(tell("One-time code"), "code", value=code, autocomplete="one-time-code", required=True)
    sent = _form("/sign-in", typed, problem_of(message), button=tell("Sign in"))
    return _page(tell("{site}: sign in", site=site), sent, status=status)


def set_up_page(
    site: str,
    joining: Joining,
    *,
    code: str,
    name: str = "",
    message: str = "",
    has_passkeys: bool,
    elsewhere: Sequence[str],
    status: int = HTTPStatus.OK,
) -> Response:
    """A name where it is to be chosen, and a passkey or a password."""
    chosen: dict[str, Attribute] = {"maxlength": 64, "required": True, "autofocus": True}
    own = {"value": joining.name, "readonly": True} if joining.name else {"value": name, **chosen}
    hint = tell("Your device asks for your finger, face or number; there is nothing to remember.")
    first = (
        tag("div", passkey_button("make", tell("Use a passkey")), tag("p", hint, class_="hint"), hidden=True)
        if has_passkeys
        else passkey_elsewhere(elsewhere, "/sign-in")
    )
    password = _field(
        tell("Or a password") if has_passkeys else tell("Password"),
        "password",
        hint=tell("{shortest} characters or more, of any kind. Four words that do not belong together do.", shortest=SHORTEST),
        type="password",
        autocomplete="new-password",
        minlength=SHORTEST,
        maxlength=LONGEST,
        required=True,
    )
    sent = _form(
        "/set-up",
        tag("input", type="hidden", id="code", name="code", value=code),
        _field(tell("Your name"), "name", autocomplete="username", **own),
        first,
        password,
        problem_of(message),
        button=tell("Set this password"),
        quiet=has_passkeys,
    )
    lead = tag("p", tell(_LEADS[joining.purpose]))
    return _page(tell("{site}: set up", site=site), lead, sent, script=has_passkeys, status=status)


def factor_page(site: str, *, code: str, begun: Begun, message: str = "", status: int = HTTPStatus.OK) -> Response:
    """The second factor that a role needs."""
    secret = " ".join(begun.secret[start : start + 4] for start in range(0, len(begun.secret), 4))
    way = tag("a", tell("this link"), href=begun.address)
    lead = tell(
        "Your role needs a second factor. Add this key to an authenticator app, by {link} on your phone or by typing it:",
        link=way,
    )
    digits = _field(
        tell("The six digits that the app shows"),
        "factor",
        inputmode="numeric",
        autocomplete="one-time-code",
        required=True,
        autofocus=True,
    )
    hidden = tag("input", type="hidden", name="code", value=code)
    sent = _form("/sign-in/factor", hidden, digits, problem_of(message), button=tell("Sign in"))
    title = tell("{site}: second factor", site=site)
    return _page(title, tag("p", lead), tag("p", secret, class_="secret", id="secret"), sent, status=status)


def recovery_page(site: str, codes: Sequence[str]) -> Response:
    """The recovery codes, once."""
    lead = tell(
        "Keep these recovery codes where nobody else finds them. Each is good once in place of a code of the app. "
        "They are not shown again."
    )
    listed = tag("ul", *(tag("li", code) for code in codes), class_="secret")
    go_on = tag("p", tag("a", tell("Go on"), href="/"))
    return _page(tell("{site}: recovery codes", site=site), tag("p", lead), listed, go_on)


def notice_page(site: str, message: str, *, status: int) -> Response:
    """A sentence, and the way to signing in."""
    return _page(site, problem_of(message), tag("p", tag("a", tell("Sign in"), href="/sign-in")), status=status)


def problem_of(message: str) -> Html:
    """Why something was not done; empty, and filled by the script, where nothing was refused."""
    told = tell(message)
    stop = "。" if language() == "zh" and is_told(message) else "."
    sentence = f"{told[:1].upper()}{told[1:]}" + ("" if not told or told.endswith((".", "。")) else stop)
    return tag("p", sentence, role="alert", id="problem", lang="en" if message and not is_told(message) else None)


def passkey_button(way: str, text: str, *, next_: str | None = None, quiet: bool = False) -> Html:
    """A button for the script of passkeys, with what that says when it fails."""
    return tag(
        "button",
        text,
        type="button",
        class_="second" if quiet else None,
        data_passkey=way,
        data_next=next_,
        data_cancelled=tell("The passkey was not used: it was cancelled, or took too long."),
        data_known=tell("That device has a passkey for you already: sign in with it."),
        data_failed=tell("That did not work: reload the page."),
    )


def passkey_elsewhere(origins: Sequence[str], path: str) -> Html | None:
    """Where the hub is to be opened for a passkey; None where passkeys work nowhere."""
    if not origins:
        return None
    first, *more = (tag("a", origin, href=f"{origin}{path}") for origin in origins[:2])
    links = tell("{first} or {second}", first=first, second=more[0]) if more else first
    return tag("p", tell("A passkey needs the hub's name: open {links} for it.", links=links), class_="hint")


def _page(title: str, *body: str | None, script: bool = False, status: int = HTTPStatus.OK) -> Response:
    main = tag("main", tag("h1", title), *body)
    choice = language_form()
    foot = tag("footer", choice) if choice else None
    text = document(title, main, foot, language=language(), styles=("/sign-in/style.css",), script=script)
    return HTMLResponse(text, status_code=status)


def _form(action: str, *inside: str | None, button: str, quiet: bool = False) -> Html:
    sent = tag("button", button, class_="second" if quiet else None)
    return tag("form", *inside, sent, method="post", action=action)


def _field(label: str, name: str, *, hint: str = "", **attributes: Attribute) -> Html:
    settings: dict[str, Attribute] = {"autocapitalize": "none", "spellcheck": "false"} if "type" not in attributes else {}
    described = f"{name}-hint" if hint else None
    typed = tag("input", id=name, name=name, **attributes, **settings, aria_describedby=described)
    return joined(tag("label", label, for_=name), typed, tag("p", hint, class_="hint", id=described) if hint else None)
