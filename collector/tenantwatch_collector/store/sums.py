"""Sums over a tenant's checks, and requests counted between looks: what reports of many tenants read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tenantwatch_collector.store.agreements import (
    ContractRecord,
    CorrectionRecord,
    KnownChange,
    TenantCheck,
    WindowRecord,
)


class RollupSum(NamedTuple):
    """All checks of a tenant that count in reports, in ``[start_us, start_us + width_s)``, as one.

    ``members`` says which checks had results there and as what they were counted; ``requests`` is None where
    no check counted any. ``known_at_us`` is when the newest of all that it is made of arrived.
    """

    tenant_key: int
    width_s: int
    start_us: int
    members: str
    total: int
    errors: int
    latency_count: int
    latency_sum_us: int
    latency_max_us: int | None
    histogram: bytes
    requests: int | None
    request_errors: int
    known_at_us: int


@dataclass(frozen=True, slots=True)
class RequestRollup:
    """What one check counted in a quarter of an hour, look by look: ``looks`` belongs to the SLA room."""

    tenant_key: int
    check_key: int
    start_us: int
    requests: int
    request_errors: int
    looks: bytes
    known_at_us: int


@dataclass(frozen=True, slots=True)
class CounterReading:
    """Two metrics of one result, as one look read them."""

    check_key: int
    time_us: int
    total: float
    errors: float
    received_at_us: int


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What reports need to know of a tenant beside its results."""

    contracts: Sequence[ContractRecord]
    checks: Sequence[TenantCheck]
    log: Sequence[KnownChange]
    """The changes in the order in which they became known; with every silence that had begun, whenever it was
    noted: that is no news."""
    windows: Sequence[WindowRecord]
    corrections: Sequence[CorrectionRecord]


class SumStore(Protocol):
    """The part of the store's contract that answers for many tenants at once."""

    async def tenant_facts(
        self, tenant_keys: Sequence[int], to_us: int, known_until_us: int
    ) -> Mapping[int, TenantFacts]:
        """Of each of these tenants all of it; of the log what is dated before ``to_us`` and known by then, of
        the checks what was known of them then."""

    async def rollup_sums(
        self, tenant_keys: Sequence[int], width_s: int, from_us: int, to_us: int
    ) -> Sequence[RollupSum]:
        """The sums of that width that begin in [from_us, to_us), by tenant and time."""

    async def request_rollups(self, tenant_key: int, from_us: int, to_us: int) -> Sequence[RequestRollup]:
        """Those that begin in [from_us, to_us), by time and check."""

    async def counting_tenants(
        self, names: tuple[str, str], among: Sequence[int] | None = None
    ) -> Sequence[int]:
        """The tenants, all or ``among`` these, of which any result ever had both of these metrics."""

    async def counter_readings(
        self, tenant_key: int, names: tuple[str, str], from_us: int, to_us: int
    ) -> Sequence[CounterReading]:
        """Both metrics of every result in [from_us, to_us) that has them and is not unknown."""
