"""The built-in rules on results and on silence: what opens, how severe it is, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.alerts.suppression import Inhibition, Silence, built_in_inhibitions
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.checks import Judged
from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.health.timeline import CheckTimeline
from tenantwatch_collector.store.base import (
    AlertCommand,
    JudgedState,
    Judgement,
    OutboxMessage,
    StoredCheck,
    Tenant,
    TenantState,
)
from tenantwatch_wire.records import CheckDefinition, Status

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND
TENANT = Tenant(1, "acme", "Acme", "professional", 0)
DEFINITION = CheckDefinition("web", "http_endpoint", 10_000, 5_000)
STALE = DEFINITION.stale_after_ms // 1000
CHANNELS = ("slack", "email", "sms", "pagerduty")


def check(key: int, agent: str = "a1", check_id: str = "web", kind: str = "http_endpoint") -> WatchedCheck:
    timeline = CheckTimeline(confirm_failures=3, confirm_successes=2, stale_after=STALE * SECOND)
    definition = replace(DEFINITION, check_id=check_id, kind=kind)
    return WatchedCheck(StoredCheck(key, 1, agent, definition, True), timeline)


@dataclass(slots=True)
class Desk:
    """An alert book with a clock, fed as the judge feeds it. Times are seconds after T0."""

    book: AlertBook = field(default_factory=lambda: new_book())
    written: Judgement = field(default_factory=lambda: Judgement(0))
    alert_id: str = ""
    heard_us: dict[int, int] = field(default_factory=dict)
    kept: JudgedState = field(default_factory=lambda: JudgedState(0, 0, [], [], []))

    def know(self, *checks: WatchedCheck) -> None:
        known = {one.check.check_key: one for one in checks}
        self.book.know_checks(known, lambda key: self.heard_us.get(key, 0))

    def tenant_is(self, state: str, at: int) -> list[OutboxMessage]:
        groups = json.dumps([{"group": DEFINITION.group, "role": "critical", "state": state}])
        self.book.tenant_is(TenantState(1, state, T0 + at * SECOND, groups), T0 + at * SECOND)
        return self.tick(at)

    def see(self, watched: WatchedCheck, at: int, status: Status) -> list[OutboxMessage]:
        time_us = T0 + at * SECOND
        self.heard_us[watched.check.check_key] = time_us
        changes = watched.timeline.apply(time_us, status)
        self.book.judge(Judged(watched, time_us, status, changes, "answered 503"), time_us)
        return self.tick(at)

    def expire(self, watched: WatchedCheck, at: int) -> list[OutboxMessage]:
        changes = watched.timeline.expire(T0 + at * SECOND)
        if changes:
            self.book.judge(Judged(watched, T0 + at * SECOND, None, changes), T0 + at * SECOND)
        return self.tick(at)

    def tick(self, at: int) -> list[OutboxMessage]:
        self.book.tick(T0 + at * SECOND)
        judgement = Judgement(0)
        self.book.collect(judgement)
        self.written = judgement
        if judgement.alerts:
            self.alert_id = judgement.alerts[-1].alert_id
        keys = {key.alert_type: key for key in [*self.kept.alert_keys, *judgement.alert_keys]}
        self.kept = JudgedState(0, 0, [], [], list(keys.values()))
        return judgement.messages

    def restart(self, at: int, *checks: WatchedCheck, off: Sequence[str] = ()) -> None:
        self.book = new_book(off)
        self.know(*checks)
        self.book.load(self.kept)
        self.book.take_up(checks, T0 + at * SECOND)


def new_book(off: Sequence[str] = ()) -> AlertBook:
    book = AlertBook(
        CHANNELS,
        Routing(Policy(TICKS_PER_SECOND)),
        "https://m.example.org/",
        (Inhibition("database_connectivity", frozenset({"http_endpoint"}), 60 * SECOND),),
        off=off,
    )
    book.name_tenants({1: TENANT})
    return book


def said(messages: list[OutboxMessage]) -> list[tuple[str, str, str]]:
    """(kind, severity, type) of the messages to slack, which hears of everything."""
    alerts = [(m.kind, json.loads(m.payload)["alert"]) for m in messages if m.channel == "slack"]
    return [(kind, alert["severity"], alert["metric_name"]) for kind, alert in alerts]


def test_an_unhealthy_check_is_an_error_told_at_once() -> None:
    desk, web = Desk(), check(1)
    assert [said(desk.see(web, at, Status.UNHEALTHY)) for at in (0, 10, 20)] == [
        [],
        [],
        [("firing", "error", "http_endpoint")],
    ]
    assert [said(desk.see(web, at, Status.HEALTHY)) for at in (30, 40)] == [
        [],
        [("resolved", "error", "http_endpoint")],
    ]


def test_a_degraded_check_is_a_warning_told_after_a_minute() -> None:
    desk, web = Desk(), check(1)
    for at in (0, 10, 20, 30):
        assert desk.see(web, at, Status.DEGRADED) == []
    assert said(desk.tick(79)) == []
    assert said(desk.tick(80)) == [("firing", "warning", "http_endpoint")]


def test_what_gets_worse_is_told_anew_and_what_gets_a_little_better_is_not_over() -> None:
    desk, web = Desk(), check(1)
    for at in (0, 10, 20):
        desk.see(web, at, Status.DEGRADED)
    desk.tick(80)
    heard = [said(desk.see(web, at, Status.UNHEALTHY)) for at in (81, 91, 101)]
    assert heard == [[], [], [("severity_raised", "error", "http_endpoint")]]
    assert [said(desk.see(web, at, Status.DEGRADED)) for at in (111, 121, 131)] == [[], [], []]
    desk.see(web, 141, Status.HEALTHY)
    assert said(desk.see(web, 151, Status.HEALTHY)) == [("resolved", "error", "http_endpoint")]


def test_who_acknowledges_stops_the_escalation_and_is_on_record() -> None:
    desk, web = Desk(), check(1)
    for at in (0, 10, 20):
        desk.see(web, at, Status.UNHEALTHY)
    alert_id = desk.alert_id
    desk.book.obey(AlertCommand(7, 1, alert_id, "acknowledge", "ada", "on it", 0), T0 + 30 * SECOND)
    assert said(desk.tick(30)) == []
    assert desk.written.obeyed == [7]
    assert [(e.kind, e.who, e.detail) for e in desk.written.events] == [("acknowledged", "ada", "on it")]
    assert [a.status for a in desk.written.alerts] == ["acknowledged"]
    assert said(desk.tick(10_000)) == []
    desk.book.obey(AlertCommand(8, 1, alert_id, "resolve", "ada", "done", 0), T0 + 10_001 * SECOND)
    assert said(desk.tick(10_001)) == [("resolved", "error", "http_endpoint")]
    # The same trouble does not open the next one at once.
    assert said(desk.see(web, 10_010, Status.UNHEALTHY)) == []


def test_a_command_that_comes_too_late_or_for_another_tenant_changes_nothing() -> None:
    desk, web = Desk(), check(1)
    for at in (0, 10, 20):
        desk.see(web, at, Status.UNHEALTHY)
    desk.book.obey(AlertCommand(7, 2, desk.alert_id, "resolve", "eve", "", 0), T0 + 30 * SECOND)
    desk.book.obey(AlertCommand(8, 1, "another", "resolve", "ada", "", 0), T0 + 30 * SECOND)
    assert said(desk.tick(30)) == []
    assert (desk.written.obeyed, desk.written.events) == ([7, 8], [])


def test_a_silent_agent_is_one_alert_and_not_one_a_check() -> None:
    desk, checks = Desk(), [check(key) for key in (1, 2, 3)]
    desk.know(*checks)
    for one in checks:
        desk.see(one, 0, Status.HEALTHY)
    for at, one in enumerate(checks, STALE + 1):
        assert desk.expire(one, at) == []
    (message,) = [m for m in desk.tick(STALE + 61) if m.channel == "slack"]
    alert = json.loads(message.payload)["alert"]
    assert (message.kind, alert["severity"], alert["alert_name"]) == ("firing", "warning", "agent silent")
    assert alert["occurrence_count"] == 1
    assert alert["alert_description"] == "nothing was heard of a1 since 2023-11-14 22:13:20 UTC"
    assert said(desk.see(checks[2], STALE + 70, Status.HEALTHY)) == [("resolved", "warning", "agent_silent")]


def test_a_check_that_stays_silent_when_its_agent_is_back_is_missed_by_itself() -> None:
    desk, web, other = Desk(), check(1), check(2)
    desk.know(web, other)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    desk.tick(STALE + 61)
    back = STALE + 70
    assert said(desk.see(other, back, Status.HEALTHY)) == [("resolved", "warning", "agent_silent")]
    desk.heard_us[2] = T0 + (back + STALE) * SECOND
    assert desk.tick(back + STALE) == []
    assert said(desk.tick(back + STALE + 60)) == [("firing", "warning", "no_data")]


def test_a_check_is_silent_by_itself_while_its_agent_is_heard() -> None:
    desk, web, other = Desk(), check(1), check(2)
    desk.know(web, other)
    desk.see(web, 0, Status.HEALTHY)
    desk.see(other, STALE - 5, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    assert said(desk.tick(STALE + 61)) == [("firing", "warning", "no_data")]
    assert said(desk.see(web, STALE + 70, Status.HEALTHY)) == [("resolved", "warning", "no_data")]


def test_two_silent_agents_of_a_tenant_are_named_in_one_alert() -> None:
    desk, one, other = Desk(), check(1), check(2, "a2")
    desk.know(one, other)
    desk.see(one, 0, Status.HEALTHY)
    desk.see(other, 0, Status.HEALTHY)
    desk.expire(one, STALE + 1)
    desk.expire(other, STALE + 2)
    (record,) = desk.written.alerts
    assert (record.alert_name, record.occurrence_count) == ("2 agents silent", 2)
    assert "nothing is heard of a1, a2; of a2 since" in record.alert_description
    desk.see(one, STALE + 10, Status.HEALTHY)
    assert not desk.book.is_idle(other)
    desk.see(other, STALE + 11, Status.HEALTHY)
    assert [alert.status for alert in desk.written.alerts] == ["resolved"]


def test_a_tenant_that_is_down_is_one_critical_alert_told_in_place_of_its_checks() -> None:
    desk, web, shop = Desk(), check(1), check(2)
    desk.know(web, shop)
    assert said(desk.tenant_is("degraded", 0)) == []
    for at in (0, 1, 2):
        for one in (web, shop):
            one.timeline.apply(T0 + at * SECOND, Status.UNHEALTHY)
    told = desk.tenant_is("unhealthy", 10)
    assert said(told) == [("firing", "critical", "tenant_down")]
    assert "pagerduty" in {message.channel for message in told}
    (record,) = desk.written.alerts
    assert record.alert_description == f"down by {DEFINITION.group}: web on a1, web on a1"
    assert said(desk.tenant_is("unknown", 20)) == []
    assert said(desk.tenant_is("healthy", 30)) == [("resolved", "critical", "tenant_down")]


def test_a_rule_that_is_switched_off_says_nothing_and_holds_nothing_open() -> None:
    desk, web = Desk(), check(1)
    desk.know(web)
    for at in (0, 10, 20):
        desk.see(web, at, Status.UNHEALTHY)
    desk.tenant_is("unhealthy", 20)
    desk.restart(30, web, off=("check", "tenant_down", "agent_silent", "no_data"))
    kinds = {(kind, name) for kind, _, name in said(desk.tick(30))}
    assert kinds == {("resolved", "http_endpoint"), ("resolved", "tenant_down")}
    desk.see(web, 40, Status.UNHEALTHY)
    desk.expire(web, 4000)
    assert desk.tenant_is("unhealthy", 4000) == desk.tick(5000) == []


def test_a_check_that_comes_and_goes_is_told_once_until_it_is_calm() -> None:
    desk, web = Desk(), check(1)
    web.timeline.confirm_failures = web.timeline.confirm_successes = 1
    web.check = replace(web.check, definition=replace(DEFINITION, confirm_failures=1, confirm_successes=1))
    kinds: list[str] = []
    for at in range(0, 120, 10):
        status = Status.UNHEALTHY if at // 10 % 2 else Status.HEALTHY
        kinds += [kind for kind, _, _ in said(desk.see(web, at, status))]
    assert kinds == ["firing", "resolved", "firing", "resolved", "firing", "flapping_start"]
    assert not desk.book.is_idle(web)
    for at in range(120, 330, 10):
        kinds += [kind for kind, _, _ in said(desk.see(web, at, Status.HEALTHY))]
    assert kinds[6:] == ["flapping_stop"]
    assert desk.book.is_idle(web)


def test_a_silence_shorter_than_its_delay_is_never_told() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    assert desk.see(web, STALE + 30, Status.HEALTHY) == []
    assert desk.tick(STALE + 100) == []


def test_our_own_outage_is_nobody_elses_silence() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.restart(3600, web)
    assert desk.expire(web, 3600) == []
    assert desk.tick(3600 + STALE - 1) == []
    assert desk.see(web, 3600 + STALE, Status.HEALTHY) == []
    assert desk.tick(3600 + STALE + 100) == []


def test_who_stays_away_after_our_outage_is_missed_all_the_same() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, 3600)
    desk.restart(3600, web)
    assert said(desk.tick(3600 + STALE)) == []
    assert said(desk.tick(3600 + STALE + 60)) == [("firing", "warning", "agent_silent")]


def test_an_open_silence_outlives_a_restart_and_ends_with_the_next_result() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    assert said(desk.tick(STALE + 61)) == [("firing", "warning", "agent_silent")]
    desk.restart(STALE + 70, web)
    assert not desk.book.is_idle(web)
    assert said(desk.see(web, STALE + 80, Status.HEALTHY)) == [("resolved", "warning", "agent_silent")]


def test_a_check_that_never_spoke_or_is_watched_no_more_is_not_missed() -> None:
    desk, web = Desk(), check(1)
    desk.restart(0, web)
    assert desk.tick(10_000) == []
    desk.see(web, 10_000, Status.HEALTHY)
    desk.expire(web, 10_000 + STALE + 1)
    desk.tick(10_000 + STALE + 61)
    desk.book.drop(web, T0 + 20_000 * SECOND)
    assert ("resolved", "warning", "agent_silent") in said(desk.tick(20_000))
    assert said(desk.tick(30_000)) == []


def test_who_stays_away_when_it_is_watched_again_is_missed_again() -> None:
    desk, web = Desk(), check(1)
    desk.see(web, 0, Status.HEALTHY)
    desk.expire(web, STALE + 1)
    desk.tick(STALE + 61)
    desk.book.drop(web, T0 + 20_000 * SECOND)
    desk.tick(20_000)
    desk.book.take_back(web, T0 + 21_000 * SECOND)
    assert said(desk.tick(21_000 + STALE)) == []
    assert said(desk.tick(21_000 + STALE + 60)) == [("firing", "warning", "agent_silent")]


def test_in_a_silence_only_an_end_is_told_and_the_rest_afterwards() -> None:
    desk, web, other = Desk(), check(1), check(2)
    for at in (0, 10, 20):
        desk.see(web, at, Status.UNHEALTHY)
    desk.book.keep_quiet([Silence(T0 + 30 * SECOND, T0 + 1000 * SECOND, "acme")])
    assert said(desk.tick(320)) == []
    desk.book.next_due_us()
    assert (desk.book.next_due_us() or 0) >= T0 + 1000 * SECOND
    assert said(desk.tick(999)) == []
    # The escalation's time begins anew with the end of the silence.
    assert said(desk.tick(1000)) == []
    assert said(desk.tick(1299)) == []
    assert said(desk.tick(1300)) == [("escalation", "error", "http_endpoint")]
    desk.book.keep_quiet([Silence(T0 + 1310 * SECOND, T0 + 9000 * SECOND)])
    assert said(desk.see(web, 1320, Status.HEALTHY)) == []
    assert said(desk.see(web, 1330, Status.HEALTHY)) == [("resolved", "error", "http_endpoint")]
    for at in (1340, 1350, 1360):
        assert said(desk.see(other, at, Status.UNHEALTHY)) == []
    desk.book.keep_quiet([])
    assert said(desk.tick(1370)) == [("firing", "error", "http_endpoint")]


def test_a_silence_of_another_tenant_or_type_silences_nothing() -> None:
    desk, web = Desk(), check(1)
    desk.book.keep_quiet(
        [Silence(T0, T0 + 9000 * SECOND, "other"), Silence(T0, T0 + 9000 * SECOND, None, "no_data")]
    )
    told = [said(desk.see(web, at, Status.UNHEALTHY)) for at in (0, 10, 20)]
    assert told == [[], [], [("firing", "error", "http_endpoint")]]


def test_what_falls_due_in_a_silence_that_began_meanwhile_is_due_at_its_end() -> None:
    desk, web = Desk(), check(1)
    for at in (0, 10, 20):
        desk.see(web, at, Status.UNHEALTHY)
    desk.book.keep_quiet([Silence(T0 + 200 * SECOND, T0 + 1000 * SECOND)])
    desk.tick(100)
    assert desk.book.next_due_us() == T0 + 320 * SECOND
    assert said(desk.tick(320)) == []
    assert desk.book.next_due_us() == T0 + 1000 * SECOND


def during(start: int, end: int, *checks: str) -> Silence:
    reason = "maintenance 1"
    return Silence(T0 + start * SECOND, T0 + end * SECOND, "acme", checks=frozenset(checks), reason=reason)


def test_maintenance_of_some_checks_holds_back_what_is_about_them_alone() -> None:
    desk, web, shop = Desk(), check(1), check(2, check_id="shop")
    desk.book.keep_quiet([during(0, 1000, "web", "cart")])
    assert [said(desk.see(web, at, Status.UNHEALTHY)) for at in (0, 10, 20)] == [[], [], []]
    assert [(e.kind, e.detail) for e in desk.written.events] == [
        ("opened", "error, level 0"),
        ("withheld", "maintenance 1"),
    ]
    assert said(desk.tick(500)) == []
    # Another check of the kind joins: now the alert is about more than the maintenance.
    told = [said(desk.see(shop, at, Status.UNHEALTHY)) for at in (600, 610, 620)]
    assert told == [[], [], [("firing", "error", "http_endpoint")]]


def test_a_check_that_still_fails_at_the_end_of_its_maintenance_is_told_then() -> None:
    desk, web = Desk(), check(1)
    desk.book.keep_quiet([during(0, 400, "web"), during(300, 1000, "web", "shop")])
    for at in (0, 10, 20):
        assert desk.see(web, at, Status.UNHEALTHY) == []
    assert said(desk.tick(400)) == []
    assert desk.book.next_due_us() == T0 + 1000 * SECOND
    desk.restart(900, web)
    desk.book.keep_quiet([during(0, 400, "web"), during(300, 1000, "web", "shop")])
    assert said(desk.tick(999)) == []
    assert said(desk.tick(1000)) == [("firing", "error", "http_endpoint")]


def test_what_a_greater_trouble_explains_waits_for_its_end() -> None:
    desk, web, store = Desk(), check(1), check(2, "a1", "db", "database_connectivity")
    for at in (0, 10, 20):
        desk.see(store, at, Status.UNHEALTHY)
    assert [said(desk.see(web, at, Status.UNHEALTHY)) for at in (30, 40, 50)] == [[], [], []]
    assert ("withheld", "explained by database_connectivity") in [
        (e.kind, e.detail) for e in desk.written.events
    ]
    desk.see(store, 60, Status.HEALTHY)
    assert said(desk.see(store, 70, Status.HEALTHY)) == [("resolved", "error", "database_connectivity")]
    assert said(desk.tick(129)) == []
    assert said(desk.tick(130)) == [("firing", "error", "http_endpoint")]


def with_built_in_inhibitions() -> Desk:
    routing = Routing(Policy(TICKS_PER_SECOND))
    book = AlertBook(CHANNELS, routing, "", built_in_inhibitions(TICKS_PER_SECOND))
    book.name_tenants({1: TENANT})
    return Desk(book)


def test_a_tenant_that_is_down_explains_its_checks() -> None:
    desk, web = with_built_in_inhibitions(), check(1)
    desk.know(web)
    for at in (0, 10):
        desk.see(web, at, Status.UNHEALTHY)
    desk.book.judge(
        Judged(
            web, T0 + 20 * SECOND, Status.UNHEALTHY, web.timeline.apply(T0 + 20 * SECOND, Status.UNHEALTHY)
        ),
        T0 + 20 * SECOND,
    )
    assert said(desk.tenant_is("unhealthy", 20)) == [("firing", "critical", "tenant_down")]
    assert said(desk.see(web, 30, Status.HEALTHY)) == []
    # It was never told of, so neither is its end.
    assert said(desk.see(web, 40, Status.HEALTHY)) == []
    assert said(desk.tenant_is("healthy", 40)) == [("resolved", "critical", "tenant_down")]


def test_a_tenant_that_is_down_by_checks_under_maintenance_alone_is_not_told() -> None:
    desk, web, shop = with_built_in_inhibitions(), check(1), check(2, check_id="shop")
    desk.know(web, shop)
    desk.book.keep_quiet([during(0, 1000, "web")])
    for at in (0, 10, 20):
        desk.see(web, at, Status.UNHEALTHY)
    assert desk.tenant_is("unhealthy", 20) == []
    told = [said(desk.see(shop, at, Status.UNHEALTHY)) for at in (30, 40, 50)]
    # What nobody is told of explains nothing: the other check is told.
    assert told == [[], [], [("firing", "error", "http_endpoint")]]
    assert said(desk.tenant_is("unhealthy", 60)) == [("firing", "critical", "tenant_down")]
