"""A report holds against its export whatever checks and terms became before, within and after its period."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tenantwatch_collector.health import Change, CheckResult, differences
from tenantwatch_collector.reports.again import instant_of, made_again
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.difference import Difference
from tenantwatch_collector.reports.document import content_of, report_id_of
from tenantwatch_collector.reports.export import read_export
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.members import Members
from tenantwatch_collector.reports.named_again import local_time_of, same_period
from tenantwatch_collector.reports.naming import PeriodName
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.reports.signing import Signer, load_signer
from tenantwatch_collector.reports.verify import Note, verify
from tenantwatch_collector.sla import Bucket, known_facts
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.store.base import (
    AgentPosition,
    CheckChange,
    Delivery,
    Judgement,
    ResultColumns,
    Store,
    Tenant,
)
from tenantwatch_collector.store.opening import open_store
from tenantwatch_wire.records import CheckDefinition, Lane, Status

HOUR_US = 3600 * UNITS
DAY_US = 24 * HOUR_US
START_US = 20_400 * DAY_US
"""The beginning of the period."""
DAY = datetime.fromtimestamp(START_US / UNITS, UTC).date()
WEB = CheckDefinition("web", "http_endpoint", 900_000, 10_000, group="site", confirm_failures=1)
PARTNER = CheckDefinition("partner", "external_apis", 900_000, 10_000, group="site", confirm_failures=1)
LEFT = replace(WEB, group="elsewhere")
HOLDS = "acme: the exported facts give every number of the report"


@dataclass
class Past:
    """A tenant whose whole life is lived under a clock of its own; its two checks look every quarter hour."""

    store: Store
    tenant: Tenant
    reports: Reports
    signer: Signer
    now_us: int
    checks: Sequence[CheckDefinition] = (WEB, PARTNER)
    sent: dict[str, list[CheckResult]] = field(default_factory=dict)
    believed: dict[str, list[Change]] = field(default_factory=dict)
    sequence: int = 0

    async def redefine(self, *checks: CheckDefinition) -> None:
        """The agent's checks are these from now on."""
        self.checks = checks
        await self.store.register_checks(
            self.tenant.tenant_key, "a", [(each, True) for each in checks], complete=True
        )

    async def agree(self, contract: Mapping[str, Any], in_force_from_us: int | None = None) -> None:
        begins = self.now_us if in_force_from_us is None else in_force_from_us
        await self.store.add_contract(self.tenant.tenant_key, begins, "ann", "agreed", json.dumps(contract))

    async def live_until(self, until_us: int, status: Any = lambda check_id, number: Status.HEALTHY) -> None:
        """Results arrive every few hours, and are believed as an engine would."""
        while self.now_us < until_us:
            looks = range(self.now_us, min(self.now_us + 6 * HOUR_US, until_us), 900 * UNITS)
            self.now_us = min(self.now_us + 6 * HOUR_US, until_us)
            found = [
                (each.check_id, CheckResult(at, status(each.check_id, at // (900 * UNITS)), 80_000))
                for at in looks
                for each in self.checks
            ]
            await self.arrive(found)

    async def arrive(self, results: Sequence[tuple[str, CheckResult]]) -> None:
        key, count = self.tenant.tenant_key, len(results)
        known = await self.store.tenant_checks(key)
        keys = {each.check_id: each.check_key for each in known}
        columns = ResultColumns(
            np.full(count, key, np.int64),
            np.array([keys[check_id] for check_id, _ in results], np.int64),
            np.array([result.time for _, result in results], np.int64),
            np.array([result.status for _, result in results], np.uint8),
            np.array([result.latency_us for _, result in results], np.int64),
        )
        last = AgentPosition(key, "a", "g", Lane.LIVE, self.sequence + count)
        commit = await self.store.commit([Delivery(self.sequence + 1, last, results=columns)])
        self.sequence += count
        for check_id, result in results:
            arrived = replace(result, received_at=commit.received_at_us)
            self.sent.setdefault(f"a/{check_id}", []).append(arrived)
        members = Members.of(known, self.believed)
        terms = Terms(
            tuple(members.checks), tuple(members.groups), max_future_skew=30 * UNITS, units_per_second=UNITS
        )
        found = known_facts(terms, self.sent, commit.received_at_us).changes
        changes = [
            CheckChange(key, keys[name.removeprefix("a/")], c.time, c.level, commit.received_at_us)
            for name in found
            for c in differences(self.believed.get(name, []), found[name])
        ]
        self.believed = {name: list(changes) for name, changes in found.items()}
        await self.store.write_judgement(Judgement(cursor=0, changes=changes))

    def asked(self, period: PeriodName, as_of_us: int | None = None) -> Asked:
        return Asked(period, DAY, 1, as_of_us or self.now_us, as_of_us is None)

    async def report(self, period: PeriodName = "daily") -> Any:
        """As it is made now; what is done next is done later."""
        told = await self.reports.tenant_report(self.tenant, self.asked(period))
        self.now_us += UNITS
        return json.loads(json.dumps(told))

    async def export(self, period: PeriodName = "daily", as_of_us: int | None = None) -> list[str]:
        return [each async for each in self.reports.export(self.tenant, self.asked(period, as_of_us))]

    async def held(self, report: Any, as_of_us: int | None = None, period: PeriodName = "daily") -> list[str]:
        """What is said of it by an export that is made now, or as of an earlier instant."""
        return list(verify(report, read_export(await self.export(period, as_of_us))))


def half_of_the_time(check_id: str, number: int) -> Status:
    return Status.UNHEALTHY if check_id == "partner" and number // 2 % 2 else Status.HEALTHY


@pytest.fixture
async def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Past]:
    lived: list[Past] = []
    began_us = START_US - 12 * HOUR_US
    monkeypatch.setattr(time, "time_ns", lambda: (lived[0].now_us if lived else began_us) * 1000)
    store = await open_store(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "enterprise")
    await store.agent_arrived(tenant.tenant_key, "a", "g", "1", "h", "d")
    signer = load_signer(tmp_path / "key.pem")
    lived.append(Past(store, tenant, Reports(store, signer), signer, began_us))
    yield lived[0]
    await store.close()


@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize(("moves_at_hour", "asked_at_hour"), [(-3, 33), (7, 33), (25, 33), (60, 105)])
async def test_a_group_whose_role_changes(
    past: Past, leaves: bool, moves_at_hour: int, asked_at_hour: int
) -> None:
    """Burn rates are of the instant asked for: what the checks were then decides, and no longer before."""
    before, after = (WEB, LEFT) if leaves else (LEFT, WEB)
    await past.redefine(before, PARTNER)
    await past.live_until(START_US + moves_at_hour * HOUR_US)
    await past.redefine(after, PARTNER)
    await past.live_until(START_US + asked_at_hour * HOUR_US, half_of_the_time)
    report = await past.report()
    assert report["stage"] == ("provisional" if asked_at_hour == 33 else "final")
    assert HOLDS in await past.held(report)
    asked_us = past.now_us - UNITS
    await past.redefine(before, PARTNER)
    await past.live_until(past.now_us + 6 * HOUR_US, half_of_the_time)
    assert HOLDS in await past.held(report)
    assert HOLDS in await past.held(report, asked_us)


async def test_what_a_group_becomes_after_a_period_revises_nothing(past: Past) -> None:
    await past.redefine(WEB, PARTNER)
    await past.live_until(START_US + 100 * HOUR_US, half_of_the_time)
    final = await past.report()
    assert final["stage"] == "final"
    await past.redefine(LEFT, PARTNER)
    await past.live_until(past.now_us + 6 * HOUR_US, half_of_the_time)
    assert await past.report() == final
    assert HOLDS in await past.held(final)
    await past.arrive([("partner", CheckResult(START_US + 437 * UNITS, Status.HEALTHY, 80_000))])
    past.now_us += UNITS
    revised = await past.report()
    assert (revised["stage"], revised["reason"]) == ("revised", "results arrived late")


async def test_terms_that_others_replace_before_they_begin(past: Past) -> None:
    """A running month is told with the part that is to come, as it was agreed when the report was made."""
    begins_us = START_US + 3 * DAY_US
    await past.redefine(WEB, PARTNER)
    await past.live_until(START_US, half_of_the_time)
    await past.agree({"tier": "basic", "policies": {"degraded": "down"}}, begins_us)
    await past.live_until(START_US + DAY_US, half_of_the_time)
    report = await past.report("monthly")
    assert len(report["tenants"][0]["parts"]) == 2
    await past.agree({"tier": "professional"}, begins_us)
    await past.live_until(START_US + 4 * DAY_US, half_of_the_time)
    assert HOLDS in await past.held(report, period="monthly")
    assert HOLDS in await past.held(await past.report("monthly"), period="monthly")


async def test_a_beginning_that_is_agreed_later_is_none_of_an_earlier_report(past: Past) -> None:
    await past.redefine(WEB, PARTNER)
    await past.live_until(START_US + DAY_US, half_of_the_time)
    report = await past.report()
    await past.agree({"effective_from": "2025-11-08T12:00:00Z"})
    await past.live_until(past.now_us + 6 * HOUR_US)
    assert HOLDS in await past.held(report)
    later = await past.report()
    assert later["content_digest"] != report["content_digest"]
    assert HOLDS in await past.held(later)


async def test_what_another_build_made_is_held_against_nobody_unless_it_is_the_same(past: Past) -> None:
    """Nobody knows what its rules were: what differs by today's may have been right, and is not proved."""
    await past.redefine(WEB, PARTNER)
    await past.live_until(START_US + 33 * HOUR_US, half_of_the_time)
    report, lines = await past.report(), await past.export()
    report |= {"computation": 3}
    said = list(verify(past.signer.sign(report), read_export(lines)))
    assert HOLDS in said
    assert "says that it is of computation 3; this build checks it by" in _notes(said)
    (detail,) = report["tenants"]
    detail["report"]["burn"][0]["long_rate"] = "0.0001"
    with pytest.raises(Difference, match=r"long_rate.*cannot be checked: the report is of computation 3"):
        list(verify(past.signer.sign(report), read_export(lines)))


@pytest.mark.parametrize(("says", "words"), [(True, "was made before that"), (False, "does not say of when")])
async def test_an_export_from_before_the_report_proves_nothing_of_the_time_between(
    past: Past, says: bool, words: str
) -> None:
    """Else a report might say that it is of any later instant, and leave out what arrived late."""
    await past.redefine(WEB, PARTNER)
    await past.live_until(START_US + 33 * HOUR_US)
    lines = await past.export()
    await past.live_until(START_US + 40 * HOUR_US)
    with pytest.raises(Difference, match=f"as_of: .*{words}"):
        list(verify(await past.report(), read_export(lines if says else _of_no_instant(lines))))


@pytest.mark.parametrize("rewrites_all", [True, False])
async def test_changes_that_are_not_those_of_the_results_are_found_out(
    past: Past, rewrites_all: bool
) -> None:
    """Who holds the key may write down another past: the results that are left show it."""
    await past.redefine(WEB, PARTNER)
    await past.live_until(START_US + 20 * HOUR_US)
    await past.live_until(START_US + 21 * HOUR_US, lambda check_id, number: Status.UNHEALTHY)
    await past.live_until(START_US + 33 * HOUR_US)
    export, report = read_export(await past.export()), await past.report()
    assert report["tenants"][0]["report"]["incidents"]
    # As if there had been none.
    export.changes = {name: found[:1] for name, found in (export.changes or {}).items()}
    lie = _rewritten(past, report, export) if rewrites_all else report
    words = "change: the export says that a/.* its results give" if rewrites_all else r"report\.seconds"
    with pytest.raises(Difference, match=words):
        list(verify(lie, export))


async def test_no_sum_stands_for_results_that_are_there(past: Past) -> None:
    await past.redefine(WEB, PARTNER)
    await past.live_until(START_US + 33 * HOUR_US)
    export = read_export(await past.export())
    export.sums["a/web"] = [Bucket(START_US + 48 * HOUR_US, 900 * UNITS)]
    with pytest.raises(Difference, match="sum: a/web has one of 2025-11-10T00:00:00Z"):
        list(verify(await past.report(), export))


@pytest.mark.parametrize(
    "told",
    [
        {"label": "2025-11-07"},
        {"label": "2025-11"},
        {"type": "monthly"},
        {"timezone": "America/New_York"},
        {"start": "2025-11-08T06:00:00Z"},
        {"end": "2025-11-08T23:00:00Z"},
    ],
)
async def test_a_period_is_what_its_type_and_label_name(past: Past, told: dict[str, str]) -> None:
    await past.redefine(WEB, PARTNER)
    await past.live_until(START_US + 33 * HOUR_US)
    report, export = await past.report(), read_export(await past.export())
    report["report_period"] |= told
    with pytest.raises(Difference, match="report_period"):
        list(verify(_signed_again(past, report), export))


def _rewritten(past: Past, report: Any, export: Export) -> Any:
    """The report that these facts give, by whoever has the key."""
    as_of_us = instant_of(report["as_of"], UNITS)
    versions = export.versions(as_of_us)
    named = same_period(report, local_time_of(versions), as_of_us // UNITS)
    told = made_again(report, export, versions, named, as_of_us)
    told["tenants"][0]["rests_on"] |= report["tenants"][0]["rests_on"]
    told["tenants"][0]["rests_on"]["changes"] = sum(map(len, (export.changes or {}).values()))
    return _signed_again(past, report | told)


def _signed_again(past: Past, report: Any) -> Any:
    report["content_digest"] = digest(content_of(report))
    report["report_id"] = report_id_of(report["report_period"]["label"], report["content_digest"])
    return json.loads(json.dumps(past.signer.sign(report)))


def _of_no_instant(lines: Sequence[str]) -> list[str]:
    heading = json.loads(lines[0])
    del heading["as_of"]
    return [json.dumps(heading), *lines[1:]]


def _notes(said: Sequence[str]) -> str:
    return " ".join(line for line in said if isinstance(line, Note))
