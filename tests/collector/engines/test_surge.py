"""A trouble of the platform's is one page with the tenants listed, whoever is restarted meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.engines.alerting import TICKS_PER_SECOND, AlertBook
from tenantwatch_collector.engines.checks import Judged
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.engines.surge import threshold
from tenantwatch_collector.health.timeline import CheckTimeline
from tenantwatch_collector.store.base import (
    AlertKeyState,
    AlertRecord,
    JudgedState,
    Judgement,
    OutboxMessage,
    StoredCheck,
    Tenant,
)
from tenantwatch_wire.records import CheckDefinition, Status

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND
DEFINITION = CheckDefinition("web", "http_endpoint", 10_000, 5_000, confirm_failures=1, confirm_successes=1)


def new_book(tenants: int) -> AlertBook:
    book = AlertBook(("slack",), Routing(Policy(TICKS_PER_SECOND)), "https://m.example.org")
    book.name_tenants({key: Tenant(key, f"t{key}", f"T{key}", "basic", 0) for key in range(1, tenants + 1)})
    return book


@dataclass(slots=True)
class Platform:
    """Tenants with a check each, and the alert book that hears of them. Times are seconds after T0."""

    tenants: int
    book: AlertBook = field(init=False)
    checks: dict[int, WatchedCheck] = field(init=False)
    kept: dict[tuple[int, str], AlertKeyState] = field(default_factory=dict)
    records: dict[str, AlertRecord] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.book = new_book(self.tenants)
        self.checks = {
            key: WatchedCheck(StoredCheck(key, key, "a1", DEFINITION, True), CheckTimeline(1, 1, 60 * SECOND))
            for key in range(1, self.tenants + 1)
        }

    def turn(
        self, keys: range, at: float, status: Status, seen_at: float | None = None
    ) -> list[OutboxMessage]:
        now_us = T0 + int(at * SECOND)
        for key in keys:
            time_us = T0 + int((at if seen_at is None else seen_at) * SECOND) - self.tenants + key
            changes = self.checks[key].timeline.apply(time_us, status)
            self.book.judge(Judged(self.checks[key], time_us, status, changes, "answered 503"), now_us)
        return self.tick(at)

    def tick(self, at: float) -> list[OutboxMessage]:
        self.book.tick(T0 + int(at * SECOND))
        judgement = Judgement(0)
        self.book.collect(judgement)
        self.kept |= {(k.tenant_key, k.alert_type): k for k in judgement.alert_keys}
        self.records |= {record.alert_id: record for record in judgement.alerts}
        return [m for m in judgement.messages if m.channel == "slack"]

    def restart(self) -> None:
        self.book = new_book(self.tenants)
        self.book.load(JudgedState(0, 0, [], [], list(self.kept.values())))


def said(messages: list[OutboxMessage]) -> list[tuple[str, str]]:
    return [(m.kind, json.loads(m.payload)["alert"]["tenant_id"]) for m in messages]


@pytest.mark.parametrize(("tenants", "at"), [(1, 5), (100, 5), (500, 5), (501, 6), (1000, 10), (5000, 50)])
def test_a_hundredth_of_the_tenants_is_many_and_five_at_least(tenants: int, at: int) -> None:
    assert threshold(tenants) == at


def test_a_thousand_tenants_that_fail_at_once_are_one_page() -> None:
    here = Platform(1000)
    (page,) = here.turn(range(1, 1001), 0, Status.UNHEALTHY)
    alert = json.loads(page.payload)["alert"]
    assert (page.kind, alert["tenant_id"], alert["severity"]) == ("firing", "platform", "critical")
    assert alert["alert_name"] == "http_endpoint: 1000 tenants at once"
    assert "t1, t10, t100" in alert["alert_description"]
    assert "and 800 more" in alert["alert_description"]
    # Each tenant's own record is there all the same.
    assert {r.status for r in here.records.values()} == {"active"}
    assert len(here.records) == 1000
    later = [message for at in (60, 120, 180, 3700, 7300) for message in here.tick(at)]
    assert {tenant for _, tenant in said(later)} == {"platform"}
    assert here.book.next_due_us() is None or here.book.next_due_us() > T0 + 7300 * SECOND  # type: ignore[operator]


def test_tenants_that_fail_one_after_another_are_few_pages_and_one() -> None:
    here = Platform(1000)
    told = [m for key in range(1, 1001) for m in here.turn(range(key, key + 1), key / 100, Status.UNHEALTHY)]
    assert said(told) == [*[("firing", f"t{key}") for key in range(1, 10)], ("firing", "platform")]


def test_a_few_tenants_that_fail_are_a_page_each() -> None:
    here = Platform(1000)
    assert len(here.turn(range(1, 10), 0, Status.UNHEALTHY)) == 9
    # Within a minute it would have been one cause.
    assert said(here.turn(range(10, 19), 61, Status.UNHEALTHY)) == [
        ("firing", f"t{k}") for k in range(10, 19)
    ]


def test_what_an_outage_of_ours_brings_late_is_one_cause_too() -> None:
    here = Platform(1000)
    assert said(here.turn(range(1, 1001), 3600, Status.UNHEALTHY, seen_at=0)) == [("firing", "platform")]


def test_when_it_is_over_it_is_told_once_and_who_is_left_is_told_after_all() -> None:
    here = Platform(1000)
    here.turn(range(1, 1001), 0, Status.UNHEALTHY)
    assert here.turn(range(1, 900), 30, Status.HEALTHY) == []
    ended = said(here.turn(range(900, 999), 40, Status.HEALTHY))
    assert ended[0] == ("resolved", "platform")
    assert sorted(ended[1:]) == [("firing", "t1000"), ("firing", "t999")]
    assert said(here.turn(range(999, 1001), 50, Status.HEALTHY)) == [
        ("resolved", "t999"),
        ("resolved", "t1000"),
    ]
    assert {record.status for record in here.records.values()} == {"resolved"}


def test_what_began_long_before_is_not_swallowed() -> None:
    here = Platform(1000)
    assert said(here.turn(range(1, 2), 0, Status.UNHEALTHY)) == [("firing", "t1")]
    here.turn(range(2, 1001), 100, Status.UNHEALTHY)
    assert ("escalation", "t1") in said(here.tick(300))


def test_a_restart_in_the_middle_says_nothing_twice() -> None:
    here = Platform(1000)
    (page,) = here.turn(range(1, 501), 0, Status.UNHEALTHY)
    here.restart()
    assert here.tick(1) == []
    assert here.turn(range(501, 1001), 2, Status.UNHEALTHY) == []
    here.restart()
    (end,) = here.turn(range(1, 1001), 30, Status.HEALTHY)
    assert (end.kind, end.alert_id) == ("resolved", page.alert_id)
