"""Who is told of what, when; and what an operator is warned of before it matters."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.alerts.alert import GroupState
from tenantwatch_collector.alerts.machine import acknowledge, evaluate, tick
from tenantwatch_collector.alerts.routing import Hours, Route, Routing, lint, unreached
from tenantwatch_collector.alerts.rule import Evaluation, Policy, Rule, Severity

DEFAULT = Policy(extra_channels=("webhook:all",))
ALL = ("log", "slack", "email", "sms", "pagerduty", "webhook:all", "slack:shop", "sms:night")
BERLIN = ZoneInfo("Europe/Berlin")
WORK = Hours(frozenset(range(5)), 8 * 60, 18 * 60, BERLIN)
NIGHT = Hours(frozenset(range(5)), 22 * 60, 6 * 60, BERLIN)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def policy(routes: list[Route], tenant: str = "acme", when: str = "2026-11-24T12:00") -> Policy:
    ticks = int(at(when).timestamp())
    return Routing(DEFAULT, routes).policy_for(tenant, "professional", "http_endpoint", ticks)


def test_without_a_route_the_default_escalation_holds() -> None:
    found = policy([Route("other", tenants=("shop-*",), steps=(("slack:shop",),))])
    assert [found.channels(severity, 0) for severity in Severity] == [
        ("slack", "webhook:all"),
        ("slack", "email", "webhook:all"),
        ("slack", "email", "sms", "webhook:all"),
        ("slack", "email", "sms", "pagerduty", "webhook:all"),
    ]
    assert [found.max_level(severity) for severity in Severity] == [3, 3, 3, 3]
    assert (found.delay(Severity.WARNING), found.escalation(Severity.INFO)) == (60, None)


def test_a_route_says_who_and_how_fast_and_leaves_the_rest() -> None:
    route = Route(
        "shop",
        tenants=("shop-*",),
        severities=frozenset({Severity.CRITICAL}),
        steps=(("slack:shop",), ("sms:night",)),
        escalation_seconds=120,
        repeat_seconds=0,
    )
    found = policy([route], "shop-7")
    assert found.channels(Severity.CRITICAL, 0) == ("slack:shop", "webhook:all")
    assert found.channels(Severity.CRITICAL, 1) == ("slack:shop", "sms:night", "webhook:all")
    assert found.max_level(Severity.CRITICAL) == 1
    assert found.escalation(Severity.CRITICAL) == 120
    assert found.repeat(Severity.CRITICAL) is None
    assert found.delay(Severity.CRITICAL) == 0
    # A level reached under another policy is not beyond this one's end.
    assert found.channels(Severity.CRITICAL, 3) == found.channels(Severity.CRITICAL, 1)
    assert found.channels(Severity.ERROR, 0) == DEFAULT.channels(Severity.ERROR, 0)


@pytest.mark.parametrize(
    ("hours", "when", "holds"),
    [
        (WORK, "2026-11-24T08:00", True),
        (WORK, "2026-11-24T17:59", True),
        (WORK, "2026-11-24T18:00", False),
        (WORK, "2026-11-28T12:00", False),
        (NIGHT, "2026-11-27T23:00", True),
        (NIGHT, "2026-11-28T05:59", True),
        (NIGHT, "2026-11-28T22:30", False),
        (NIGHT, "2026-11-23T05:00", False),
        # The night when the clock is put forward, and the one when it is put back.
        (NIGHT, "2026-03-27T23:30", True),
        (WORK, "2026-03-30T08:00", True),
        (WORK, "2026-10-26T08:00", True),
    ],
)
def test_hours_are_those_of_the_wall_clock(hours: Hours, when: str, holds: bool) -> None:
    assert hours.hold(at(when).astimezone(UTC)) is holds


def test_at_night_somebody_else_is_told() -> None:
    routes = [Route("night", hours=NIGHT, steps=(("sms:night",),))]
    told = [
        policy(routes, when=when).channels(Severity.ERROR, 0)
        for when in ("2026-11-24T23:00", "2026-11-24T12:00")
    ]
    assert told == [("sms:night", "webhook:all"), DEFAULT.channels(Severity.ERROR, 0)]


def test_a_route_without_further_steps_is_never_escalated() -> None:
    found = policy([Route("one", steps=(("slack:shop",),))])
    group, rule = GroupState("acme", "http"), Rule("r", "acme", "http", Severity.ERROR)
    evaluate(group, rule, Evaluation("r", "acme", "http", 0, True), found)
    said = [n.kind for second in (0, 301, 5000) for n in tick(group, second, found).notifications]
    assert said == ["firing", "repeat"]


@pytest.mark.parametrize(
    ("routes", "complaint"),
    [
        ([Route("a", steps=(("slack:nobody",),))], "the route 'a': no channel is called slack:nobody"),
        ([Route("a", steps=((),))], "its first step names no channel"),
        (
            [Route("a", severities=frozenset({Severity.INFO}), steps=(("slack",), ("email",)))],
            "step 2 can never come: info is not escalated",
        ),
        ([Route("a", escalation_seconds=0, steps=(("slack",), ("email",)))], "step 2 can never come"),
        ([Route("a", steps=(("slack",),) * 5)], "step 5 can never come"),
        ([Route("a"), Route("b", tenants=("x",))], "the route 'b': it never matches: 'a' comes before it"),
        (
            [Route("a", tenants=("shop-*",)), Route("b", tenants=("shop-1",), hours=WORK)],
            "it never matches",
        ),
    ],
)
def test_what_can_never_work_is_named(routes: list[Route], complaint: str) -> None:
    extra = [Route("reaches the rest", tenants=("z",), steps=(("slack:shop", "sms:night"),))]
    assert any(complaint in found for found in lint([*extra, *routes], ALL, DEFAULT))


def test_a_channel_that_nothing_reaches_is_named() -> None:
    assert unreached([], ["log", "slack", "slack:shop"], Policy(extra_channels=("log",))) == [
        "nothing is ever sent to slack:shop: name it in the steps of a route, or give it every_alert = true"
    ]
    everything = [Route("all", steps=(("email",),))]
    assert "nothing is ever sent to slack:" in unreached(everything, ["slack", "email"], Policy())[0]


def test_a_route_that_only_the_log_hears_reaches_nobody() -> None:
    assert "it reaches nobody" in lint([Route("a")], ["log"], Policy(extra_channels=("log",)))[0]


NAMES = st.sampled_from(["a", "b", "ab", "a*", "*"])
SOME_HOURS = st.sampled_from([None, WORK, NIGHT])
ROUTES = st.lists(
    st.builds(
        Route,
        name=st.uuids().map(str),
        tenants=st.lists(NAMES, max_size=2).map(tuple),
        tiers=st.frozensets(st.sampled_from(["basic", "enterprise"]), max_size=2),
        severities=st.frozensets(st.sampled_from(Severity), max_size=2),
        alert_types=st.frozensets(st.sampled_from(["x", "y"]), max_size=2),
        hours=SOME_HOURS,
        steps=st.integers(0, 9).map(lambda n: ((f"slack:{n}",),)),
    ),
    max_size=5,
)
ALERTS = st.tuples(
    st.sampled_from(["a", "b", "ab", "c"]),
    st.sampled_from(["basic", "enterprise"]),
    st.sampled_from(["x", "y"]),
)


@given(ROUTES, ALERTS, st.sampled_from(Severity), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_the_first_route_that_matches_decides(
    routes: list[Route], alert: tuple[str, str, str], severity: Severity, when: datetime
) -> None:
    when = when.replace(tzinfo=UTC)
    tenant, tier, alert_type = alert
    found = Routing(DEFAULT, routes).policy_for(tenant, tier, alert_type, int(when.timestamp()))
    matching = [
        route
        for route in routes
        if route.matches(tenant, tier, severity, alert_type)
        and (route.hours is None or route.hours.hold(when))
    ]
    expected = matching[0].over(DEFAULT.table[severity]) if matching else DEFAULT.table[severity]
    assert found.table[severity] == expected
    dead = [c.split("'")[1] for c in lint(routes, ALL, DEFAULT) if "it never matches" in c]
    assert not matching or matching[0].name not in dead


def test_that_somebody_acknowledged_is_told_to_pagerduty_alone() -> None:
    found = Policy(acknowledged_channels=frozenset({"pagerduty"}))
    group, rule = GroupState("acme", "http"), Rule("r", "acme", "http", Severity.CRITICAL)
    evaluate(group, rule, Evaluation("r", "acme", "http", 0, True), found)
    (firing,) = tick(group, 0, found).notifications
    outcome = acknowledge(group, firing.alert_id, 5, found)
    assert [t.kind for t in outcome.transitions] == ["acknowledged"]
    assert [(n.kind, n.channels) for n in outcome.notifications] == [("acknowledged", ("pagerduty",))]
