"""Silences and maintenance as the alert machine gets them."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tenantwatch_collector.alerts.suppression import Silence
from tenantwatch_collector.engines.alerting.quiet import QuietTimes
from tenantwatch_collector.reports.agreements import recurrence_to_json
from tenantwatch_collector.sla.recurrence import recurrence
from tenantwatch_collector.store.base import StoredSilence, WindowRecord
from tenantwatch_collector.store.sqlite import SqliteStore

HOUR = 3_600_000_000


async def test_what_is_announced_of_tenants_and_of_checks_is_written_out_beside_the_silences(
    tmp_path: Path,
) -> None:
    store = await SqliteStore.open(tmp_path / "store.sqlite3")
    now_us = time.time_ns() // 1000
    acme = await store.create_tenant("acme", "Acme", "basic")
    tenants = {acme.tenant_key: acme}
    quiet = QuietTimes(store)
    assert await quiet.read(tenants, now_us) == []

    await store.add_silence(StoredSilence(0, None, "cpu", now_us, now_us + HOUR, "ada", ""))
    window = WindowRecord(acme.tenant_key, 0, now_us + HOUR, now_us + 2 * HOUR, "", None, "move", "ada", 0)
    await store.add_window(window)
    await store.add_window(replace(window, checks=("web",), reason="part"))
    # It had begun when it was announced: in a report it is down time, so it is told of.
    await store.add_window(replace(window, from_us=now_us))
    later_us = time.time_ns() // 1000
    assert await quiet.read(tenants, later_us) == [
        Silence(now_us, now_us + HOUR, None, "cpu"),
        Silence(now_us + HOUR, now_us + 2 * HOUR, "acme"),
        Silence(now_us + HOUR, now_us + 2 * HOUR, "acme", checks=frozenset({"web"})),
    ]
    daily = recurrence(
        "FREQ=DAILY", datetime.fromtimestamp(now_us // 10**6, UTC).replace(tzinfo=None), 600, "UTC"
    )
    await store.add_window(
        WindowRecord(acme.tenant_key, 0, None, None, recurrence_to_json(daily), None, "nightly", "ada", 0)
    )
    found = await quiet.read(tenants, time.time_ns() // 1000)
    spans = [
        (one.start - now_us // 10**6 * 10**6) // HOUR for one in found if one.end - one.start == 600_000_000
    ]
    assert spans[:2] == [24, 48]
    # Newer terms ask for a notice of an hour and a half: what begins before was announced too late.
    notice = f'{{"tier": "basic", "maintenance_min_notice_s": {5400}}}'
    await store.add_contract(acme.tenant_key, now_us + HOUR // 2, "ada", "notice", notice)
    found = await quiet.read(tenants, time.time_ns() // 1000)
    assert {one.end - one.start for one in found if one.alert_type is None} == {600_000_000}
    # One tenant's broken terms keep the others' silences from nobody.
    await store.add_contract(acme.tenant_key, now_us, "ada", "by hand", '{"tier": "gold"}')
    found = await quiet.read(tenants, time.time_ns() // 1000)
    assert [one.alert_type for one in found] == ["cpu"]
    await store.close()
