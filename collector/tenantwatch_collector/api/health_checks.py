"""Health checks on demand: look now through the tenant's agents, and say what they saw."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from tenantwatch_wire.records import CHECK_KINDS, Status

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.looks import (
    COMPREHENSIVE,
    HealthCheckAnswer,
    HealthCheckFound,
    NewHealthCheck,
    NotChecked,
    Round,
)
from tenantwatch_collector.api.models import State
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.operations import check_result, resources_of, state_of
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.api.service_levels import Question, ServiceLevels
from tenantwatch_collector.errors import NobodyThere, RefusedForEver, TooMany
from tenantwatch_collector.health import GroupState, group_level, tenant_level
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.reports.agreements import versions_of
from tenantwatch_collector.sla.contract import contract_in_force, versions_known
from tenantwatch_collector.sla.grouping import Chosen, group_of
from tenantwatch_collector.store.base import CheckHealth, Store, StoredCheck, Tenant

Look = Callable[[int, Mapping[str, Sequence[str]], float], Awaitable[Mapping[str, bool]]]
"""(tenant_key, check ids by agent, seconds): of each connected agent whether all it saw is committed."""
DEEP_KINDS = ("external_apis", "plugin_validation", "business_logic")
MAX_WAIT_SECONDS = 60.0
_ANSWER_SECONDS = 10.0
_AT_ONCE = 20
_LAYERS = {
    "http_endpoint": "http_endpoint",
    "database": "database_connectivity",
    "redis": "redis_connectivity",
    "kubernetes": "kubernetes_metrics",
    "external_apis": "external_apis",
}


class HealthChecks:
    """One run of a tenant at a time: a second one is told to wait."""

    def __init__(self, store: Store, levels: ServiceLevels, look: Look) -> None:
        self._store = store
        self._levels = levels
        self._look = look
        self._running: set[int] = set()
        self._in_round = asyncio.Lock()

    @demands(Permission.CHECKS_RUN)
    async def run(self, caller: Caller, tenant_id: str, new: NewHealthCheck) -> HealthCheckAnswer:
        """Look now, wait for the committed results up to a deadline, and answer with them."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        async with recorded(self._store, caller, "checks.run", tenant_id, tenant) as record:
            record.after = new
        return await self._run(caller, tenant, new)

    async def _run(self, caller: Caller, tenant: Tenant, new: NewHealthCheck) -> HealthCheckAnswer:
        tenant_id = tenant.tenant_id
        wanted = await self._wanted(tenant.tenant_key, new)
        if tenant.tenant_key in self._running:
            raise TooMany(f"a check of {tenant_id} is under way: ask again when it is done", 5)
        self._running.add(tenant.tenant_key)
        try:
            began_us = time.time_ns() // 1000
            asked = await self._look(tenant.tenant_key, _by_agent(wanted), _deadline_seconds(wanted))
        finally:
            self._running.discard(tenant.tenant_key)
        if not asked:
            agents = ", ".join(sorted({check.agent_id for check in wanted})[:10])
            raise NobodyThere(f"no agent of {tenant_id} is connected now; its checks are run by {agents}", 30)
        keys = {check.check_key for check in wanted}
        known = await self._store.check_health(tenant.tenant_key)
        looked = [
            health
            for health in known
            if health.check.check_key in keys
            and health.last_result is not None
            and health.last_result.received_at_us >= began_us
        ]
        level = await self._levels.metrics(caller, tenant_id, Question())
        versions = versions_of(tenant, await self._store.contracts(tenant.tenant_key))
        agreed = contract_in_force(versions_known(versions, began_us), began_us)
        return _answer(tenant_id, new, wanted, looked, level, agreed.groups)

    @demands(Permission.CHECKS_RUN)
    async def round(self, caller: Caller, new: NewHealthCheck) -> Round:
        """Look at every tenant that the caller reaches, some at a time, and count. One round at a time."""
        if self._in_round.locked():
            raise TooMany("a round is under way: ask again when it is done", 30)
        async with self._in_round:
            async with recorded(self._store, caller, "checks.round", "", caller.tenant) as record:
                record.after = new
            tenants = [caller.tenant] if caller.tenant else await self._store.tenants()
            tenants = [tenant for tenant in tenants if tenant.is_watched]
            turn = asyncio.Semaphore(_AT_ONCE)
            looks = [self._in_turn(turn, caller, tenant, new) for tenant in tenants]
            found = await asyncio.gather(*looks)
        checked = [one for one in found if isinstance(one, HealthCheckFound)]
        count = Counter(one.overall_status for one in checked)
        return Round(
            total_checked=len(checked),
            healthy=count["healthy"],
            degraded=count["degraded"],
            unhealthy=count["unhealthy"],
            unknown=count["unknown"],
            results=checked,
            not_checked=[one for one in found if isinstance(one, NotChecked)],
        )

    async def _in_turn(
        self, turn: asyncio.Semaphore, caller: Caller, tenant: Tenant, new: NewHealthCheck
    ) -> HealthCheckFound | NotChecked:
        async with turn:
            try:
                answer = await self._run(caller, tenant, new)
            except (NobodyThere, RefusedForEver, TooMany) as error:
                return NotChecked(tenant_id=tenant.tenant_id, reason=str(error))
        return HealthCheckFound.model_validate(answer.model_dump(exclude={"results"}))

    async def _wanted(self, tenant_key: int, new: NewHealthCheck) -> list[StoredCheck]:
        if new.check_type not in (COMPREHENSIVE, *CHECK_KINDS):
            raise RefusedForEver(f"check_type: write {COMPREHENSIVE}, or one of {', '.join(CHECK_KINDS)}")
        found = [
            health.check
            for health in await self._store.check_health(tenant_key)
            if _is_wanted(health.check.definition.kind, new)
        ]
        if not found:
            kind = "check" if new.check_type == COMPREHENSIVE else f"check of the type {new.check_type}"
            raise RefusedForEver(f"no agent of this tenant has a {kind}: configure one first")
        return found


def _is_wanted(kind: str, new: NewHealthCheck) -> bool:
    if new.check_type != COMPREHENSIVE:
        return kind == new.check_type or (new.include_deep_checks and kind in DEEP_KINDS)
    return new.include_deep_checks or kind not in DEEP_KINDS


def _by_agent(checks: Sequence[StoredCheck]) -> Mapping[str, Sequence[str]]:
    by_agent: dict[str, list[str]] = {}
    for check in checks:
        by_agent.setdefault(check.agent_id, []).append(check.definition.check_id)
    return by_agent


def _deadline_seconds(checks: Sequence[StoredCheck]) -> float:
    longest = max(check.definition.timeout_ms for check in checks) / 1000
    return min(MAX_WAIT_SECONDS, longest + _ANSWER_SECONDS)


def _answer(
    tenant_id: str,
    new: NewHealthCheck,
    wanted: Sequence[StoredCheck],
    looked: Sequence[CheckHealth],
    level: Mapping[str, object],
    chosen: Chosen,
) -> HealthCheckAnswer:
    seen = {health.check.check_key for health in looked}
    results = [health.last_result for health in looked if health.last_result is not None]
    fine = [
        r.latency_us
        for r in results
        if r.latency_us is not None and r.status in (Status.HEALTHY, Status.DEGRADED)
    ]
    return HealthCheckAnswer.model_validate(
        {
            "tenant_id": tenant_id,
            "overall_status": state_of(_overall(new, looked, chosen)),
            "response_time": sum(fine) / len(fine) / 1000 if fine else None,
            "checks": {layer: _worst(looked, kind) for layer, kind in _LAYERS.items()},
            "resource_usage": resources_of(looked),
            "sla_compliance": level["sla_compliance"],
            "violations": level["violations"],
            "timestamp": datetime.now(UTC),
            "check_type": new.check_type,
            "results": [check_result(result) for result in results],
            "unanswered": [
                f"{check.agent_id}/{check.definition.check_id}"
                for check in wanted
                if check.check_key not in seen
            ],
        }
    )


def _overall(new: NewHealthCheck, looked: Sequence[CheckHealth], chosen: Chosen) -> Status:
    """By the groups that make the tenant's state; of one type alone the worst of it."""
    if new.check_type != COMPREHENSIVE:
        return group_level([_seen(health) for health in looked], "any")
    groups: dict[str, list[CheckHealth]] = {}
    for health in looked:
        groups.setdefault(health.check.definition.group, []).append(health)
    states = []
    for name, members in groups.items():
        group = group_of(chosen, name, (member.check.definition.kind for member in members))
        states.append(GroupState(group, group_level([_seen(member) for member in members], group.rule)))
    return tenant_level(states)


def _worst(looked: Sequence[CheckHealth], kind: str) -> State | None:
    levels = [_seen(health) for health in looked if health.check.definition.kind == kind]
    return state_of(group_level(levels, "any")) if levels else None


def _seen(health: CheckHealth) -> Status:
    """What this look saw, confirmed or not."""
    return Status.UNKNOWN if health.last_result is None else health.last_result.status
