"""The section [jwt]: whose bearer JWTs are believed, and where they say who somebody is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from tenantwatch_collector.settings import Section

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Asymmetric ones alone: whoever can check a signature must not be able to make one."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Claim = Annotated[str, Field(min_length=1, max_length=200)]


class JwtSection(Section):
    """``keys_file`` is a JWK set or a public key in PEM; ``keys_url`` answers a JWK set. One of the two.

    ``roles_claim`` and ``tenant_claim`` may lead into an object by dots, as in realm_access.roles.
    """

    issuer: Claim
    audience: Claim
    keys_file: Path | None = None
    keys_url: str = ""
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "ES384", "Ed25519")
    leeway_seconds: Annotated[int, Field(ge=0, le=300)] = 30
    roles_claim: Claim = "roles"
    tenant_claim: Claim = "tenant_id"

    @field_validator("algorithms")
    @classmethod
    def _asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - set(ALGORITHMS):
            raise ValueError(f"write some of {', '.join(ALGORITHMS)}")
        return value

    @field_validator("keys_url")
    @classmethod
    def _confidential(cls, value: str) -> str:
        parts = urlsplit(value)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if value and not (parts.hostname and (parts.scheme == "https" or plain)):
            raise ValueError("write an https:// address: who can change the keys can be anybody")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.keys_file is None) == (not self.keys_url):
            raise ValueError("give keys_file or keys_url")
        return self
