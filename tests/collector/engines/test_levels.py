"""Service levels in view: what is worth an alert, when it is over, and how soon it is found."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.engines.findings import Finding, findings_of
from tenantwatch_collector.engines.levels import LevelEngine
from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.reports.words import duration
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.sla import CheckTerms, Period, calendar_period, evaluate, known_facts, lay_out
from tenantwatch_collector.sla.contract import Contract
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.layout import lay_out_versions
from tenantwatch_collector.sla.life import time_to_breach
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.whole import begun
from tenantwatch_collector.store.base import CheckChange, Judgement
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.records import CheckDefinition, Status

from tests.collector.engines.desk import SECOND, T0, Desk, said

PERIOD = calendar_period("monthly", date(2026, 3, 1), UTC)
NOW = PERIOD.start + 10 * 86_400
TERMS = Contract(tier="enterprise").to_terms(
    (CheckTerms("web", "front", 1, 1, 700),), (Group("front", "critical"),), None
)


def holding(results: Sequence[CheckResult]) -> dict[str, Finding]:
    facts = known_facts(TERMS, {"web": results}, NOW)
    found = evaluate(TERMS, facts, PERIOD, NOW)
    stretches = lay_out(TERMS, facts, PERIOD, NOW)
    findings = list(findings_of(1, [found], stretches, "2026-03"))
    assert len(findings) == 8
    return {finding.rule_id: finding for finding in findings if finding.holds}


def month(down_s: int, ends_before_s: int = 0, latency_us: int = 1000) -> list[CheckResult]:
    """Good results every ten minutes, and one outage that ended so long before now."""
    back = NOW - ends_before_s
    good = [CheckResult(at, Status.HEALTHY, latency_us) for at in range(PERIOD.start, NOW, 600)]
    good = [r for r in good if not back - down_s <= r.time < back]
    bad = [CheckResult(at, Status.UNHEALTHY) for at in range(back - down_s, back, 600)]
    return [*good, *bad, CheckResult(back, Status.HEALTHY, latency_us)]


def test_seconds_of_trouble_wake_nobody() -> None:
    assert holding(month(10)) == {}


def test_a_fast_burn_is_told_with_the_time_that_is_left() -> None:
    found = holding(month(200))
    assert set(found) == {"burn-0", "burn-1"}
    assert found["burn-0"].severity == "critical"
    assert found["burn-0"].text.startswith(
        "the error budget burns 55.5 x too fast over 1 h; at the present rate"
    )
    assert set(holding(month(200, ends_before_s=2400))) == set()


def young(measured_s: int, down_s: int) -> list[CheckResult]:
    """A tenant that has been looked at for so long, the last of it down."""
    good = [CheckResult(at, Status.HEALTHY) for at in range(NOW - measured_s, NOW - down_s, 60)]
    return [*good, *(CheckResult(at, Status.UNHEALTHY) for at in range(NOW - down_s, NOW, 60))]


def test_a_rate_needs_half_of_its_window_and_half_an_hour() -> None:
    """Two of five minutes are an outage, not a rate over an hour; a day is not a rate over three."""
    assert "burn-0" not in holding(young(300, 120))
    assert "burn-0" not in holding(young(1799, 240))
    text = holding(young(1800, 240))["burn-0"].text
    assert text.startswith(
        "the error budget burns 133.3 x too fast over the 30 min that were measured of the last 1 h;"
    )
    assert "burn-1" not in holding(young(3 * 3600 - 60, 1200))
    assert "burn-1" in holding(young(3 * 3600, 1200))


def test_a_rate_over_service_hours_needs_half_of_their_share() -> None:
    """One hour a day of 24: a day's window holds one, and half an hour of it is enough."""
    hours = [{"weekday": day, "from_minute": 0, "to_minute": 60} for day in range(7)]
    opening = Contract.model_validate({"tier": "enterprise", "service_hours": hours})
    terms = opening.to_terms(TERMS.checks, TERMS.groups, None)
    as_of = NOW + 3600
    results = [CheckResult(at, Status.UNHEALTHY) for at in range(NOW, as_of, 60)]
    facts = known_facts(terms, {"web": results}, as_of)
    whole, stretches = evaluate(terms, facts, PERIOD, as_of), lay_out(terms, facts, PERIOD, as_of)
    assert {f.rule_id for f in findings_of(1, [whole], stretches, "") if f.holds} >= {"burn-0", "burn-2"}


def test_what_is_left_is_left_of_the_terms_in_force() -> None:
    """Terms changed a day ago and will change again: three parts of a month, the second of which runs."""
    facts = known_facts(TERMS, {"web": month(200)}, NOW)
    borders = [PERIOD.start, NOW - 86_400, NOW + 86_400, PERIOD.end]
    parts = [evaluate(TERMS, facts, Period(low, high), NOW) for low, high in pairwise(borders)]
    stretches = lay_out(TERMS, facts, PERIOD, NOW)
    assert begun(parts) == parts[:2]
    assert begun(parts[2:]) == parts[2:]
    left = time_to_breach(parts[1], stretches, 3600)
    assert left is not None
    found = {each.rule_id: each for each in findings_of(1, parts, stretches, "") if each.holds}
    assert found["burn-0"].text.endswith(
        "it is spent" if not left else f"is spent in {duration(float(left))}"
    )


def test_a_violation_is_one_when_the_whole_periods_budget_is_spent() -> None:
    """March allows 2678.4 s."""
    assert "sla-availability" not in holding(month(2600, ends_before_s=86_400))
    found = holding(month(2700, ends_before_s=86_400))
    assert found["sla-availability"].text == "the error budget of 99.9 % is overdrawn by 22 s"
    assert found["sla-recovery_time"].text == "an outage of 45 min, agreed 15 min"


def test_time_before_a_change_of_terms_is_judged_by_its_own() -> None:
    """An hour down at 99 % is no breach because the terms are stricter today, nor are those of next week."""
    facts = known_facts(TERMS, {"web": month(3600, ends_before_s=3 * 86_400)}, NOW)
    patient = replace(TERMS.targets, recovery_time_minutes=Fraction(90))
    lax = replace(TERMS, targets=replace(patient, availability_percentage=Fraction(99)))

    def told(*versions: Version) -> set[str]:
        found = judge(versions, facts, PERIOD, NOW)
        stretches = lay_out_versions(versions, facts, PERIOD, NOW)
        return {f.rule_id for f in findings_of(1, found.parts, stretches, "") if f.holds}

    assert told(Version(0, TERMS)) == {"sla-availability", "sla-recovery_time"}
    assert told(Version(0, lax), Version(NOW - 86_400, TERMS)) == set()
    assert told(Version(0, lax), Version(NOW + 86_400, TERMS)) == set()
    # What was missed before they became milder stays missed.
    assert told(Version(0, TERMS), Version(NOW - 86_400, lax)) == {"sla-availability", "sla-recovery_time"}


def test_slow_looks_count_from_a_hundred_on() -> None:
    found = holding(month(1, latency_us=600_000))
    assert found["sla-response_time"].text == "mean response 600.0 ms, agreed 500 ms"
    few = [CheckResult(NOW - 600 * n, Status.HEALTHY, 600_000) for n in range(1, 99)]
    assert "sla-response_time" not in holding(few)


def finding(holds: bool, text: str = "") -> Finding:
    return Finding(1, "sla_violation", "sla-availability", Severity.ERROR, holds, "2026-03", text)


def test_a_finding_opens_an_alert_and_ends_it() -> None:
    desk = Desk()
    desk.book.find(finding(False), T0)
    assert desk.tick(0) == []
    desk.book.find(finding(True, "overdrawn by 22 s"), T0 + SECOND)
    messages = desk.tick(1)
    assert said(messages) == [("firing", "error", "sla_violation")]
    (alert,) = desk.written.alerts
    assert alert.alert_name == "service level missed"
    assert alert.alert_description == "2026-03: overdrawn by 22 s"
    data = json.loads(alert.alert_data)
    assert data["period"] == "2026-03"
    assert data["condition"] == "sla-availability"
    assert data.keys() & {"agent_id", "check_id"} == set()
    desk.book.find(finding(False), T0 + 60 * SECOND)
    assert said(desk.tick(60)) == [("resolved", "error", "sla_violation")]
    assert not desk.book.minds([])


async def test_a_change_is_judged_within_a_pass(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "enterprise")
    key = tenant.tenant_key
    web = CheckDefinition("web", "http_endpoint", 60_000, 10_000)
    (check,) = await store.register_checks(key, "a", [(web, True)], complete=True)
    broken = await store.create_tenant("aaa", "Broken", "basic")
    await store.add_contract(broken.tenant_key, 1, "ann", "by hand", '{"tier": "gold"}')
    judged, arrived = Signal(), asyncio.Event()
    found: list[Finding] = []

    def take(findings: Sequence[Finding]) -> None:
        found.extend(finding for finding in findings if finding.holds)
        if any(finding.rule_id == "burn-0" for finding in found):
            arrived.set()

    engine = LevelEngine(store, judged, take)
    engine.start()
    now_us = time.time_ns() // 1000
    changes = [
        CheckChange(key, check.check_key, now_us - 7200 * SECOND, Status.HEALTHY, now_us),
        CheckChange(key, check.check_key, now_us - 200 * SECOND, Status.UNHEALTHY, now_us),
    ]
    await store.write_judgement(Judgement(cursor=0, changes=changes))
    judged.fire()
    async with asyncio.timeout(30):
        await arrived.wait()
    await engine.stop()
    await store.close()
    assert {f.tenant_key for f in found} == {key}
    # Another tenant's contract cannot be read; that is logged and holds nobody up.
    assert engine.compliance["acme"] is False
    assert engine.compliance.get("aaa") is None
