"""Sensors over HTTP: enrolling, renewing, listing, removing."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from throng.data.errors import LogError, SealError, StoreError
from throng.hub.access import PRINCIPAL, Principal, needs, principal, visible
from throng.hub.gate import PEER, client_address
from throng.hub.models import Answer, Problem
from throng.hub.sensors.authority import Authority
from throng.hub.sensors.enrolment import LIFE_S, LONGEST_LIFE_S, Enrolments, OpenEnrolment
from throng.hub.sensors.refusal import Refused
from throng.hub.sensors.sensors import Health, Sensor, Sensors

SILENT_S = 150.0
"""A sensor that was not heard of for longer, though it reports every minute, is called silent."""

_NAME = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"
_PEM_LETTERS = 4096

SensorName = Annotated[
    str, Field(max_length=63, pattern=_NAME, description="Letters, digits, dot, hyphen and underscore.", examples=["north-box"])
]
_InPath = Annotated[str, Path(max_length=63, pattern=_NAME)]
_IdInPath = Annotated[str, Path(max_length=16, pattern=r"^[A-Za-z0-9_-]+$")]
Pem = Annotated[str, Field(max_length=_PEM_LETTERS)]
_FAILED: dict[int | str, dict[str, Any]] = {503: {"model": Problem}}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (401, 403, 422, 429)}
_LOOK = needs("operator", "administrator", "auditor")
_ADMINISTER = needs("administrator", scope="hub")


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AuthorityAnswer(Answer):
    """The hub's own authority: public."""

    fingerprint: str = Field(description="SHA-256 of its certificate, hexadecimal with colons: compare it before you trust it.")
    certificate_pem: str


class EnrolmentBody(_Body):
    """A sensor that may come."""

    sensor: SensorName
    site: str = Field(min_length=1, max_length=100)
    valid_s: int = Field(default=LIFE_S, ge=60, le=LONGEST_LIFE_S, description="How long the token works, seconds.")


class EnrolmentAnswer(Answer):
    """An enrolment that waits for its sensor."""

    id: str = Field(description="The first letters of its token.")
    sensor: str
    site: str
    expires: datetime


class NewEnrolment(EnrolmentAnswer):
    """A new enrolment, with what the sensor needs."""

    token: str = Field(description="Works once; shown this once.")
    fingerprint: str = Field(description="Of the hub's authority.")


class EnrolBody(_Body):
    """A sensor's first request."""

    token_id: str = Field(max_length=16, pattern=r"^[A-Za-z0-9_-]+$", description="The first 8 letters of the token.")
    request_pem: Pem
    proof: str = Field(
        pattern="^[0-9a-f]{64}$",
        description="HMAC-SHA256 under the token, over SHA-256 of the request's DER and the authority's fingerprint.",
    )


class RenewBody(_Body):
    """A request for the next certificate; the last three only from a sensor whose certificate has expired."""

    request_pem: Pem
    certificate_pem: Pem | None = None
    time_s: int | None = Field(default=None, ge=0, le=2**40, description="Unix time of the signature.")
    signature: str | None = Field(default=None, max_length=256, description="With the old key, base64.")


class CertificateAnswer(Answer):
    """A sensor's certificate."""

    certificate_pem: str
    expires: datetime


class CameraHealth(Answer):
    """What a sensor says of one of its cameras."""

    camera: str
    state: str
    reason: str


class SensorAnswer(Answer):
    """A sensor and how it is."""

    name: str
    site: str
    state: Literal["live", "silent", "expired"] = Field(
        description="silent: not heard of for 150 s, or since the hub started; expired: silent, and its certificate has ended."
    )
    last_seen: datetime | None = Field(description="Its last request since the hub started, UTC.")
    version: str = Field(description="Of Throng on it; empty before it said so.")
    enrolled: datetime
    renewed: datetime = Field(description="When its certificate was made.")
    certificate_expires: datetime
    cameras: list[CameraHealth]


def add_sensors(
    app: FastAPI,
    *,
    sensors: Sensors,
    enrolments: Enrolments,
    authority: Authority,
    has_site: Callable[[str], bool] = lambda _: True,
    clock: Callable[[], float] = time.time,
) -> None:
    """Add all routes about sensors but those for their work and their numbers.

    Parameters
    ----------
    app : FastAPI
        Takes the routes.
    sensors : Sensors
        Whom to list and remove.
    enrolments : Enrolments
        How they come in.
    authority : Authority
        The one that vouches for them.
    has_site : callable
        Whether there is a site of that name.
    clock : callable
        Unix time.
    """
    _add_authority(app, authority)
    _add_list(app, sensors, clock)
    _add_enrolments(app, enrolments, authority, has_site)
    _add_certificates(app, enrolments)


def _add_authority(app: FastAPI, authority: Authority) -> None:
    @app.get("/api/v1/authority", openapi_extra=needs("stranger"))
    def the_authority() -> AuthorityAnswer:
        """The certificate that sensors trust, and browsers may: public."""
        return AuthorityAnswer(fingerprint=authority.shown_fingerprint, certificate_pem=authority.pem)


def _add_list(app: FastAPI, sensors: Sensors, clock: Callable[[], float]) -> None:
    @app.get("/api/v1/sensors", openapi_extra=_LOOK)
    def all_sensors(request: Request) -> list[SensorAnswer]:
        """Every sensor of the sites that you may see."""
        sites = visible(request)
        return [_answer(sensor, health, clock()) for sensor, health in sensors.all() if sensor.site in sites]

    @app.get("/api/v1/sensors/{name}", openapi_extra=_LOOK, responses=_MISSING)
    def one_sensor(request: Request, name: _InPath) -> SensorAnswer:
        """One sensor."""
        found = sensors.of(name)
        if found is None or found[0].site not in visible(request):
            raise HTTPException(404, "there is no such sensor: /api/v1/sensors lists them")
        return _answer(*found, clock())

    @app.delete("/api/v1/sensors/{name}", status_code=204, openapi_extra=_ADMINISTER, responses=_FAILED | _MISSING)
    def remove(request: Request, name: _InPath) -> Response:
        """Revoke a sensor: its certificates end at once, what it has open is closed, and its open enrolments are void."""
        with _Answered():
            known = sensors.remove(name, who=principal(request).name, address=client_address(request.scope))
        if not known:
            raise HTTPException(404, "there is no such sensor: /api/v1/sensors lists them")
        return Response(status_code=204)


def _add_enrolments(app: FastAPI, enrolments: Enrolments, authority: Authority, has_site: Callable[[str], bool]) -> None:
    @app.get("/api/v1/enrolments", openapi_extra=_ADMINISTER, responses=_FAILED)
    def open_enrolments() -> list[EnrolmentAnswer]:
        """The enrolments that wait for their sensors."""
        with _Answered():
            return [EnrolmentAnswer.model_validate(_told(one)) for one in enrolments.open_ones()]

    @app.post(
        "/api/v1/enrolments",
        status_code=201,
        openapi_extra=_ADMINISTER,
        responses=_FAILED | {409: {"model": Problem}, 422: {"model": Problem}},
    )
    def new_enrolment(request: Request, body: EnrolmentBody) -> NewEnrolment:
        """A one-time token for a sensor; for one that is known, its earlier certificates end when the token is used."""
        if not has_site(body.site):
            raise HTTPException(422, "there is no such site: add it first")
        with _Answered():
            made, token = enrolments.make(
                body.sensor,
                site=body.site,
                life_s=body.valid_s,
                who=principal(request).name,
                address=client_address(request.scope),
            )
        return NewEnrolment.model_validate(_told(made) | {"token": token, "fingerprint": authority.shown_fingerprint})

    @app.delete("/api/v1/enrolments/{id}", status_code=204, openapi_extra=_ADMINISTER, responses=_FAILED | _MISSING)
    def withdraw(request: Request, id: _IdInPath) -> Response:
        """End an enrolment before its time."""
        with _Answered():
            known = enrolments.withdraw(id, who=principal(request).name, address=client_address(request.scope))
        if not known:
            raise HTTPException(404, "there is no such enrolment: /api/v1/enrolments lists them")
        return Response(status_code=204)


def _add_certificates(app: FastAPI, enrolments: Enrolments) -> None:
    @app.post("/api/v1/enrol", openapi_extra=needs("stranger"), responses=_FAILED | _REFUSED)
    def enrol(request: Request, body: EnrolBody) -> CertificateAnswer:
        """A sensor's first certificate, for whoever proves to know a token. The token itself must not be sent."""
        address = client_address(request.scope)
        with _Answered():
            return _certificate(*enrolments.redeem(body.token_id, body.request_pem, body.proof, address=address))

    @app.post("/api/v1/sensor/renew", openapi_extra=needs("stranger", "sensor"), responses=_FAILED | _REFUSED)
    def renew(request: Request, body: RenewBody) -> CertificateAnswer:
        """A sensor's next certificate: over a connection that shows the present one, or with a proof if that has expired."""
        address = client_address(request.scope)
        if body.certificate_pem is not None and body.time_s is not None and body.signature is not None:
            with _Answered():
                renewed = enrolments.renew_late(
                    body.certificate_pem, body.request_pem, time_s=body.time_s, signature=body.signature, address=address
                )
                return _certificate(*renewed)
        asked: Principal | None = request.scope.get(PRINCIPAL)
        if asked is None or asked.kind != "sensor":
            raise HTTPException(401, "show the sensor's certificate, or, if it has expired, a signature with its key")
        with _Answered():
            return _certificate(*enrolments.renew(request.scope["extensions"][PEER], body.request_pem, address=address))


class _Answered:
    """What goes wrong inside is answered with its sentence."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused):
            headers = {"retry-after": "60"} if error.status == 429 else None
            raise HTTPException(error.status, str(error), headers) from None
        if isinstance(error, StoreError | LogError | SealError):
            raise HTTPException(503, str(error)) from None


def _told(one: OpenEnrolment) -> dict[str, Any]:
    return {"id": one.id, "sensor": one.sensor, "site": one.site, "expires": _utc(one.expires_s)}


def _certificate(pem: str, expires_s: float) -> CertificateAnswer:
    return CertificateAnswer(certificate_pem=pem, expires=_utc(expires_s))


def _answer(sensor: Sensor, health: Health, now_s: float) -> SensorAnswer:
    silent = now_s - health.seen_s > SILENT_S
    return SensorAnswer(
        name=sensor.name,
        site=sensor.site,
        state="live" if not silent else "expired" if sensor.expires_s <= now_s else "silent",
        last_seen=_utc(health.seen_s) if health.seen_s else None,
        version=health.version,
        enrolled=_utc(sensor.enrolled_s),
        renewed=_utc(sensor.renewed_s),
        certificate_expires=_utc(sensor.expires_s),
        cameras=[
            CameraHealth(camera=camera, state=state, reason=reason)
            for camera, (state, reason) in sorted(health.cameras.items())
        ],
    )


def _utc(time_s: float) -> datetime:
    return datetime.fromtimestamp(int(time_s), UTC)
