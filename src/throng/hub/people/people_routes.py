"""Routes for administrators about people, and for everybody about tokens."""

from typing import Annotated

from fastapi import FastAPI, Path, Request

from throng.data.errors import AccountError
from throng.hub.access import ANYONE_SIGNED_IN, needs, principal
from throng.hub.people import administer
from throng.hub.people.accounts import LONGEST_NAME
from throng.hub.people.asking import REFUSED, address_of, origin_of, own_account, proved
from throng.hub.people.codes import LINK_S
from throng.hub.people.me_routes import SessionId
from throng.hub.people.models import (
    Done,
    Ended,
    FactorRoles,
    Link,
    MadeToken,
    NewGrants,
    NewPerson,
    NewToken,
    Person,
    RolesAnswer,
    SessionAnswer,
    TokenAnswer,
    person_answer,
    session_answers,
    token_fields,
)
from throng.hub.people.people import People

ADMINISTRATOR = needs("administrator", scope="hub")
READER = needs("administrator", "auditor", scope="hub")
Name = Annotated[str, Path(min_length=1, max_length=4 * LONGEST_NAME)]
TokenId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


def add_accounts(app: FastAPI, *, people: People) -> None:
    """Add who there is, inviting, changing and removing."""

    @app.get("/api/v1/people", responses=REFUSED, openapi_extra=READER)
    def everybody() -> list[Person]:
        """Everybody who has an account or was invited."""
        return [person_answer(account, sessions=len(people.sessions.of(account.name))) for account in people.accounts.all()]

    @app.post("/api/v1/people", responses=REFUSED, openapi_extra=ADMINISTRATOR, status_code=201)
    def invite(request: Request, body: NewPerson) -> Link:
        """Invite somebody; whoever follows the link sets a password or makes a passkey that nobody else ever knows."""
        asked = proved(request, people)
        grants = [grant.grant() for grant in body.grants]
        account, code = administer.invite(people, body.name, grants=grants, who=asked.name, address=address_of(request))
        return _link(request, account.name, code)

    @app.get("/api/v1/people/{name}", responses=REFUSED, openapi_extra=READER)
    def somebody(name: Name) -> Person:
        """One person."""
        account = people.accounts.get(name)
        return person_answer(account, sessions=len(people.sessions.of(account.name)))

    @app.put("/api/v1/people/{name}", responses=REFUSED, openapi_extra=ADMINISTRATOR)
    def set_grants(request: Request, name: Name, body: NewGrants) -> Person:
        """Change what somebody may do; ends the person's sessions."""
        asked = proved(request, people)
        grants = [grant.grant() for grant in body.grants]
        account = administer.set_grants(people, name, grants=grants, who=asked.name, address=address_of(request))
        return person_answer(account, sessions=0)

    @app.delete("/api/v1/people/{name}", responses=REFUSED, openapi_extra=ADMINISTRATOR)
    def remove(request: Request, name: Name) -> Done:
        """Remove somebody, with all sessions and tokens."""
        asked = proved(request, people)
        administer.remove(people, name, who=asked.name, address=address_of(request))
        return Done()

    @app.post("/api/v1/people/{name}/reset", responses=REFUSED, openapi_extra=ADMINISTRATOR)
    def reset(request: Request, name: Name) -> Link:
        """Take away all that opens somebody's account, and make a link by which the person sets it anew."""
        asked = proved(request, people)
        account = people.accounts.get(name)
        return _link(request, account.name, administer.reset(people, name, who=asked.name, address=address_of(request)))

    @app.get("/api/v1/people/{name}/sessions", responses=REFUSED, openapi_extra=READER)
    def sessions(name: Name) -> list[SessionAnswer]:
        """Somebody's open sessions."""
        return session_answers(people.sessions.of(people.accounts.get(name).name))

    @app.delete("/api/v1/people/{name}/sessions", responses=REFUSED, openapi_extra=ADMINISTRATOR)
    def end_all(request: Request, name: Name) -> Ended:
        """End all of somebody's sessions."""
        asked = proved(request, people)
        account = people.accounts.get(name)
        return Ended(ended=administer.end_sessions(people, account.name, who=asked.name, address=address_of(request)))

    @app.delete("/api/v1/people/{name}/sessions/{session}", responses=REFUSED, openapi_extra=ADMINISTRATOR)
    def end_one(request: Request, name: Name, session: SessionId) -> Ended:
        """End one of somebody's sessions."""
        asked = proved(request, people)
        account = people.accounts.get(name)
        ended = administer.end_sessions(people, account.name, who=asked.name, address=address_of(request), session=session)
        return Ended(ended=ended)


def add_second_factor(app: FastAPI, *, people: People) -> None:
    """Add which roles need a second factor."""

    @app.get("/api/v1/settings/second-factor", responses=REFUSED, openapi_extra=READER)
    def roles() -> RolesAnswer:
        """The roles that need a second factor beside a password."""
        return RolesAnswer.model_validate({"roles": people.roles_with_factor()})

    @app.put("/api/v1/settings/second-factor", responses=REFUSED, openapi_extra=ADMINISTRATOR)
    def require(request: Request, body: FactorRoles) -> RolesAnswer:
        """Set them; whoever has none is asked to set it up at the next sign-in with a password."""
        asked = proved(request, people)
        wanted = list(dict.fromkeys(body.roles))
        people.require_factor(wanted, who=asked.name, address=address_of(request))
        return RolesAnswer(roles=wanted)


def add_tokens(app: FastAPI, *, people: People) -> None:
    """Add tokens for scripts."""

    @app.get("/api/v1/tokens", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def tokens(request: Request) -> list[TokenAnswer]:
        """One's own tokens; an administrator's and auditor's of all sites: everybody's."""
        asked = principal(request)
        return [TokenAnswer.model_validate(token_fields(token)) for token in administer.tokens_for(people, asked)]

    @app.post("/api/v1/tokens", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN, status_code=201)
    def make(request: Request, body: NewToken) -> MadeToken:
        """Make a token that may do no more than oneself; its secret is shown this once."""
        asked = proved(request, people)
        own_account(asked, people)
        grants = [grant.grant() for grant in body.grants]
        secret, token = administer.make_token(
            people, asked, body.name, grants=grants, days=body.days, address=address_of(request)
        )
        return MadeToken.model_validate(token_fields(token) | {"token": secret})

    @app.get("/api/v1/tokens/{token}", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def one(request: Request, token: TokenId) -> TokenAnswer:
        """One token that one may see."""
        for known in administer.tokens_for(people, principal(request)):
            if known.id == token:
                return TokenAnswer.model_validate(token_fields(known))
        raise AccountError("there is no such token: /api/v1/tokens lists yours", status=404)

    @app.delete("/api/v1/tokens/{token}", responses=REFUSED, openapi_extra=ANYONE_SIGNED_IN)
    def remove(request: Request, token: TokenId) -> Done:
        """Remove a token: it is worthless at once."""
        administer.remove_token(people, proved(request, people), token, address=address_of(request))
        return Done()


def _link(request: Request, name: str, code: str) -> Link:
    return Link(name=name, url=f"{origin_of(request)}/set-up?code={code}", expires_s=LINK_S)
