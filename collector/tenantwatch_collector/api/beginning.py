"""Whether new terms may say when a contract begins: one that has begun keeps its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenantwatch_collector.api.agreements import microseconds
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.reports.agreements import UNITS, beginning_of
from tenantwatch_collector.sla.beginning import MovedBeginning, agreed_beginning, refuse_moving
from tenantwatch_collector.sla.contract import Contract, ContractVersion
from tenantwatch_collector.store.base import Store, Tenant


@dataclass(frozen=True, slots=True)
class Known:
    """What rests on a beginning: since when something is known of the tenant, and whether that was told."""

    now_us: int
    measured_us: int | None
    is_reported: bool


async def known_of(store: Store, tenant: Tenant, now_us: int) -> Known:
    key = tenant.tenant_key
    log = (await store.tenant_facts([key], now_us, now_us))[key].log
    measured_us = min((each.time_us for each in log), default=None)
    return Known(now_us, measured_us, bool(await store.issued_to(key)))


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
            begins_us, agreed_us is not None, wanted_us, known.now_us, known.measured_us, known.is_reported
        )
    except MovedBeginning as error:
        begins = instant(begins_us).isoformat()
        raise RefusedForEver(f"contract.effective_from: the contract begins {begins}; {error}") from error
