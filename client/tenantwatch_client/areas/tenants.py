"""Tenants: who there is, and new ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypedDict

from tenantwatch_client.connection import ORCHESTRATION, Connection

Tier = Literal["basic", "professional", "enterprise"]
Size = Literal["micro", "small", "medium", "large", "xlarge"]


class TenantOverview(TypedDict):
    tenant_id: str
    tenant_name: str
    tier: str
    state: str
    since: str
    checks_total: int
    checks_failing: int


class Deployment(TypedDict):
    tenant_id: str
    tenant_name: str
    resource_tier: str
    sla_tier: str
    monitoring_enabled: bool
    agent_token: str | None


class TenantView(TypedDict):
    tenant_id: str
    tenant_name: str
    tier: str
    resource_tier: str
    created_at: str
    suspended_at: str | None


class Tenants:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> Iterator[TenantOverview]:
        """All that the token reaches, by their id."""
        yield from self._connection.pages("tenants", key="tenants", query={"limit": 1_000})

    def create(
        self, name: str, tier: Tier = "professional", size: Size = "small", monitoring: bool = True
    ) -> Deployment:
        """A tenant and the token of its agents, which is shown this once."""
        body = {
            "tenant_name": name,
            "sla_tier": tier,
            "resource_tier": size,
            "monitoring_enabled": monitoring,
        }
        made: Deployment = self._connection.post("deployments", body=body, under=ORCHESTRATION)
        return made

    def get(self, tenant_id: str) -> TenantView:
        found: TenantView = self._connection.get("tenants", tenant_id)
        return found

    def rename(self, tenant_id: str, name: str) -> TenantView:
        """Its id stays."""
        body = {"tenant_name": name, "resource_tier": self.get(tenant_id)["resource_tier"]}
        made: TenantView = self._connection.put("tenants", tenant_id, body=body)
        return made

    def suspend(self, tenant_id: str) -> TenantView:
        """Its agents are sent away until it is resumed; what is kept stays."""
        made: TenantView = self._connection.post("tenants", tenant_id, "suspend")
        return made

    def resume(self, tenant_id: str) -> TenantView:
        made: TenantView = self._connection.post("tenants", tenant_id, "resume")
        return made

    def delete(self, tenant_id: str) -> None:
        """For good; docs/api.md says what is kept of it all the same, and how long."""
        self._connection.delete("tenants", tenant_id)
