"""Bearer JWTs: signed by the issuer's key, meant for us, in their time; anything else is no credential."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tenantwatch_collector.access.keys import FetchedKeys, FileKeys, Keys
from tenantwatch_collector.access.permissions import PERSONAL_ROLES, Role
from tenantwatch_collector.access.settings import JwtSection
from tenantwatch_collector.errors import NotAuthenticated

MAX_JWT = 16_384
MAX_SUBJECT = 200
_REFUSED = "the JWT is not valid here"
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid JWT says. Roles that we do not know are left out."""

    subject: str
    roles: frozenset[Role]
    tenant_id: str | None
    expires_at_us: int


class JwtVerifier:
    """Checks JWTs by the section [jwt]. Raises ConfigurationError where its keys cannot be read."""

    def __init__(self, section: JwtSection, keys: Keys | None = None) -> None:
        self._section = section
        self._keys = keys or (
            FetchedKeys(section.keys_url) if section.keys_file is None else FileKeys(section.keys_file)
        )
        self._registry = jwt.JWTClaimsRegistry(
            leeway=section.leeway_seconds,
            iss={"essential": True, "value": section.issuer},
            aud={"essential": True, "value": section.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def verified(self, text: str) -> Claims:
        """What it says, or NotAuthenticated; of its faults only its age is told."""
        algorithm, key_id = self._header(text)
        keys = _fitting(await self._keys.current(key_id), algorithm, key_id)
        try:
            claims = jwt.decode(text, keys, algorithms=[algorithm]).claims
            self._registry.validate(claims)
            return self._claims(claims)
        except (JoseError, ValueError, TypeError, RecursionError, OverflowError) as error:
            late = "; it has expired" if getattr(error, "error", "") == "expired_token" else ""
            raise NotAuthenticated(f"{_REFUSED}{late}: get a new one from your issuer") from None

    def _header(self, text: str) -> tuple[str, str]:
        """Which algorithm and which key it claims; nothing of it is believed yet."""
        if len(text) > MAX_JWT or text.count(".") != 2:
            raise NotAuthenticated("the credential is neither a token of this collector nor a JWT")
        encoded = text.partition(".")[0]
        try:
            header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
            algorithm, key_id = header["alg"], header.get("kid", "")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise NotAuthenticated(f"{_REFUSED}: its header cannot be read") from None
        if algorithm not in self._section.algorithms or not isinstance(key_id, str):
            raise NotAuthenticated(f"{_REFUSED}: sign it by {', '.join(self._section.algorithms)}")
        return algorithm, key_id

    def _claims(self, claims: Mapping[str, Any]) -> Claims:
        subject = claims["sub"]
        tenant_id = _at(claims, self._section.tenant_claim)
        if not 0 < len(subject) <= MAX_SUBJECT or not isinstance(tenant_id, str | None):
            raise ValueError("a claim cannot be what it is")
        return Claims(
            subject,
            _roles(_at(claims, self._section.roles_claim)),
            tenant_id,
            (int(claims["exp"]) + self._section.leeway_seconds) * 1_000_000,
        )


def _fitting(keys: KeySet, algorithm: str, key_id: str) -> KeySet:
    """The key of that id; without an id the only one of the algorithm's kind."""
    kind = _KINDS[algorithm[:2]]
    found = [key for key in keys.keys if key.key_type == kind and (not key_id or key.kid in (key_id, None))]
    if len(found) != 1:
        raise NotAuthenticated(f"{_REFUSED}: no key, or no single one, fits what its header names")
    return KeySet(found)


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of that name, or the one that dots lead to; None where there is none."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _roles(told: Any) -> frozenset[Role]:
    names: Sequence[Any] = told.split() if isinstance(told, str) else told if isinstance(told, list) else ()
    return frozenset(role for role in PERSONAL_ROLES if role.value in names)
