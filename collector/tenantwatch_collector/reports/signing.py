"""Signatures of reports: Ed25519 over the canonical form, with a key made at the first start.

The file holds the private key (PKCS #8, PEM) and is readable by its owner alone. The public key travels with
each report; whoever checks one compares its key with the one that the operator published.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.reports.canonical import canonical

ALGORITHM = "Ed25519"


class SignatureError(ValueError):
    """The report is not as it was signed, or is not signed; the message says which."""


class Signer:
    """Signs reports with one key; its repr shows the key's name and nothing else."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._raw = key.public_key().public_bytes_raw()
        self.public_key = base64.b64encode(self._raw).decode()
        self.key_id = key_id_of(self._raw)

    def __repr__(self) -> str:
        return f"Signer({self.key_id})"

    def sign(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """The same report with its signature, in the place of any that it had."""
        unsigned = {name: value for name, value in report.items() if name != "signature"}
        signature = base64.b64encode(self._key.sign(canonical(unsigned))).decode()
        return unsigned | {"signature": {**_described(self._raw), "value": signature}}


def verify_signature(report: dict[str, Any], trusted: Collection[str] | None = None) -> str:
    """The key's id, if the report is as that key signed it, one of ``trusted``. Raises SignatureError."""
    signature = report.get("signature")
    if not isinstance(signature, dict) or signature.get("algorithm") != ALGORITHM:
        raise SignatureError(f"the report has no {ALGORITHM} signature")
    unsigned = {name: value for name, value in report.items() if name != "signature"}
    try:
        raw, value = _bytes_of(signature, "public_key"), _bytes_of(signature, "value")
        Ed25519PublicKey.from_public_bytes(raw).verify(value, canonical(unsigned))
    except (binascii.Error, ValueError) as error:
        raise SignatureError("the signature or its key is damaged") from error
    except InvalidSignature as error:
        raise SignatureError("the report was changed after it was signed") from error
    key_id = key_id_of(raw)
    if signature != {**_described(raw), "value": signature["value"]}:
        raise SignatureError(f"the signature says other things of its key {key_id} than are true of it")
    if trusted is not None and key_id not in trusted:
        raise SignatureError(
            f"the report was signed with key {key_id}, not with {' or '.join(sorted(trusted)) or 'any'}"
        )
    return key_id


def _bytes_of(signature: dict[str, Any], name: str) -> bytes:
    """Of one spelling alone: base64 has bits at its end that decoding leaves out."""
    text = str(signature.get(name))
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError(name)
    return raw


def _described(raw: bytes) -> dict[str, str]:
    """What a signature says beside its value."""
    return {
        "algorithm": ALGORITHM,
        "key_id": key_id_of(raw),
        "public_key": base64.b64encode(raw).decode(),
    }


def key_id_of(public_key: bytes) -> str:
    """A short name of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def load_signer(path: Path) -> Signer:
    """The signer of the key file, which is made if it is not there. Raises ConfigurationError."""
    with contextlib.suppress(FileExistsError):
        _create(path)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot read the signing key: {error.strerror}") from error
    if mode & 0o077:
        raise ConfigurationError(f"{path}: others can read the signing key; run: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{path}: no private key in PEM; move it away and a new one is made"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{path}: not an Ed25519 key")
    return Signer(key)


def _create(path: Path) -> None:
    """Link a new key to its place: never half a key, never over another one."""
    if path.exists():
        return
    fresh = new_key_file(path)
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot write the signing key: {error.strerror}") from error
    finally:
        fresh.unlink()


def new_key_file(beside: Path) -> Path:
    """A new key in a file of its own, beside the place that it is for, readable by its owner alone."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    fresh = beside.with_name(f"{beside.name}.{os.getpid()}")
    try:
        beside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise ConfigurationError(f"{beside}: cannot write the signing key: {error.strerror}") from error
    return fresh
