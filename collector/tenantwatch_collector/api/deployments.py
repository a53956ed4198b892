"""Tenants as the platform creates them: watched from then on."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.errors import Conflict
from tenantwatch_collector.identity import Caller, issue_token
from tenantwatch_collector.sla.contract import Tier
from tenantwatch_collector.store.base import Store

MAX_OF_ONE_NAME = 10_000
_MAX_SLUG = 50


class NewDeployment(BaseModel):
    """The platform's own call. Fields of it that are not ours are passed over."""

    model_config = ConfigDict(extra="ignore")

    tenant_name: Annotated[str, Field(min_length=1, max_length=200)]
    resource_tier: Literal["micro", "small", "medium", "large", "xlarge"] = "small"
    monitoring_enabled: StrictBool = True
    sla_tier: Tier = "professional"


class Deployment(BaseModel):
    """``agent_token`` is shown this once: the tenant's agents send results with it."""

    tenant_id: str
    tenant_name: str
    resource_tier: str
    sla_tier: str
    monitoring_enabled: bool
    agent_token: str | None = Field(description="null where monitoring is not enabled")


class Deployments:
    """Each call makes a tenant; one name may be given again and counts up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @demands(Permission.TENANTS_MANAGE)
    async def create(self, caller: Caller, new: NewDeployment) -> Deployment:
        """Make the tenant, and the token that its agents need."""
        slug = slug_of(new.tenant_name)
        known = {tenant.tenant_id for tenant in await self._store.tenants()}
        for number in range(1, MAX_OF_ONE_NAME):
            tenant_id = f"{slug}-{number:03}"
            if tenant_id in known:
                continue
            with contextlib.suppress(_Taken):
                return await self._make(caller, tenant_id, new)
        raise Conflict(f"there are {MAX_OF_ONE_NAME - 1} tenants {slug} already: choose another name")

    async def _make(self, caller: Caller, tenant_id: str, new: NewDeployment) -> Deployment:
        secret = None
        async with recorded(self._store, caller, "tenant.create", tenant_id) as record:
            tenant = await record.store.add_tenant(
                tenant_id, new.tenant_name, new.sla_tier, new.resource_tier
            )
            if tenant is None:
                raise _Taken
            record.tenant = tenant
            if new.monitoring_enabled:
                _, secret = await issue_token(record.store, "agent", tenant, "of the deployment")
            made = Deployment(
                tenant_id=tenant_id,
                tenant_name=new.tenant_name,
                resource_tier=new.resource_tier,
                sla_tier=new.sla_tier,
                monitoring_enabled=new.monitoring_enabled,
                agent_token=secret,
            )
            record.after = made
        return made


class _Taken(Exception):
    """Somebody else has made a tenant of that id meanwhile."""


def slug_of(name: str) -> str:
    """The name in lower-case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_SLUG].strip("-") or "tenant"
