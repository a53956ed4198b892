"""When an alert must keep quiet: silences, planned maintenance, and a greater trouble that explains it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tenantwatch_collector.alerts.alert import AlertState


@dataclass(frozen=True, slots=True)
class Silence:
    """Quiet in [start, end), for everything or for one tenant or type. Maintenance is the same."""

    start: int
    end: int
    tenant: str | None = None
    alert_type: str | None = None


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an alert of source_type is open, and linger_ticks longer, the tenant's target types wait."""

    source_type: str
    target_types: frozenset[str]
    linger_ticks: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """The answer for one group at one instant."""

    active: bool = False
    # When to ask again; None while it hangs on an open alert, or when not active.
    until: int | None = None
    # The newest end of a suppression that is over: escalation times start anew from it.
    last_end: int | None = None


NOT_SUPPRESSED = Suppression()


def suppression_at(
    now: int,
    tenant: str,
    alert_type: str,
    silences: Sequence[Silence] = (),
    inhibitions: Sequence[Inhibition] = (),
    alerts: Iterable[AlertState] = (),
) -> Suppression:
    """Whether (tenant, alert_type) must keep quiet now. ``alerts``: open and lately resolved ones."""
    ends: list[int | None] = [s.end for s in silences if _silences(s, now, tenant, alert_type)]
    if inhibitions:
        ends += _inhibited_until(tenant, alert_type, inhibitions, alerts)
    running = [end for end in ends if end is None or end > now]
    over = [end for end in ends if end is not None and end <= now]
    return Suppression(
        active=bool(running),
        until=max((end for end in running if end is not None), default=None) if None not in running else None,
        last_end=max(over, default=None),
    )


def _silences(silence: Silence, now: int, tenant: str, alert_type: str) -> bool:
    return (
        silence.start <= now and silence.tenant in (None, tenant) and silence.alert_type in (None, alert_type)
    )


def _inhibited_until(
    tenant: str, alert_type: str, inhibitions: Sequence[Inhibition], alerts: Iterable[AlertState]
) -> list[int | None]:
    sources = {i.source_type: i.linger_ticks for i in inhibitions if alert_type in i.target_types}
    # A type that is its own source does not inhibit itself.
    sources.pop(alert_type, None)
    return [
        None if alert.resolved is None else alert.resolved + sources[alert.alert_type]
        for alert in alerts
        if alert.tenant == tenant and alert.alert_type in sources
    ]
