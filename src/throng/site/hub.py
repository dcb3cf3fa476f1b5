"""The hub's table of a site file: where it listens, by which names, and where it keeps things."""

import ipaddress
import re
from typing import Annotated, Self

from pydantic import Field, Strict, field_validator, model_validator

from throng.site.rules import wrong
from throng.site.table import Table

_LISTEN = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>\d{1,5})")
HostName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9:.-]+$")]
_PATH = r"^[^\p{Cc}]+$"


class HubTable(Table):
    """How the hub is reached from other machines. Without `listen` it answers on this machine only, at the site's `port`."""

    listen: str | None = Field(
        default=None,
        max_length=260,
        description="Address and port to listen at, always with TLS 1.3: 0.0.0.0:8443 is every address of this machine.",
        json_schema_extra={"rule": 'that is an address and a port, as in "0.0.0.0:8443" or "[::]:8443"'},
    )
    names: Annotated[tuple[HostName, ...], Strict(False)] = Field(
        default=(),
        max_length=50,
        description="Host names and addresses by which people and sensors reach the hub; its certificate names them, and it "
        "answers to no other. By default this machine's name and addresses.",
        json_schema_extra={"rule": "of host names and addresses without a port"},
    )
    certificate: str | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        pattern=_PATH,
        description="Your own certificate with its chain, a PEM file; by default the hub makes an authority of its own.",
    )
    key: str | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        pattern=_PATH,
        description="The certificate's key, a PEM file that nobody but its owner may read (mode 0600).",
        json_schema_extra={"secret": True},
    )
    key_file: str | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        pattern=_PATH,
        description="File of the key that seals camera addresses and the authority, outside the data folder, mode 0600. By "
        "default the systemd credential throng-key, or else a file that is made in ~/.config/throng.",
        json_schema_extra={"secret": True},
    )
    store: str | None = Field(
        default=None,
        max_length=1024,
        pattern=r"^postgresql://[^\p{Cc}\s]+$",
        description="PostgreSQL in place of the store's file, as postgresql://USER@HOST/DATABASE; its password comes from the "
        "file that PGPASSFILE names (mode 0600).",
        json_schema_extra={"rule": "that begins with postgresql:// and holds no password"},
    )
    keep_days: int | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="Numbers older than this are removed, once a day; by default they are kept.",
        json_schema_extra={"unit": "days"},
    )
    contact: str | None = Field(
        default=None,
        max_length=500,
        pattern=r"^(mailto:|https://|tel:)[^\p{Cc}\s]+$",
        description="Whom to tell of a weakness of this hub, for /.well-known/security.txt and the page for the public.",
        json_schema_extra={"rule": "that begins with mailto:, https:// or tel:"},
    )
    public: bool = Field(
        default=False,
        description="Whether anybody may open /public without signing in: what the cameras measure and what they cannot, "
        "without a number of people, a camera's name or an address.",
    )

    @field_validator("listen")
    @classmethod
    def _is_an_address(cls, listen: str | None) -> str | None:
        if listen is not None:
            found = _LISTEN.fullmatch(listen)
            if found is None or int(found["port"]) > 65_535:
                raise wrong('listen must be an address and a port, as in "0.0.0.0:8443"')
        return listen

    @field_validator("store")
    @classmethod
    def _has_no_password(cls, store: str | None) -> str | None:
        if store is not None and (re.search(r"//[^/@]*:[^/@]*@", store) or "password=" in store):
            raise wrong("store must not hold a password: put it into a file of mode 0600 and name that in PGPASSFILE")
        return store

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise wrong("certificate and key come together: add the other", "certificate" if self.key else "key")
        if self.certificate and not self.listen:
            raise wrong("a certificate is of use only where the hub listens with TLS: add listen", "certificate")
        return self

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen at with TLS; None for loopback without."""
        if self.listen is None:
            return None
        found = _LISTEN.fullmatch(self.listen)
        assert found is not None
        return found["six"] or found["host"], int(found["port"])


def is_any(host: str) -> bool:
    """Whether an address stands for all of a machine's."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
