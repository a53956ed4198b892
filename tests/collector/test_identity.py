"""Who is calling: tokens that end, are narrowed or revoked, and JWTs within their tenant's bounds."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tenantwatch_collector.access.bearer_jwt import JwtVerifier
from tenantwatch_collector.access.permissions import Permission, Role
from tenantwatch_collector.access.settings import JwtSection
from tenantwatch_collector.errors import NotAllowed, NotAuthenticated
from tenantwatch_collector.identity import Authenticator, issue_token
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.opening import open_store

from tests.collector.access.issuer import AUDIENCE, ISSUER, KEY, jwks, signed

HOUR_US = 3_600_000_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path / "store.sqlite3")
    yield opened
    await opened.close()


async def test_a_token_is_its_subjects_in_its_role(store: Store) -> None:
    token_id, secret = await issue_token(store, Role.OPERATOR, None, "laptop", subject="ann")
    caller = await Authenticator(store).caller(secret)
    assert (caller.subject, caller.roles, caller.tenant) == ("ann", frozenset({Role.OPERATOR}), None)
    _, nobodys = await issue_token(store, Role.ADMIN, None, "")
    assert (await Authenticator(store).caller(nobodys)).subject not in ("", "ann")
    (used,) = [token for token in await store.tokens() if token.token_id == token_id]
    assert used.last_used_at_us is not None


async def test_a_scope_leaves_out_what_it_does_not_name(store: Store) -> None:
    scopes = [Permission.MONITORING_READ, Permission.AUDIT_READ]
    _, secret = await issue_token(store, Role.OPERATOR, None, "", scopes=scopes)
    caller = await Authenticator(store).caller(secret)
    assert caller.permissions == {Permission.MONITORING_READ}  # an operator has no audit:read to begin with
    with pytest.raises(NotAllowed, match="sla:write"):
        caller.demand(Permission.SLA_WRITE)


async def test_a_token_ends(store: Store) -> None:
    now_us = time.time_ns() // 1000
    token_id, secret = await issue_token(store, Role.AUDITOR, None, "", expires_at_us=now_us + HOUR_US)
    caller = await Authenticator(store).caller(secret)
    assert await Authenticator(store).still_valid(caller)
    ended_id, ended = await issue_token(store, Role.AUDITOR, None, "", expires_at_us=now_us)
    with pytest.raises(NotAuthenticated, match="has expired"):
        await Authenticator(store).caller(ended)
    assert ended_id in await store.tokens_revoked_since(now_us - HOUR_US)
    await store.revoke_token(token_id)
    assert not await Authenticator(store).still_valid(caller)
    with pytest.raises(NotAuthenticated, match="revoked"):
        await Authenticator(store).caller(secret)


async def test_a_jwt_has_the_roles_of_its_bounds_alone(store: Store, tmp_path: Path) -> None:
    await store.create_tenant("acme", "Acme", "basic")
    (tmp_path / "jwks.json").write_bytes(jwks(KEY))
    section = JwtSection(issuer=ISSUER, audience=AUDIENCE, keys_file=tmp_path / "jwks.json")
    authenticator = Authenticator(store, JwtVerifier(section))
    both = ["admin", "tenant-viewer"]
    platform = await authenticator.caller(signed(roles=both))
    assert (platform.subject, platform.roles, platform.tenant) == ("ann", frozenset({Role.ADMIN}), None)
    tenants = await authenticator.caller(signed(roles=both, tenant_id="acme"))
    assert tenants.tenant is not None
    assert (tenants.roles, tenants.tenant.tenant_id) == (frozenset({Role.TENANT_VIEWER}), "acme")
    assert await authenticator.still_valid(tenants)
    with pytest.raises(NotAuthenticated, match="tenant that does not exist"):
        await authenticator.caller(signed(tenant_id="nobody"))
    with pytest.raises(NotAuthenticated, match="role operator"):
        await authenticator.caller(signed(), Role.AGENT)
    with pytest.raises(NotAuthenticated, match="neither a token"):
        await authenticator.caller("rubbish")
    with pytest.raises(NotAuthenticated, match="unknown"):
        await Authenticator(store).caller(signed())
