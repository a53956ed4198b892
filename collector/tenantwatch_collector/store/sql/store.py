"""The store's contract, as far as both databases keep it in the same words."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Self

from tenantwatch_wire.records import CheckDefinition

from tenantwatch_collector.store.access import PLATFORM_KEY, AuditEntry, KeptAnswer, Tenant, Token
from tenantwatch_collector.store.agreements import WindowRecord
from tenantwatch_collector.store.alerts import (
    AlertCommand,
    AlertEvent,
    AlertRecord,
    StoredRoute,
    StoredRule,
    StoredSilence,
)
from tenantwatch_collector.store.collectors import CollectorBeat
from tenantwatch_collector.store.columns import Touched
from tenantwatch_collector.store.judgements import (
    CheckChange,
    CheckHealth,
    JudgedState,
    Judgement,
    TenantHealth,
)
from tenantwatch_collector.store.outbox import OutboxMessage
from tenantwatch_collector.store.results import AgentPosition, CommitTouch, Place, StoredCheck, StoredResult
from tenantwatch_collector.store.rollups import Retention, RolledUp, Rollup, RollupState
from tenantwatch_collector.store.sql import (
    access,
    alert_commands,
    alert_events,
    alert_routes,
    alert_rules,
    audit,
    collectors,
    judgements,
    once,
    outbox,
    questions,
    rollups,
    silences,
    tenants,
)
from tenantwatch_collector.store.sql.agreements import SqlAgreements
from tenantwatch_collector.store.sql.assignments import SqlAssignments
from tenantwatch_collector.store.sql.database import Database, Joined, Transaction, now_us
from tenantwatch_collector.store.sql.issued import SqlIssued
from tenantwatch_collector.store.sql.pulse import note_definitions
from tenantwatch_collector.store.sql.retention import note_deleted, note_raw_since
from tenantwatch_collector.store.sql.sums import SqlSums
from tenantwatch_collector.store.sql.tools import SqlTools


class SqlStore(SqlAgreements, SqlAssignments, SqlIssued, SqlSums, SqlTools):
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

    # -- tenants and access

    async def create_tenant(self, tenant_id: str, tenant_name: str, tier: str) -> Tenant:
        async with self._db.transaction() as tx:
            return await access.create_tenant(tx, tenant_id, tenant_name, tier)

    async def add_tenant(
        self, tenant_id: str, tenant_name: str, tier: str, resource_tier: str
    ) -> Tenant | None:
        async with self._db.transaction() as tx:
            return await access.add_tenant(tx, tenant_id, tenant_name, tier, resource_tier)

    async def tenant(self, tenant_id: str) -> Tenant | None:
        return await access.tenant(self._db, tenant_id)

    async def tenants(self) -> Sequence[Tenant]:
        return await access.tenants(self._db)

    async def change_tenant(self, tenant_key: int, tenant_name: str, resource_tier: str) -> None:
        async with self._db.transaction() as tx:
            await tenants.change(tx, tenant_key, tenant_name, resource_tier)

    async def suspend_tenant(self, tenant_key: int, since_us: int | None) -> bool:
        async with self._db.transaction() as tx:
            return await tenants.suspend(tx, tenant_key, since_us)

    async def delete_tenant(self, tenant_key: int) -> None:
        async with self._db.transaction() as tx:
            await tenants.delete(tx, tenant_key, now_us())

    async def create_token(
        self,
        token_id: str,
        secret_sha256: bytes,
        role: str,
        tenant_key: int | None,
        name: str,
        *,
        subject: str,
        scopes: Sequence[str] = (),
        expires_at_us: int | None = None,
    ) -> None:
        async with self._db.transaction() as tx:
            await access.create_token(
                tx, token_id, secret_sha256, role, tenant_key, name, subject, scopes, expires_at_us
            )

    async def token_by_hash(self, secret_sha256: bytes) -> Token | None:
        return await access.token_by_hash(self._db, secret_sha256)

    async def token_is_valid(self, token_id: str) -> bool:
        return await access.token_is_valid(self._db, token_id)

    async def touch_token(self, token_id: str, used_at_us: int) -> None:
        async with self._db.transaction() as tx:
            await access.touch_token(tx, token_id, used_at_us)

    async def tokens(self) -> Sequence[Token]:
        return await access.tokens(self._db)

    async def revoke_token(self, token_id: str) -> bool:
        async with self._db.transaction() as tx:
            return await access.revoke_token(tx, token_id)

    async def tokens_revoked_since(self, since_us: int) -> Sequence[str]:
        return await access.tokens_revoked_since(self._db, since_us)

    async def add_audit(self, tenant_key: int | None, entry: AuditEntry) -> None:
        async with self._db.transaction() as tx:
            await audit.add(tx, tenant_key, entry)

    async def audit_entries(
        self, tenant_key: int | None, subject: str, action: str, before_id: int | None, limit: int
    ) -> Sequence[AuditEntry]:
        return await audit.entries(self._db, tenant_key, subject, action, before_id, limit)

    async def begin_once(
        self, key: bytes, request: bytes, now_us: int, kept_since_us: int, alive_since_us: int
    ) -> KeptAnswer | None:
        async with self._db.transaction() as tx:
            return await once.begin(tx, key, request, now_us, kept_since_us, alive_since_us)

    async def done_once(self, key: bytes) -> None:
        async with self._db.transaction() as tx:
            await once.done(tx, key)

    async def finish_once(self, key: bytes, status: int, answer: bytes) -> None:
        async with self._db.transaction() as tx:
            await once.finish(tx, key, status, answer)

    async def forget_once(self, key: bytes) -> None:
        async with self._db.transaction() as tx:
            await once.forget(tx, key)

    # -- ingest

    async def agent_arrived(
        self,
        tenant_key: int,
        agent_id: str,
        generation: str,
        version: str,
        hostname: str,
        digest: str,
        labels: Mapping[str, str] = MappingProxyType({}),
    ) -> Sequence[AgentPosition]:
        async with self._db.transaction() as tx:
            return await access.agent_arrived(
                tx, tenant_key, agent_id, generation, version, hostname, digest, labels
            )

    async def register_checks(
        self,
        tenant_key: int,
        agent_id: str,
        checks: Sequence[tuple[CheckDefinition, bool]],
        complete: bool,
        since_us: int | None = None,
    ) -> Sequence[StoredCheck]:
        async with self._db.transaction() as tx:
            return await access.register_checks(tx, tenant_key, agent_id, checks, complete, since_us)

    # -- engines

    async def judged_state(self) -> JudgedState:
        return await judgements.judged_state(self._db)

    async def checks(self) -> Sequence[StoredCheck]:
        return await access.checks(self._db)

    async def touched_after(self, commit_id: int, limit: int) -> Sequence[CommitTouch]:
        rows = await self._db.read(
            "SELECT commit_id, received_at_us, touched, result_count FROM commit_log WHERE commit_id > ?"
            " ORDER BY commit_id LIMIT ?",
            (commit_id, limit),
        )
        return [
            CommitTouch(
                row["commit_id"],
                row["received_at_us"],
                Touched.from_bytes(row["touched"]),
                row["result_count"],
            )
            for row in rows
        ]

    async def results_of_check(
        self, tenant_key: int, check_key: int, from_us: int, limit: int
    ) -> Sequence[tuple[int, int, int | None, int]]:
        rows = await self._db.read(
            "SELECT time_us, status, latency_us, received_at_us FROM any_result"
            " WHERE tenant_key = ? AND check_key = ? AND time_us >= ? ORDER BY time_us, commit_key LIMIT ?",
            (tenant_key, check_key, from_us, limit),
        )
        return [
            (
                row["time_us"],
                row["status"],
                None if row["latency_us"] is None or row["latency_us"] < 0 else row["latency_us"],
                row["received_at_us"],
            )
            for row in rows
        ]

    async def changes(self, tenant_key: int, from_us: int, to_us: int) -> Sequence[CheckChange]:
        return await judgements.changes(self._db, tenant_key, from_us, to_us)

    async def changed_since(self, known_after_us: int) -> Sequence[tuple[int, int, int]]:
        return await judgements.changed_since(self._db, known_after_us)

    async def note_definitions(self) -> None:
        async with self._db.transaction() as tx:
            await note_definitions(tx)

    async def _demand_lease(self, tx: Transaction) -> None:
        """A store that serves one collector has nobody to ask."""

    async def write_judgement(self, judgement: Judgement) -> None:
        async with self._db.transaction() as tx:
            await self._demand_lease(tx)
            await judgements.write_judgement(tx, judgement)

    async def rollup_state(self) -> RollupState:
        return await rollups.rollup_state(self._db)

    async def write_rollups(self, flush: RolledUp) -> None:
        async with self._db.transaction() as tx:
            await self._demand_lease(tx)
            await rollups.write_rollups(tx, flush)

    async def rollups(self, tenant_key: int, width_s: int, from_us: int, to_us: int) -> Sequence[Rollup]:
        return await rollups.rollups(self._db, tenant_key, width_s, from_us, to_us)

    async def keep_raw_since(self, since_us: int) -> None:
        async with self._db.transaction() as tx:
            await note_raw_since(tx, since_us)
        self._raw_since_us = max(self._raw_since_us, since_us)

    async def _note_retention(self, retention: Retention) -> None:
        """Before anything is deleted, so that nobody takes what is half gone for whole."""
        await self.keep_raw_since(retention.raw_before_us)
        async with self._db.transaction() as tx:
            await note_deleted(tx, retention.raw_before_us)

    async def alert_rules(self, tenant_key: int | None = None) -> Sequence[StoredRule]:
        return await alert_rules.all_rules(self._db, tenant_key)

    async def put_alert_rule(self, rule: StoredRule) -> None:
        async with self._db.transaction() as tx:
            await alert_rules.put(tx, rule)

    async def remove_alert_rule(self, rule_id: str) -> bool:
        async with self._db.transaction() as tx:
            return await alert_rules.remove(tx, rule_id)

    async def alert_routes(self) -> Sequence[StoredRoute]:
        return await alert_routes.current(self._db)

    async def alert_route_versions(self, name: str) -> Sequence[StoredRoute]:
        return await alert_routes.versions(self._db, name)

    async def put_alert_route(self, route: StoredRoute) -> int:
        async with self._db.transaction() as tx:
            return await alert_routes.put(tx, route)

    async def add_silence(self, silence: StoredSilence) -> int:
        async with self._db.transaction() as tx:
            return await silences.add(tx, silence)

    async def silences(self, ending_after_us: int, tenant_key: int | None = None) -> Sequence[StoredSilence]:
        return await silences.ending_after(self._db, ending_after_us, tenant_key)

    async def end_silence(self, silence_id: int, now_us: int) -> bool:
        async with self._db.transaction() as tx:
            return await silences.end(tx, silence_id, now_us)

    async def windows_ending_after(self, time_us: int) -> Sequence[WindowRecord]:
        return await silences.windows_ending_after(self._db, time_us)

    async def metric_names(self, tenant_id: str | None) -> Sequence[str]:
        return await alert_rules.metric_names(self._db, tenant_id)

    async def beat(self, collector_id: str, now_us: int) -> None:
        async with self._db.transaction() as tx:
            await collectors.beat(tx, collector_id, now_us)

    async def end_beats(self, collector_id: str) -> None:
        async with self._db.transaction() as tx:
            await collectors.end(tx, collector_id)

    async def collector_beats(self) -> Sequence[CollectorBeat]:
        return await collectors.beats(self._db)

    async def pending_alert_commands(self) -> Sequence[AlertCommand]:
        return await alert_commands.pending(self._db)

    async def newest_commit(self) -> int:
        rows = await self._db.read("SELECT coalesce(max(commit_id), 0) AS newest FROM commit_log")
        return int(rows[0]["newest"])

    async def newest_alert_event(self) -> int:
        return await alert_events.newest(self._db)

    async def alert_events_after(
        self, event_id: int, tenant_key: int | None, limit: int
    ) -> Sequence[tuple[int, AlertEvent]]:
        return await alert_events.after(self._db, event_id, tenant_key, limit)

    # -- notify

    async def sender_started(self, channels: Sequence[str]) -> None:
        async with self._db.transaction() as tx:
            await outbox.take_up(tx, channels, now_us(), self.serves_one_collector)

    async def claim_messages(
        self, channel: str, now_us: int, lease_us: int, limit: int
    ) -> Sequence[OutboxMessage]:
        async with self._db.transaction() as tx:
            return await outbox.claim(tx, channel, now_us, lease_us, limit)

    async def message_progress(self, message_id: int, progress: str) -> None:
        async with self._db.transaction() as tx:
            await outbox.progress(tx, message_id, progress)

    async def message_sent(self, message_id: int, now_us: int, detail: str = "", report: str = "") -> None:
        async with self._db.transaction() as tx:
            await outbox.sent(tx, message_id, now_us, detail)
            await _report(tx, report)

    async def message_failed(
        self, message_id: int, error: str, next_attempt_us: int | None, report: str = ""
    ) -> None:
        async with self._db.transaction() as tx:
            await outbox.failed(tx, message_id, error, next_attempt_us, now_us())
            await _report(tx, report)

    async def next_message_due_us(self, channel: str) -> int | None:
        return await outbox.next_due_us(self._db, channel)

    # -- questions

    async def tenant_health(self, tenant_key: int | None) -> Sequence[TenantHealth]:
        return await questions.tenant_health(self._db, tenant_key)

    async def check_health(self, tenant_key: int) -> Sequence[CheckHealth]:
        return await questions.check_health(self._db, tenant_key)

    async def results(
        self,
        tenant_key: int,
        from_us: int,
        to_us: int,
        limit: int,
        check_id: str,
        before: Place | None,
    ) -> Sequence[StoredResult]:
        return await questions.results(self._db, tenant_key, from_us, to_us, limit, check_id, before)

    async def alerts(
        self,
        tenant_key: int | None,
        severity: str,
        status: str,
        limit: int,
        before: tuple[int, str] | None = None,
    ) -> Sequence[tuple[AlertRecord, str]]:
        return await questions.alerts(self._db, tenant_key, severity, status, limit, before)

    async def command_alert(
        self, alert_id: str, tenant_key: int | None, action: str, who: str, notes: str
    ) -> bool:
        async with self._db.transaction() as tx:
            return await alert_commands.command(tx, alert_id, tenant_key, action, who, notes, now_us())

    async def report_alert(self, tenant_key: int, who: str, notes: str, detail: str) -> AlertCommand:
        async with self._db.transaction() as tx:
            return await alert_commands.report(tx, tenant_key, who, notes, detail, now_us())

    async def open_alerts(self, tenant_key: int | None, limit: int) -> Sequence[tuple[AlertRecord, str]]:
        return await questions.open_alerts(self._db, tenant_key, limit)

    async def alert(self, alert_id: str, tenant_key: int | None) -> tuple[AlertRecord, str] | None:
        return await questions.alert(self._db, alert_id, tenant_key)

    async def newest_alert(self, tenant_key: int, alert_type: str) -> AlertRecord | None:
        return await questions.newest_alert(self._db, tenant_key, alert_type)

    async def alert_notes(self, alert_ids: Sequence[str]) -> Sequence[AlertEvent]:
        return await alert_events.notes_of(self._db, alert_ids)

    async def alert_events(self, alert_id: str, tenant_key: int | None, limit: int) -> Sequence[AlertEvent]:
        return await alert_events.of_alert(self._db, alert_id, tenant_key, limit)

    async def count_open_alerts(self, tenant_key: int | None) -> int:
        return await questions.count_open_alerts(self._db, tenant_key)


async def _report(tx: Transaction, report: str) -> None:
    if report:
        await alert_commands.report(tx, PLATFORM_KEY, "", "", report, now_us())
