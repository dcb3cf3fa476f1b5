"""The pages for people who are not signed in, as HTML."""

import html
from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import HTMLResponse, Response

from throng.hub.people.factors import Begun
from throng.hub.people.joining import Joining
from throng.hub.people.passwords import LONGEST, SHORTEST

_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/sign-in/style.css">{script}</head>
<body><main><h1>{title}</h1>
{body}
</main></body>
</html>
"""
_SCRIPT = '<script type="module" src="/sign-in/passkey.js"></script>'
_PROBLEM = '<p role="alert" id="problem">{message}</p>'

_SIGN_IN = """\
<form method="post" action="/sign-in">
<label for="name">Name</label>
<input id="name" name="name" value="{name}" autocomplete="username webauthn" autocapitalize="none" spellcheck="false"
 required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<label for="factor">Code of your second factor</label>
<input id="factor" name="factor" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"
 aria-describedby="factor-hint">
<p class="hint" id="factor-hint">Of your app, or a recovery code. Leave it empty if you have set none up.</p>
{problem}
<button>Sign in</button>
</form>
{passkeys}
"""
_CODE = """\
<form method="post" action="/sign-in">
<label for="code">One-time code</label>
<input id="code" name="code" value="{code}" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required>
{problem}
<button>Sign in</button>
</form>
"""
_SET_UP = """\
<p>{lead}</p>
<form method="post" action="/set-up">
<input type="hidden" id="code" name="code" value="{code}">
{name}
{first}
<label for="password">{password}</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="{shortest}" maxlength="{longest}"
 aria-describedby="password-hint" required>
<p class="hint" id="password-hint">{shortest} characters or more, of any kind. Four words that do not belong together do.</p>
{problem}
<button{quiet}>Set this password</button>
</form>
"""
_NEW_NAME = """\
<label for="name">Your name</label>
<input id="name" name="name" value="{name}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64"
 required autofocus>"""
_OWN_NAME = """\
<label for="name">Your name</label>
<input id="name" name="name" value="{name}" autocomplete="username" readonly>"""
_FACTOR = """\
<p>Your role needs a second factor. Add this key to an authenticator app, by <a href="{address}">this link</a> on your phone or
by typing it:</p>
<p class="secret" id="secret">{secret}</p>
<form method="post" action="/sign-in/factor">
<input type="hidden" name="code" value="{code}">
<label for="factor">The six digits that the app shows</label>
<input id="factor" name="factor" inputmode="numeric" autocomplete="one-time-code" required autofocus>
{problem}
<button>Sign in</button>
</form>
"""
_RECOVERY = """\
<p>Keep these recovery codes where nobody else finds them. Each is good once in place of a code of the app. They are not shown
again.</p>
<ul class="secret">{codes}</ul>
<p><a href="/">Go on</a></p>
"""
_LEADS = {
    "set-up": "You are the first: you become the administrator of this hub. This link works once.",
    "invite": "You were invited to this hub. What you set here nobody else knows.",
    "reset": "Set anew what opens your account. What opened it before is gone.",
}


def sign_in_page(
    site: str, *, name: str = "", message: str = "", has_passkeys: bool, elsewhere: Sequence[str], status: int = HTTPStatus.OK
) -> Response:
    """Name, password and code; a passkey where the browser can."""
    passkeys = (
        '<div hidden><button type="button" class="second" data-passkey="sign">Sign in with a passkey</button></div>'
        if has_passkeys
        else _elsewhere(elsewhere)
    )
    body = _SIGN_IN.format(name=_plain(name), problem=_problem(message), passkeys=passkeys)
    return _page(f"{site}: sign in", body, script=has_passkeys, status=status)


def code_page(site: str, *, code: str = "", message: str = "", status: int = HTTPStatus.OK) -> Response:
    """A one-time code."""
    return _page(f"{site}: sign in", _CODE.format(code=_plain(code), problem=_problem(message)), status=status)


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
    own = _OWN_NAME.format(name=_plain(joining.name)) if joining.name else _NEW_NAME.format(name=_plain(name))
    first = (
        '<div hidden><button type="button" data-passkey="make">Use a passkey</button>'
        '<p class="hint">Your device asks for your finger, face or number; there is nothing to remember.</p></div>'
        if has_passkeys
        else _elsewhere(elsewhere)
    )
    body = _SET_UP.format(
        lead=_LEADS[joining.purpose],
        code=_plain(code),
        name=own,
        first=first,
        password="Or a password" if has_passkeys else "Password",
        shortest=SHORTEST,
        longest=LONGEST,
        problem=_problem(message),
        quiet=' class="second"' if has_passkeys else "",
    )
    return _page(f"{site}: set up", body, script=has_passkeys, status=status)


def factor_page(site: str, *, code: str, begun: Begun, message: str = "", status: int = HTTPStatus.OK) -> Response:
    """The second factor that a role needs."""
    secret = " ".join(begun.secret[start : start + 4] for start in range(0, len(begun.secret), 4))
    body = _FACTOR.format(address=_plain(begun.address), secret=secret, code=_plain(code), problem=_problem(message))
    return _page(f"{site}: second factor", body, status=status)


def recovery_page(site: str, codes: Sequence[str]) -> Response:
    """The recovery codes, once."""
    return _page(f"{site}: recovery codes", _RECOVERY.format(codes="".join(f"<li>{_plain(code)}</li>" for code in codes)))


def notice_page(site: str, message: str, *, status: int) -> Response:
    """A sentence, and the way to signing in."""
    return _page(site, f'{_problem(message)}<p><a href="/sign-in">Sign in</a></p>', status=status)


def _page(title: str, body: str, *, script: bool = False, status: int = HTTPStatus.OK) -> Response:
    page = _PAGE.format(title=_plain(title), body=body, script=_SCRIPT if script else "")
    return HTMLResponse(page, status_code=status)


def _elsewhere(origins: Sequence[str]) -> str:
    if not origins:
        return ""
    links = " or ".join(f'<a href="{_plain(origin)}/sign-in">{_plain(origin)}</a>' for origin in origins[:2])
    return f'<p class="hint">A passkey needs the hub\'s name: open {links} for it.</p>'


def _problem(message: str) -> str:
    sentence = f"{message[:1].upper()}{message[1:]}" + ("" if message.endswith(".") or not message else ".")
    return _PROBLEM.format(message=_plain(sentence))


def _plain(text: str) -> str:
    return html.escape(text, quote=True)
