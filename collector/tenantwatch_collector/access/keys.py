"""The keys that JWTs are checked with: from a file, or fetched, kept and fetched again within bounds."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx2
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from tenantwatch_collector.errors import ConfigurationError, RetryLater

MAX_BYTES = 256 * 1024
MAX_KEYS = 100
FETCH_SECONDS = 5.0
FRESH_SECONDS = 600.0
"""Then they are fetched again: a key that the issuer has withdrawn is believed no longer than this."""
STALE_SECONDS = 3600.0
"""Kept beyond their time while the issuer cannot be reached, and no longer."""
PAUSE_SECONDS = 30.0
"""At least between two fetches: whoever sends JWTs of unknown keys makes us ask no more often."""

log = logging.getLogger(__name__)


class KeysUnavailable(RetryLater):
    """The issuer's keys cannot be had now: nothing is known of the JWT."""


class Keys(Protocol):
    """Where keys come from."""

    async def current(self, key_id: str) -> KeySet:
        """The keys, asked for again where none has that id. Raises KeysUnavailable."""


class FileKeys:
    """Read when the collector starts. Raises ConfigurationError."""

    def __init__(self, path: Path) -> None:
        try:
            content = path.expanduser().read_bytes()
        except OSError as error:
            raise ConfigurationError(f"jwt.keys_file {path}: cannot be read: {error.strerror}") from None
        try:
            self._keys = _from_pem(content) if content.lstrip().startswith(b"-----") else key_set(content)
        except ValueError as error:
            raise ConfigurationError(f"jwt.keys_file {path}: {error}") from None

    async def current(self, key_id: str) -> KeySet:
        return self._keys


class FetchedKeys:
    """Fetched when first needed. One fetch at a time; a failure leaves the keys there are, for a while."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._fetching = asyncio.Lock()
        self._keys: KeySet | None = None
        self._fetched_at = self._tried_at = float("-inf")

    async def current(self, key_id: str) -> KeySet:
        if not self._will_do(key_id):
            async with self._fetching:
                if not self._will_do(key_id) and self._clock() - self._tried_at >= PAUSE_SECONDS:
                    await self._fetch()
        if self._keys is None or self._clock() - self._fetched_at > STALE_SECONDS:
            raise KeysUnavailable("the keys of the JWT's issuer cannot be had now; try again", PAUSE_SECONDS)
        return self._keys

    def _will_do(self, key_id: str) -> bool:
        if self._keys is None or self._clock() - self._fetched_at > FRESH_SECONDS:
            return False
        return not key_id or any(key.kid == key_id for key in self._keys.keys)

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            self._keys = key_set(await asyncio.wait_for(_download(self._url), FETCH_SECONDS))
        except (httpx2.HTTPError, TimeoutError, ValueError) as error:
            log.warning("jwt.keys_url %s: %s", self._url, str(error) or type(error).__name__)
        else:
            self._fetched_at = self._clock()


async def _download(url: str) -> bytes:
    async with (
        httpx2.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=False) as client,
        client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
    ):
        if answer.status_code != 200:
            raise ValueError(f"answers {answer.status_code}")
        content = b""
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > MAX_BYTES:
                raise ValueError(f"is larger than {MAX_BYTES} bytes")
        return content


def key_set(content: bytes) -> KeySet:
    """A JWK set; raises ValueError. Keys of kinds that we do not know are passed over."""
    try:
        listed = json.loads(content)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError('is no JWK set: write {"keys": [...]}, or a public key in PEM') from None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError(f"a JWK set has a list of at most {MAX_KEYS} keys")
    keys = [key for one in listed if (key := _public(one)) is not None]
    if not keys:
        raise ValueError("holds no key for signatures of the kinds RSA, EC or OKP")
    return KeySet(keys)


def _public(one: Any) -> Any:
    if not isinstance(one, dict) or one.get("kty") not in ("RSA", "EC", "OKP") or one.get("use") == "enc":
        return None
    try:
        return import_key(one)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _from_pem(content: bytes) -> KeySet:
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is no public key in PEM") from None
    if isinstance(key, rsa.RSAPublicKey):
        return KeySet([import_key(content, "RSA")])
    if isinstance(key, ec.EllipticCurvePublicKey):
        return KeySet([import_key(content, "EC")])
    if isinstance(key, ed25519.Ed25519PublicKey):
        return KeySet([import_key(content, "OKP")])
    raise ValueError("holds a key of another kind than RSA, EC or Ed25519")
