"""What can fire, how severe it is, and who hears of it when. Durations are in the caller's ticks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}

MAX_LEVEL = 3
CHANNEL_ORDER = ("slack", "email", "sms", "pagerduty")
# Everything else is read by a machine that keeps incidents of its own and must hear every end.
_PEOPLE = frozenset({"slack", "email", "sms", "apprise"})


def kind_of(channel: str) -> str:
    """``slack`` of ``slack:shop-team``."""
    return channel.partition(":")[0]


def is_for_people(channel: str) -> bool:
    """Whether somebody reads it, rather than a program that must hear every end."""
    return kind_of(channel) in _PEOPLE


@dataclass(frozen=True, slots=True)
class SeverityPolicy:
    """Seconds; None means never. ``steps``: who is told at once, then who joins at each escalation."""

    delay_seconds: int
    escalation_seconds: int | None
    repeat_seconds: int | None
    steps: tuple[tuple[str, ...], ...]


def _default_steps(severity: Severity) -> tuple[tuple[str, ...], ...]:
    """Each severity adds a channel to those of the lower ones, and each escalation the next one's."""
    rank = severity.rank
    joining = [CHANNEL_ORDER[rank + level : rank + level + 1] for level in range(1, MAX_LEVEL + 1)]
    return (CHANNEL_ORDER[: rank + 1], *joining)


SEVERITY_TABLE: Mapping[Severity, SeverityPolicy] = {
    Severity.INFO: SeverityPolicy(0, None, None, _default_steps(Severity.INFO)),
    Severity.WARNING: SeverityPolicy(60, 900, 3600, _default_steps(Severity.WARNING)),
    Severity.ERROR: SeverityPolicy(0, 300, 3600, _default_steps(Severity.ERROR)),
    Severity.CRITICAL: SeverityPolicy(0, 60, 3600, _default_steps(Severity.CRITICAL)),
}


@dataclass(frozen=True)
class Policy:
    """The constants of the machine. One tick is the unit of every instant the caller passes."""

    ticks_per_second: int = 1
    ack_timeout_seconds: int | None = None
    hold_seconds: int = 3600
    # Channels that hear of every severity at every level, such as configured webhooks.
    extra_channels: tuple[str, ...] = ()
    # Channels that want to know that somebody acknowledged, such as PagerDuty.
    acknowledged_channels: frozenset[str] = frozenset()
    table: Mapping[Severity, SeverityPolicy] = field(default_factory=lambda: SEVERITY_TABLE)

    def ticks(self, seconds: int) -> int:
        return seconds * self.ticks_per_second

    def delay(self, severity: Severity) -> int:
        return self.ticks(self.table[severity].delay_seconds)

    def escalation(self, severity: Severity) -> int | None:
        seconds = self.table[severity].escalation_seconds
        return None if seconds is None else self.ticks(seconds)

    def repeat(self, severity: Severity) -> int | None:
        seconds = self.table[severity].repeat_seconds
        return None if seconds is None else self.ticks(seconds)

    def max_level(self, severity: Severity) -> int:
        """The last level that an alert can be escalated to."""
        return len(self.table[severity].steps) - 1

    def channels(self, severity: Severity, level: int) -> tuple[str, ...]:
        """Who hears of a severity at a level: everybody of the steps up to it."""
        told = {channel for step in self.table[severity].steps[: level + 1] for channel in step}
        return self.in_order(told | set(self.extra_channels))

    def in_order(self, channels: set[str]) -> tuple[str, ...]:
        """Channels in the order in which they are told; machines last."""
        return tuple(sorted(channels, key=lambda name: (channel_rank(name), name)))


def channel_rank(channel: str) -> int:
    """Where a channel's kind stands in the order of telling."""
    kind = kind_of(channel)
    return CHANNEL_ORDER.index(kind) if kind in CHANNEL_ORDER else len(CHANNEL_ORDER)


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition of one tenant. Rules of the same (tenant, alert_type) share one alert."""

    rule_id: str
    tenant: str
    alert_type: str
    severity: Severity
    failure_threshold: int = 1
    success_threshold: int = 1
    for_ticks: int = 0
    keep_firing_ticks: int = 0
    flap_detection: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a rule said at an instant. None is no data; a severity overrides the rule's own."""

    rule_id: str
    tenant: str
    alert_type: str
    time: int
    value: bool | None
    severity: Severity | None = None


def check_unhealthy_rule(
    tenant: str,
    rule_id: str,
    kind: str,
    confirm_failures: int,
    confirm_successes: int,
    flap_detection: bool = False,
) -> Rule:
    """The built-in rule "a check is not healthy": grouped by the check's kind, with the check's own N and M.

    Whoever evaluates it says how bad it is: an error if unhealthy, a warning if degraded.
    """
    return Rule(
        rule_id,
        tenant,
        kind,
        Severity.ERROR,
        confirm_failures,
        confirm_successes,
        flap_detection=flap_detection,
    )


def tenant_down_rule(tenant: str) -> Rule:
    """The built-in rule "a tenant is down". Its checks' own rows have confirmed that already."""
    return Rule("tenant/", tenant, "tenant_down", Severity.CRITICAL)


def no_data_rule(tenant: str, rule_id: str) -> Rule:
    """The built-in rule "a check is heard of no more", though its agent is."""
    return Rule(rule_id, tenant, "no_data", Severity.WARNING)
