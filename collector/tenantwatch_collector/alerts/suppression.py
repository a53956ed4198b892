"""When an alert must keep quiet: silences, planned maintenance, and a greater trouble that explains it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from tenantwatch_wire.records import CHECK_KINDS

from tenantwatch_collector.alerts.alert import AlertState
from tenantwatch_collector.alerts.builtin import AGENT_SILENT, NO_DATA, TENANT_DOWN


@dataclass(frozen=True, slots=True)
class Silence:
    """Quiet in [start, end), of everything or of one tenant, type or set of checks; also maintenance."""

    start: int
    end: int
    tenant: str | None = None
    alert_type: str | None = None
    checks: frozenset[str] | None = None
    """An alert is quiet only while all that fires of it is of these checks."""
    reason: str = field(default="silence", compare=False)


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an alert of source_type is open, and linger_ticks longer, the tenant's target types wait."""

    source_type: str
    target_types: frozenset[str]
    linger_ticks: int


_LINGER_SECONDS = 60


def built_in_inhibitions(ticks_per_second: int) -> tuple[Inhibition, ...]:
    """A tenant that is down explains its checks, an agent that is silent explains theirs."""
    linger = _LINGER_SECONDS * ticks_per_second
    return (
        Inhibition(TENANT_DOWN, frozenset(CHECK_KINDS), linger),
        Inhibition(AGENT_SILENT, frozenset({NO_DATA}), linger),
    )


def lint_inhibitions(inhibitions: Sequence[Inhibition]) -> list[str]:
    """What would never be told, because it waits for itself."""
    waits: dict[str, set[str]] = {}
    for each in inhibitions:
        for target in each.target_types - {each.source_type}:
            waits.setdefault(target, set()).add(each.source_type)
    found = []
    for target in sorted(waits):
        seen: set[str] = set()
        asked = list(waits[target])
        while asked:
            source = asked.pop()
            if source not in seen:
                seen.add(source)
                asked += waits.get(source, ())
        if target in seen:
            found.append(f"inhibitions: {target} waits for itself, through {', '.join(sorted(seen))}")
    return found


@dataclass(frozen=True, slots=True)
class Suppression:
    """The answer for one group at one instant."""

    active: bool = False
    # When to ask again; None while it hangs on an open alert, or when not active.
    until: int | None = None
    # The newest end of a suppression that is over: escalation times start anew from it.
    last_end: int | None = None
    # Why, for the record.
    reason: str = field(default="", compare=False)


NOT_SUPPRESSED = Suppression()


def suppression_at(
    now: int,
    tenant: str,
    alert_type: str,
    silences: Sequence[Silence] = (),
    inhibitions: Sequence[Inhibition] = (),
    alerts: Iterable[AlertState] = (),
    checks: Collection[str | None] = (),
) -> Suppression:
    """Whether (tenant, alert_type) must keep quiet now. ``alerts``: open and lately resolved ones.

    ``checks``: those that fire, None for what fires and is no check.
    """
    found = [_silent(now, tenant, alert_type, silences, check) for check in set(checks) or {None}]
    if inhibitions:
        found.append(_inhibited(now, tenant, alert_type, inhibitions, alerts))
        return either(all_of(found[:-1]), found[-1])
    return all_of(found)


def all_of(found: Sequence[Suppression]) -> Suppression:
    """Quiet only while every one of them is, and until the first of them is no more."""
    ends = max((one.last_end for one in found if one.last_end is not None), default=None)
    if not all(one.active for one in found):
        return Suppression(last_end=ends)
    until = min((one.until for one in found if one.until is not None), default=None)
    return Suppression(True, until, ends, found[0].reason)


def either(one: Suppression, other: Suppression) -> Suppression:
    """Quiet while one of them is, and until both are no more."""
    ends = max((end for end in (one.last_end, other.last_end) if end is not None), default=None)
    running = [each for each in (one, other) if each.active]
    if not running:
        return Suppression(last_end=ends)
    endless = any(each.until is None for each in running)
    until = None if endless else max(each.until for each in running if each.until is not None)
    return Suppression(True, until, ends, running[0].reason)


def _silent(
    now: int, tenant: str, alert_type: str, silences: Sequence[Silence], check: str | None
) -> Suppression:
    mine = [one for one in silences if _silences(one, now, tenant, alert_type, check)]
    running = [one for one in mine if one.end > now]
    return Suppression(
        active=bool(running),
        until=max((one.end for one in running), default=None),
        last_end=max((one.end for one in mine if one.end <= now), default=None),
        reason=running[0].reason if running else "",
    )


def _silences(silence: Silence, now: int, tenant: str, alert_type: str, check: str | None) -> bool:
    return (
        silence.start <= now
        and silence.tenant in (None, tenant)
        and silence.alert_type in (None, alert_type)
        and (silence.checks is None or check in silence.checks)
    )


def _inhibited(
    now: int,
    tenant: str,
    alert_type: str,
    inhibitions: Sequence[Inhibition],
    alerts: Iterable[AlertState],
) -> Suppression:
    # Of several with one source the longest counts; a type that is its own source does not inhibit itself.
    linger: dict[str, int] = {}
    for each in inhibitions:
        if alert_type in each.target_types and each.source_type != alert_type:
            linger[each.source_type] = max(each.linger_ticks, linger.get(each.source_type, 0))
    sources = [alert for alert in alerts if alert.tenant == tenant and alert.alert_type in linger]
    opened = [alert for alert in sources if alert.resolved is None]
    ends = [alert.resolved + linger[alert.alert_type] for alert in sources if alert.resolved is not None]
    running = [end for end in ends if end > now]
    if not opened and not running:
        return Suppression(last_end=max(ends, default=None))
    source = opened[0] if opened else next(alert for alert in sources if alert.resolved is not None)
    return Suppression(
        True,
        None if opened else max(running),
        max((end for end in ends if end <= now), default=None),
        f"explained by {source.alert_type}",
    )
