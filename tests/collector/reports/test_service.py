"""The life of a report: final once, the same for ever, revised with a reason, and told as it was then."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.difference import Difference
from tenantwatch_collector.reports.export import ExportError, read_export
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.reports.signing import load_signer, verify_signature
from tenantwatch_collector.reports.verify import verify
from tenantwatch_collector.store.opening import open_store
from tenantwatch_collector.transfer.exporting import Wanted, export
from tenantwatch_collector.transfer.files import FileKind, Sink
from tenantwatch_collector.transfer.forms import FORMS
from tenantwatch_wire.records import Status

from tests.collector.reports.test_loading import HTTP, START_US, Life, days

DAY = datetime.fromtimestamp(START_US / UNITS, UTC).date()


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    store = await open_store(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "enterprise")
    await store.agent_arrived(tenant.tenant_key, "a", "g", "1", "h", "d")
    (check,) = await store.register_checks(tenant.tenant_key, "a", [(HTTP, True)], complete=True)
    yield Life(store, tenant, check)
    await store.close()


def now() -> Asked:
    return Asked("daily", DAY, 1, time.time_ns() // 1000, True)


async def test_a_report_is_final_once_and_revised_with_a_reason(life: Life, tmp_path: Path) -> None:
    """The first of four days: its end and 72 hours are over."""
    reports = Reports(life.store, load_signer(tmp_path / "key.pem"))
    await life.arrive(days(range(100, 110)))
    final = await reports.tenant_report(life.tenant, now())
    assert (final["stage"], final["revision"], final["reason"]) == ("final", 0, "")
    verify_signature(final)
    assert await reports.tenant_report(life.tenant, now()) == final
    before_us = time.time_ns() // 1000
    sent = set(days(range(100, 110)))
    await life.arrive([(each[0], Status.UNHEALTHY, -1) for each in days() if each not in sent])
    revised = await reports.tenant_report(life.tenant, now())
    assert (revised["stage"], revised["revision"], revised["reason"]) == (
        "revised",
        1,
        "results arrived late",
    )
    assert revised["content_digest"] != final["content_digest"]
    assert revised["tenant_compliance"][0]["availability"] < final["tenant_compliance"][0]["availability"]
    assert await reports.tenant_report(life.tenant, now()) == revised
    then = Asked("daily", DAY, 1, before_us, False)
    assert await reports.tenant_report(life.tenant, then) == final
    kept = await life.store.issued(life.tenant.tenant_key, "daily", DAY.isoformat())
    assert [(issue.stage, issue.revision) for issue in kept] == [("final", 0), ("revised", 1)]


async def test_a_day_that_is_not_over_for_three_days_is_provisional(life: Life, tmp_path: Path) -> None:
    reports = Reports(life.store, load_signer(tmp_path / "key.pem"))
    await life.arrive(days())
    yesterday = replace(now(), day=DAY + timedelta(days=3))
    document = await reports.tenant_report(life.tenant, yesterday)
    assert (document["stage"], document["revision"]) == ("provisional", 0)
    assert await life.store.issued(life.tenant.tenant_key, "daily", str(yesterday.day)) == []


async def test_a_report_holds_against_results_that_were_exported_from_the_store(
    life: Life, tmp_path: Path
) -> None:
    await life.arrive(days(range(100, 110)))
    report = await Reports(life.store, load_signer(tmp_path / "key.pem")).tenant_report(life.tenant, now())
    sink = io.BytesIO()
    kind = FileKind(FORMS["ndjson"], compressed=False)
    wanted = Wanted([life.tenant], 0, 2**62)
    await export(life.store, wanted, Sink(sink, kind), kind, None, lambda done, count: None)
    lines = sink.getvalue().decode().splitlines(keepends=True)
    said = list(verify(report, read_export(lines)))
    assert "acme: the exported results give every number of the report" in said
    with pytest.raises(Difference):
        list(verify(report, read_export(lines[:50])))
    with pytest.raises(ExportError, match="line 2: of another tenant: export with --tenant acme"):
        read_export([lines[0], lines[1].replace("acme", "beta")])
