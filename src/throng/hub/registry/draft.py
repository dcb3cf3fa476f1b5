"""What somebody wants a camera to be, checked into a camera of the registry: by the rules of the site file, and a few more."""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError

from throng.hub.cameras import Where
from throng.hub.registry.camera import HIDDEN, Registered, Secrets, table_of
from throng.site.mistakes import mistakes
from throng.site.model import Camera
from throng.site.rules import address_mistake, repeated_names
from throng.site.table import NAME_RULE, Name

LONGEST_ADDRESS, LONGEST_LOGIN = 2048, 255
FARTHEST = 1e8
"""Largest coordinate on a plan."""

_NAME: TypeAdapter[str] = TypeAdapter(Name)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_STREAM = re.compile(r"(rtsps?|https?)://", re.IGNORECASE)
_OTHER = re.compile(r"simulate:.*|/dev/video\d{1,3}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Login:
    """A camera's user and password; None: it asks for none."""

    user: SecretStr | None = None
    password: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants a camera to be; None leaves what is known of it.

    Attributes
    ----------
    table : mapping
        Keys of the site file's camera table but name, address and login; those that are absent stay as they are.
    """

    name: str
    site: str | None = None
    sensor: str | None = None
    where: Where | None = None
    address: SecretStr | None = None
    login: Login | None = None
    table: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A mistake in a draft.

    Attributes
    ----------
    column : str
        The column of a table of cameras in which it stands.
    quotes : bool
        Whether the sentence quotes what was written: in a table whose columns are confused that may be a password.
    """

    column: str
    sentence: str
    quotes: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that keeps every rule, without sealed parts; its new address and login, or None where they stay."""

    camera: Registered
    secrets: Secrets | None = field(repr=False)


def checked(
    draft: Draft, old: Registered | None, secrets: Secrets | None, *, can_zone: bool
) -> tuple[Checked | None, list[Wrong]]:
    """A camera from a draft, or all that is wrong with it.

    Parameters
    ----------
    draft : Draft
        What is wanted.
    old : Registered or None
        The camera as it is.
    secrets : Secrets or None
        Its address and login.
    can_zone : bool
        Whether the budget lets a passage change two counters, as zones need.

    Returns
    -------
    Checked or None
        Without sealed parts and a version.
    list of Wrong
        Every mistake; none of the sentences quotes what was given as address or login.
    """
    found = list(_text_mistakes(draft, old))
    wanted, wrong = _secrets(draft, secrets)
    found += wrong
    tree = {**(table_of(old.camera) if old else {}), **draft.table, "name": draft.name, "address": HIDDEN}
    camera, wrong = _camera(tree)
    found += wrong
    if camera is not None and camera.zone and not can_zone:
        sentence = "a zone visit takes two counters, so that no zone would count: set passage_counters to 2 or more"
        found.append(Wrong("zones", sentence))
    if camera is not None and re.search(r"[/\\]|\.onnx$", camera.detector, re.IGNORECASE):
        sentence = "the detector of a registered camera is auto, foreground or the name of an installed model"
        found.append(Wrong("detector", sentence))
    if found or camera is None or wanted is None:
        return None, found
    registered = Registered(
        camera=camera,
        site=_or(draft.site, old.site if old else ""),
        sensor=_or(draft.sensor, old.sensor if old else ""),
        where=draft.where or (old.where if old else None),
    )
    return Checked(registered, None if wanted == secrets else wanted), []


def where_mistakes(where: Where | None) -> Iterator[Wrong]:
    """What is wrong with a place on the map or plan."""
    if where is None:
        return
    for (first, second), furthest in ((("lat", "lon"), (90.0, 180.0)), (("x", "y"), (FARTHEST, FARTHEST))):
        values = getattr(where, first), getattr(where, second)
        if (values[0] is None) != (values[1] is None):
            yield Wrong(first, f"a place needs both {first} and {second}: give both, or neither")
        for name, value, most in zip((first, second), values, furthest, strict=True):
            if value is not None and not (math.isfinite(value) and abs(value) <= most):
                yield Wrong(name, f"{name} must be from {-most:g} to {most:g}")


def is_name(text: str) -> bool:
    """Whether a text may name a site, sensor or camera."""
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True


def name_sentence(what: str) -> str:
    """How such a text must be."""
    return f"{what} must be a text of 1 to 64 characters {NAME_RULE['rule']}"


def _text_mistakes(draft: Draft, old: Registered | None) -> Iterator[Wrong]:
    if not is_name(draft.name):
        yield Wrong("name", name_sentence("the name of a camera"))
    if old is None and not draft.site:
        yield Wrong("site", "the camera has no site: name the site that it belongs to")
    elif draft.site is not None and not is_name(draft.site):
        yield Wrong("site", name_sentence("the name of a site"))
    if draft.sensor and not is_name(draft.sensor):
        yield Wrong("sensor", name_sentence("the name of a sensor"))
    yield from where_mistakes(draft.where)


def _secrets(draft: Draft, old: Secrets | None) -> tuple[Secrets | None, list[Wrong]]:
    """The address and login as they shall be."""
    if draft.address is None and old is None:
        return None, [Wrong("address", "the camera has no address: give one")]
    address = draft.address.get_secret_value().strip() if draft.address is not None else old.address if old else ""
    user, password = (None, None) if old is None else (old.user, old.password)
    if draft.login is not None:
        user, password = _plain(draft.login.user), _plain(draft.login.password)
    found = [Wrong("address", sentence) for sentence in (_address_mistake(address),) if sentence]
    for what, text in (("user", user), ("password", password)):
        if text is not None and (len(text) > LONGEST_LOGIN or _CONTROL.search(text)):
            sentence = f"the {what} must be a text of at most {LONGEST_LOGIN} characters without line breaks"
            found.append(Wrong(what, sentence))
    if password and not user:
        found.append(Wrong("user", "a password needs a user: give one"))
    if user and not _STREAM.match(address) and not found:
        found.append(Wrong("user", "only rtsp and http addresses take a user: remove it"))
    if draft.login is None and old is not None and old.user and not found and _host(address) != _host(old.address):
        # Otherwise whoever may change addresses, but never see a password, could have it sent to a machine of his own.
        sentence = "the address leads to another machine, which must not get the old user and password: give both again"
        found.append(Wrong("address", sentence))
    return (None if found else Secrets(address, user, password)), found


def _address_mistake(address: str) -> str:
    if not address or len(address) > LONGEST_ADDRESS or _CONTROL.search(address):
        return f"the address must be a text of 1 to {LONGEST_ADDRESS:,} characters without line breaks"
    if not _STREAM.match(address) and not _OTHER.fullmatch(address):
        return "a registered camera's address begins with rtsp://, rtsps://, http:// or https://, or is a device /dev/videoN"
    return address_mistake(address).replace("password_env or password_file", "password, in fields of their own")


def _camera(tree: dict[str, Any]) -> tuple[Camera | None, list[Wrong]]:
    found = [Wrong("lines", sentence, quotes=True) for sentence, _ in repeated_names({"camera": [tree]})]
    errors = []
    camera = None
    try:
        camera = Camera.model_validate(tree)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    for one in mistakes(errors, tree, {}, Camera):
        column = re.split(r"[.\[]", one.place)[0]
        if column != "name":
            found.append(
                Wrong({"line": "lines", "zone": "zones"}.get(column, column), f"{one.place}: {one.sentence}", quotes=True)
            )
    return camera, found


def _host(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port


def _plain(secret: SecretStr | None) -> str | None:
    return (secret.get_secret_value() or None) if secret is not None else None


def _or(wanted: str | None, known: str) -> str:
    return known if wanted is None else unicodedata.normalize("NFC", wanted)
