"""A tenant's time as it counts: classes of what was measured, under the masks and terms of each instant."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.sla.allowance import classify_with_allowance
from tenantwatch_collector.sla.classes import Stretch, TimeClass, append_stretch, tally
from tenantwatch_collector.sla.corrections import amend
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.masks import Masks, effective_windows, scope_spans
from tenantwatch_collector.sla.parts import Version, split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import Terms


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
