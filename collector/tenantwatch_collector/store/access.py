"""Who there is: tenants, tokens, and what was commanded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

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


class AccessStore(Protocol):
    """The part of the store's contract that knows who may come in, and what they commanded."""

    async def create_tenant(self, tenant_id: str, tenant_name: str, tier: str) -> Tenant: ...
    async def add_tenant(
        self, tenant_id: str, tenant_name: str, tier: str, resource_tier: str
    ) -> Tenant | None:
        """Create it; None if there is one of that id already."""

    async def tenant(self, tenant_id: str) -> Tenant | None:
        """The tenant, if it was not deleted."""

    async def tenants(self) -> Sequence[Tenant]:
        """All there ever were, those too that were deleted."""

    async def change_tenant(self, tenant_key: int, tenant_name: str, resource_tier: str) -> None: ...
    async def suspend_tenant(self, tenant_key: int, since_us: int | None) -> bool:
        """Suspend it, or with None resume it; False if it is so already. Meanwhile it has no active check."""

    async def delete_tenant(self, tenant_key: int) -> None:
        """It is there no more and its tokens are revoked; its facts stay as long as retention keeps them."""

    async def create_token(
        self,
        token_id: str,
        secret_sha256: bytes,
        role: str,
        tenant_key: int | None,
        name: str,
        *,
        subject: str,
        scopes: Sequence[str] = (),
        expires_at_us: int | None = None,
    ) -> None: ...
    async def token_by_hash(self, secret_sha256: bytes) -> Token | None: ...
    async def token_is_valid(self, token_id: str) -> bool: ...
    async def touch_token(self, token_id: str, used_at_us: int) -> None: ...
    async def tokens(self) -> Sequence[Token]: ...
    async def revoke_token(self, token_id: str) -> bool: ...
    async def tokens_revoked_since(self, since_us: int) -> Sequence[str]:
        """The ids of tokens that were revoked, or ended, then or later."""

    async def add_audit(self, tenant_key: int | None, entry: AuditEntry) -> None:
        """Enter it into the audit log, now; its id, time and tenant_id are the store's."""

    async def audit_entries(
        self, tenant_key: int | None, subject: str, action: str, before_id: int | None, limit: int
    ) -> Sequence[AuditEntry]:
        """Newest first, from ``before_id``, a page's last, on; empty texts mean any."""

    async def begin_once(
        self, key: bytes, request: bytes, now_us: int, kept_since_us: int, alive_since_us: int
    ) -> KeptAnswer | None:
        """Begin the command of that key, or answer what is known of it.

        What began before ``kept_since_us`` is forgotten; what began before ``alive_since_us`` and was not
        done is begun again.
        """

    async def done_once(self, key: bytes) -> None:
        """Note that the command was carried out: together with what it did."""

    async def finish_once(self, key: bytes, status: int, answer: bytes) -> None:
        """Keep what it answered."""

    async def forget_once(self, key: bytes) -> None:
        """It may be sent again, unless it was carried out."""
