"""From facts and terms to every number of a report. The same for worked cases and the running collector."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from tenantwatch_collector.health import Group
from tenantwatch_collector.sla.availability import (
    Budget,
    BurnAnswer,
    Counted,
    Seconds,
    budget,
    burn_rates,
    count,
)
from tenantwatch_collector.sla.buckets import Basis, Reported, count_results, raw_needed
from tenantwatch_collector.sla.classes import Stretch, tally
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.incidents import (
    Incident,
    find_incidents,
    mean_time_to_recover,
    started_within,
)
from tenantwatch_collector.sla.layout import lay_out
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import CheckTerms, Terms
from tenantwatch_collector.sla.traffic import (
    Slices,
    Traffic,
    Unmasked,
    count_requests,
    count_slices,
)
from tenantwatch_collector.sla.verdict import Credit, credit, health_score, is_over_target, violations


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every number of a report, exact; times are integers of the terms' unit."""

    terms: Terms
    period: Period
    eval_end: int
    seconds: Seconds
    counted: Counted
    incidents: list[Incident]
    traffic: Traffic
    slices: Slices | None
    budget: Budget
    burn: list[BurnAnswer]
    violations: list[str]
    health_score: Fraction | None
    credit: Credit | None
    stretches: list[Stretch]
    """The period's timeline, up to ``eval_end``."""
    over_target: frozenset[int]
    """Where the incidents start that lasted longer than was agreed."""
    basis: Basis = field(default_factory=Basis, compare=False)
    """What the counts of results rest on: the way there, not a number of the report."""
    burn_terms: Terms | None = None
    """Those that burn rates go by, where others than ``terms`` were in force at their instant."""

    @property
    def compliant(self) -> bool | None:
        """None where availability could not be judged."""
        return None if self.counted.availability is None else not self.violations

    @property
    def incidents_started(self) -> int:
        return started_within(self.incidents, (self.period.start, self.eval_end))

    @property
    def mean_time_to_recover(self) -> Fraction | None:
        return mean_time_to_recover(self.incidents)

    @property
    def mean_time_between_failures(self) -> Fraction | None:
        started = self.incidents_started
        return Fraction(self.counted.available, started) if started else None


def evaluate(
    terms: Terms,
    facts: Facts,
    period: Period,
    as_of: int,
    laid_out: list[Stretch] | None = None,
    sliced: Span | None = None,
) -> Evaluation:
    """All that could be known of the period at ``as_of``. Instants from ``as_of`` on never count.

    ``laid_out`` is what ``lay_out`` gives for the same, where the caller has it already; ``sliced`` is the
    time of the slices, where that is not all of the period's.
    """
    inside = period.start, max(period.start, min(period.end, as_of))
    stretches = lay_out(terms, facts, period, as_of) if laid_out is None else laid_out
    counts = Unmasked(stretches, inside)
    # Sums that stand for all checks ask for none of them.
    apart = facts.rollups.buckets or facts.measured
    checks = reported_checks(terms.checks, terms.groups) if apart else ()
    traffic, basis = count_results(facts.rollups, facts.measured, checks, counts.spans(), as_of)
    if facts.requests is not None:
        traffic.total, traffic.errors = count_requests(facts.requests, counts)
    slices = _slices(terms, facts, stretches, sliced or inside, as_of)
    return evaluated(terms, period, as_of, stretches, traffic, slices, basis)


def evaluated(
    terms: Terms,
    period: Period,
    as_of: int,
    stretches: Sequence[Stretch],
    traffic: Traffic,
    slices: Slices | None,
    basis: Basis,
) -> Evaluation:
    """All that follows from a timeline and from what was counted in it."""
    inside = period.start, max(period.start, min(period.end, as_of))
    seconds = tally(stretches, inside)
    counted = count(seconds, terms.policies)
    incidents = find_incidents(stretches, inside)
    judged = counted, traffic, incidents, terms.targets, terms.units_per_second
    return Evaluation(
        terms=terms,
        period=period,
        eval_end=min(period.end, as_of),
        seconds=seconds,
        counted=counted,
        incidents=incidents,
        traffic=traffic,
        slices=slices,
        budget=budget(period.end - period.start, seconds, counted.down, terms.targets, terms.policies),
        burn=burn_rates(stretches, terms.burn, terms.targets, as_of) if terms.burn else [],
        violations=violations(*judged),
        health_score=health_score(*judged),
        credit=credit(counted, terms.credits),
        stretches=of_period(stretches, inside),
        over_target=frozenset(
            each.start for each in incidents if is_over_target(each, terms.targets, terms.units_per_second)
        ),
        basis=basis,
    )


def of_period(stretches: Sequence[Stretch], inside: Span) -> list[Stretch]:
    """Those that have any of it."""
    return [s for s in stretches if s.end > inside[0] and s.start < inside[1]]


def _slices(
    terms: Terms, facts: Facts, stretches: Sequence[Stretch], within: Span, as_of: int
) -> Slices | None:
    if terms.slices is None:
        return None
    within = within[0], max(within[0], min(within[1], as_of))
    return count_slices(facts.requests or (), terms.slices, within, Unmasked(stretches, within))


def reported_checks(checks: Iterable[CheckTerms], groups: Iterable[Group]) -> list[Reported]:
    """The checks whose results count as errors and response times: before a check was a member as at first,
    after it was one as at last."""
    found: defaultdict[str, list[Reported]] = defaultdict(list)
    role_of = {group.name: group.role for group in groups}
    for check in checks:
        told, counts = found[check.check_id], role_of[check.group] != "informational"
        if not told:
            told.append(Reported(check.check_id, counts, check.timed))
        elif check.active_from is not None and (told[-1].counts, told[-1].timed) != (counts, check.timed):
            told[-1] = replace(told[-1], end=check.active_from)
            told.append(Reported(check.check_id, counts, check.timed, check.active_from))
    return [each for told in found.values() for each in told if each.counts]


def counted_spans(terms: Terms, facts: Facts, period: Period, as_of: int) -> list[Span]:
    """The time of the period in which results count: what nothing masks."""
    inside = period.start, max(period.start, min(period.end, as_of))
    return Unmasked(lay_out(terms, facts, period, as_of), inside).spans()


def raw_spans(terms: Terms, facts: Facts, period: Period, as_of: int) -> list[Span]:
    """The time whose raw results ``facts`` must hold so that its rollups give the numbers that all would."""
    counted = counted_spans(terms, facts, period, as_of)
    checks = reported_checks(terms.checks, terms.groups)
    return raw_needed(facts.rollups, checks, counted, as_of)
