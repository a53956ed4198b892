"""What checks can prove at their intervals, and where a target is finer than that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenantwatch_collector.sla.terms import Targets

_MONTH_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a tenant's checks can prove at their intervals, and where a target is finer than that."""

    coarsest_interval_s: float
    shortest_outage_s: float
    """A shorter outage may pass between two looks, or end before it is confirmed."""
    step_pct: float
    """One look of a 30-day month, in percent of availability."""
    warnings: list[str]


LOOKS_PER_BUDGET = 10
LOOKS_PER_RECOVERY = 5


def resolution(
    targets: Targets, intervals_s: Mapping[str, float], confirm_failures: Mapping[str, int]
) -> Resolution | None:
    """Judge the intervals of the critical checks against the targets; None without any such check."""
    if not intervals_s:
        return None
    slowest = max(intervals_s, key=lambda check_id: (intervals_s[check_id], check_id))
    interval = intervals_s[slowest]
    budget_s = float(targets.allowed_down * _MONTH_SECONDS)
    recovery_s = float(targets.recovery_time_minutes * 60)
    found = []
    for name, amount, looks in (
        ("monthly error budget", budget_s, LOOKS_PER_BUDGET),
        ("recovery target", recovery_s, LOOKS_PER_RECOVERY),
    ):
        if amount < looks * interval:
            found.append(
                f"the {name} of {amount:g} s is {_looks(amount / interval)} of check {slowest!r}, which"
                f" comes every {interval:g} s: set its interval to {max(1, int(amount / looks)):d} s or less"
            )
    shortest = max(intervals_s[c] * confirm_failures.get(c, 3) for c in intervals_s)
    return Resolution(interval, shortest, 100 * interval / _MONTH_SECONDS, found)


def _looks(count: float) -> str:
    if count < 0.05:
        return "less than a tenth of a look"
    return f"{count:.1f} looks"
