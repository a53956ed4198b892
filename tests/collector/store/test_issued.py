"""Issued reports: each kept once, whoever issues it; and what may change them afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tenantwatch_collector.store.base import (
    CorrectionRecord,
    IssuedReport,
    LateFact,
    RolledUp,
    RollupSpan,
    RollupSum,
    Store,
)

from tests.collector.store.given import SECOND, T0

HOUR = 3600 * SECOND
START = T0 // (900 * SECOND) * 900 * SECOND
LATE = 72 * HOUR


async def two_tenants(store: Store) -> tuple[int, int]:
    acme = await store.create_tenant("acme", "Acme", "basic")
    other = await store.create_tenant("other", "Other", "basic")
    return acme.tenant_key, other.tenant_key


def report(tenant_key: int, sequence: int = 1, digest: str = "sha256:a") -> IssuedReport:
    return IssuedReport(tenant_key, "monthly", "2026-03", sequence, "final", 0, 1, 2, digest, "", "{}")


async def test_issued_reports_are_kept_in_order(store: Store) -> None:
    acme, other = await two_tenants(store)
    first, second = report(acme), report(acme, 2, "sha256:b")
    assert await store.add_issued(first)
    assert await store.add_issued(second)
    assert await store.issued(acme, "monthly", "2026-03") == [first, second]
    assert await store.issued(acme, "monthly", "2026-04") == []
    assert await store.issued(other, "monthly", "2026-03") == []
    assert await store.issued_to(acme) == [replace(each, document="") for each in (first, second)]


async def test_of_two_issues_of_one_place_the_first_stays(store: Store) -> None:
    acme, other = await two_tenants(store)
    written = await asyncio.gather(
        *(store.add_issued(report(acme, 1, f"sha256:{n}")) for n in range(4)), store.add_issued(report(other))
    )
    assert sorted(written[:4]) == [False, False, False, True]
    assert written[4]
    (kept,) = await store.issued(acme, "monthly", "2026-03")
    assert kept.digest == f"sha256:{written.index(True)}"


async def test_who_lacks_a_period_is_told(store: Store) -> None:
    acme, other = await two_tenants(store)
    gone = await store.create_tenant("gone", "Gone", "basic")
    await store.delete_tenant(gone.tenant_key)
    await store.add_issued(report(acme))
    created_us = max(tenant.created_at_us for tenant in await store.tenants())
    assert await store.not_issued("monthly", "2026-03", created_us + 1) == [other]
    assert await store.not_issued("monthly", "2026-04", created_us + 1) == [acme, other]
    assert await store.not_issued("quarterly", "2026-03", created_us + 1) == [acme, other]
    assert await store.not_issued("monthly", "2026-04", 0) == []


def sum_of(tenant_key: int, start_us: int, known_at_us: int, width_s: int = 900) -> RollupSum:
    return RollupSum(tenant_key, width_s, start_us, "1t", 1, 0, 0, 0, None, b"", None, 0, known_at_us)


async def test_what_became_known_late_is_told_by_tenant_and_month(store: Store) -> None:
    acme, other = await two_tenants(store)
    quarter = 900 * SECOND
    month = 30 * 24 * HOUR
    start = START // month * month
    sums = [
        sum_of(acme, start, start + LATE),
        sum_of(acme, start + quarter, start + quarter + LATE + 5),
        sum_of(acme, start + 9 * quarter, start + 9 * quarter + LATE + 1),
        sum_of(acme, start + month, start + 2 * month),
        sum_of(other, start, start + LATE + 2),
        sum_of(other, start, start + 9 * LATE, 3600),
    ]
    spans = [RollupSpan(each.tenant_key, each.width_s, each.start_us) for each in sums]
    await store.write_rollups(RolledUp(0, 0, spans=spans, sums=sums))
    found = await store.late_results(0, start + 3 * month)
    assert sorted(found, key=lambda each: (each.tenant_key, each.from_us)) == [
        LateFact(acme, start + quarter, start + 10 * quarter),
        LateFact(acme, start + month, start + month + quarter),
        LateFact(other, start, start + quarter),
    ]
    assert await store.late_results(start + LATE + 2, start + LATE + quarter) == []
    assert await store.late_results(start + LATE + 1, start + LATE + 2) == [
        LateFact(other, start, start + quarter)
    ]


async def test_a_correction_is_a_late_fact_once_it_is_approved(store: Store) -> None:
    acme, _ = await two_tenants(store)
    kept = await store.add_correction(CorrectionRecord(acme, 0, 10, 20, "up", "probe", "ann", 0))
    assert await store.approved_corrections(0, 2**62) == []
    approved = await store.approve_correction(acme, kept.number, "bob")
    assert approved is not None
    assert approved.approved_at_us is not None
    assert await store.approved_corrections(0, approved.approved_at_us) == [LateFact(acme, 10, 20)]
    assert await store.approved_corrections(approved.approved_at_us, 2**62) == []


async def test_how_far_issuing_has_come_is_kept(store: Store) -> None:
    assert await store.issuing_state() == 0
    await store.note_issuing(7)
    await store.note_issuing(9)
    assert await store.issuing_state() == 9
