"""Tenants as reports meet them: one with a bad month, one with a quiet one, one that never sent anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.reports.digests import fact_digests
from tenantwatch_collector.reports.document import Heading, document_of
from tenantwatch_collector.reports.subject import AnnouncedWindow, Subject
from tenantwatch_collector.sla import CheckTerms, Maintenance, Period, calendar_period, known_facts
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.contract import Contract
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.steps import steps_of
from tenantwatch_wire.records import Status

ZONE = ZoneInfo("Europe/Berlin")
MONTH = calendar_period("monthly", date(2026, 3, 1), ZONE)
AS_OF = MONTH.end + 4 * 86_400
CHECKS = (CheckTerms("http", "web", 3, 2, 700), CheckTerms("orders", "shop", 2, 2, 700))
GROUPS = (Group("web", "critical"), Group("shop", "degrading"))
CONTRACT = Contract.model_validate(
    {
        "tier": "enterprise",
        "timezone": "Europe/Berlin",
        "credits": {
            "fee": "4900.00",
            "table": [{"below": "99.9", "credit_pct": "10"}, {"below": "99", "credit_pct": "25"}],
        },
    }
)


def at(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 3, day, hour, minute, tzinfo=ZONE).timestamp())


def month_of(
    seed: int, outages: list[tuple[int, int]], gaps: list[tuple[int, int]] | None = None, slow: int = 0
) -> dict[str, list[CheckResult]]:
    """Results every five minutes, slower by day, bad in the outages and absent in the gaps."""
    random = Random(seed)
    results = []
    for time in range(MONTH.start - 3600, AS_OF, 300):
        if any(low <= time < high for low, high in gaps or ()):
            continue
        if any(low <= time < high for low, high in outages):
            results.append(CheckResult(time, Status.UNHEALTHY))
            continue
        hour = datetime.fromtimestamp(time, UTC).hour
        latency = int(random.lognormvariate(11.7, 0.35)) + (60_000 if 7 <= hour < 17 else 0) + slow
        status = Status.UNHEALTHY if random.random() < 0.002 else Status.HEALTHY
        results.append(CheckResult(time, status, latency))
    shop = [CheckResult(r.time, Status.HEALTHY, 30_000) for r in results[::2]]
    return {"http": results, "orders": shop}


def subject(
    name: str,
    results: dict[str, list[CheckResult]],
    windows: list[AnnouncedWindow] | None = None,
    corrections: list[Correction] | None = None,
    period: Period = MONTH,
    contract: Contract = CONTRACT,
    versions: list[Version] | None = None,
) -> Subject:
    terms = contract.to_terms(CHECKS, GROUPS, None)
    announced = windows or []
    facts = known_facts(terms, results, AS_OF, [each.window for each in announced])
    facts = replace(facts, corrections=corrections or ())
    found = judge(versions or [Version(0, terms)], facts, period, AS_OF, steps_of(period, ZONE))
    digests = fact_digests(facts, found)
    return Subject(name, name.replace("-", " ").title(), contract.tier, found, facts, announced, digests)


OUTAGES = [(at(4, 10, 5), at(4, 10, 50)), (at(15, 1, 40), at(15, 3)), (at(27, 21), at(27, 21, 20))]
GAPS = [(at(19, 13), at(19, 17))]
RESULTS = month_of(1, OUTAGES, GAPS)


def with_incidents() -> Subject:
    windows = [
        AnnouncedWindow(Maintenance(at(15, 2), at(15, 4), None, at(10, 9)), "database upgrade to version 18"),
        AnnouncedWindow(
            Maintenance(at(22, 2), at(22, 3), frozenset({"orders"}), at(20, 9)), "order queue moved"
        ),
    ]
    mend = Correction(
        1,
        at(27, 21),
        at(27, 21, 30),
        TimeClass.UP,
        "the probe's own network was down",
        "ann",
        at(29, 9),
        "bob",
        at(30, 9),
    )
    return subject("example-isp-001", month_of(1, OUTAGES, GAPS), windows, [mend])


def quiet() -> Subject:
    random = Random(3)
    results = [
        CheckResult(t, Status.HEALTHY, int(random.lognormvariate(11.6, 0.3)))
        for t in range(MONTH.start - 3600, AS_OF, 300)
    ]
    return subject("quiet-waters-002", {"http": results, "orders": results[::2]})


def silent() -> Subject:
    return subject("silent-003", {})


def heading(period: Period = MONTH, kind: str = "monthly", label: str = "2026-03", **more: Any) -> Heading:
    as_of, made = datetime.fromtimestamp(AS_OF, UTC), datetime(2026, 4, 4, 22, 0, 5, tzinfo=UTC)
    return Heading(kind, label, "Europe/Berlin", period, as_of, made, **more)


def tenant_document(one: Subject, **more: Any) -> dict[str, Any]:
    return document_of(heading(**more), [one], one.tenant_id)


def platform_document(count: int) -> dict[str, Any]:
    base = [with_incidents(), quiet(), silent()]
    subjects = [
        replace(base[n % 3], tenant_id=f"tenant-{n:03}", tenant_name=f"Tenant {n}") for n in range(count)
    ]
    return document_of(heading(), subjects, None)
