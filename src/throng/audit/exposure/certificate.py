"""How a server encrypts: the version of TLS and its certificate."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from throng.audit.exposure.answer import cleaned


@dataclass(frozen=True, slots=True)
class Tls:
    """What a handshake showed.

    Attributes
    ----------
    version : str
        "TLSv1.3"; empty where the server refused the handshake.
    self_signed, expired : bool
    ends : str
        Until when the certificate is valid, ISO 8601, UTC; empty where it could not be read.
    names : tuple of str
        Of the certificate.
    fits : bool
        Whether one of them is the address.
    asks : bool
        Whether the server lets in nobody without a certificate.
    """

    version: str
    self_signed: bool = False
    expired: bool = False
    ends: str = ""
    names: tuple[str, ...] = ()
    fits: bool = True
    asks: bool = False

    @property
    def weak(self) -> bool:
        """Whether the version is one that no longer protects (RFC 8996)."""
        return self.version in ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")


def tls_of(connection: ssl.SSLSocket, host: str) -> Tls:
    """What the handshake of this connection showed."""
    return described(connection.version() or "", connection.getpeercert(binary_form=True) or b"", host)


def described(version: str, der: bytes, host: str, now: datetime | None = None) -> Tls:
    """A version of TLS and a certificate, in DER, as facts.

    Of a certificate that cannot be read nothing is said but that it fits no name.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        ends = certificate.not_valid_after_utc
        names = _names(certificate)
        own = certificate.issuer == certificate.subject and _signed_by_itself(certificate)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return Tls(version, fits=False)
    return Tls(
        version,
        self_signed=own,
        expired=ends < (now or datetime.now(UTC)),
        ends=ends.isoformat(),
        names=tuple(cleaned(name, 64) for name in names[:5]),
        fits=any(_fits(name, host) for name in names),
    )


def _signed_by_itself(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(address) for address in alternative.get_values_for_type(x509.IPAddress)]
    return [*alternative.get_values_for_type(x509.DNSName), *addresses]


def _fits(name: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        first, _, rest = host.lower().partition(".")
        return name.lower() == host.lower() or (bool(first and rest) and name.lower() == f"*.{rest}")
