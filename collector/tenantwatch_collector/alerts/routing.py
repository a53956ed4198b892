"""Whose alert is told to whom, and when: routes over the default escalation. Pure, and cheap to ask.

The first route that matches an alert's tenant, tier, severity, type and hour decides; without one the
default does. What a route leaves open is the default's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from tenantwatch_collector.alerts.rule import MAX_LEVEL, Policy, Severity, SeverityPolicy

NEVER = 0
"""As a route's escalation or repeat."""
UNDELIVERABLE = "undeliverable:"
"""What the types of alerts begin with that a channel refuses messages for ever; its name follows."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Wall time [start, end) in minutes of the day; one that passes midnight belongs to the day it began."""

    days: frozenset[int]
    start_minute: int
    end_minute: int
    zone: ZoneInfo

    def hold(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        if self.start_minute < self.end_minute:
            return local.weekday() in self.days and self.start_minute <= minute < self.end_minute
        yesterday = (local - timedelta(days=1)).weekday()
        return (local.weekday() in self.days and minute >= self.start_minute) or (
            yesterday in self.days and minute < self.end_minute
        )


@dataclass(frozen=True, slots=True)
class Route:
    """An empty condition matches everything; tenants and types may be patterns such as ``shop-*``."""

    name: str
    tenants: tuple[str, ...] = ()
    tiers: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    alert_types: frozenset[str] = frozenset()
    hours: Hours | None = None
    steps: tuple[tuple[str, ...], ...] | None = None
    delay_seconds: int | None = None
    escalation_seconds: int | None = None
    repeat_seconds: int | None = None

    def matches(self, tenant: str, tier: str, severity: Severity, alert_type: str) -> bool:
        """Whether it is for this alert, at whatever hour."""
        return (
            (not self.tenants or any(fnmatchcase(tenant, pattern) for pattern in self.tenants))
            and (not self.tiers or tier in self.tiers)
            and (not self.severities or severity in self.severities)
            and (not self.alert_types or any(fnmatchcase(alert_type, one) for one in self.alert_types))
        )

    def over(self, default: SeverityPolicy) -> SeverityPolicy:
        """The default, with what the route says in its place."""
        return SeverityPolicy(
            default.delay_seconds if self.delay_seconds is None else self.delay_seconds,
            _chosen(self.escalation_seconds, default.escalation_seconds),
            _chosen(self.repeat_seconds, default.repeat_seconds),
            default.steps if self.steps is None else self.steps,
        )


def _chosen(own: int | None, default: int | None) -> int | None:
    if own is None:
        return default
    return None if own == NEVER else own


@dataclass(frozen=True, slots=True)
class Ground:
    """What the configuration file says: routes made otherwise lie over it."""

    default: Policy
    channels: tuple[str, ...]
    routes: tuple[Route, ...] = ()
    operators: tuple[str, ...] = ()
    """Who is told of channels that refuse messages."""

    def routing(self, own: Sequence[Route] = ()) -> Routing:
        """The routes in force where these are made otherwise."""
        return Routing(self.default, self.under(own), self.operators)

    def under(self, own: Sequence[Route]) -> list[Route]:
        """The others' routes first; the file's of the same name give way to them."""
        names = {route.name for route in own}
        return [*own, *(route for route in self.routes if route.name not in names)]


class Routing:
    """The routes in their order, over the default policy."""

    def __init__(self, default: Policy, routes: Sequence[Route] = (), operators: Sequence[str] = ()) -> None:
        self._default = default
        self._operators = tuple(operators)
        self._routes = tuple(routes)
        # By the route that decides for each severity: as many policies as there are combinations in use.
        self._policies: dict[tuple[int | None, ...], Policy] = {}

    def policy_for(self, tenant: str, tier: str, alert_type: str, at_ticks: int) -> Policy:
        """Who is told of such an alert at that instant, and how fast."""
        if not self._routes:
            return self._without_route(alert_type)
        at = datetime.fromtimestamp(at_ticks / self._default.ticks_per_second, UTC)
        deciding = tuple(self._deciding(tenant, tier, severity, alert_type, at) for severity in Severity)
        if not any(index is not None for index in deciding):
            return self._without_route(alert_type)
        policy = self._policies.get(deciding)
        if policy is None:
            policy = self._policies[deciding] = self._composed(deciding)
        return policy

    def _without_route(self, alert_type: str) -> Policy:
        """The default; that a channel refuses messages is for the operators, by the others."""
        if not alert_type.startswith(UNDELIVERABLE):
            return self._default
        refusing = alert_type.removeprefix(UNDELIVERABLE)
        told = tuple(channel for channel in self._operators if channel != refusing)
        others = tuple(channel for channel in self._default.extra_channels if channel != refusing)
        table = {each: replace(policy, steps=(told,)) for each, policy in self._default.table.items()}
        return replace(self._default, table=table, extra_channels=others)

    def _deciding(
        self, tenant: str, tier: str, severity: Severity, alert_type: str, at: datetime
    ) -> int | None:
        for index, route in enumerate(self._routes):
            if route.matches(tenant, tier, severity, alert_type) and (
                route.hours is None or route.hours.hold(at)
            ):
                return index
        return None

    def _composed(self, deciding: tuple[int | None, ...]) -> Policy:
        table = {
            severity: self._default.table[severity]
            if index is None
            else self._routes[index].over(self._default.table[severity])
            for severity, index in zip(Severity, deciding, strict=True)
        }
        return replace(self._default, table=table)


def lint(routes: Sequence[Route], configured: Collection[str], default: Policy) -> list[str]:
    """What is wrong with the routes, in words: who is never reached, what never comes."""
    return [
        f"the route {route.name!r}: {complaint}"
        for index, route in enumerate(routes)
        for complaint in _complaints(route, routes[:index], configured, default)
    ]


def unreached(routes: Sequence[Route], configured: Collection[str], default: Policy) -> list[str]:
    """The channels to which nothing is ever sent, in words."""
    return [
        f"nothing is ever sent to {channel}: name it in the steps of a route, or give it every_alert = true"
        for channel in sorted(configured)
        if not _is_reached(channel, routes, default)
    ]


def _complaints(
    route: Route, before: Sequence[Route], configured: Collection[str], default: Policy
) -> list[str]:
    found = []
    steps = [route.over(default.table[severity]).steps for severity in route.severities or Severity]
    named = {channel for step in route.steps or () for channel in step}
    unknown = sorted(named - set(configured))
    if unknown:
        found.append(f"no channel is called {', '.join(unknown)}; there are {', '.join(sorted(configured))}")
    reached = {channel for one in steps for step in one for channel in step} | set(default.extra_channels)
    if not (reached & set(configured)) - {"log"}:
        found.append("it reaches nobody: none of its channels is configured")
    elif route.steps is not None and not (route.steps and route.steps[0]):
        found.append("its first step names no channel: nobody would be told at once")
    found += _late_steps(route, default)
    found += [
        f"it never matches: {earlier.name!r} comes before it and takes all that it is for"
        for earlier in before
        if _covers(earlier, route)
    ][:1]
    return found


def _late_steps(route: Route, default: Policy) -> list[str]:
    if route.steps is None or len(route.steps) < 2:
        return []
    if len(route.steps) > MAX_LEVEL + 1:
        return [f"step {MAX_LEVEL + 2} can never come: an alert is escalated {MAX_LEVEL} times at most"]
    severities = route.severities or frozenset(Severity)
    if any(route.over(default.table[severity]).escalation_seconds is not None for severity in severities):
        return []
    return [
        f"step 2 can never come: {', '.join(sorted(severities))} is not escalated; give escalation_seconds"
    ]


def _covers(earlier: Route, later: Route) -> bool:
    """Whether whatever the later one matches is matched by the earlier one."""
    conditions: list[tuple[Collection[str], Collection[str]]] = [
        (earlier.tiers, later.tiers),
        (earlier.severities, later.severities),
    ]
    return (
        _takes_all(earlier.tenants, later.tenants)
        and _takes_all(earlier.alert_types, later.alert_types)
        and earlier.hours in (None, later.hours)
        and all(not wide or (bool(narrow) and set(narrow) <= set(wide)) for wide, narrow in conditions)
    )


def _takes_all(wide: Collection[str], narrow: Collection[str]) -> bool:
    """Whether patterns match whatever others do."""
    return not wide or (
        bool(narrow) and all(any(fnmatchcase(one, pattern) for pattern in wide) for one in narrow)
    )


def _is_reached(channel: str, routes: Sequence[Route], default: Policy) -> bool:
    named = {one for route in routes for step in route.steps or () for one in step}
    by_default = {one for each in default.table.values() for step in each.steps for one in step}
    everything = any(_covers(route, Route("all")) and route.steps is not None for route in routes)
    return channel in default.extra_channels or channel in named or (channel in by_default and not everything)
