"""Deliveries for tests of ingest: whose they are and how many results they hold, nothing of the rest."""

from __future__ import annotations

import numpy as np
from tenantwatch_collector.store.base import AgentPosition, Delivery, Gap, RefusedBatch, ResultColumns
from tenantwatch_wire.records import Lane

T0_US = 1_700_000_000_000_000


def columns(tenant_key: int, first: int, count: int) -> ResultColumns:
    """Results of one check, a second apart, so that their time names their sequence."""
    return ResultColumns(
        np.full(count, tenant_key, np.int64),
        np.full(count, tenant_key, np.int64),
        T0_US + 1_000_000 * np.arange(first, first + count, dtype=np.int64),
        np.zeros(count, np.uint8),
        np.full(count, -1, np.int64),
    )


def position(tenant_key: int, sequence: int, agent_id: str = "a") -> AgentPosition:
    return AgentPosition(tenant_key, agent_id, "g", Lane.LIVE, sequence)


def results(tenant_key: int, first: int, count: int, size_bytes: int = 100, agent_id: str = "a") -> Delivery:
    last = position(tenant_key, first + count - 1, agent_id)
    return Delivery(first, last, results=columns(tenant_key, first, count), size_bytes=size_bytes)


def gap(tenant_key: int, first: int, count: int) -> Delivery:
    return Delivery(first, position(tenant_key, first + count - 1), gap=Gap(0, 1, "full"), size_bytes=0)


def refused(tenant_key: int, first: int, count: int) -> Delivery:
    return Delivery(first, position(tenant_key, first + count - 1), refused=RefusedBatch("bad", b"bytes"))
