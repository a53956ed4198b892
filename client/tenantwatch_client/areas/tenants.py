"""Tenants: who there is, and new ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from tenantwatch_client.answers import Deployment, TenantOverview
from tenantwatch_client.connection import ORCHESTRATION, Connection

Tier = Literal["basic", "professional", "enterprise"]
Size = Literal["micro", "small", "medium", "large", "xlarge"]


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
