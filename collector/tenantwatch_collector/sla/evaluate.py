"""From facts and terms to every number of a report. The same for worked cases and the running collector."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from tenantwatch_collector.health import (
    Change,
    CheckResult,
    Confirmation,
    Measurement,
    measurements,
    timeline,
)
from tenantwatch_collector.sla.allowance import classify_with_allowance
from tenantwatch_collector.sla.availability import (
    Budget,
    BurnAnswer,
    Counted,
    Seconds,
    budget,
    burn_rates,
    count,
)
from tenantwatch_collector.sla.buckets import Basis, Reported, Rollups, count_results, raw_needed
from tenantwatch_collector.sla.classes import (
    Stretch,
    TimeClass,
    append_stretch,
    tally,
)
from tenantwatch_collector.sla.corrections import Correction, amend
from tenantwatch_collector.sla.incidents import (
    Incident,
    find_incidents,
    mean_time_to_recover,
    started_within,
)
from tenantwatch_collector.sla.masks import Maintenance, Masks, effective_windows, scope_spans
from tenantwatch_collector.sla.parts import Version, split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import CheckTerms, Terms
from tenantwatch_collector.sla.traffic import (
    RequestCount,
    Slices,
    Traffic,
    Unmasked,
    count_requests,
    count_slices,
)
from tenantwatch_collector.sla.verdict import Credit, credit, health_score, is_over_target, violations


@dataclass(frozen=True, slots=True)
class Facts:
    """What was known at ``as_of``, per check, and nothing later. ``requests`` None means no counters."""

    changes: Mapping[str, Sequence[Change]] = field(default_factory=dict)
    measured: Mapping[str, Sequence[Measurement]] = field(default_factory=dict)
    maintenance: Sequence[Maintenance] = ()
    requests: Sequence[RequestCount] | None = None
    rollups: Rollups = field(default_factory=Rollups)
    """Stand for the measurements that they hold; ``measured`` needs only the others."""
    corrections: Sequence[Correction] = ()
    """Approved ones, in order; without them the report is as it was measured."""


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


def known_facts(
    terms: Terms,
    results: Mapping[str, Sequence[CheckResult]],
    as_of: int,
    maintenance: Sequence[Maintenance] = (),
    requests: Sequence[RequestCount] | None = None,
) -> Facts:
    """Facts out of raw results, in any order and any number."""
    measured = {
        check.check_id: measurements(results.get(check.check_id, ()), as_of, terms.max_future_skew)
        for check in terms.checks
    }
    defined: dict[str, list[CheckTerms]] = {}
    for check in terms.checks:
        defined.setdefault(check.check_id, []).append(check)
    changes = {name: _timeline(checks, measured[name], as_of) for name, checks in defined.items()}
    return Facts(changes, measured, maintenance, requests)


def _timeline(checks: Sequence[CheckTerms], measured: Sequence[Measurement], as_of: int) -> list[Change]:
    """One check's changes, each result confirmed as the check was defined at its time."""
    first, *rest = checks
    later = [
        Confirmation(each.active_from, each.confirm_failures, each.confirm_successes, each.stale_after)
        for each in rest
        if each.active_from is not None
    ]
    confirmed = first.confirm_failures, first.confirm_successes, first.stale_after
    return timeline(measured, *confirmed, as_of, later)


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
    traffic, basis = count_results(
        facts.rollups, facts.measured, reported_checks(terms), counts.spans(), as_of
    )
    if facts.requests is not None:
        traffic.total, traffic.errors = count_requests(facts.requests, counts)
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
        slices=_slices(terms, facts, stretches, sliced or inside, as_of),
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


def reported_checks(terms: Terms) -> list[Reported]:
    """The checks whose results count as errors and response times: before a check was a member as at first,
    after it was one as at last."""
    found: defaultdict[str, list[Reported]] = defaultdict(list)
    for check in terms.checks:
        told, counts = found[check.check_id], terms.role_of(check) != "informational"
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
    return raw_needed(facts.rollups, reported_checks(terms), counted, as_of)


def lay_out(terms: Terms, facts: Facts, period: Period, as_of: int) -> list[Stretch]:
    """The same as ``lay_out_versions``, on terms that never changed."""
    return lay_out_versions([Version(period.start, terms)], facts, period, as_of)


def lay_out_versions(versions: Sequence[Version], facts: Facts, period: Period, as_of: int) -> list[Stretch]:
    """All time up to ``as_of`` that a number of the report may need, as the past of incidents.

    Each instant is on the terms that were in force then; a maintenance allowance is the whole period's.
    """
    inside = period.start, min(period.end, as_of)
    stretches: list[Stretch] = []
    for terms, piece in split_period(_reach(versions, facts, period, as_of), versions):
        within, spent = (piece.start, piece.end), tally(stretches, inside)[TimeClass.MAINTENANCE]
        masks = _masks(terms, facts, within)
        found = classify_with_allowance(terms, facts.changes, masks, within, inside, spent)
        append_stretch(stretches, found[0])
        stretches += found[1:]
    return amend(stretches, facts.corrections)


def _masks(terms: Terms, facts: Facts, within: Span) -> Masks:
    ignored = terms.policies.maintenance == "ignore"
    windows = [] if ignored else effective_windows(facts.maintenance, terms.maintenance_min_notice)
    scope = scope_spans(terms.service_hours, terms.effective_from, terms.zone, within, terms.units_per_second)
    return Masks(scope, windows)


def _reach(versions: Sequence[Version], facts: Facts, period: Period, as_of: int) -> Period:
    starts = [period.start, as_of]
    starts += [changes[0].time for changes in facts.changes.values() if changes]
    starts += [
        as_of - window
        for version in versions
        for rule in (version.terms.burn.rules if version.terms.burn else ())
        for window in (rule.long, rule.short)
    ]
    return Period(min(starts), as_of)
