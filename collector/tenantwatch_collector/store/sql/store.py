"""The store's contract, as far as both databases keep it in the same words."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from tenantwatch_collector.store.judgements import Judgement
from tenantwatch_collector.store.results import StoredResult
from tenantwatch_collector.store.rollups import Retention, RolledUp
from tenantwatch_collector.store.sql import judgements, rollups
from tenantwatch_collector.store.sql.agents import SqlAgents
from tenantwatch_collector.store.sql.agreements import SqlAgreements
from tenantwatch_collector.store.sql.alert_commands import SqlAlertCommands
from tenantwatch_collector.store.sql.alert_events import SqlAlertEvents
from tenantwatch_collector.store.sql.alert_routes import SqlAlertRoutes
from tenantwatch_collector.store.sql.alert_rules import SqlAlertRules
from tenantwatch_collector.store.sql.alerts import SqlAlerts
from tenantwatch_collector.store.sql.assignments import SqlAssignments
from tenantwatch_collector.store.sql.audit import SqlAudit
from tenantwatch_collector.store.sql.collectors import SqlCollectors
from tenantwatch_collector.store.sql.database import Database, Joined, Transaction
from tenantwatch_collector.store.sql.health import SqlHealth
from tenantwatch_collector.store.sql.history import SqlHistory
from tenantwatch_collector.store.sql.issued import SqlIssued
from tenantwatch_collector.store.sql.judgements import SqlJudgements
from tenantwatch_collector.store.sql.once import SqlOnce
from tenantwatch_collector.store.sql.outbox import SqlOutbox
from tenantwatch_collector.store.sql.retention import note_deleted, note_raw_since
from tenantwatch_collector.store.sql.rollups import SqlRollups
from tenantwatch_collector.store.sql.silences import SqlSilences
from tenantwatch_collector.store.sql.sums import SqlSums
from tenantwatch_collector.store.sql.tenants import SqlTenants
from tenantwatch_collector.store.sql.tokens import SqlTokens
from tenantwatch_collector.store.sql.tools import SqlTools


class SqlStore(
    SqlTenants,
    SqlTokens,
    SqlAudit,
    SqlOnce,
    SqlAgents,
    SqlAssignments,
    SqlHistory,
    SqlCollectors,
    SqlJudgements,
    SqlHealth,
    SqlRollups,
    SqlSums,
    SqlAlertRules,
    SqlAlertRoutes,
    SqlSilences,
    SqlAlertCommands,
    SqlAlerts,
    SqlAlertEvents,
    SqlOutbox,
    SqlAgreements,
    SqlIssued,
    SqlTools,
):
    """See :class:`tenantwatch_collector.store.base.Store` for what each method promises."""

    serves_one_collector = False

    def __init__(self, database: Database, raw_since_us: int) -> None:
        self._db = database
        self._raw_since_us = raw_since_us

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Self]:
        async with self._db.transaction() as tx:
            joined = copy.copy(self)
            joined._db = Joined(tx)
            yield joined

    async def _demand_lease(self, tx: Transaction) -> None:
        """A store that serves one collector has nobody to ask."""

    async def write_judgement(self, judgement: Judgement) -> None:
        async with self._db.transaction() as tx:
            await self._demand_lease(tx)
            await judgements.write_judgement(tx, judgement)

    async def write_rollups(self, flush: RolledUp) -> None:
        async with self._db.transaction() as tx:
            await self._demand_lease(tx)
            await rollups.write_rollups(tx, flush)

    async def keep_raw_since(self, since_us: int) -> None:
        async with self._db.transaction() as tx:
            await note_raw_since(tx, since_us)
        self._raw_since_us = max(self._raw_since_us, since_us)

    async def _note_retention(self, retention: Retention) -> None:
        """Before anything is deleted, so that nobody takes what is half gone for whole."""
        await self.keep_raw_since(retention.raw_before_us)
        async with self._db.transaction() as tx:
            await note_deleted(tx, retention.raw_before_us)

    async def _recent_of_tenant(self, tenant_key: int, limit: int) -> Sequence[StoredResult]:
        """The newest results of a tenant: those of the hour before its newest one."""
        results = [health.last_result for health in await self.check_health(tenant_key)]
        newest_us = max((result.time_us for result in results if result is not None), default=None)
        if newest_us is None:
            return []
        return await self.results(tenant_key, newest_us - 3_600_000_000, newest_us + 1, limit, "", None)
