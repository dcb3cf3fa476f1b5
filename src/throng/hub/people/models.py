"""What is asked of and answered by the routes about people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from throng.hub.access import EVERYWHERE, ROLES, Grant, Role
from throng.hub.models import Answer
from throng.hub.people.accounts import LONGEST_NAME, Account, Passkey
from throng.hub.people.sessions import How, SessionFacts
from throng.hub.people.tokens import MOST_DAYS, USUAL_DAYS, Token

_BASE64 = r"^[A-Za-z0-9_-]*={0,2}$"
Base64 = Annotated[str, Field(max_length=8_000, pattern=_BASE64)]
Secret = Annotated[SecretStr, Field(max_length=1_000)]
Typed = Annotated[SecretStr, Field(max_length=100, description="Of an app, or a recovery code; empty without a second factor.")]
Code = Annotated[SecretStr, Field(max_length=100)]
Named = Annotated[str, Field(min_length=1, max_length=4 * LONGEST_NAME)]
Label = Annotated[str, Field(max_length=64, pattern=r"^[\w .'()-]*$")]


class Body(BaseModel):
    """What all requests share: nothing that is not asked for, and a mistake is never answered with what was sent."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class GrantBody(Body):
    """A role at one site, or everywhere."""

    role: Role
    site: Annotated[str, Field(min_length=1, max_length=200)] = EVERYWHERE

    def grant(self) -> Grant:
        """As the hub knows it."""
        return Grant(self.role, self.site)


Grants = Annotated[list[GrantBody], Field(min_length=1, max_length=200)]


class NewPerson(Body):
    """Whom to invite, and what the person may do."""

    name: Named
    grants: Grants


class NewGrants(Body):
    """What a person may do from now on."""

    grants: Grants


class NewPassword(Body):
    """The password to be set."""

    password: Secret


class Proof(Body):
    """The present password, and a code of the second factor where there is one."""

    password: Secret
    code: Typed = SecretStr("")


class Confirm(Body):
    """The newest code of the app that has taken the secret over."""

    code: Code


class FactorRoles(Body):
    """The roles that need a second factor beside a password."""

    roles: Annotated[list[Role], Field(max_length=len(ROLES))]


class CredentialResponse(Body):
    """What an authenticator answered, base64url."""

    client_data: Base64 = Field(alias="clientDataJSON")
    attestation: Base64 | None = Field(default=None, alias="attestationObject")
    authenticator: Base64 | None = Field(default=None, alias="authenticatorData")
    signature: Base64 | None = None
    owner: Base64 | None = Field(default=None, alias="userHandle")


class Credential(Body):
    """A passkey's answer, as browsers give it."""

    id: Base64
    raw_id: Base64 = Field(alias="rawId")
    type: Literal["public-key"]
    response: CredentialResponse

    def answer(self) -> dict[str, Any]:
        """As `Passkeys` takes it."""
        return self.model_dump(by_alias=True, exclude_none=True)


class NewPasskey(Body):
    """A passkey that was made as asked, and what its owner calls it."""

    credential: Credential
    label: Label = ""


class SignedPasskey(Body):
    """What a passkey signed."""

    credential: Credential


class LinkBody(Body):
    """The code of a link, and the name that is chosen by the first administrator."""

    code: Code
    name: Annotated[str, Field(max_length=4 * LONGEST_NAME)] = ""


class LinkPasskey(LinkBody):
    """A passkey that was made by a link."""

    credential: Credential
    label: Label = ""


class NewToken(Body):
    """What a token is for, what it may do, and how long."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\w[\w .-]*$")]
    grants: Grants
    days: Annotated[int, Field(ge=1, le=MOST_DAYS, strict=True)] = USUAL_DAYS


class GrantAnswer(Answer):
    """A role at one site, or everywhere."""

    role: Role
    site: str


class PasskeyAnswer(Answer):
    """A passkey."""

    id: str
    label: str
    host: str = Field(description="The name of the hub at which it works.")
    made: str = Field(description="The day, UTC.")
    used: str = Field(description="The day of its last use, UTC; empty before.")


class Me(Answer):
    """Who asks."""

    name: str
    kind: Literal["person", "token", "sensor"]
    grants: list[GrantAnswer]
    has_password: bool
    second_factor: bool
    recovery_codes_left: int
    passkeys: list[PasskeyAnswer]
    proved: bool = Field(description="Whether the person showed who it is within the last ten minutes.")


class Person(Answer):
    """An account, without anything that opens it."""

    name: str
    grants: list[GrantAnswer]
    can_sign_in: bool = Field(description="False until the invitation or the new link was used.")
    second_factor: bool
    passkeys: int
    sessions: int
    made: str = Field(description="The day, UTC.")


class Link(Answer):
    """A one-time link, to be handed to the person it is for."""

    name: str
    url: str
    expires_s: int


class SignInCode(Answer):
    """A one-time sign-in for another device of the same person."""

    code: str
    url: str
    expires_s: int


class SessionAnswer(Answer):
    """An open session."""

    id: str
    how: How
    address: str = Field(description="From where it was opened.")
    since: datetime
    seen: datetime = Field(description="When it was last used.")
    current: bool


class Ended(Answer):
    """How many sessions were ended."""

    ended: int


class Done(Answer):
    """It is done."""

    done: Literal[True] = True


class BegunFactor(Answer):
    """The secret for the app; confirm it within ten minutes."""

    secret: str
    address: str = Field(description="The otpauth: address that an app takes over.")


class RecoveryCodes(Answer):
    """Each is good once in place of a code of the app; they are not shown again."""

    recovery_codes: list[str]


class Options(Answer):
    """What to hand to the browser's credentials interface, base64url where that takes bytes."""

    options: dict[str, Any]


class RolesAnswer(Answer):
    """The roles that need a second factor beside a password."""

    roles: list[Role]


class TokenAnswer(Answer):
    """A token, without its secret."""

    id: str
    name: str
    owner: str
    grants: list[GrantAnswer]
    made: datetime
    ends: datetime
    used: str = Field(description="The day of its last use, UTC; empty before.")


class MadeToken(TokenAnswer):
    """A new token, with its secret, which is not shown again."""

    token: str


def grant_answers(grants: Sequence[Grant]) -> list[GrantAnswer]:
    """Grants as people see them."""
    return [GrantAnswer(role=grant.role, site=grant.site) for grant in grants]


def passkey_answer(passkey: Passkey) -> PasskeyAnswer:
    """A passkey as its owner sees it."""
    return PasskeyAnswer(id=passkey.id, label=passkey.label, host=passkey.host, made=passkey.made, used=passkey.used)


def person_answer(account: Account, *, sessions: int) -> Person:
    """An account as administrators see it."""
    return Person(
        name=account.name,
        grants=grant_answers(account.grants),
        can_sign_in=account.can_sign_in,
        second_factor=account.totp is not None,
        passkeys=len(account.passkeys),
        sessions=sessions,
        made=account.made,
    )


def session_answers(sessions: Sequence[SessionFacts], *, current: bytes = b"") -> list[SessionAnswer]:
    """Sessions as their owner and administrators see them."""
    return [
        SessionAnswer(
            id=known.id.hex(),
            how=known.how,
            address=known.address,
            since=known.since,
            seen=known.seen,
            current=known.id == current,
        )
        for known in sessions
    ]


def token_fields(token: Token) -> dict[str, Any]:
    """The fields of a `TokenAnswer`."""
    names = ("id", "name", "owner", "made", "ends", "used")
    return {name: getattr(token, name) for name in names} | {"grants": grant_answers(token.grants)}
