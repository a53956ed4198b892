"""TLS of the probes: contexts that are shared, a handshake whose refusals have names."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tenantwatch_agent.checks import names
from tenantwatch_agent.checks.http import certificate
from tenantwatch_agent.checks.http.certificate import Chain
from tenantwatch_agent.checks.http.failure import CertificateRefused, ProbeFailed
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_agent.files import Identity, changed_at

HANDSHAKE_SECONDS = 600.0
"""No limit of its own: the look's timeout ends a handshake, and names its phase."""

_WORDS = {
    "WRONG_VERSION_NUMBER": "the server does not speak TLS here",
    "UNSUPPORTED_PROTOCOL": "the server speaks only an outdated version of TLS",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server speaks no version of TLS that this agent does",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server accepts none of our ciphers, or wants a client certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server asks for a client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "the server does not know the authority of the client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the server refuses the client certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the server says that the client certificate has expired",
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": "the server does not speak HTTP/2",
    "TLSV1_UNRECOGNIZED_NAME": "the server does not know this name",
}

_DER = 2
"""As OpenSSL's wrapper numbers the encodings."""

_WITHOUT_WORDS = {
    ConnectionResetError: errno.ECONNRESET,
    ConnectionAbortedError: errno.ECONNABORTED,
    BrokenPipeError: errno.EPIPE,
}
"""Event loops raise these with nothing in them."""


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """``key_file`` may be left out where the certificate's file holds the key too."""

    verify: bool = True
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    alpn: str = ""

    def __post_init__(self) -> None:
        if self.key_file is not None and self.certificate_file is None:
            raise ConfigurationError("client_key_file needs client_certificate_file")

    def context(self) -> ssl.SSLContext:
        """Shared by all who have the same options; new when a file has changed. Raises ConfigurationError."""
        files = {
            "ca_file": self.ca_file,
            "client_certificate_file": self.certificate_file,
            "client_key_file": self.key_file,
        }
        return _context(self, tuple(changed_at(key, file) for key, file in files.items() if file is not None))


# One context per trust store: each holds a copy of all its certificates, about a megabyte.
@lru_cache(maxsize=64)
def _context(options: TlsOptions, _changed: tuple[Identity, ...]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"ca_file {options.ca_file}: {error.strerror or error}") from None
    context.sslobject_class = _Witness
    # Python's default became stricter than browsers with 3.13: one judgement, whatever runs the agent.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not options.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.alpn:
        context.set_alpn_protocols([options.alpn])
    if options.certificate_file is not None:
        _load_client(context, options.certificate_file, options.key_file)
    return context


def _load_client(context: ssl.SSLContext, certificate_file: Path, key_file: Path | None) -> None:
    try:
        # A key with a passphrase would otherwise be asked for at the terminal.
        context.load_cert_chain(certificate_file, key_file, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"client_certificate_file {certificate_file}: no certificate with its key, without passphrase, in"
            f" PEM: {error.strerror or error}"
        ) from None


class _Witness(ssl.SSLObject):
    """Keeps the certificate that was shown, also of a handshake that is then refused."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            error.shown = self._shown()  # type: ignore[attr-defined]
            raise

    def getpeercert(self, binary_form: bool = False) -> Any:
        """In DER alone: event loops ask for the decoded form, which costs time and is read by nobody."""
        return super().getpeercert(True) if binary_form else {}

    def chain(self) -> Chain:
        """Up to the authority that is trusted; where nothing was verified, the server's own alone."""
        if self.context.verify_mode is not ssl.CERT_NONE and (verified := self._chain("get_verified_chain")):
            return verified
        own = self.getpeercert(True)
        return () if own is None else (own,)

    def _shown(self) -> bytes | None:
        """getpeercert() refuses before the handshake ends, while the chain is there."""
        return next(iter(self._chain("get_unverified_chain")), None)

    def _chain(self, getter: str) -> Chain:
        """Officially there since Python 3.13; nothing where it cannot be had."""
        try:
            if hasattr(self, getter):
                return tuple(map(bytes, getattr(self, getter)()))
            inner: Any = self._sslobj  # type: ignore[attr-defined]
            return tuple(bytes(each.public_bytes(_DER)) for each in getattr(inner, getter)())
        except (AttributeError, TypeError, ValueError):
            return ()


async def start_tls(
    transport: asyncio.Transport, protocol: asyncio.Protocol, context: ssl.SSLContext, name: str
) -> asyncio.Transport:
    """The secured transport; without one, the given is gone too. Raises ProbeFailed."""
    loop = asyncio.get_running_loop()
    try:
        secured = await loop.start_tls(
            transport,
            protocol,
            context,
            server_hostname=names.for_certificate(name),
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
        )
    except ssl.SSLCertVerificationError as error:
        transport.abort()
        shown: bytes | None = getattr(error, "shown", None)
        chain = () if shown is None else (shown,)
        raise CertificateRefused(certificate.problem(error, shown), chain) from None
    except (OSError, ssl.SSLError) as error:
        transport.abort()
        raise ProbeFailed(f"tls failed: {reason(error)}") from None
    except BaseException:
        transport.abort()
        raise
    if secured is None:
        raise ProbeFailed("tls failed: closed during the handshake")
    return secured


def reason(error: Exception) -> str:
    """In words, where OpenSSL has only a constant."""
    constant = getattr(error, "reason", None)
    if isinstance(constant, str):
        return _WORDS.get(constant, constant.lower().replace("_", " "))
    number = next((number for kind, number in _WITHOUT_WORDS.items() if isinstance(error, kind)), None)
    return getattr(error, "strerror", None) or (os.strerror(number) if number else str(error))


def shown_chain(transport: asyncio.Transport) -> Chain:
    """The server's certificate, and those that led from it to a trusted authority."""
    secured = transport.get_extra_info("ssl_object")
    return secured.chain() if isinstance(secured, _Witness) else ()
