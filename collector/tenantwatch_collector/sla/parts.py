"""A period in which the terms changed: each part is judged on its own terms, and the parts add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tenantwatch_collector.sla.availability import Budget, Counted, Seconds
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.incidents import Incident
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.traffic import Traffic

_ORDER = ("availability", "response_time", "error_rate", "recovery_time")


@dataclass(frozen=True, slots=True)
class Version:
    """Terms in force from an instant until the next version."""

    in_force_from: int
    terms: Terms


def split_period(period: Period, versions: Sequence[Version]) -> list[tuple[Terms, Period]]:
    """The period's parts with their terms; time before the first version is judged by that one."""
    ordered = sorted(versions, key=lambda version: version.in_force_from)
    starts = [period.start, *(max(period.start, v.in_force_from) for v in ordered[1:])]
    ends = [*(min(period.end, start) for start in starts[1:]), period.end]
    return [
        (version.terms, Period(start, end))
        for version, start, end in zip(ordered, starts, ends, strict=True)
        if start < end
    ]


@dataclass(frozen=True, slots=True)
class Combined:
    """The evaluations of a period's parts, in order, as one."""

    parts: Sequence[Evaluation]

    @property
    def seconds(self) -> Seconds:
        return {each: sum(part.seconds[each] for part in self.parts) for each in TimeClass}

    @property
    def counted(self) -> Counted:
        return Counted(
            sum(part.counted.available for part in self.parts), sum(part.counted.down for part in self.parts)
        )

    @property
    def traffic(self) -> Traffic:
        traffic = Traffic()
        for part in self.parts:
            traffic.merge(part.traffic)
        return traffic

    @property
    def budget(self) -> Budget:
        return Budget(
            sum((part.budget.total for part in self.parts), Fraction(0)),
            sum((part.budget.remaining for part in self.parts), Fraction(0)),
        )

    @property
    def incidents(self) -> list[Incident]:
        """Each once: one that goes on into the next part is told as it stood at that part's end."""
        by_start: dict[int, Incident] = {}
        for incident in (each for part in self.parts for each in part.incidents):
            earlier = by_start.get(incident.start)
            before = earlier.downtime_in_period if earlier else 0
            by_start[incident.start] = replace(
                incident, downtime_in_period=incident.downtime_in_period + before
            )
        return [by_start[start] for start in sorted(by_start)]

    @property
    def violations(self) -> list[str]:
        found = {name for part in self.parts for name in part.violations}
        return [name for name in _ORDER if name in found]

    @property
    def compliant(self) -> bool | None:
        """Whether every part is that could be judged; None if none could."""
        judged = [part.compliant for part in self.parts if part.compliant is not None]
        return all(judged) if judged else None

    @property
    def credit_amount(self) -> Fraction | None:
        """Each part's credit on its share of the period's fee; None where no part has one."""
        whole = sum(part.period.end - part.period.start for part in self.parts)
        owed = [
            part.credit.amount * Fraction(part.period.end - part.period.start, whole)
            for part in self.parts
            if part.credit is not None
        ]
        return sum(owed, Fraction(0)) if owed else None
