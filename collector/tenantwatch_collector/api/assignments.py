"""Operations on the checks that a tenant's agents are given, and on what the agents make of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.assigned import (
    AgentList,
    AgentView,
    AssignedChecks,
    AssignedCheckView,
    AssignmentChange,
    AssignmentVersion,
    NewAssignedCheck,
    Refusal,
)
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import Page
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.errors import Conflict, NotFound, RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.store.base import AgentRecord, AssignedCheck, Store

MAX_CHECKS = 1_000
MAX_BYTES = 512 * 1024
"""Of a tenant's checks together: an agent takes 1 MiB, and TOML is a little longer than JSON."""


class Assignments:
    """Agents that are connected hear of a change at once, the others when they connect.

    ``changed`` is told a tenant's key; ``connected`` answers the ids of a tenant's connected agents;
    ``redefined`` is told when checks ceased to count.
    """

    def __init__(
        self,
        store: Store,
        changed: Callable[[int], None],
        connected: Callable[[int], Collection[str]],
        redefined: Callable[[], None],
    ) -> None:
        self._store = store
        self._changed = changed
        self._connected = connected
        self._redefined = redefined

    @demands(Permission.MONITORING_READ)
    async def list(self, caller: Caller, tenant_id: str) -> AssignedChecks:
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        kept = await self._store.assignment(tenant.tenant_key)
        checks = [_check(check) for check in kept.checks]
        return AssignedChecks(tenant_id=tenant_id, version=kept.version, checks=checks)

    @demands(Permission.MONITORING_READ)
    async def get(self, caller: Caller, tenant_id: str, check_id: str) -> AssignedCheckView:
        for check in (await self.list(caller, tenant_id)).checks:
            if check.check_id == check_id:
                return check
        raise NotFound(f"no check {check_id!r} is assigned to agents of {tenant_id}")

    @demands(Permission.MONITORING_WRITE)
    async def put(
        self, caller: Caller, tenant_id: str, check_id: str, new: NewAssignedCheck
    ) -> AssignmentChange:
        """Keep it in place of the one of its id. Agents say later whether they take it."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        definition = json.dumps(new.check)
        kept = await self._store.assignment(tenant.tenant_key)
        others = [check.definition for check in kept.checks if check.check_id != check_id]
        if len(others) >= MAX_CHECKS:
            raise RefusedForEver(f"a tenant may have {MAX_CHECKS} assigned checks: remove some")
        if sum(map(len, others)) + len(definition) > MAX_BYTES:
            raise RefusedForEver(f"a tenant's assigned checks may have {MAX_BYTES} bytes: remove some")
        async with recorded(self._store, caller, "check.assign", check_id, tenant) as record:
            before = next((_check(check) for check in kept.checks if check.check_id == check_id), None)
            record.before, record.after = before, new
            version = await record.store.put_assigned_check(
                tenant.tenant_key, check_id, new.agent_id, definition, caller.subject
            )
        self._changed(tenant.tenant_key)
        now = await self._store.assignment(tenant.tenant_key)
        view = next((_check(check) for check in now.checks if check.check_id == check_id), None)
        if view is None:
            raise NotFound(f"check {check_id!r} was removed again meanwhile")
        return AssignmentChange(version=version, check=view)

    @demands(Permission.MONITORING_WRITE)
    async def remove(self, caller: Caller, tenant_id: str, check_id: str) -> AssignmentVersion:
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        async with recorded(self._store, caller, "check.unassign", check_id, tenant) as record:
            kept = await record.store.assignment(tenant.tenant_key)
            record.before = next((_check(one) for one in kept.checks if one.check_id == check_id), None)
            version = await record.store.remove_assigned_check(tenant.tenant_key, check_id)
            if version is None:
                raise NotFound(f"no check {check_id!r} is assigned to agents of {tenant_id}")
        self._changed(tenant.tenant_key)
        return AssignmentVersion(version=version)

    @demands(Permission.MONITORING_READ)
    async def agents(self, caller: Caller, tenant_id: str, page: Page) -> AgentList:
        """Every agent that was ever here, and what it made of its checks."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        kept = await self._store.assignment(tenant.tenant_key)
        connected = self._connected(tenant.tenant_key)
        found, following = page.of(await self._store.agents(tenant.tenant_key), lambda one: one.agent_id)
        return AgentList(
            tenant_id=tenant_id,
            assigned_version=kept.version,
            agents=[_agent(agent, agent.agent_id in connected) for agent in found],
            next_cursor=following,
        )

    @demands(Permission.MONITORING_WRITE)
    async def retire(self, caller: Caller, tenant_id: str, agent_id: str) -> None:
        """Count none of its checks from now on, and miss none. One that comes back brings them again."""
        tenant = await reachable_tenant(self._store, caller, tenant_id)
        known = await self._store.agents(tenant.tenant_key)
        agent = next((each for each in known if each.agent_id == agent_id), None)
        if agent is None:
            raise NotFound(f"tenant {tenant_id} has no agent {agent_id!r}")
        if agent_id in self._connected(tenant.tenant_key):
            raise Conflict(f"agent {agent_id!r} is connected: stop it first, or it goes on at once")
        async with recorded(self._store, caller, "agent.retire", agent_id, tenant) as record:
            record.before = _agent(agent, connected=False)
            await record.store.register_checks(tenant.tenant_key, agent_id, [], complete=True)
        self._redefined()


def _check(kept: AssignedCheck) -> AssignedCheckView:
    return AssignedCheckView(
        check_id=kept.check_id,
        agent_id=kept.agent_id,
        check=json.loads(kept.definition),
        changed_at=instant(kept.changed_at_us),
        changed_by=kept.changed_by,
    )


def _agent(kept: AgentRecord, connected: bool) -> AgentView:
    return AgentView(
        agent_id=kept.agent_id,
        version=kept.version,
        hostname=kept.hostname,
        first_seen=instant(kept.first_seen_us),
        last_seen=instant(kept.last_seen_us),
        connected=connected,
        applied_version=kept.applied_version,
        refused_version=kept.refused_version,
        refusals=[
            Refusal(check_id=check_id, reason=reason) for check_id, reason in json.loads(kept.refusals)
        ],
        answered_at=None if kept.answered_at_us is None else instant(kept.answered_at_us),
    )
