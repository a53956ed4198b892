"""Checks that were defined anew within a period."""

from __future__ import annotations

from collections import Counter

from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.terms import CheckTerms


def definitions_in(e: Evaluation) -> list[CheckTerms]:
    """Those of checks that were more than one thing in the period, in order."""
    inside = [
        check
        for check in e.terms.checks
        if (check.active_from is None or check.active_from < e.eval_end)
        and (check.active_to is None or check.active_to > e.period.start)
    ]
    times = Counter(check.check_id for check in inside)
    return [check for check in inside if times[check.check_id] > 1]
