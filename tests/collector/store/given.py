"""A tenant, its check and its results: what most tests of the stores begin with."""

from __future__ import annotations

import numpy as np
from tenantwatch_collector.store.base import (
    AgentPosition,
    Delivery,
    ResultColumns,
    Store,
    StoredCheck,
    Tenant,
)
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import CheckDefinition, Lane

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND


async def tenant_with_check(store: Store, name: str = "acme") -> tuple[Tenant, StoredCheck]:
    tenant = await store.create_tenant(name, name.title(), "basic")
    definition = CheckDefinition("web", "http_endpoint", 60_000, 10_000)
    (check,) = await store.register_checks(tenant.tenant_key, "a1", [(definition, True)], complete=True)
    return tenant, check


def batch(check: StoredCheck, first: int, count: int, generation: str = "g") -> Delivery:
    columns = ResultColumns(
        np.full(count, check.tenant_key, np.int64),
        np.full(count, check.check_key, np.int64),
        T0 + SECOND * np.arange(first, first + count, dtype=np.int64),
        np.zeros(count, np.uint8),
        np.full(count, 1500, np.int64),
        {0: "text of the first"},
        MetricColumns(np.array([count - 1], np.uint32), np.zeros(1, np.uint32), np.array([1.5]), ("tls_ms",)),
    )
    return Delivery(first, position(check, first + count - 1, generation), results=columns)


def position(check: StoredCheck, sequence: int, generation: str = "g") -> AgentPosition:
    return AgentPosition(check.tenant_key, "a1", generation, Lane.LIVE, sequence)


async def times(store: Store, check: StoredCheck) -> list[int]:
    found = await store.results_of_check(check.tenant_key, check.check_key, 0, 10_000)
    return [(row[0] - T0) // SECOND for row in found]
