"""Digests of the facts that a report's numbers rest on: whoever has the facts can make them again."""

from __future__ import annotations

from typing import Any

from tenantwatch_wire.records import Status

from tenantwatch_collector.reports.canonical import digest_without_floats as digest
from tenantwatch_collector.reports.subject import terms_told
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.judged import Judged
from tenantwatch_collector.sla.sparse import encode_counts
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.written import agreed_to_json, correction_to_json, window_to_json

AGREED = ("terms", "checks")
"""Digests of what was agreed, which a report of one tenant tells in full anyway."""
_WORDS = {level: level.word for level in Status}


def fact_digests(facts: Facts, judged: Judged) -> dict[str, str]:
    """Of the period's changes, counted measurements, windows and corrections, and of what was agreed.

    The changes are told by what they make of the period, so facts from before or after it do not matter.
    """
    whole = judged.whole
    low, high = whole.period.start, whole.eval_end
    return {
        "changes": digest(
            {
                check_id: inside
                for check_id, changes in facts.changes.items()
                if (inside := [[time, _WORDS[level]] for time, level in changes if low <= time < high])
            }
        ),
        "measurements": digest(
            {
                "total": whole.traffic.total,
                "errors": whole.traffic.errors,
                "latency_sum_us": whole.traffic.latency.sum_us,
                "latency_max_us": whole.traffic.latency.max_us,
                "histogram": encode_counts(whole.traffic.latency.counts).hex(),
            }
        ),
        "windows": digest(
            sorted(
                (window_to_json(w) for w in facts.maintenance if w.start < high and w.end > low),
                key=lambda w: (w["from"], w["to"], str(w["checks"]), w["announced_at"] or 0),
            )
        ),
        "corrections": digest([correction_to_json(c) for c in judged.corrections]),
        "terms": digest([_agreed(part.terms) for part in judged.parts]),
        "checks": digest([_members(terms_told(part.terms, high)) for part in judged.parts]),
    }


def _agreed(terms: Terms) -> dict[str, Any]:
    """All terms but what follows from facts: since when there were any, and by which checks."""
    return {name: value for name, value in agreed_to_json(terms).items() if name != "effective_from"}


def _members(terms: Terms) -> list[list[Any]]:
    """Which checks count, as what; not since when, which late results move."""
    roles = {group.name: f"{group.role} {group.rule}" for group in terms.groups}
    return sorted(
        [name, group, roles[group], timed]
        for name, group, timed in {(check.check_id, check.group, check.timed) for check in terms.checks}
    )
