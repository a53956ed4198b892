"""Terms, windows and corrections as JSON that holds all of them, so that anyone can judge again.

Times and durations are integers of the unit that ``units_per_second`` names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.health import Group
from tenantwatch_collector.sla.buckets import Bucket
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.masks import Maintenance, ServiceHours
from tenantwatch_collector.sla.rounding import decimal_text, exact
from tenantwatch_collector.sla.sparse import decode_counts, encode_counts
from tenantwatch_collector.sla.terms import (
    Burn,
    BurnRule,
    CheckTerms,
    CreditRow,
    Credits,
    Policies,
    SliceTerms,
    Targets,
    Terms,
)

_CHECK = (
    "check_id",
    "group",
    "confirm_failures",
    "confirm_successes",
    "stale_after",
    "active_from",
    "active_to",
    "timed",
)


def terms_to_json(terms: Terms) -> dict[str, Any]:
    """All that a number of a report depends on."""
    return agreed_to_json(terms) | {
        "checks": [{name: getattr(check, name) for name in _CHECK} for check in terms.checks],
        "groups": [{"name": g.name, "role": g.role, "rule": g.rule} for g in terms.groups],
    }


def agreed_to_json(terms: Terms) -> dict[str, Any]:
    """The same without the checks and their groups."""
    return {
        "units_per_second": terms.units_per_second,
        "timezone": str(terms.zone),
        "targets": written_targets(terms.targets),
        "policies": {name: getattr(terms.policies, name) for name in Policies.__slots__},
        "effective_from": terms.effective_from,
        "service_hours": None
        if terms.service_hours is None
        else [[h.weekday, h.from_minute, h.to_minute] for h in terms.service_hours],
        "maintenance_min_notice": terms.maintenance_min_notice,
        "maintenance_allowance": terms.maintenance_allowance,
        "max_future_skew": terms.max_future_skew,
        "slices": _slices_to_json(terms.slices),
        "credits": _credits_to_json(terms.credits),
        "burn": _burn_to_json(terms.burn),
    }


def written_targets(targets: Targets) -> dict[str, str]:
    """By their names, as decimal texts."""
    return {name: decimal_text(getattr(targets, name)) for name in Targets.__slots__}


def terms_from_json(written: Mapping[str, Any]) -> Terms:
    """What ``terms_to_json`` was given. Raises KeyError, TypeError or ValueError on anything else."""
    hours = written["service_hours"]
    return Terms(
        checks=tuple(CheckTerms(**check) for check in written["checks"]),
        groups=tuple(Group(**group) for group in written["groups"]),
        targets=Targets.of(written["targets"]),
        policies=Policies(**written["policies"]),
        zone=ZoneInfo(written["timezone"]),
        effective_from=written["effective_from"],
        service_hours=None if hours is None else tuple(ServiceHours(*each) for each in hours),
        maintenance_min_notice=written["maintenance_min_notice"],
        maintenance_allowance=written["maintenance_allowance"],
        max_future_skew=written["max_future_skew"],
        slices=_slices_from_json(written["slices"]),
        credits=_credits_from_json(written["credits"]),
        burn=_burn_from_json(written["burn"]),
        units_per_second=written["units_per_second"],
    )


def window_to_json(window: Maintenance) -> dict[str, Any]:
    return {
        "from": window.start,
        "to": window.end,
        "checks": None if window.checks is None else sorted(window.checks),
        "announced_at": window.announced_at,
        "cancelled_at": window.cancelled_at,
    }


def window_from_json(written: Mapping[str, Any]) -> Maintenance:
    checks = written["checks"]
    return Maintenance(
        written["from"],
        written["to"],
        None if checks is None else frozenset(checks),
        written["announced_at"],
        written["cancelled_at"],
    )


def correction_to_json(correction: Correction) -> dict[str, Any]:
    fields = {name: getattr(correction, name) for name in Correction.__slots__}
    return fields | {"counts_as": correction.counts_as.value}


def correction_from_json(written: Mapping[str, Any]) -> Correction:
    return Correction(**{**written, "counts_as": TimeClass(written["counts_as"])})


def bucket_to_json(bucket: Bucket) -> list[Any]:
    """A bucket as its numbers in order; the histogram as hexadecimal digits."""
    latency = bucket.latency
    return [
        *(bucket.start, bucket.length, bucket.healthy, bucket.degraded, bucket.unhealthy),
        *(
            latency.count,
            latency.sum_us,
            latency.max_us,
            encode_counts(latency.counts).hex(),
            bucket.known_at,
        ),
    ]


def bucket_from_json(written: Sequence[Any]) -> Bucket:
    start, length, healthy, degraded, unhealthy, count, sum_us, max_us, counts, known_at = written
    latency = LatencyHistogram(decode_counts(bytes.fromhex(counts)), count, sum_us, max_us)
    return Bucket(start, length, healthy, degraded, unhealthy, latency, known_at)


def _slices_to_json(slices: SliceTerms | None) -> dict[str, Any] | None:
    if slices is None:
        return None
    return {
        "length": slices.length,
        "bad_above_pct": decimal_text(slices.bad_above_pct),
        "min_requests": slices.min_requests,
        "empty": slices.empty,
    }


def _slices_from_json(written: Mapping[str, Any] | None) -> SliceTerms | None:
    if written is None:
        return None
    bad_above = exact(written["bad_above_pct"])
    return SliceTerms(written["length"], bad_above, written["min_requests"], written["empty"])


def _credits_to_json(credits: Credits | None) -> dict[str, Any] | None:
    if credits is None:
        return None
    rows = [{"below": decimal_text(row.below), "credit_pct": row.pct} for row in credits.table]
    return {"fee": decimal_text(credits.fee), "table": rows}


def _credits_from_json(written: Mapping[str, Any] | None) -> Credits | None:
    if written is None:
        return None
    rows = (CreditRow(exact(row["below"]), row["credit_pct"]) for row in written["table"])
    return Credits(exact(written["fee"]), tuple(rows))


def _burn_to_json(burn: Burn | None) -> dict[str, Any] | None:
    if burn is None:
        return None
    rules = [
        {"severity": r.severity, "budget_pct": decimal_text(r.budget_pct), "long": r.long, "short": r.short}
        for r in burn.rules
    ]
    return {"slo_period": burn.slo_period, "rules": rules}


def _burn_from_json(written: Mapping[str, Any] | None) -> Burn | None:
    if written is None:
        return None
    rules = (BurnRule(r["severity"], exact(r["budget_pct"]), r["long"], r["short"]) for r in written["rules"])
    return Burn(written["slo_period"], tuple(rules))
