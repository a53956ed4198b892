"""Digests of the facts that a report's numbers rest on: whoever has the facts can make them again."""

from __future__ import annotations

from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.sla.evaluate import Facts
from tenantwatch_collector.sla.judged import Judged
from tenantwatch_collector.sla.sparse import encode_counts
from tenantwatch_collector.sla.written import correction_to_json, window_to_json


def fact_digests(facts: Facts, judged: Judged) -> dict[str, str]:
    """Of the changes in the period, the measurements counted, the windows in it, and its corrections.

    The changes are told by what they make of the period, so facts from before or after it do not matter.
    """
    whole = judged.whole
    low, high = whole.period.start, whole.eval_end
    return {
        "changes": digest(
            {
                check_id: inside
                for check_id, changes in facts.changes.items()
                if (inside := [[c.time, c.level.word] for c in changes if low <= c.time < high])
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
    }
