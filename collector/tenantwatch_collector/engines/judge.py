"""The loop that keeps health and alerts current: reads each commit once, judges, writes in one transaction.

It may be killed at any point. What it knew is in the store, each check's state with the last commit that
it includes; what came after is read again, and applying it twice changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from tenantwatch_collector.alerts.routing import Ground
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.decisions import Decisions
from tenantwatch_collector.engines.alerting.recall import recall
from tenantwatch_collector.engines.check_columns import NEVER
from tenantwatch_collector.engines.checks import CheckBook, Judged
from tenantwatch_collector.engines.feed import Feed
from tenantwatch_collector.engines.findings import Finding
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.engines.tenants import TenantBook
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import (
    CheckChange,
    Commit,
    Judgement,
    Store,
    StoreUnavailable,
)
from tenantwatch_collector.vitals import Vitals

_FLUSH_SECONDS = 15.0
# How long a command may wait if nobody says that there is one.
_OBEY_SECONDS = 2.0
_RETRY_SECONDS = 0.5
_MENDING_SECONDS = 5.0

log = logging.getLogger(__name__)


class Judge:
    """``committed`` is called after every commit of results; everything else happens on its own task."""

    def __init__(
        self,
        store: Store,
        alerts: AlertBook,
        changed: Signal,
        owed: Signal,
        vitals: Vitals,
        ground: Ground,
    ) -> None:
        self._store = store
        self._changed = changed
        self._owed = owed
        self._vitals = vitals
        self._alerts = alerts
        self._checks = CheckBook(store, self._alerts.is_idle)
        self._tenants = TenantBook(store)
        self._decisions = Decisions(store, ground)
        self._feed = Feed(store, 0)
        self._touched: set[int] = set()
        self._refresh = False
        self._through = 0
        self._flushed = 0
        self._known_until_us = 0
        self._flush_due = 0.0
        self._obey_due = 0.0
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._findings: list[Finding] = []
        self._behind = False
        self._hurried_passes = 0
        self.passes = Signal()
        """Fired whenever all that was committed is judged."""
        self.judged_through = 0
        """The last commit that is judged, and all that came of it written."""

    def committed(self, commit: Commit) -> None:
        """New results are in the store. While another collector judges, they are left to it."""
        if self._task is not None:
            self._feed.offer(commit)

    def heard_of(self, commit_id: int) -> None:
        """Another collector has committed up to there."""
        self._feed.heard_of(commit_id)

    def definitions_changed(self) -> None:
        """An agent named new, changed or retired checks."""
        self._refresh = True
        self._feed.arrived.fire()

    def found(self, findings: Sequence[Finding]) -> None:
        """Another engine judged conditions: they go through the alerts with the next pass."""
        if self._task is None:
            return
        if any(finding.holds for finding in findings) or self._alerts.minds(findings):
            self._findings += findings
            self._feed.arrived.fire()

    def commanded(self) -> None:
        """A caller wants something done to an alert."""
        self._obey_due = 0.0
        self._feed.arrived.fire()

    async def caught_up(self) -> None:
        """Return once all that is committed now is judged and written."""
        self._feed.look_again()
        # The pass that is under way may have begun before that; the one after it has not.
        through = self.passes.count + 2
        while self.passes.count < through:
            self._hurried_passes = 2
            self._feed.arrived.fire()
            await self.passes.wait_beyond(self.passes.count)

    async def start(self) -> None:
        """Take up where the last engine stopped, here or elsewhere."""
        self._stopping = False
        self._findings.clear()
        await self._decisions.name_tenants(self._alerts)
        now_us = time.time_ns() // 1000
        await self._tenants.read_terms(now_us)
        await self._begin_again()
        await self._decisions.read(self._alerts, now_us)
        self._flush_due = time.monotonic() + _FLUSH_SECONDS
        self._task = asyncio.create_task(self._run(), name="judge")

    async def stop(self) -> None:
        """Judge what was committed, write it, and end."""
        if self._task is None:
            return
        self._stopping = True
        self._feed.arrived.fire()
        _, late = await asyncio.wait([self._task], timeout=10)
        for task in late:
            task.cancel()
            await asyncio.wait([task])
        self._task = None

    async def _run(self) -> None:
        while True:
            seen = self._feed.arrived.count
            try:
                if self._behind:
                    await self._begin_again()
                await self._catch_up()
                self.passes.fire()
                if self._stopping:
                    await self._flush()
                    return
            except StoreUnavailable as error:
                log.error("judging waits: %s", error)
                await self._fall_behind(_RETRY_SECONDS)
            except Exception:
                # A fault of ours: it must not end judging for good, nor go unnoticed.
                log.exception("judging waits, it failed in a way nobody foresaw")
                await self._fall_behind(_MENDING_SECONDS)
            else:
                await self._feed.arrived.wait_beyond(seen, self._pause_seconds())
            if self._behind and self._stopping:
                return

    async def _fall_behind(self, pause_seconds: float) -> None:
        """What is in memory may never have been written: nothing is judged on it."""
        self._behind = True
        await asyncio.sleep(pause_seconds)

    async def _begin_again(self) -> None:
        """On what is stored, whatever was in memory."""
        judged = await self._store.judged_state()
        alerts = self._alerts.fresh()
        alerts.load(judged)
        checks = CheckBook(self._store, alerts.is_idle)
        await checks.load(judged)
        alerts.take_up(checks.watched.values(), time.time_ns() // 1000)
        self._checks, self._alerts = checks, alerts
        self._tenants.load(judged.tenants)
        self._feed.rewind(judged.cursor)
        self._touched.clear()
        self._through = self._flushed = judged.cursor
        self._known_until_us = max(self._known_until_us, judged.known_until_us)
        self._refresh = True
        self._obey_due = 0.0
        self._behind = False

    async def _catch_up(self) -> None:
        if self._refresh:
            await self._refresh_definitions()
        flush = time.monotonic() >= self._flush_due
        if flush:
            self._feed.look_again()
        while (commit := await self._feed.next()) is not None:
            await self._judge_commit(commit)
        now_us = time.time_ns() // 1000
        for late, received_at_us in await self._checks.settle(at_once=self._hurried_passes > 0):
            await self._write([late], received_at_us, now_us)
        self._hurried_passes = max(0, self._hurried_passes - 1)
        if time.monotonic() >= self._obey_due:
            await self._obey(now_us)
        for finding in self._findings:
            self._alerts.find(finding, now_us)
        self._findings.clear()
        await self._write(self._checks.expire(now_us), now_us, now_us)
        if not self._checks.unsettled:
            self.judged_through = self._through
        if flush:
            await self._flush()

    async def _obey(self, now_us: int) -> None:
        """Do what callers want done to alerts; it is written with whatever else this pass finds."""
        self._obey_due = time.monotonic() + _OBEY_SECONDS
        await self._decisions.obey(self._alerts, now_us)
        await self._decisions.read(self._alerts, now_us)
        await self._tenants.read_terms(now_us)

    async def _judge_commit(self, commit: Commit) -> None:
        if not self._checks.knows(commit):
            await self._refresh_definitions()
        # Whoever asks what was known just before is told of silences, even if the commit closes the gap.
        if silent := self._checks.silent_at(commit.received_at_us):
            await self._write(silent, commit.received_at_us - 1, time.time_ns() // 1000)
        self._touched.update(commit.columns.checks())
        judged = await self._checks.judge(commit)
        judged += self._checks.silent_at(commit.received_at_us)
        await recall(self._store, self._alerts.metrics, commit)
        self._alerts.measure(commit.columns, time.time_ns() // 1000)
        self._through = commit.commit_id
        self._vitals.judged.inc()
        await self._write(judged, commit.received_at_us, time.time_ns() // 1000)
        if len(commit.columns):
            self._changed.fire()

    async def _write(self, judged: Sequence[Judged], known_at_us: int, now_us: int) -> None:
        """Write what these judgements and the clock brought about, if anything."""
        for one in judged:
            self._alerts.judge(one, now_us)
        # Each judgement's changes are known at an instant of their own, in the order of judging.
        known_at_us = max(known_at_us, self._known_until_us + 1)
        if any(one.changes for one in judged):
            self._known_until_us = known_at_us
        judgement = Judgement(cursor=self._flushed)
        judgement.tenants = self._tenants.judge(judged, known_at_us, self._checks)
        for state in judgement.tenants:
            self._alerts.tenant_is(state, now_us)
        self._alerts.tick(now_us)
        self._alerts.collect(judgement)
        self._checks.look_closer(self._alerts.restless)
        self._alerts.restless.clear()
        watched = {one.watched.check.check_key: one.watched for one in judged}
        judgement.checks = [self._checks.state_of(w, self._through) for w in watched.values()]
        judgement.changes = [
            CheckChange(
                one.watched.check.tenant_key,
                one.watched.check.check_key,
                change.time,
                change.level,
                known_at_us,
            )
            for one in judged
            for change in one.changes
        ]
        if judgement:
            await self._commit(judgement)

    async def _commit(self, judgement: Judgement) -> None:
        await self._store.write_judgement(judgement)
        self._touched.difference_update(state.check_key for state in judgement.checks)
        self._tenants.written(judgement.tenants)
        if judgement.messages:
            self._owed.fire()
        self._changed.fire()

    async def _refresh_definitions(self) -> None:
        self._refresh = False
        affected = await self._checks.refresh()
        # After the checks: a tenant is there before its first one, so that none is without its tenant.
        await self._decisions.name_tenants(self._alerts)
        now_us = time.time_ns() // 1000
        self._alerts.know_checks(self._checks.watched, self._checks.heard_us)
        for watched in affected:
            if watched.check.active:
                self._alerts.take_back(watched, now_us)
            else:
                self._alerts.drop(watched, now_us)
        self._alerts.leave(now_us)
        judgement = Judgement(cursor=self._flushed)
        judgement.tenants = self._tenants.changed(
            {w.check.tenant_key: now_us for w in affected}, self._checks
        )
        for state in [*self._tenants.states(), *judgement.tenants]:
            self._alerts.tenant_is(state, now_us)
        self._alerts.collect(judgement)
        if judgement:
            await self._commit(judgement)

    async def _flush(self) -> None:
        """Write the checks that were only passed over, so that a restart need not read their results."""
        self._flush_due = time.monotonic() + _FLUSH_SECONDS
        if self._through == self._flushed or self._checks.unsettled:
            return
        touched: list[WatchedCheck] = [self._checks.watched[key] for key in self._touched]
        judgement = Judgement(cursor=self._through)
        judgement.checks = [self._checks.state_of(w, self._through) for w in touched]
        await self._store.write_judgement(judgement)
        self._flushed = self._through
        self._touched.clear()

    def _pause_seconds(self) -> float:
        """Until something can happen by the clock alone."""
        due_us = min(self._checks.next_expiry_us(), self._alerts.next_due_us() or NEVER)
        pause = max(0.001, (due_us - time.time_ns() // 1000) / 1e6 + 0.001)
        next_look = min(self._flush_due, self._obey_due, self._checks.next_settle()) - time.monotonic()
        return min(pause, max(0.001, next_look))
