"""The hub's side of TLS: which certificate it shows, and whose it trusts."""

import os
import secrets
import ssl
import stat
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, PrivateKeyTypes

from throng.data.errors import HubError
from throng.data.signed import HUB_NAME
from throng.hub.sensors.authority import Authority, new_key

RENEW_S = 30 * 24 * 3600
"""How long before its end the hub's own certificate is renewed."""
_LONGEST_BYTES = 256 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO | stat.S_IXUSR


class HubTls:
    """TLS 1.3 for people and sensors on one port, with a certificate that renews itself or is read anew when its files change.

    People may come without a certificate; one that is shown must be of the hub's authority. To those who ask for the name
    that sensors ask for, the hub always shows a certificate of its own authority.

    Parameters
    ----------
    authority : Authority
        The hub's own.
    names : sequence of str
        Host names and IP addresses at which the hub is reached.
    certificate, key : Path, optional
        PEM files of the user's own certificate, with its chain, and its key; both or none.
    clock : callable
        Unix time.

    Raises
    ------
    HubError
        A name is none; one of the files is missing, open to others, expired, or does not fit the other.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        names: Sequence[str],
        certificate: Path | None = None,
        key: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if (certificate is None) != (key is None):
            raise HubError("[hub] has one of certificate and key: give both, or none to use the hub's own authority")
        self._authority, self._names, self._clock = authority, tuple(names), clock
        self._files = (certificate, key) if certificate is not None and key is not None else None
        self._read: tuple[bytes, bytes] | None = None
        self._expires_s = 0.0
        self._own: ssl.SSLContext | None = None
        self._shown: ssl.SSLContext | None = None
        self.refresh()

    def context(self) -> ssl.SSLContext:
        """The context for the next connection."""
        assert self._shown is not None
        return self._shown

    def refresh(self) -> bool:
        """Renew the hub's own certificate where it is due, and read the user's where its files changed; whether one was.

        What is open stays open. To be called once in a while, from one thread.

        Raises
        ------
        HubError
            The user's files are wrong: the certificate before stays in use.
        """
        changed = False
        if self._expires_s - self._clock() < RENEW_S:
            key = new_key()
            issued = self._authority.issue_server(self._names, key.public_key(), now_s=self._clock())
            pem = issued.public_bytes(serialization.Encoding.PEM) + self._authority.pem.encode()
            self._own = _context(pem, key, trusted=self._authority)
            self._expires_s = issued.not_valid_after_utc.timestamp()
            if self._files is None:
                self._shown = self._own
            changed = True
        if self._files is not None:
            read = (_content(self._files[0], is_secret=False), _content(self._files[1], is_secret=True))
            if read != self._read:
                shown = self._users(read)
                shown.sni_callback = self._choose
                self._shown, self._read = shown, read
                changed = True
        return changed

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name == HUB_NAME and self._own is not None:
            connection.context = self._own

    def _users(self, read: tuple[bytes, bytes]) -> ssl.SSLContext:
        assert self._files is not None
        certificate_path, key_path = self._files
        try:
            leaf = x509.load_pem_x509_certificates(read[0])[0]
        except ValueError:
            raise HubError(f"the certificate file {certificate_path} holds no certificate: it must be PEM") from None
        key = _private_key(key_path, read[1])
        if key.public_key() != leaf.public_key():
            raise HubError(f"the key {key_path} does not fit the certificate {certificate_path}: give the two that go together")
        now = self._clock()
        if leaf.not_valid_after_utc.timestamp() <= now:
            raise HubError(f"the certificate {certificate_path} expired on {leaf.not_valid_after_utc:%Y-%m-%d}: renew it")
        if leaf.not_valid_before_utc.timestamp() > now:
            raise HubError(
                f"the certificate {certificate_path} is not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: "
                "wait, or set this machine's clock"
            )
        try:
            return _context(read[0], key, trusted=self._authority)
        except ssl.SSLError as error:
            raise HubError(
                f"the certificate {certificate_path} cannot be used for TLS 1.3 ({error.reason}): give a stronger one"
            ) from None


def _context(chain_pem: bytes, key: PrivateKeyTypes, *, trusted: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=trusted.pem)
    # A ticket would carry a sensor's certificate past its end.
    context.num_tickets = 0
    # The key goes to OpenSSL by a file only: it is encrypted there, under a password that nobody else ever has.
    password = secrets.token_hex(32)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password.encode()),
    )
    with tempfile.NamedTemporaryFile(prefix="throng-") as file:  # mode 0600
        file.write(pem + chain_pem)
        file.flush()
        context.load_cert_chain(file.name, password=password)
    return context


def _private_key(path: Path, pem: bytes) -> CertificateIssuerPrivateKeyTypes:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except TypeError:
        raise HubError(f"the key {path} is encrypted: decrypt it, and let only its owner read it") from None
    except ValueError:
        raise HubError(f"the key file {path} holds no key: it must be PEM") from None
    return key  # type: ignore[return-value]


def _content(path: Path, *, is_secret: bool) -> bytes:
    what = "key" if is_secret else "certificate"
    try:
        # Opened first and looked at through the same descriptor, so that what is checked is what is read.
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_LONGEST_BYTES)
    except OSError as error:
        raise HubError(f"the {what} file {path} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    if is_secret and mode & _OTHERS:
        raise HubError(f"the key file {path} has mode {mode:04o}, but only its owner may read it: run chmod 600 {path}")
    return content
