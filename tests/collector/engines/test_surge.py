"""A trouble of the platform's is one page with the tenants listed, whoever is restarted meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.alerts.suppression import built_in_inhibitions
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.alerting.surge import Surges
from tenantwatch_collector.engines.checks import Judged
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.engines.tenants import judge_tenant
from tenantwatch_collector.health.timeline import CheckTimeline
from tenantwatch_collector.store.base import (
    PLATFORM_KEY,
    AlertCommand,
    AlertEvent,
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
SHARED = "https://api.example.org/v1"
Labels = tuple[tuple[str, str], ...]


def nothing_shared(key: int) -> tuple[str, Labels]:
    return f"https://t{key}.example.org/", ()


def new_book(tenants: int) -> AlertBook:
    book = AlertBook(
        ("slack",), Routing(Policy(TICKS_PER_SECOND)), "https://m.example.org",
        built_in_inhibitions(TICKS_PER_SECOND),
    )  # fmt: skip
    book.name_tenants({key: Tenant(key, f"t{key}", f"T{key}", "basic", 0) for key in range(1, tenants + 1)})
    return book


@dataclass(slots=True)
class Platform:
    """Tenants with a check each, and the alert book that hears of them. Times are seconds after T0."""

    tenants: int
    sharing: Callable[[int], tuple[str, Labels]] = nothing_shared
    with_states: bool = False
    """Whether the tenants' own states are judged, too."""
    book: AlertBook = field(init=False)
    checks: dict[int, WatchedCheck] = field(init=False)
    kept: dict[tuple[int, str], AlertKeyState] = field(default_factory=dict)
    records: dict[str, AlertRecord] = field(default_factory=dict)
    events: list[AlertEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.checks = {}
        for key in range(1, self.tenants + 1):
            target, labels = self.sharing(key)
            check = StoredCheck(key, key, "a1", replace(DEFINITION, target=target), True, labels)
            self.checks[key] = WatchedCheck(check, CheckTimeline(1, 1, 60 * SECOND))
        self.book = new_book(self.tenants)
        self.book.know_checks(self.checks, lambda _: 0)

    def turn(
        self, keys: Iterable[int], at: float, status: Status, seen_at: float | None = None
    ) -> list[OutboxMessage]:
        now_us = T0 + int(at * SECOND)
        for key in keys:
            time_us = T0 + int((at if seen_at is None else seen_at) * SECOND) - self.tenants + key
            changes = self.checks[key].timeline.apply(time_us, status)
            self.book.judge(Judged(self.checks[key], time_us, status, changes, "answered 503"), now_us)
            if self.with_states:
                self.book.tenant_is(judge_tenant(key, [self.checks[key]], now_us), now_us)
        return self.tick(at)

    def tick(self, at: float) -> list[OutboxMessage]:
        self.book.tick(T0 + int(at * SECOND))
        judgement = Judgement(0)
        self.book.collect(judgement)
        self.kept |= {(k.tenant_key, k.alert_type): k for k in judgement.alert_keys}
        self.records |= {record.alert_id: record for record in judgement.alerts}
        self.events += judgement.events
        return [m for m in judgement.messages if m.channel == "slack"]

    def restart(self) -> None:
        self.book = new_book(self.tenants)
        self.book.know_checks(self.checks, lambda _: 0)
        self.book.load(JudgedState(0, 0, [], [], list(self.kept.values())))

    def do(self, action: str, alert_id: str, at: float) -> list[OutboxMessage]:
        command = AlertCommand(1, PLATFORM_KEY, alert_id, action, "ada", "", 0)
        self.book.obey(command, T0 + int(at * SECOND))
        return self.tick(at)

    def incident(self) -> AlertRecord:
        """The platform's newest alert."""
        return [record for record in self.records.values() if record.tenant_key == PLATFORM_KEY][-1]


def said(messages: list[OutboxMessage]) -> list[tuple[str, str]]:
    return [(m.kind, json.loads(m.payload)["alert"]["tenant_id"]) for m in messages]


@pytest.mark.parametrize(("tenants", "at"), [(1, 5), (100, 5), (500, 5), (501, 6), (1000, 10), (5000, 50)])
def test_a_hundredth_of_the_tenants_is_many_and_five_at_least(tenants: int, at: int) -> None:
    assert Surges(tenants).many("http_endpoint") == at


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
    assert len(here.records) == 1001
    assert here.incident().alert_id == page.alert_id
    assert json.loads(here.incident().alert_data)["tenants"].count(",") == 999
    later = [message for at in (60, 120, 180, 3700, 7300) for message in here.tick(at)]
    assert {tenant for _, tenant in said(later)} == {"platform"}
    assert here.book.next_due_us() is None or here.book.next_due_us() > T0 + 7300 * SECOND  # type: ignore[operator]


@pytest.mark.parametrize("sharing", [nothing_shared, lambda key: (SHARED, ())], ids=["type", "host"])
def test_a_thousand_tenants_that_are_down_are_one_page_too(
    sharing: Callable[[int], tuple[str, Labels]],
) -> None:
    here = Platform(1000, sharing, with_states=True)
    told = here.turn(range(1, 1001), 0, Status.UNHEALTHY)
    told += [message for at in (1, 2, 30, 61, 120) for message in here.tick(at)]
    assert {tenant for _, tenant in said(told)} == {"platform"}
    assert len({message.alert_id for message in told}) == 1
    assert len(here.records) == 2001
    told = here.turn(range(1, 1001), 130, Status.HEALTHY)
    told += [message for at in (131, 132, 200) for message in here.tick(at)]
    assert said(told) == [("resolved", "platform")]


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


def behind_one_api(key: int) -> tuple[str, Labels]:
    return (SHARED if key <= 900 else f"https://t{key}.example.org/"), (("region", "eu"),)


def test_what_fails_for_a_reason_of_its_own_in_the_same_minute_is_told() -> None:
    here = Platform(1000, behind_one_api)
    told = here.turn([*range(1, 901), 950], 0, Status.UNHEALTHY)
    assert sorted(said(told)) == [("firing", "platform"), ("firing", "t950")]
    assert here.incident().alert_name == "dependency:api.example.org: 900 tenants at once"
    assert said(here.turn([960], 20, Status.UNHEALTHY)) == [("firing", "t960")]
    withheld = [event for event in here.events if event.kind == "withheld"]
    assert len(withheld) == 900
    assert {event.detail for event in withheld} == {
        f"part of the platform's incident {here.incident().alert_id}"
    }


def test_a_few_tenants_behind_one_dependency_are_enough() -> None:
    here = Platform(1000, lambda key: (SHARED if key <= 20 else f"https://t{key}.example.org/", ()))
    assert said(here.turn(range(1, 21), 0, Status.UNHEALTHY)) == [("firing", "platform")]


def in_two_regions(key: int) -> tuple[str, Labels]:
    return f"https://t{key}.example.org/", (("region", "eu" if key <= 300 else "us"),)


def test_a_region_that_fails_is_named_and_another_regions_tenant_is_told() -> None:
    here = Platform(1000, in_two_regions)
    told = [m for key in range(1, 301) for m in here.turn([key], key / 100, Status.UNHEALTHY)]
    assert said(told) == [*[("firing", f"t{key}") for key in range(1, 10)], ("firing", "platform")]
    assert here.incident().alert_type == "region:eu"
    assert said(here.turn([500], 5, Status.UNHEALTHY)) == [("firing", "t500")]
    assert said(here.turn(range(1, 301), 9, Status.HEALTHY))[-1] == ("resolved", "platform")
    assert json.loads(here.incident().alert_data)["tenant_count"] == "300"


def test_an_incident_is_acknowledged_and_a_restart_forgets_neither_that_nor_its_cause() -> None:
    here = Platform(1000, in_two_regions)
    here.turn(range(1, 301), 0, Status.UNHEALTHY)
    assert here.do("acknowledge", here.incident().alert_id, 30) == []
    assert here.incident().status == "acknowledged"
    here.restart()
    assert [m for at in (90, 4000) for m in here.tick(at)] == []
    assert said(here.turn([400], 4001, Status.UNHEALTHY)) == [("firing", "t400")]
    assert said(here.turn(range(1, 301), 4002, Status.HEALTHY)) == [("resolved", "platform")]


def test_an_incident_that_is_resolved_by_hand_lets_no_storm_go_and_comes_again_after_an_hour() -> None:
    here = Platform(1000)
    here.turn(range(1, 1001), 0, Status.UNHEALTHY)
    first = here.incident().alert_id
    assert said(here.do("resolve", first, 10)) == [("resolved", "platform")]
    here.restart()
    assert [m for at in (11, 70, 3000) for m in here.tick(at)] == []
    assert said(here.tick(3611)) == [("firing", "platform")]
    assert here.incident().alert_id != first
    assert said(here.turn(range(1, 1001), 3700, Status.HEALTHY)) == [("resolved", "platform")]


def test_what_the_same_trouble_breaks_besides_is_no_second_page() -> None:
    here = Platform(1000, behind_one_api)
    here.turn(range(1, 901), 0, Status.UNHEALTHY)
    first = here.incident()
    for key in range(1, 901):
        definition = replace(DEFINITION, kind="redis_connectivity", target=f"redis://r{key}.example.org")
        check = StoredCheck(5000 + key, key, "a1", definition, True, (("region", "eu"),))
        here.checks[key] = WatchedCheck(check, CheckTimeline(1, 1, 60 * SECOND))
    assert here.turn(range(1, 901), 20, Status.UNHEALTHY) == []
    assert here.incident().alert_id == first.alert_id
    data = json.loads(here.records[first.alert_id].alert_data)
    assert data["causes"] == "dependency:api.example.org, redis_connectivity"


TURNS = st.lists(
    st.tuples(
        st.sets(st.integers(1, 30), max_size=30),
        st.sampled_from([Status.UNHEALTHY, Status.UNHEALTHY, Status.HEALTHY]),
        st.sampled_from([1, 20, 61, 400]),
        st.sampled_from(["", "", "", "acknowledge", "resolve"]),
    ),
    max_size=12,
)


def some_shared(key: int) -> tuple[str, Labels]:
    region = (("region", "eu" if key % 3 else "us"),)
    return (SHARED if key <= 12 else f"https://t{key}.example.org/"), region


def played(turns: list[Any], restart: bool) -> tuple[Platform, list[str]]:
    """What is told when all that happens, with a new engine before every step or with one for all."""
    here, now, told = Platform(30, some_shared), 0.0, []
    for keys, status, seconds, command in turns:
        now += seconds
        if restart:
            here.restart()
        told += [m.dedup_key for m in here.turn(sorted(keys), now, status)]
        incidents = [r for r in here.records.values() if r.tenant_key == PLATFORM_KEY]
        if command and incidents:
            if restart:
                here.restart()
            told += [m.dedup_key for m in here.do(command, incidents[-1].alert_id, now + 0.5)]
        if restart:
            here.restart()
        told += [m.dedup_key for m in here.tick(now + 0.75)]
    return here, told


@settings(max_examples=40, deadline=None)
@given(TURNS)
def test_whoever_is_restarted_whenever_the_same_is_told_and_nobody_is_forgotten(turns: list[Any]) -> None:
    steady, told = played(turns, restart=False)
    restarted, again = played(turns, restart=True)
    assert again == told
    assert len(set(told)) == len(told)
    assert restarted.records == steady.records
    open_ones = [(r.tenant_key, r.alert_type) for r in steady.records.values() if r.status != "resolved"]
    assert len(set(open_ones)) == len(open_ones), "never two open alerts of a key"
    kinds = {(event.alert_id, event.kind) for event in steady.events}
    assert {(key.split("/")[0], key.split("/")[1]) for key in told} <= kinds, (
        "each message has its transition"
    )
    # Once all is well again nothing is open, and who was told of a trouble was told of its end: what came and
    # went too often ends when it is calm.
    ended = steady.turn(range(1, 31), 1_000_000, Status.HEALTHY) + steady.tick(1_000_002)
    assert {record.status for record in steady.records.values()} <= {"resolved"}
    for look in range(1, 31):
        ended += steady.turn(range(1, 31), 1_000_000 + 10 * look, Status.HEALTHY)
    news = [key.split("/")[:2] for key in [*told, *(m.dedup_key for m in ended)]]
    over = {alert_id for alert_id, kind in news if kind in ("resolved", "flapping_start", "flapping_stop")}
    assert {alert_id for alert_id, _ in news} == over
    last = {(steady.records[alert_id].tenant_key, steady.records[alert_id].alert_type): kind
            for alert_id, kind in news}  # fmt: skip
    assert set(last.values()) <= {"resolved", "flapping_stop"}
