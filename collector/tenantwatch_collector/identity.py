"""Who is calling, read from the connection's bearer token and from nothing else."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from tenantwatch_collector.errors import NotAuthenticated, NotFound
from tenantwatch_collector.store.base import Store, Tenant, Token

ROLES = ("admin", "tenant", "agent")
_TOUCH_EVERY_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. ``tenant`` is None for the platform's own people only."""

    token_id: str
    role: str
    tenant: Tenant | None

    @property
    def tenant_key(self) -> int | None:
        """What bounds the caller's questions: None reaches every tenant."""
        return None if self.tenant is None else self.tenant.tenant_key


def token_hash(secret: str) -> bytes:
    """Tokens carry 256 random bits, so one fast hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).digest()


async def issue_token(store: Store, role: str, tenant: Tenant | None, name: str) -> tuple[str, str]:
    """Create a token and return (token_id, secret). The secret is kept nowhere."""
    token_id, secret = secrets.token_hex(6), "tw_" + secrets.token_urlsafe(32)
    key = None if tenant is None else tenant.tenant_key
    await store.create_token(token_id, token_hash(secret), role, key, name)
    return token_id, secret


class Authenticator:
    """Turns bearer tokens into callers; notes a token's use at most once a minute."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def caller(self, secret: str | None, *roles: str) -> Caller:
        """The caller behind the token, if it has one of the roles; else NotAuthenticated."""
        token = await self._live_token(secret)
        if token.role not in roles:
            raise NotAuthenticated(
                f"this is a token of the role {token.role}; here a token of {' or '.join(roles)} is needed"
            )
        return Caller(token.token_id, token.role, token.tenant)

    async def _live_token(self, secret: str | None) -> Token:
        if not secret:
            raise NotAuthenticated("send a token: Authorization: Bearer tw_...")
        token = await self._store.token_by_hash(token_hash(secret)) if len(secret) < 200 else None
        if token is None or token.revoked_at_us is not None:
            raise NotAuthenticated("the token is unknown or was revoked; ask the platform's admin for one")
        now_us = time.time_ns() // 1000
        if token.last_used_at_us is None or now_us - token.last_used_at_us > _TOUCH_EVERY_US:
            await self._store.touch_token(token.token_id, now_us)
        return token

    async def still_valid(self, caller: Caller) -> bool:
        """Whether the token behind an earlier caller has not been revoked since."""
        return await self._store.token_is_valid(caller.token_id)


async def reachable_tenant(store: Store, caller: Caller, tenant_id: str) -> Tenant:
    """The tenant, if it exists and the caller may reach it; one and the same NotFound if not."""
    if caller.tenant is not None:
        if caller.tenant.tenant_id == tenant_id:
            return caller.tenant
    elif (tenant := await store.tenant(tenant_id)) is not None:
        return tenant
    raise NotFound(f"there is no tenant {tenant_id!r} that you can reach")


def bearer(header: str | None) -> str | None:
    """The token of an Authorization header, or None."""
    scheme, _, secret = (header or "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None
