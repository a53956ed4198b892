"""What is issued as final stays so whatever happens later, and its export holds every fact behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.reports.agreements import UNITS, recurrence_to_json
from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.difference import Difference
from tenantwatch_collector.reports.document import content_of, report_id_of
from tenantwatch_collector.reports.export import read_export
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.reports.signing import Signer, load_signer
from tenantwatch_collector.reports.verify import Note, verify
from tenantwatch_collector.sla.recurrence import recurrence
from tenantwatch_collector.store.base import CorrectionRecord, WindowRecord
from tenantwatch_collector.store.sql.store import SqlStore
from tenantwatch_wire.records import CheckDefinition

from tests.collector.reports.test_loading import DAY_US, HTTP, START_US, Life, days, life, roll_up

__all__ = ["life"]
DAY = datetime.fromtimestamp(START_US / UNITS, UTC).date()
ORDERS = CheckDefinition("orders", "business_logic", 300_000, 70_000)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return load_signer(tmp_path / "key.pem")


def now(day: int = 0) -> Asked:
    there = datetime.fromtimestamp((START_US + day * DAY_US) / UNITS, UTC).date()
    return Asked("daily", there, 1, time.time_ns() // 1000, True)


async def correct(life: Life, low: int, high: int) -> None:
    """Minutes of the first day that two people say were up."""
    span = START_US + low * 60 * UNITS, START_US + high * 60 * UNITS
    new = CorrectionRecord(life.tenant.tenant_key, 0, *span, "up", "the probe's own network", "ann", 0)
    kept = await life.store.add_correction(new)
    assert await life.store.approve_correction(life.tenant.tenant_key, kept.number, "bob") is not None


async def backdate(life: Life, table: str, **values: Any) -> None:
    """As if it had been entered earlier: the store itself dates everything by its own clock."""
    store = life.store
    assert isinstance(store, SqlStore)
    names = ", ".join(f"{name} = ?" for name in values)
    async with store._db.transaction() as tx:
        await tx.execute(f"UPDATE {table} SET {names}", list(values.values()))


async def announce(life: Life) -> None:
    """An hour every morning at one, announced before the first day."""
    rule = recurrence_to_json(recurrence("FREQ=DAILY", datetime(2020, 1, 1, 1), 3600, "UTC"))
    key = life.tenant.tenant_key
    await life.store.add_window(WindowRecord(key, 0, None, None, rule, None, "patches", "ann", 0))
    await backdate(life, "maintenance_window", announced_at_us=START_US - DAY_US)


async def agree(life: Life) -> None:
    """Other terms from the noon of the first day on."""
    noon_us = START_US + DAY_US // 2
    terms = json.dumps(
        {"tier": "professional", "credits": {"fee": 100, "table": [{"below": 99, "credit_pct": 5}]}}
    )
    await life.store.add_contract(life.tenant.tenant_key, noon_us, "ann", "a new contract", terms)
    await backdate(life, "contract", recorded_at_us=START_US)


async def full(life: Life) -> None:
    """A first day with an outage, unknown time, a window, a change of terms and a correction."""
    await life.arrive([each for number, each in enumerate(days()) if not 60 <= number < 70])
    outage = [
        (START_US + n * 300 * UNITS + 17 * UNITS, each) for n, each in enumerate(days()) if 200 <= n < 206
    ]
    await life.arrive([(at, type(each[1]).UNHEALTHY, -1) for at, each in outage])
    await announce(life)
    await agree(life)
    await correct(life, 1000, 1010)


async def exported(life: Life, signer: Signer) -> list[str]:
    return [line async for line in Reports(life.store, signer).export(life.tenant, now())]


async def test_a_report_with_everything_in_it_is_made_again_from_its_export(
    life: Life, signer: Signer
) -> None:
    await full(life)
    await roll_up(life.store)
    report = await Reports(life.store, signer).tenant_report(life.tenant, now())
    (detail,) = report["tenants"]
    assert report["stage"] == "final"
    assert len(detail["parts"]) == 2
    assert {each["kind"] for each in detail["exclusions"]} == {
        "maintenance",
        "no_data",
        "correction",
        "out_of_scope",
    }
    assert detail["as_issued"] is not None
    said = list(verify(json.loads(json.dumps(report)), read_export(await exported(life, signer))))
    assert said[-5:-1] == [
        "acme: the exported terms are those in force",
        "acme: the exported facts give every number of the report",
        "acme: the exported facts have the digests of the report's facts",
        "acme: the exported changes are those that the exported results give",
    ]


async def test_an_outage_that_began_on_earlier_terms_is_made_again_on_them(
    life: Life, signer: Signer
) -> None:
    """Degraded time counts as down from the second day on: the evening before belongs to no outage."""
    midnight_us = START_US + DAY_US
    slow = [
        (at, type(status).DEGRADED if abs(at - midnight_us) < 7_200 * UNITS else status, latency)
        for at, status, latency in days()
    ]
    await life.arrive(slow)
    terms = json.dumps({"tier": "professional", "policies": {"degraded": "down"}})
    await life.store.add_contract(life.tenant.tenant_key, midnight_us, "ann", "stricter", terms)
    await backdate(life, "contract", recorded_at_us=START_US)
    report = await Reports(life.store, signer).tenant_report(life.tenant, now(1))
    first = report["tenants"][0]["report"]["incidents"][0]
    assert first["start"] == midnight_us // UNITS
    assert first["downtime_s"] == first["downtime_in_period_s"]
    lines = [line async for line in Reports(life.store, signer).export(life.tenant, now(1))]
    said = list(verify(json.loads(json.dumps(report)), read_export(lines)))
    assert "acme: the exported facts give every number of the report" in said


async def test_a_zone_that_is_agreed_later_moves_no_border_that_is_past(life: Life, signer: Signer) -> None:
    """The day of the change goes on until the next one begins there, ten hours later."""
    await life.arrive(days())
    reports = Reports(life.store, signer)
    before = await reports.tenant_report(life.tenant, now())
    terms = json.dumps({"tier": "enterprise", "timezone": "Pacific/Honolulu"})
    noon_us = START_US + DAY_US + DAY_US // 2
    await life.store.add_contract(life.tenant.tenant_key, noon_us, "ann", "moved", terms)
    await backdate(life, "contract", recorded_at_us=START_US)
    first, second, third = [await reports.tenant_report(life.tenant, now(day)) for day in (0, 1, 2)]
    assert first == before
    assert second["report_period"]["start"] == first["report_period"]["end"]
    assert third["report_period"]["start"] == second["report_period"]["end"]
    assert [each["tenants"][0]["report"]["seconds"]["total"] for each in (first, second, third)] == [
        86_400,
        86_400 + 36_000,
        86_400,
    ]
    assert [each["report_period"]["timezone"] for each in (second, third)] == ["UTC", "Pacific/Honolulu"]
    lines = [line async for line in reports.export(life.tenant, now(1))]
    said = list(verify(json.loads(json.dumps(second)), read_export(lines)))
    assert "acme: the exported facts give every number of the report" in said


async def test_more_windows_than_a_report_can_hold_are_refused_in_words(
    life: Life, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await life.arrive(days())
    await announce(life)
    reports = Reports(life.store, signer)
    assert (await reports.tenant_report(life.tenant, now()))["tenants"]
    monkeypatch.setattr("tenantwatch_collector.reports.agreements.MAX_WINDOWS", 3)
    with pytest.raises(RefusedForEver, match="more than 3 windows at once: ask for a shorter time"):
        await reports.tenant_report(life.tenant, now())


Change = Callable[[Any], None]


@pytest.mark.parametrize(
    ("fact", "change", "named"),
    [
        (
            "first terms",
            lambda v: v[2]["targets"].update(availability_percentage="99.8"),
            r"parts\[0\].terms.targets",
        ),
        (
            "last terms",
            lambda v: v[2]["credits"]["table"][0].update(credit_pct="6"),
            r"parts\[1\].terms.credits",
        ),
        (
            "first terms",
            lambda v: v[2]["checks"][0].update(confirm_failures=2),
            r"parts\[0\].terms.checks\[0\].confirm_failures",
        ),
        ("window", lambda v: v.update(to=v["to"] - 1), "report.seconds"),
        ("window", lambda v: v.update(reason="Patches"), r"exclusions\[.\].reason"),
        ("correction", lambda v: v.update(end=v["end"] - 1), "report.seconds"),
        ("correction", lambda v: v.update(approver="eve"), r"exclusions\[.\].approver"),
        ("correction", lambda v: v.update(entered_at=v["entered_at"] + 1), "digests.corrections"),
        ("change", lambda v: v.__setitem__(1, v[1] + 1), "report.seconds"),
        ("result", lambda v: v.__setitem__(3, v[3] + 1), "report.response.mean_ms|digests.measurements"),
        ("result", lambda v: v.__setitem__(2, "unhealthy"), "report.response.count"),
    ],
)
async def test_one_changed_fact_is_named(
    life: Life, signer: Signer, fact: str, change: Change, named: str
) -> None:
    await full(life)
    report = await Reports(life.store, signer).tenant_report(life.tenant, now())
    lines = [json.loads(line) for line in await exported(life, signer)]
    change(_wanted(lines, fact))
    with pytest.raises(Difference, match=named):
        list(verify(report, read_export([json.dumps(line) for line in lines])))


@pytest.mark.parametrize(
    ("path", "lie", "named"),
    [
        ("tenants.0.report.burn.0.long_rate", "0.0001", r"burn\[0\].long_rate: the report says 0.0001"),
        ("tenants.0.report.burn.0.firing", 0, r"burn\[0\].firing: the report says 0, False follows"),
        ("tenants.0.report.burn", [], "burn: the report has 0 entries, 4 follow"),
        ("overall_compliance.compliant_tenants", 5, "overall_compliance.compliant_tenants"),
        ("scope.tenant_id", "other", "tenants: the report is of other, and tells"),
        (
            "tenant_compliance.0.tenant_id",
            "other",
            r"tenant_compliance\[0\].tenant_id: the report says other, acme follows",
        ),
        ("tenants.0.proved.best_pct", "100.0000", "proved.best_pct: the report says 100.0000"),
        ("report_id", "sla-2026-01-000000000000", "report_id: the report says sla-2026-01-000000000000"),
        ("stage", "revised", "revision: the report says 0, and is revised"),
        ("revision", 5, "revision: the report says 5, and is final"),
        ("reason", "a whim", "reason: the report says 'a whim', and is final"),
        ("as_of", "2020-01-01T00:00:00Z", "as_of: the report is final at 2020-01-01T00:00:00Z, before 72"),
    ],
)
async def test_one_signed_lie_is_named(life: Life, signer: Signer, path: str, lie: Any, named: str) -> None:
    """Whoever has the key can sign anything; it does not follow from the facts."""
    await full(life)
    report = json.loads(json.dumps(await Reports(life.store, signer).tenant_report(life.tenant, now())))
    *way, last = path.split(".")
    place = report
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    assert place[last] != lie or type(place[last]) is not type(lie)
    place[last] = lie
    report["content_digest"] = digest(content_of(report))
    if path != "report_id":
        report["report_id"] = report_id_of(report["report_period"]["label"], report["content_digest"])
    with pytest.raises(Difference, match=named):
        list(verify(signer.sign(report), read_export(await exported(life, signer))))


def _wanted(lines: Sequence[Any], fact: str) -> Any:
    """A fact of that kind that the first day rests on."""
    if fact == "result":
        return [line for line in lines if isinstance(line, list)][150]
    found = [line[fact.split()[-1]] for line in lines if isinstance(line, dict) and fact.split()[-1] in line]
    if fact == "window":
        return next(each for each in found if each["from"] >= START_US)
    if fact == "change":
        return next(each for each in found if each[1] > START_US + 3600 * UNITS)
    return found[-1] if fact == "last terms" else found[0]


async def test_results_that_are_gone_are_told_as_sums(life: Life, signer: Signer) -> None:
    await life.arrive(days())
    await roll_up(life.store)
    await life.store.keep_raw_since(START_US + 3 * DAY_US)
    report = await Reports(life.store, signer).tenant_report(life.tenant, now())
    lines = await exported(life, signer)
    assert any(line.startswith('{"sum":') for line in lines)
    # The contract begins within a bucket, which is counted by its results.
    first = START_US + 900 * UNITS
    kept = [line for line in lines if not line.startswith("[") or json.loads(line)[1] < first]
    said = list(verify(report, read_export(kept)))
    assert "acme: the exported facts give every number of the report" in said
    # Besides, nobody says whose key it is, and no fact what a tenant is called.
    _, note, _ = [line for line in said if isinstance(line, Note)]
    assert "the changes of a/http up to" in note
    assert "are told, not made again: results that they rest on are gone" in note


async def test_a_later_export_checks_an_earlier_report(life: Life, signer: Signer) -> None:
    """What was entered since is left out of account."""
    await full(life)
    report = await Reports(life.store, signer).tenant_report(life.tenant, now())
    await correct(life, 1010, 1020)
    await life.store.cancel_window(life.tenant.tenant_key, 1, time.time_ns() // 1000)
    await life.store.add_contract(
        life.tenant.tenant_key, time.time_ns() // 1000, "ann", "x", '{"tier": "basic"}'
    )
    await life.store.register_checks(life.tenant.tenant_key, "a", [(ORDERS, True)], complete=True)
    said = list(verify(report, read_export(await exported(life, signer))))
    assert "acme: the exported facts give every number of the report" in said


async def test_a_tenants_part_of_the_platforms_report_is_made_again(life: Life, signer: Signer) -> None:
    await full(life)
    report = await Reports(life.store, signer).platform_report([life.tenant], now())
    lines = await exported(life, signer)
    said = list(verify(report, read_export(lines)))
    assert "acme: the exported facts give every number of the report" in said
    wrong = [line.replace('"counts_as":"up"', '"counts_as":"down"') for line in lines]
    with pytest.raises(Difference, match=r"report\.seconds"):
        list(verify(report, read_export(wrong)))


async def test_a_final_report_stays_whatever_is_not_of_its_period(life: Life, signer: Signer) -> None:
    reports = Reports(life.store, signer)
    await full(life)
    final = await reports.tenant_report(life.tenant, now())
    key = life.tenant.tenant_key
    berlin = '{"tier": "basic", "timezone": "Europe/Berlin"}'
    await life.store.add_contract(key, time.time_ns() // 1000, "ann", "a move", berlin)
    await life.store.register_checks(
        key, "a", [(replace(HTTP, confirm_failures=5), True), (ORDERS, True)], complete=True
    )
    await life.store.register_checks(key, "a", [], complete=True)
    await life.store.cancel_window(key, 1, time.time_ns() // 1000)
    # Of the third day.
    await correct(life, 2 * 1440 + 1, 2 * 1440 + 9)
    renamed = replace(life.tenant, tenant_name="Acme Holding")
    assert await reports.tenant_report(renamed, now()) == final


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda life: correct(life, 300, 310), "corrections"),
        (lambda life: life.arrive([days()[61]]), "results"),
    ],
)
async def test_a_revision_says_why(life: Life, signer: Signer, happens: Any, reason: str) -> None:
    reports = Reports(life.store, signer)
    await full(life)
    await reports.tenant_report(life.tenant, now())
    await happens(life)
    revised = await reports.tenant_report(life.tenant, now())
    assert (revised["stage"], revised["revision"]) == ("revised", 1)
    assert reason in revised["reason"]


async def test_the_platforms_report_is_kept_as_issued(life: Life, signer: Signer) -> None:
    reports = Reports(life.store, signer)
    await full(life)
    final = await reports.platform_report(await life.store.tenants(), now())
    assert (final["stage"], len(final["tenants"])) == ("final", 1)
    before_us = time.time_ns() // 1000
    # It came after the day, and nothing is known of it.
    await life.store.create_tenant("late", "Late", "basic")
    assert await reports.platform_report(await life.store.tenants(), now()) == final
    await life.arrive([days()[61]])
    revised = await reports.platform_report(await life.store.tenants(), now())
    assert (revised["stage"], revised["revision"], revised["reason"]) == (
        "revised",
        1,
        "results arrived late",
    )
    then = replace(now(), as_of_us=before_us, now=False)
    assert await reports.platform_report(await life.store.tenants(), then) == final


async def test_the_platforms_report_waits_for_every_agent(life: Life, signer: Signer) -> None:
    await life.arrive(days()[:100])
    document = await Reports(life.store, signer).platform_report([life.tenant], now())
    assert (document["stage"], document["revision"]) == ("provisional", 0)
