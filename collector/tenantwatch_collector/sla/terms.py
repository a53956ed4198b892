"""What was agreed: targets, policies, groups of checks, credits, burn rules.

Durations are integers of the unit that ``units_per_second`` names; percentages are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

from tenantwatch_collector.health import Group
from tenantwatch_collector.sla.masks import ServiceHours
from tenantwatch_collector.sla.rounding import exact

HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class Targets:
    """Equality with a target is compliance: only what lies beyond it is a violation."""

    availability_percentage: Fraction = Fraction(999, 10)
    response_time_ms: Fraction = Fraction(500)
    error_rate_percentage: Fraction = Fraction(1)
    recovery_time_minutes: Fraction = Fraction(15)

    def __post_init__(self) -> None:
        if not 0 <= self.availability_percentage <= HUNDRED:
            raise ValueError("availability_percentage must lie between 0 and 100")

    @property
    def allowed_down(self) -> Fraction:
        """The share of eligible time that may be down."""
        return 1 - self.availability_percentage / HUNDRED

    @classmethod
    def of(cls, texts: Mapping[str, Any]) -> Targets:
        """Targets out of decimal texts; what is absent has its default."""
        return cls(**{name: exact(value) for name, value in texts.items()})


TIERS: Mapping[str, Targets] = MappingProxyType(
    {
        "basic": Targets(Fraction(99), Fraction(1000), Fraction(2)),
        "professional": Targets(Fraction("99.5"), Fraction(750), Fraction("1.5")),
        "enterprise": Targets(Fraction("99.9"), Fraction(500), Fraction("0.5")),
    }
)


@dataclass(frozen=True, slots=True)
class Policies:
    """How time in maintenance, of unknown state, and of degraded service counts."""

    maintenance: Literal["exclude", "up", "ignore"] = "exclude"
    unknown: Literal["exclude", "up", "down"] = "exclude"
    degraded: Literal["up", "down"] = "up"

    def __post_init__(self) -> None:
        known = {"exclude", "up", "ignore"}, {"exclude", "up", "down"}, {"up", "down"}
        for value, allowed in zip((self.maintenance, self.unknown, self.degraded), known, strict=True):
            if value not in allowed:
                raise ValueError(f"policy {value!r} is none of {', '.join(sorted(allowed))}")


@dataclass(frozen=True, slots=True)
class CheckTerms:
    """A check's place and how it is confirmed. It is a member of its group from active_from to active_to.

    One that is defined anew at some time, or stops and comes back, is told several times, in order of time.
    """

    check_id: str
    group: str
    confirm_failures: int
    confirm_successes: int
    stale_after: int
    active_from: int | None = None
    active_to: int | None = None
    timed: bool = True
    """Whether its latencies are response times."""


@dataclass(frozen=True, slots=True)
class CreditRow:
    """Below so much availability (strictly), so much of the fee is owed. ``pct`` is kept as written."""

    below: Fraction
    pct: str


@dataclass(frozen=True, slots=True)
class Credits:
    fee: Fraction
    table: tuple[CreditRow, ...]


@dataclass(frozen=True, slots=True)
class BurnRule:
    """Fires when more than ``budget_pct`` of the budget would burn in ``long``, and ``short`` agrees."""

    severity: str
    budget_pct: Fraction
    long: int
    short: int


@dataclass(frozen=True, slots=True)
class Burn:
    slo_period: int
    rules: tuple[BurnRule, ...]


@dataclass(frozen=True, slots=True)
class SliceTerms:
    """Request slices: bad with more than so many percent errors out of at least so many requests."""

    length: int
    bad_above_pct: Fraction
    min_requests: int
    empty: Literal["good", "exclude"]


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything about a contract that a number in its report depends on."""

    checks: tuple[CheckTerms, ...]
    groups: tuple[Group, ...]
    targets: Targets = field(default_factory=Targets)
    policies: Policies = field(default_factory=Policies)
    zone: tzinfo = UTC
    effective_from: int | None = None
    service_hours: tuple[ServiceHours, ...] | None = None
    maintenance_min_notice: int = 0
    maintenance_allowance: int | None = None
    """How much maintenance one report excuses; None means all of it."""
    max_future_skew: int = 30
    slices: SliceTerms | None = None
    credits: Credits | None = None
    burn: Burn | None = None
    units_per_second: int = 1

    def __post_init__(self) -> None:
        unknown = {check.group for check in self.checks} - {group.name for group in self.groups}
        if unknown:
            raise ValueError(f"checks name groups that do not exist: {', '.join(sorted(unknown))}")
        last: dict[str, CheckTerms] = {}
        for check in self.checks:
            before = last.get(check.check_id)
            if before is not None and not _follows(before, check):
                raise ValueError(f"check {check.check_id} is told twice of the same time, or not in order")
            last[check.check_id] = check


def _follows(before: CheckTerms, check: CheckTerms) -> bool:
    ends, begins = before.active_to, check.active_from
    return ends is not None and begins is not None and ends <= begins
