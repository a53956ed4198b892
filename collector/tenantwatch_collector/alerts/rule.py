"""What can fire, how severe it is, and who hears of it when. Durations are in the caller's ticks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


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
PEOPLE_CHANNELS = frozenset({"slack", "email", "sms"})


@dataclass(frozen=True, slots=True)
class SeverityPolicy:
    """Seconds; None means never. ``channel`` is the one that this severity adds to the lower ones."""

    delay_seconds: int
    escalation_seconds: int | None
    repeat_seconds: int | None
    channel: str


SEVERITY_TABLE = {
    Severity.INFO: SeverityPolicy(0, None, None, "slack"),
    Severity.WARNING: SeverityPolicy(60, 900, 3600, "email"),
    Severity.ERROR: SeverityPolicy(0, 300, 3600, "sms"),
    Severity.CRITICAL: SeverityPolicy(0, 60, 3600, "pagerduty"),
}


@dataclass(frozen=True)
class Policy:
    """The constants of the machine. One tick is the unit of every instant the caller passes."""

    ticks_per_second: int = 1
    ack_timeout_seconds: int | None = None
    hold_seconds: int = 3600
    # Channels that hear of every severity at every level, such as configured webhooks.
    extra_channels: tuple[str, ...] = ()

    def ticks(self, seconds: int) -> int:
        return seconds * self.ticks_per_second

    def delay(self, severity: Severity) -> int:
        return self.ticks(SEVERITY_TABLE[severity].delay_seconds)

    def escalation(self, severity: Severity) -> int | None:
        seconds = SEVERITY_TABLE[severity].escalation_seconds
        return None if seconds is None else self.ticks(seconds)

    def repeat(self, severity: Severity) -> int | None:
        seconds = SEVERITY_TABLE[severity].repeat_seconds
        return None if seconds is None else self.ticks(seconds)

    def channels(self, severity: Severity, level: int) -> tuple[str, ...]:
        """Who hears of a severity at a level: each level adds the next severity's channel."""
        return CHANNEL_ORDER[: severity.rank + level + 1] + self.extra_channels

    def in_order(self, channels: set[str]) -> tuple[str, ...]:
        """Channels in the order in which they are told; unknown ones last."""
        return tuple(sorted(channels, key=lambda name: (self._order.get(name, len(self._order)), name)))

    @cached_property
    def _order(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(CHANNEL_ORDER + self.extra_channels)}


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
    tenant: str, rule_id: str, kind: str, confirm_failures: int, confirm_successes: int
) -> Rule:
    """The built-in rule "a check is unhealthy": grouped by the check's kind, with the check's own N and M."""
    return Rule(rule_id, tenant, kind, Severity.ERROR, confirm_failures, confirm_successes)
