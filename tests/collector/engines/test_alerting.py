"""The built-in rules on results and on tenants: what opens, how severe it is, and what ends it."""

from __future__ import annotations

from dataclasses import replace

from tenantwatch_collector.store.base import (
    AlertCommand,
)
from tenantwatch_wire.records import Status

from tests.collector.engines.desk import (
    DEFINITION,
    SECOND,
    T0,
    Desk,
    check,
    said,
)


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
