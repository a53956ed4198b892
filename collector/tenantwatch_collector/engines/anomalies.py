"""Looks at each quarter of an hour once it is over: which checks took far longer than they usually do?

What is usual comes from the stored rollups, so that a restart forgets nothing and nothing is kept besides.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence

from tenantwatch_collector.alerts.builtin import ANOMALY
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.background import end
from tenantwatch_collector.engines.findings import Finding
from tenantwatch_collector.insights.anomaly import KEPT_HOURS, Past, Verdict, judge
from tenantwatch_collector.store.base import BUCKET_US, Rollup, Store, StoredCheck, StoreUnavailable

HOUR_US = 3_600_000_000
_HOUR_S, _BUCKET_S = 3600, BUCKET_US // 1_000_000
_SETTLED_US = 120_000_000
"""So long after its end a quarter of an hour is looked at: by then it is summed up."""
_PAUSE_SECONDS = 30.0
_AGAIN_HOURS = 3
LEAST_RESULTS = 3

log = logging.getLogger(__name__)


class TenantPast:
    """What one tenant's checks took, hour by hour, as far as it was read."""

    def __init__(self, store: Store, tenant_key: int) -> None:
        self._store = store
        self._tenant_key = tenant_key
        self._past: dict[int, Past] = {}
        self._read_until: int | None = None

    async def findings(self, bucket_us: int, checks: dict[int, StoredCheck]) -> list[Finding]:
        """What a quarter of an hour looked like, for each check that there is enough to say of."""
        hour = bucket_us // HOUR_US
        await self._read(hour)
        found = await self._store.rollups(self._tenant_key, _BUCKET_S, bucket_us, bucket_us + BUCKET_US)
        return list(self._judged([one for one in found if one.check_key in checks], hour, checks))

    async def _read(self, hour: int) -> None:
        back = KEPT_HOURS if self._read_until is None else hour - self._read_until + _AGAIN_HOURS
        first = max(0, hour - min(back, KEPT_HOURS))
        hours = await self._store.rollups(self._tenant_key, _HOUR_S, first * HOUR_US, hour * HOUR_US)
        for one in hours:
            if one.latency_count >= LEAST_RESULTS:
                at = one.start_us // HOUR_US
                past = self._past.setdefault(one.check_key, Past.empty(at))
                past.put(at, one.latency_sum_us / one.latency_count / 1000)
        self._read_until = hour

    def _judged(
        self, buckets: Sequence[Rollup], hour: int, checks: dict[int, StoredCheck]
    ) -> Iterator[Finding]:
        for one in buckets:
            past = self._past.get(one.check_key)
            if past is None or one.latency_count < LEAST_RESULTS:
                continue
            verdict = judge(past, hour, one.latency_sum_us / one.latency_count / 1000)
            if verdict is not None:
                yield _finding(checks[one.check_key], verdict)


def _finding(check: StoredCheck, verdict: Verdict) -> Finding:
    usual = verdict.usual
    text = (
        f"took {verdict.value:.4g} ms on average over a quarter of an hour;"
        f" usual are {usual.median:.4g} ms, give or take {usual.deviation:.3g} ms"
    )
    label = f"{check.definition.check_id} on {check.agent_id}"
    key = str(check.check_key)
    return Finding(check.tenant_key, ANOMALY, key, Severity.INFO, verdict.is_unusual, label, text)


class AnomalyEngine:
    """Start once, stop as often as you like."""

    def __init__(self, store: Store, found: Callable[[Sequence[Finding]], None]) -> None:
        self._store = store
        self._found = found
        self._pasts: dict[int, TenantPast] = {}
        self._done_us = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="anomalies")

    async def stop(self) -> None:
        await end(self._task)
        self._task = None

    async def _run(self) -> None:
        while True:
            bucket_us = (time.time_ns() // 1000 - _SETTLED_US) // BUCKET_US * BUCKET_US - BUCKET_US
            try:
                if bucket_us > self._done_us:
                    await self.look(bucket_us)
                    self._done_us = bucket_us
            except StoreUnavailable as error:
                log.error("anomalies wait: %s", error)
            except Exception:
                # A fault of ours: it must not end the looking for good, nor go unnoticed.
                log.exception("a quarter of an hour was not looked at")
                self._done_us = bucket_us
            await asyncio.sleep(_PAUSE_SECONDS)

    async def look(self, bucket_us: int) -> None:
        """Every tenant's quarter of an hour, one tenant after another."""
        checks: dict[int, dict[int, StoredCheck]] = {}
        for check in await self._store.checks():
            if check.active:
                checks.setdefault(check.tenant_key, {})[check.check_key] = check
        self._pasts = {key: past for key, past in self._pasts.items() if key in checks}
        for tenant_key, mine in checks.items():
            past = self._pasts.setdefault(tenant_key, TenantPast(self._store, tenant_key))
            if findings := await past.findings(bucket_us, mine):
                self._found(findings)
            await asyncio.sleep(0)
