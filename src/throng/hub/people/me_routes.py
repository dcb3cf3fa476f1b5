"""Routes for one's own account."""

from typing import Annotated

from fastapi import FastAPI, Path, Request, Response

from throng.hub.access import ANYONE_SIGNED_IN, principal
from throng.hub.people import administer, factors, sign_in
from throng.hub.people.accounts import THIS_MACHINE
from throng.hub.people.asking import REFUSED, address_of, origin_of, own_account, person, proved, set_cookie
from throng.hub.people.codes import DEVICE_S
from throng.hub.people.models import (
    BegunFactor,
    Confirm,
    Done,
    Ended,
    Me,
    NewPasskey,
    NewPassword,
    Options,
    PasskeyAnswer,
    Proof,
    RecoveryCodes,
    SessionAnswer,
    SignedPasskey,
    SignInCode,
    grant_answers,
    passkey_answer,
    session_answers,
)
from throng.hub.people.people import People
from throng.hub.people.sign_in import Entered

PasskeyId = Annotated[str, Path(max_length=1_400, pattern=r"^[A-Za-z0-9_-]+$")]
SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def add_me(app: FastAPI, *, people: People) -> None:
    """Add who one is, one's sessions, and signing in another device."""

    @app.get("/api/v1/me", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def me(request: Request) -> Me:
        """Who asks, and with what that was shown."""
        asked = principal(request)
        account = people.accounts.find(asked.name) if asked.kind == "person" and asked.name != THIS_MACHINE else None
        return Me(
            name=asked.name,
            kind=asked.kind,
            grants=grant_answers(asked.grants),
            has_password=account is not None and account.password is not None,
            second_factor=account is not None and account.totp is not None,
            recovery_codes_left=len(account.recovery) if account else 0,
            passkeys=[passkey_answer(passkey) for passkey in account.passkeys] if account else [],
            proved=people.sessions.is_proved(asked.session),
        )

    @app.get("/api/v1/me/sessions", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def sessions(request: Request) -> list[SessionAnswer]:
        """One's open sessions."""
        asked = person(request)
        return session_answers(people.sessions.of(asked.name), current=asked.session)

    @app.delete("/api/v1/me/sessions", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def end_others(request: Request) -> Ended:
        """End all one's other sessions."""
        asked = person(request)
        ended = administer.end_sessions(people, asked.name, who=asked.name, address=address_of(request), but=asked.session)
        return Ended(ended=ended)

    @app.delete("/api/v1/me/sessions/{session}", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def end_one(request: Request, session: SessionId) -> Ended:
        """End one of one's sessions."""
        asked = person(request)
        ended = administer.end_sessions(people, asked.name, who=asked.name, address=address_of(request), session=session)
        return Ended(ended=ended)

    @app.post("/api/v1/sign-in-codes", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def new_code(request: Request) -> SignInCode:
        """A one-time sign-in for another device of the same person; what it opens ends with this session's time."""
        asked = person(request)
        key = "" if asked.name == THIS_MACHINE else people.accounts.get(asked.name).key
        end_s = people.clock() + people.sessions.left_s(asked.session)
        people.log.write("sign-in-code.make", who=asked.name, address=address_of(request))
        code = people.codes.make("sign-in", key=key, life_s=DEVICE_S, session_end_s=end_s)
        return SignInCode(code=code, url=f"{origin_of(request)}/sign-in?code={code}", expires_s=DEVICE_S)


def add_proof(app: FastAPI, *, people: People) -> None:
    """Add showing again who one is, before changing what opens an account."""

    @app.post("/api/v1/me/proof", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    async def prove(request: Request, response: Response, body: Proof) -> Done:
        """Show again who one is, with the password; the session goes on under a new token."""
        asked = person(request)
        own_account(asked, people)
        password, code = body.password.get_secret_value(), body.code.get_secret_value()
        token = await people.turns.run(
            lambda: sign_in.prove_by_password(people, asked, password=password, factor=code, address=address_of(request))
        )
        set_cookie(response, request, Entered(token, int(people.sessions.left_s(asked.session))))
        return Done()

    @app.post("/api/v1/me/proof/passkey/options", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def ask_for_proof(request: Request) -> Options:
        """What the browser is to sign with a passkey, to show again who one is."""
        asked = person(request)
        own_account(asked, people)
        return Options(options=sign_in.ask_for_proof(people, asked, origin=origin_of(request)))

    @app.post("/api/v1/me/proof/passkey", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def prove_by_passkey(request: Request, response: Response, body: SignedPasskey) -> Done:
        """Show again who one is, with a passkey; the session goes on under a new token."""
        asked = person(request)
        own_account(asked, people)
        answer = body.credential.answer()
        token = sign_in.prove_by_passkey(people, asked, origin=origin_of(request), answer=answer, address=address_of(request))
        set_cookie(response, request, Entered(token, int(people.sessions.left_s(asked.session))))
        return Done()


def add_factors(app: FastAPI, *, people: People) -> None:
    """Add changing the password and the second factor."""

    @app.post("/api/v1/me/password", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    async def change_password(request: Request, body: NewPassword) -> Done:
        """Set a new password; ends all other sessions."""
        asked = proved(request, people)
        account = own_account(asked, people)
        password = body.password.get_secret_value()
        await people.turns.run(
            lambda: factors.change_password(people, account, password, session=asked.session, address=address_of(request))
        )
        return Done()

    @app.post("/api/v1/me/totp", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def begin_totp(request: Request) -> BegunFactor:
        """Begin a second factor, or another in its place: the secret for an authenticator app."""
        begun = factors.begin_totp(people, own_account(proved(request, people), people))
        return BegunFactor(secret=begun.secret, address=begun.address)

    @app.put("/api/v1/me/totp", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def confirm_totp(request: Request, body: Confirm) -> RecoveryCodes:
        """Confirm the second factor with a code of the app; answers the recovery codes, once."""
        account = own_account(proved(request, people), people)
        code = body.code.get_secret_value()
        _, recovery = factors.confirm_totp(people, account, code, address=address_of(request))
        return RecoveryCodes(recovery_codes=list(recovery))

    @app.delete("/api/v1/me/totp", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def remove_totp(request: Request) -> Done:
        """Take the second factor and its recovery codes away."""
        factors.remove_totp(people, own_account(proved(request, people), people), address=address_of(request))
        return Done()


def add_passkeys(app: FastAPI, *, people: People) -> None:
    """Add making and removing passkeys."""

    @app.get("/api/v1/me/passkeys", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def passkeys(request: Request) -> list[PasskeyAnswer]:
        """One's passkeys."""
        return [passkey_answer(passkey) for passkey in own_account(person(request), people).passkeys]

    @app.post("/api/v1/me/passkeys/options", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def ask_for_passkey(request: Request) -> Options:
        """What the browser is to make."""
        account = own_account(proved(request, people), people)
        return Options(options=factors.ask_for_passkey(people, account, origin=origin_of(request)))

    @app.post("/api/v1/me/passkeys", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def add_passkey(request: Request, body: NewPasskey) -> PasskeyAnswer:
        """Keep the passkey that was made."""
        account = own_account(proved(request, people), people)
        answer, origin = body.credential.answer(), origin_of(request)
        passkey = factors.add_passkey(
            people, account, label=body.label, origin=origin, answer=answer, address=address_of(request)
        )
        return passkey_answer(passkey)

    @app.delete("/api/v1/me/passkeys/{passkey}", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def remove_passkey(request: Request, passkey: PasskeyId) -> Done:
        """Take a passkey away."""
        account = own_account(proved(request, people), people)
        factors.remove_passkey(people, account, passkey, address=address_of(request))
        return Done()
