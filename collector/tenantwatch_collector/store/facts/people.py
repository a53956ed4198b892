"""Who there is: tenants, tokens, and what was commanded."""

from __future__ import annotations

from dataclasses import dataclass

PLATFORM = "platform"
PLATFORM_KEY = 0
"""Stand where a tenant's id and key stand, for what is the whole platform's; no tenant has them."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """``tenant_key`` is the store's own short key and never leaves the collector."""

    tenant_key: int
    tenant_id: str
    tenant_name: str
    tier: str
    created_at_us: int
    resource_tier: str = ""
    suspended_at_us: int | None = None
    deleted_at_us: int | None = None
    """Since then it does not exist for any caller; engines close what was open."""

    @property
    def is_watched(self) -> bool:
        return self.suspended_at_us is None and self.deleted_at_us is None


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as kept: never the secret, only its hash. ``tenant`` is None for the platform's own.

    ``scopes`` are the permissions that it has of its role's; empty means all of them.
    """

    token_id: str
    role: str
    name: str
    tenant: Tenant | None
    created_at_us: int
    revoked_at_us: int | None
    last_used_at_us: int | None
    subject: str
    scopes: tuple[str, ...]
    expires_at_us: int | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One command that was carried out: by whom, from where, what, on what. ``before``, ``after`` are JSON.

    ``tenant_id`` is None where it was about the platform as a whole.
    """

    subject: str
    roles: str
    address: str
    request_id: str
    action: str
    target: str
    before: str = ""
    after: str = ""
    tenant_id: str | None = None
    entry_id: int = 0
    time_us: int = 0


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A command that was begun: what was asked, and its sealed answer where it has one (``status``)."""

    request_sha256: bytes
    status: int | None
    answer: bytes
    done: bool
    begun_at_us: int
