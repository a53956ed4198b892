"""What was known of a tenant at an instant, and nothing later: all that numbers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenantwatch_collector.health import (
    Change,
    CheckResult,
    Confirmation,
    Measurement,
    measurements,
    timeline,
)
from tenantwatch_collector.sla.buckets import Rollups
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.masks import Maintenance
from tenantwatch_collector.sla.terms import CheckTerms, Terms
from tenantwatch_collector.sla.traffic import RequestCount


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
