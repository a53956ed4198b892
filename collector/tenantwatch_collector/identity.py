"""Who is calling, read from the connection's bearer credential and from nothing else."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tenantwatch_collector.access.bearer_jwt import JwtVerifier
from tenantwatch_collector.access.permissions import PLATFORM_ROLES, Permission, Role, granted
from tenantwatch_collector.errors import NotAllowed, NotAuthenticated, NotFound, TenantSuspended
from tenantwatch_collector.store.base import Store, Tenant, Token

TOKEN_PREFIX = "tw_"
_TOUCH_EVERY_US = 60_000_000
_MAX_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, and the id that logs, answers and the audit log know it by."""

    address: str = ""
    request_id: str = ""
    idempotency_key: bytes = b""
    """The hash that the store knows the caller's key by; empty where none was sent."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. ``tenant`` is None for the platform's own people only.

    ``subject`` is the person or service, the same whichever credential it came with.
    """

    subject: str
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    tenant: Tenant | None
    token_id: str = ""
    """Of an API token; empty where a JWT was shown."""
    expires_at_us: int | None = None
    origin: Origin = field(default_factory=Origin)

    @property
    def is_named(self) -> bool:
        """Whether it is known who acts: a token of nobody in particular names itself alone."""
        return self.subject != self.token_id

    @property
    def tenant_key(self) -> int | None:
        """What bounds the caller's questions: None reaches every tenant."""
        return None if self.tenant is None else self.tenant.tenant_key

    def demand(self, permission: Permission) -> None:
        """Raise NotAllowed unless the caller has the permission."""
        if permission not in self.permissions:
            roles = ", ".join(sorted(self.roles)) or "none"
            raise NotAllowed(
                f"this needs the permission {permission}; the caller's roles ({roles}) do not give it,"
                " or the token's scope leaves it out"
            )

    def coming_from(self, origin: Origin) -> Caller:
        return replace(self, origin=origin)


def token_hash(secret: str) -> bytes:
    """Tokens carry 256 random bits, so one fast hash is as good as a slow one."""
    return hashlib.sha256(secret.encode()).digest()


async def issue_token(
    store: Store,
    role: str,
    tenant: Tenant | None,
    name: str,
    *,
    subject: str = "",
    scopes: Sequence[Permission] = (),
    expires_at_us: int | None = None,
) -> tuple[str, str]:
    """Create a token and return (token_id, secret). The secret is kept nowhere.

    A token of nobody in particular is its own subject: two of them are two people.
    """
    token_id, secret = secrets.token_hex(6), TOKEN_PREFIX + secrets.token_urlsafe(32)
    key = None if tenant is None else tenant.tenant_key
    await store.create_token(
        token_id,
        token_hash(secret),
        Role(role),
        key,
        name,
        subject=subject or token_id,
        scopes=tuple(scopes),
        expires_at_us=expires_at_us,
    )
    return token_id, secret


class Authenticator:
    """Turns bearer credentials into callers; notes a token's use at most once a minute."""

    def __init__(self, store: Store, verifier: JwtVerifier | None = None) -> None:
        self._store = store
        self._verifier = verifier

    async def caller(self, secret: str | None, *roles: str) -> Caller:
        """The caller behind the credential, if it has one of the roles, where any is named."""
        if not secret:
            raise NotAuthenticated("send a credential: Authorization: Bearer TOKEN")
        if self._verifier is not None and not secret.startswith(TOKEN_PREFIX):
            found = await self._by_jwt(secret, self._verifier)
        else:
            found = _by_token(await self._live_token(secret))
        if roles and not found.roles & set(roles):
            has = ", ".join(sorted(found.roles))
            raise NotAuthenticated(
                f"this is a token of the role {has}; here a token of {' or '.join(roles)} is needed"
            )
        return found

    async def _live_token(self, secret: str) -> Token:
        token = await self._store.token_by_hash(token_hash(secret)) if len(secret) < _MAX_TOKEN else None
        now_us = time.time_ns() // 1000
        if token is None or token.revoked_at_us is not None or _is_over(token.expires_at_us, now_us):
            raise NotAuthenticated(
                "the token is unknown, has expired or was revoked; ask the platform's admin for one"
            )
        _demand_watched(token.tenant)
        if token.last_used_at_us is None or now_us - token.last_used_at_us > _TOUCH_EVERY_US:
            await self._store.touch_token(token.token_id, now_us)
        return token

    async def _by_jwt(self, secret: str, verifier: JwtVerifier) -> Caller:
        """A JWT with a tenant's claim has a tenant's roles alone, one without has the platform's alone."""
        claims = await verifier.verified(secret)
        tenant = None
        if claims.tenant_id is not None:
            tenant = await self._store.tenant(claims.tenant_id)
            if tenant is None:
                raise NotAuthenticated("the credential names a tenant that does not exist")
            _demand_watched(tenant)
        roles = frozenset(role for role in claims.roles if (role in PLATFORM_ROLES) == (tenant is None))
        return Caller(claims.subject, roles, granted(roles), tenant, expires_at_us=claims.expires_at_us)

    async def still_valid(self, caller: Caller) -> bool:
        """Whether the credential of an earlier caller has neither expired nor been revoked since."""
        if _is_over(caller.expires_at_us, time.time_ns() // 1000):
            return False
        return not caller.token_id or await self._store.token_is_valid(caller.token_id)


def _by_token(token: Token) -> Caller:
    roles = frozenset({Role(token.role)})
    permissions = granted(roles)
    if token.scopes:
        permissions &= frozenset(token.scopes)
    return Caller(
        token.subject or token.token_id,
        roles,
        permissions,
        token.tenant,
        token.token_id,
        token.expires_at_us,
    )


def _demand_watched(tenant: Tenant | None) -> None:
    if tenant is not None and not tenant.is_watched:
        raise TenantSuspended(f"tenant {tenant.tenant_id} is suspended: its credentials open nothing now")


def _is_over(expires_at_us: int | None, now_us: int) -> bool:
    return expires_at_us is not None and expires_at_us <= now_us


async def reachable_tenant(store: Store, caller: Caller, tenant_id: str) -> Tenant:
    """The tenant, if it exists and the caller may reach it; one and the same NotFound if not."""
    if caller.tenant is not None:
        if caller.tenant.tenant_id == tenant_id:
            return caller.tenant
    elif (tenant := await store.tenant(tenant_id)) is not None:
        return tenant
    raise NotFound(f"there is no tenant {tenant_id!r} that you can reach")


def bearer(header: str | None) -> str | None:
    """The credential of an Authorization header, or None."""
    scheme, _, secret = (header or "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None
