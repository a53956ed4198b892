"""A month's service levels over REST: one tenant, and all of a thousand."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import psutil
from tenantwatch_collector.engines.summing import summed
from tenantwatch_collector.reports.members import Members
from tenantwatch_collector.sla import calendar_period
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.sparse import encode_counts
from tenantwatch_collector.store.base import CheckChange, Judgement, RolledUp, Rollup, RollupSpan, Store
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.records import CheckDefinition, Status

from tests.benchmarks.report import Figure, figure
from tests.system.harness import Caller, Collector

TENANTS, CHECKS = 1000, 10
ROUNDS = 15
PATIENCE_SECONDS = 120
AIM_ONE_SECONDS, AIM_ALL_SECONDS = 0.010, 1.5
_DAY_S, _US = 86_400, 1_000_000
METHOD = (
    f"last month of {TENANTS} tenants with {CHECKS} checks each, one look a minute, two outages a check,"
    " rolled up by days; a running collector on SQLite, REST on loopback without TLS; "
)


async def measure(folder: Path) -> list[Figure]:
    today = datetime.now(UTC).date()
    month = date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    async with Collector(folder / "collector") as collector:
        await collector.command("tenant", "list")
        store = await open_store(collector.database)
        await _fill(store, month)
        await store.close()
        token = await collector.create_token("")
        await collector.start()
        async with Caller(collector, token, timeout_seconds=PATIENCE_SECONDS) as caller:
            asked = f"period=monthly&date={month}"
            watched = psutil.Process(collector.pid)
            await caller.bytes(f"/sla/tenant-0000?{asked}")
            paths = [f"/sla/tenant-{n:04}?{asked}" for n in range(1, ROUNDS + 1)]
            one, one_cpu_s = await _timed(caller, watched, paths)
            everyone, all_cpu_s = await _timed(caller, watched, [f"/reports/sla?{asked}"] * 3)
        await collector.terminate()
    cpu = METHOD + "the collector's, a request"
    return [
        figure(
            "sla_one",
            statistics.median(one),
            "s",
            AIM_ONE_SECONDS,
            METHOD + f"median of {ROUNDS}; against the aim",
        ),
        figure("sla_one_cpu", one_cpu_s, "s of CPU", None, cpu),
        figure("sla_all", min(everyone), "s", AIM_ALL_SECONDS, METHOD + "the best of three; against the aim"),
        figure("sla_all_cpu", all_cpu_s, "s of CPU", None, cpu),
    ]


async def _timed(
    caller: Caller, collector: psutil.Process, paths: Sequence[str]
) -> tuple[list[float], float]:
    """How long each answer took, and the collector's CPU for one of them."""
    took, before = [], sum(collector.cpu_times()[:2])
    for path in paths:
        started = time.perf_counter()
        await caller.bytes(path)
        took.append(time.perf_counter() - started)
    return took, (sum(collector.cpu_times()[:2]) - before) / len(paths)


async def _fill(store: Store, month: date) -> None:
    period = calendar_period("monthly", month, UTC)
    random = Random(1)
    latencies = LatencyHistogram.of(int(random.lognormvariate(11.7, 0.35)) for _ in range(1440))
    encoded = encode_counts(latencies.counts)
    for number in range(TENANTS):
        tenant = await store.create_tenant(f"tenant-{number:04}", f"Tenant {number}", "enterprise")
        definitions = [CheckDefinition(f"check-{n}", "http_endpoint", 60_000, 10_000) for n in range(CHECKS)]
        checks = await store.register_checks(tenant.tenant_key, "a", [(d, True) for d in definitions], True)
        # What a collector that runs has behind it: all that is over is rolled up.
        flush, changes = RolledUp(0, period.end * _US), []
        places = Members.of(await store.tenant_checks(tenant.tenant_key), {}).places().at(0)
        for check in checks:
            changes += _changes(tenant.tenant_key, check.check_key, period.start * _US)
            for start in range(period.start, period.end, _DAY_S):
                flush.rollups.append(
                    Rollup(
                        tenant.tenant_key, check.check_key, _DAY_S, start * _US, 1440, 0, 0, 0, 1440,
                        latencies.sum_us, latencies.max_us, encoded, 86_400_000, 0, 0, 0, start * _US,
                    )
                )  # fmt: skip
        days = range(period.start, period.end, _DAY_S)
        firsts = [each for each in flush.rollups if each.start_us == period.start * _US]
        (first,) = summed(RollupSpan(tenant.tenant_key, _DAY_S, period.start * _US), firsts, [], places)
        starts = range(period.start * _US, period.end * _US, _DAY_S * _US)
        flush.sums = [first._replace(start_us=start, known_at_us=start) for start in starts]
        flush.spans = [RollupSpan(tenant.tenant_key, _DAY_S, start * _US) for start in days]
        await store.write_rollups(flush)
        await store.write_judgement(Judgement(cursor=0, changes=changes))


def _changes(tenant_key: int, check_key: int, start_us: int) -> list[CheckChange]:
    found = [CheckChange(tenant_key, check_key, start_us, Status.HEALTHY, start_us)]
    for day in (5, 17):
        down = start_us + day * _DAY_S * _US + check_key % 60 * 60 * _US
        found.append(CheckChange(tenant_key, check_key, down, Status.UNHEALTHY, down + 120 * _US))
        found.append(CheckChange(tenant_key, check_key, down + 600 * _US, Status.HEALTHY, down + 720 * _US))
    return found
