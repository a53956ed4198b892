"""A period whose terms changed inside it, told as one evaluation: sums and judgements of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tenantwatch_collector.sla.availability import Budget, Counted, Seconds
from tenantwatch_collector.sla.buckets import Basis
from tenantwatch_collector.sla.classes import Stretch, TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation, of_period
from tenantwatch_collector.sla.incidents import find_incidents
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.spans import union
from tenantwatch_collector.sla.traffic import Slices, Traffic
from tenantwatch_collector.sla.verdict import Credit

VIOLATIONS = ("availability", "response_time", "error_rate", "recovery_time")


@dataclass(frozen=True, slots=True)
class Combined:
    """The evaluations of a period's parts, in order, as one."""

    parts: Sequence[Evaluation]

    @property
    def seconds(self) -> Seconds:
        return {each: sum(part.seconds[each] for part in self.parts) for each in TimeClass}

    @property
    def counted(self) -> Counted:
        return sum((part.counted for part in self.parts), Counted(0, 0))

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
    def violations(self) -> list[str]:
        found = {name for part in self.parts for name in part.violations}
        return [name for name in VIOLATIONS if name in found]

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


def begun(parts: Sequence[Evaluation]) -> Sequence[Evaluation]:
    """The parts of which any time has passed, the last being that in force; the first where none has."""
    return [part for part in parts if part.period.start < part.eval_end] or parts[:1]


def whole_of(parts: Sequence[Evaluation], laid_out: Sequence[Stretch]) -> Evaluation:
    """One evaluation out of a period's parts, in order, and of all that was laid out for them. Burn rates and
    shown targets are those of the last part that has begun; the health score is the parts', each by its
    eligible time. A single part is returned as it is."""
    if len(parts) == 1:
        return parts[0]
    combined = Combined(parts)
    in_force = begun(parts)[-1]
    period = Period(parts[0].period.start, parts[-1].period.end)
    inside = period.start, in_force.eval_end
    return replace(
        in_force,
        period=period,
        seconds=combined.seconds,
        counted=combined.counted,
        incidents=find_incidents(laid_out, inside),
        traffic=combined.traffic,
        slices=_slices(parts),
        budget=combined.budget,
        violations=combined.violations,
        health_score=_health_score(parts),
        credit=_credit(combined),
        stretches=of_period(laid_out, inside),
        over_target=frozenset[int]().union(*(part.over_target for part in parts)),
        basis=_basis(parts),
    )


def _slices(parts: Sequence[Evaluation]) -> Slices | None:
    found = [part.slices for part in parts if part.slices is not None]
    return Slices(sum(s.total for s in found), sum(s.bad for s in found)) if found else None


def _health_score(parts: Sequence[Evaluation]) -> Fraction | None:
    scored = [(p.health_score, p.counted.eligible) for p in parts if p.health_score is not None]
    weight = sum(eligible for _, eligible in scored)
    if not weight:
        return scored[-1][0] if scored else None
    return sum((score * eligible for score, eligible in scored), Fraction(0)) / weight


def _credit(combined: Combined) -> Credit | None:
    amount = combined.credit_amount
    if amount is None:
        return None
    highest = max((part.credit.pct for part in combined.parts if part.credit is not None), key=exact)
    return Credit(highest, amount)


def _basis(parts: Sequence[Evaluation]) -> Basis:
    return Basis(
        sum(part.basis.buckets for part in parts),
        sum(part.basis.results for part in parts),
        union(span for part in parts for span in part.basis.left_out),
    )
