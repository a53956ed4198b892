"""Operations on tenants themselves: their names, their groups, whether they are watched, their end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.models import State, instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.operations import state_of
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.errors import Conflict, NotFound
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.store.base import Store, Tenant

ResourceTier = Literal["", "micro", "small", "medium", "large", "xlarge"]


class TenantBody(BaseModel):
    """What may be changed. A tenant's tier is changed by setting terms, so that the past keeps its own."""

    model_config = ConfigDict(extra="forbid")

    tenant_name: Annotated[str, Field(min_length=1, max_length=200)]
    resource_tier: ResourceTier = ""


class TenantView(BaseModel):
    tenant_id: str
    tenant_name: str
    tier: str = Field(description="that it was created with; terms may say another since")
    resource_tier: str
    created_at: datetime
    suspended_at: datetime | None


class MemberCheck(BaseModel):
    agent_id: str
    check_id: str
    kind: str
    state: State


class TenantGroup(BaseModel):
    group: str
    role: str
    rule: str = Field("any", description="how many unhealthy checks make it so: any, all or quorum")
    state: State
    checks: list[MemberCheck]


class GroupList(BaseModel):
    tenant_id: str
    groups: list[TenantGroup]


class Tenancy:
    """``redefined`` is told when checks may have ceased or begun to count."""

    def __init__(self, store: Store, redefined: Callable[[], None]) -> None:
        self._store = store
        self._redefined = redefined

    @demands(Permission.MONITORING_READ)
    async def get(self, caller: Caller, tenant_id: str) -> TenantView:
        return _view(await self._tenant(caller, tenant_id))

    @demands(Permission.TENANTS_MANAGE)
    async def change(self, caller: Caller, tenant_id: str, new: TenantBody) -> TenantView:
        tenant = await self._tenant(caller, tenant_id)
        async with recorded(self._store, caller, "tenant.change", tenant_id, tenant) as record:
            record.before, record.after = _view(tenant), new
            await record.store.change_tenant(tenant.tenant_key, new.tenant_name, new.resource_tier)
        self._redefined()
        return await self.get(caller, tenant_id)

    @demands(Permission.TENANTS_MANAGE)
    async def suspend(self, caller: Caller, tenant_id: str) -> TenantView:
        """Nothing of it is watched, nobody is told, and its credentials open nothing, until it is resumed."""
        return await self._suspend(caller, tenant_id, "tenant.suspend", time.time_ns() // 1000)

    @demands(Permission.TENANTS_MANAGE)
    async def resume(self, caller: Caller, tenant_id: str) -> TenantView:
        return await self._suspend(caller, tenant_id, "tenant.resume", None)

    @demands(Permission.TENANTS_MANAGE)
    async def delete(self, caller: Caller, tenant_id: str) -> None:
        """End it: from now on it does not exist. What was kept of it goes when retention says so."""
        tenant = await self._tenant(caller, tenant_id)
        async with recorded(self._store, caller, "tenant.delete", tenant_id, tenant) as record:
            record.before = _view(tenant)
            await record.store.delete_tenant(tenant.tenant_key)
        self._redefined()

    @demands(Permission.MONITORING_READ)
    async def groups(self, caller: Caller, tenant_id: str) -> GroupList:
        """The groups that make its state, each with its checks."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        (health,) = await self._store.tenant_health(tenant.tenant_key)
        members: dict[str, list[MemberCheck]] = {}
        for each in await self._store.check_health(tenant.tenant_key):
            definition = each.check.definition
            members.setdefault(definition.group, []).append(
                MemberCheck(
                    agent_id=each.check.agent_id,
                    check_id=definition.check_id,
                    kind=definition.kind,
                    state=state_of(each.level),
                )
            )
        return GroupList(
            tenant_id=tenant_id,
            groups=[
                TenantGroup(**group, checks=members.get(group["group"], []))
                for group in json.loads(health.groups)
            ],
        )

    async def _suspend(self, caller: Caller, tenant_id: str, action: str, since_us: int | None) -> TenantView:
        tenant = await self._tenant(caller, tenant_id)
        async with recorded(self._store, caller, action, tenant_id, tenant) as record:
            record.before = _view(tenant)
            if not await record.store.suspend_tenant(tenant.tenant_key, since_us):
                raise Conflict(f"tenant {tenant_id} is {'not' if since_us is None else 'already'} suspended")
        self._redefined()
        return _view(await self._tenant(caller, tenant_id))

    async def _tenant(self, caller: Caller, tenant_id: str) -> Tenant:
        """As it is now, which a caller's own credential may no longer say."""
        reachable = await reachable_tenant(self._store, caller, tenant_id)
        tenant = await self._store.tenant(tenant_id)
        if tenant is None or tenant.tenant_key != reachable.tenant_key:
            raise NotFound(f"there is no tenant {tenant_id!r} that you can reach")
        return tenant


def _view(tenant: Tenant) -> TenantView:
    return TenantView(
        tenant_id=tenant.tenant_id,
        tenant_name=tenant.tenant_name,
        tier=tenant.tier,
        resource_tier=tenant.resource_tier,
        created_at=instant(tenant.created_at_us),
        suspended_at=None if tenant.suspended_at_us is None else instant(tenant.suspended_at_us),
    )
