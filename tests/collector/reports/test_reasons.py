"""Why a report was revised: all that changed, and nothing that only looks so."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.reports.signing import Signer
from tenantwatch_collector.store.sql.store import SqlStore
from tenantwatch_wire.records import CheckDefinition

from tests.collector.reports.test_kept import correct, full, life, now, signer
from tests.collector.reports.test_loading import Life, days, roll_up

__all__ = ["life", "signer"]


async def change(life: Life, sql: str, *values: Any) -> None:
    """Do to the store what no operation does: the past is not to be changed."""
    assert isinstance(life.store, SqlStore)
    async with life.store._db.transaction() as tx:
        assert await tx.execute(sql, values)


async def issued(life: Life, signer: Signer) -> Reports:
    """A day with everything in it, rolled up, of which both reports are final."""
    await full(life)
    await roll_up(life.store)
    reports = Reports(life.store, signer)
    assert (await reports.tenant_report(life.tenant, now()))["stage"] == "final"
    assert (await reports.platform_report([life.tenant], now()))["stage"] == "final"
    return reports


async def reasons(life: Life, reports: Reports) -> tuple[str, str]:
    """Of the tenant's revision and of the platform's."""
    of_one = await reports.tenant_report(life.tenant, now())
    of_all = await reports.platform_report(await life.store.tenants(), now())
    return of_one["reason"], of_all["reason"]


async def test_results_that_a_correction_takes_out_did_not_arrive_late(life: Life, signer: Signer) -> None:
    reports = await issued(life, signer)
    await correct(life, 300, 330)
    assert set(await reasons(life, reports)) == {"corrections were approved"}


async def test_late_results_alone(life: Life, signer: Signer) -> None:
    reports = await issued(life, signer)
    await life.arrive([days()[61]])
    await roll_up(life.store)
    assert set(await reasons(life, reports)) == {"results arrived late"}


async def test_all_of_several_are_told(life: Life, signer: Signer) -> None:
    reports = await issued(life, signer)
    await correct(life, 300, 330)
    await life.arrive([days()[61]])
    told = set(await reasons(life, reports))
    assert told == {"corrections were approved and results arrived late"}


async def test_changed_terms_are_neither_late_results_nor_another_computation(
    life: Life, signer: Signer
) -> None:
    reports = await issued(life, signer)
    terms = json.dumps({"tier": "professional", "policies": {"maintenance": "ignore"}})
    await change(life, "UPDATE contract SET contract = ? WHERE number = 1", terms)
    assert set(await reasons(life, reports)) == {"the terms changed"}


async def test_checks_that_count_as_something_else(life: Life, signer: Signer) -> None:
    orders = CheckDefinition("orders", "business_logic", 300_000, 70_000)
    await life.store.register_checks(life.tenant.tenant_key, "a", [(orders, True)], complete=False)
    reports = await issued(life, signer)
    await change(life, "UPDATE check_version SET kind = 'tcp_connection' WHERE kind = 'http_endpoint'")
    await change(life, "UPDATE check_definition SET kind = 'tcp_connection' WHERE kind = 'http_endpoint'")
    assert set(await reasons(life, reports)) == {"checks count differently"}


async def test_a_tenant_that_went(life: Life, signer: Signer) -> None:
    other = await life.store.create_tenant("other", "Other", "basic")
    long_ago_us = time.time_ns() // 1000 - 400 * 86_400 * UNITS
    await change(life, "UPDATE tenant SET created_at_us = ? WHERE tenant_id = 'other'", long_ago_us)
    await full(life)
    reports = Reports(life.store, signer)
    both = [each for each in await life.store.tenants() if each.tenant_id in ("acme", other.tenant_id)]
    assert (await reports.platform_report(both, now()))["stage"] == "final"
    revised = await reports.platform_report([life.tenant], now())
    assert revised["reason"] == "tenants came or went"


async def as_an_earlier_build(life: Life, **content: str) -> None:
    """The issues as a build would have kept them that computed in another way."""
    key = life.tenant.tenant_key
    for kept in (await life.store.issued(key, "daily", now().day.isoformat()))[-1:]:  # type: ignore[union-attr]
        document = json.loads(kept.document) | {"computation": 0}
        digest = content.get("digest", kept.digest)
        await change(
            life,
            "UPDATE issued_report SET document = ?, digest = ? WHERE tenant_key = ?",
            json.dumps(document),
            digest,
            key,
        )


@pytest.mark.parametrize("corrected", [False, True])
async def test_another_computation_is_told_where_the_same_facts_give_other_figures(
    life: Life, signer: Signer, corrected: bool
) -> None:
    reports = await issued(life, signer)
    await as_an_earlier_build(life, digest="sha256:another")
    if corrected:
        await correct(life, 300, 330)
    reason, _ = await reasons(life, reports)
    assert reason == ("corrections were approved and " if corrected else "") + (
        "figures are computed in another way"
    )


async def test_another_computation_that_gives_the_same_is_no_reason(life: Life, signer: Signer) -> None:
    reports = await issued(life, signer)
    await as_an_earlier_build(life)
    await correct(life, 300, 330)
    reason, _ = await reasons(life, reports)
    assert reason == "corrections were approved"
