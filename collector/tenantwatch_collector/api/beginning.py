"""Whether new terms may say when a contract begins: one that has begun keeps its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenantwatch_collector.api.agreements import microseconds
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.reports.agreements import UNITS, beginning_of, local_time_of, versions_of
from tenantwatch_collector.reports.naming import period_of
from tenantwatch_collector.sla.beginning import MovedBeginning, agreed_beginning, refuse_moving
from tenantwatch_collector.sla.contract import Contract, ContractVersion, versions_known
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.store.base import Store, Tenant


@dataclass(frozen=True, slots=True)
class Known:
    """What rests on a beginning: since when something is known of the tenant, and what was told of it."""

    now_us: int
    measured_us: int | None
    reported: Sequence[Span]
    """The periods of which a report was issued."""


async def known_of(store: Store, tenant: Tenant, now_us: int) -> Known:
    key = tenant.tenant_key
    log = (await store.tenant_facts([key], now_us, now_us))[key].log
    measured_us = min((each.time_us for each in log), default=None)
    return Known(now_us, measured_us, await _reported(store, tenant, now_us))


async def _reported(store: Store, tenant: Tenant, now_us: int) -> list[Span]:
    """The periods whose reports are kept, in the tenant's local time."""
    kept = {each.label for each in await store.issued_to(tenant.tenant_key)}
    versions = versions_of(tenant, await store.contracts(tenant.tenant_key))
    local = local_time_of(versions_known(versions, now_us))
    periods = [period_of(label, local).in_units(UNITS) for label in kept]
    return [(period.start, period.end) for period in periods]


def refuse_moved_beginning(
    tenant: Tenant, versions: Sequence[ContractVersion], new: Contract, known: Known
) -> None:
    """Raise RefusedForEver if the new terms name another beginning than the one that is fixed."""
    if new.effective_from is None:
        return
    agreed_us = agreed_beginning(versions, UNITS)
    begins_us = beginning_of(tenant, agreed_us, known.measured_us)
    wanted_us = microseconds(new.effective_from)
    try:
        refuse_moving(
            begins_us, agreed_us is not None, wanted_us, known.now_us, known.measured_us, known.reported
        )
    except MovedBeginning as error:
        begins = instant(begins_us).isoformat()
        raise RefusedForEver(f"contract.effective_from: the contract begins {begins}; {error}") from error
