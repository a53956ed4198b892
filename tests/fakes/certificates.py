"""Certificates of every kind that a server can be wrong with, minted on the spot."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


# OpenSSL asks for it where Python is new enough to have it look closely.
_SIGNS = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Minted:
    """A certificate with its key, in one PEM file."""

    certificate: x509.Certificate
    key: Key
    file: Path

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def server(self, client_authority: Path | None = None, alpn: str = "") -> ssl.SSLContext:
        """A context to serve with; one that demands a client's certificate if an authority is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # A server that shows a weak key does not mind it.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(self.file)
        if client_authority is not None:
            context.load_verify_locations(client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
        if alpn:
            context.set_alpn_protocols([alpn])
        return context


class Authority:
    """Signs what it is told to; ``file`` is what a client must trust."""

    def __init__(self, folder: Path, name: str = "test authority") -> None:
        self._folder = folder
        self._name = name
        self._count = 0

    @cached_property
    def _root(self) -> Minted:
        return self._mint(self._name, (), 3650, None, issuer=None, is_authority=True)

    @property
    def file(self) -> Path:
        return self._root.file

    def mint(
        self, *names: str, days: float = 90, begins_in_days: float = -1, through: Minted | None = None
    ) -> Minted:
        """For these host names and addresses; ``through`` signs instead of the root."""
        return self._mint(names[0] if names else "nobody", names, days, begins_in_days, through or self._root)

    def mint_authority(self, days: float = 90) -> Minted:
        """One below this one."""
        return self._mint("intermediate", (), days, None, self._root, is_authority=True)

    def mint_weak(self, *names: str) -> Minted:
        """With a key of 1,024 bits, as they were made until 2010."""
        key = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)
        return self._mint(names[0], names, 90, None, self._root, key=key)

    def mint_self_signed(self, *names: str, days: float = 90) -> Minted:
        return self._mint(names[0], names, days, None, issuer=None)

    def _mint(
        self, common: str, names: tuple[str, ...], days: float, begins_in_days: float | None,
        issuer: Minted | None, is_authority: bool = False, key: Key | None = None,
    ) -> Minted:  # fmt: skip
        key = key or ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        ends = now + timedelta(days=days)
        begins = min(
            now + timedelta(days=-1 if begins_in_days is None else begins_in_days), ends - timedelta(days=1)
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(common))
            .issuer_name(_name(common) if issuer is None else issuer.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if is_authority:
            builder = builder.add_extension(_SIGNS, critical=True)
        if issuer is not None:
            known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
            builder = builder.add_extension(known_by, critical=False)
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
            ).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
        certificate = builder.sign(key if issuer is None else issuer.key, hashes.SHA256())
        return Minted(certificate, key, self._write(certificate, key, issuer))

    def _write(self, certificate: x509.Certificate, key: Key, issuer: Minted | None) -> Path:
        """Key, certificate, and the one that signed it, unless that is the root that clients have."""
        self._count += 1
        file = self._folder / f"{self._name.replace(' ', '-')}-{self._count}.pem"
        parts = [
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            certificate.public_bytes(serialization.Encoding.PEM),
        ]
        if issuer is not None and issuer.certificate.subject != _name(self._name):
            parts.append(issuer.certificate.public_bytes(serialization.Encoding.PEM))
        file.write_bytes(b"".join(parts))
        return file
