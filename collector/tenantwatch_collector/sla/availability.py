"""How the classes count under the policies: eligible, available, down; the error budget; burn rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenantwatch_collector.sla.classes import Stretch, TimeClass, tally_by_policies
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import HUNDRED, Burn, BurnRule, Policies, Targets

Seconds = Mapping[TimeClass, int]
_NONE = Fraction(0)


@dataclass(frozen=True, slots=True)
class Counted:
    """Time that counts, as integers of the caller's unit."""

    available: int
    down: int

    @property
    def eligible(self) -> int:
        return self.available + self.down

    @property
    def availability(self) -> Fraction | None:
        """Percent; None where no time counts."""
        return Fraction(100 * self.available, self.eligible) if self.eligible else None

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.available + other.available, self.down + other.down)


@dataclass(frozen=True, slots=True)
class Budget:
    """Down time that the target allows in the whole period, and what is left of it (below 0: overdrawn)."""

    total: Fraction
    remaining: Fraction

    @property
    def remaining_pct(self) -> Fraction | None:
        return HUNDRED * self.remaining / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class BurnRate:
    """How many times faster than allowed budget burns; ``rate`` None without eligible time or a limit."""

    counted: Counted
    rate: Fraction | None
    unlimited: bool = False
    """Down time where none at all is allowed."""

    def exceeds(self, threshold: Fraction) -> bool:
        return self.unlimited or (self.rate is not None and self.rate > threshold)


@dataclass(frozen=True, slots=True)
class BurnAnswer:
    rule: BurnRule
    threshold: Fraction
    long: BurnRate
    short: BurnRate

    @property
    def firing(self) -> bool:
        """Both windows strictly above the threshold: it burns, and it still does."""
        return self.long.exceeds(self.threshold) and self.short.exceeds(self.threshold)


def count(seconds: Seconds, policies: Policies) -> Counted:
    """Available and down time by the policies."""
    degraded, unknown = seconds[TimeClass.DEGRADED], seconds[TimeClass.UNKNOWN]
    available, down = seconds[TimeClass.UP], seconds[TimeClass.DOWN]
    if policies.degraded == "up":
        available += degraded
    else:
        down += degraded
    if policies.unknown == "up":
        available += unknown
    elif policies.unknown == "down":
        down += unknown
    if policies.maintenance == "up":
        available += seconds[TimeClass.MAINTENANCE]
    return Counted(available, down)


def count_within(stretches: Sequence[Stretch], within: Span) -> Counted:
    """What counts of ``within``, all of it by the policies of its own time."""
    by_policies = tally_by_policies(stretches, within)
    return sum((count(seconds, policies) for policies, seconds in by_policies), Counted(0, 0))


def coverage(seconds: Seconds) -> Fraction | None:
    """Percent of the judged time in which the state was known."""
    known = seconds[TimeClass.UP] + seconds[TimeClass.DEGRADED] + seconds[TimeClass.DOWN]
    judged = known + seconds[TimeClass.UNKNOWN]
    return Fraction(100 * known, judged) if judged else None


def budget(length: int, seconds: Seconds, down: int, targets: Targets, policies: Policies) -> Budget:
    """The budget of a period of that length, less what does not count of it."""
    base = length - seconds[TimeClass.OUT_OF_SCOPE]
    if policies.maintenance == "exclude":
        base -= seconds[TimeClass.MAINTENANCE]
    if policies.unknown == "exclude":
        base -= seconds[TimeClass.UNKNOWN]
    total = targets.allowed_down * base
    return Budget(total, total - down)


def burn_rates(stretches: Sequence[Stretch], burn: Burn, targets: Targets, as_of: int) -> list[BurnAnswer]:
    """Every rule's answer at ``as_of``; its windows reach back as far as they need."""

    def rate(window: int) -> BurnRate:
        return _rate(count_within(stretches, (as_of - window, as_of)), allowed_down)

    allowed_down = targets.allowed_down
    return [
        BurnAnswer(
            rule,
            rule.budget_pct * Fraction(burn.slo_period, 100 * rule.long),
            rate(rule.long),
            rate(rule.short),
        )
        for rule in burn.rules
    ]


def _rate(counted: Counted, allowed_down: Fraction) -> BurnRate:
    if not counted.eligible:
        return BurnRate(counted, None)
    if not counted.down:
        return BurnRate(counted, _NONE)
    if not allowed_down:
        return BurnRate(counted, None, unlimited=True)
    return BurnRate(counted, Fraction(counted.down, counted.eligible) / allowed_down)
