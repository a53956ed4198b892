"""What is not told meanwhile: under a silence or maintenance, or because a greater trouble explains it."""

from __future__ import annotations

from tenantwatch_collector.alerts.routing import Routing
from tenantwatch_collector.alerts.rule import Policy
from tenantwatch_collector.alerts.suppression import Silence, built_in_inhibitions
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.measures import TICKS_PER_SECOND
from tenantwatch_collector.engines.checks import Judged
from tenantwatch_wire.records import Status

from tests.collector.engines.desk import (
    CHANNELS,
    SECOND,
    T0,
    TENANT,
    Desk,
    check,
    said,
)


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
