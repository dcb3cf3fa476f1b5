"""An authenticator in software: makes passkeys and signs with them, as a browser would hand it on."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256, CoseKey
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

_FLAG = AuthenticatorData.FLAG


def text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def _cose(key: ec.EllipticCurvePublicKey) -> CoseKey:
    return ES256.from_cryptography_key(key)  # type: ignore[no-untyped-call, no-any-return]


def raw(told: str) -> bytes:
    return base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))


@dataclass
class Authenticator:
    """One passkey; every way in which it can lie can be set."""

    origin: str
    verified: bool = True
    counter: int = 1
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: str = ""
    cross_origin: bool = False

    @property
    def id(self) -> str:
        return text(self.credential)

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """What the browser sends when a passkey was made."""
        self.handle = options["user"]["id"]
        attested = AttestedCredentialData.create(bytes(16), self.credential, _cose(self.key.public_key()))
        data = AuthenticatorData.create(self._host(options["rp"]["id"]), self._flags() | _FLAG.AT, self.counter, attested)
        response = {
            "clientDataJSON": text(self._client("webauthn.create", options["challenge"])),
            "attestationObject": text(AttestationObject.create("none", data, {})),
        }
        return {"id": self.id, "rawId": self.id, "type": "public-key", "response": response}

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """What the browser sends when a passkey signed."""
        self.counter += 1
        data = AuthenticatorData.create(self._host(options["rpId"]), self._flags(), self.counter)
        client = self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(bytes(data) + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": self.handle,
        }
        return {"id": self.id, "rawId": self.id, "type": "public-key", "response": response}

    def _flags(self) -> AuthenticatorData.FLAG:
        return _FLAG.UP | (_FLAG.UV if self.verified else _FLAG(0))

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(told).encode()

    def _host(self, host: str) -> bytes:
        return hashlib.sha256(host.encode()).digest()
