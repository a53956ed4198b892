"""The numbers that a platform's report tells of one tenant, as the engine's own objects again.

It tells neither timeline nor terms: the numbers are believed as far as they agree with one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from tenantwatch_collector.reports.difference import Difference
from tenantwatch_collector.reports.subject import Subject
from tenantwatch_collector.reports.told import COUNTED, outage_told, slices_told, traffic_told
from tenantwatch_collector.sla.availability import Budget, Counted
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.incidents import Incident
from tenantwatch_collector.sla.judged import Judged
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.rounding import exact
from tenantwatch_collector.sla.terms import Targets, Terms
from tenantwatch_collector.sla.truth import Truth, Verdict
from tenantwatch_collector.sla.verdict import Credit
from tenantwatch_collector.sla.whole import VIOLATIONS

Document = Mapping[str, Any]
UNITS = 1_000_000
"""Microseconds, as in every report of the running collector."""


def numbers_told(detail: Document, missed: Sequence[Any], period: Period, as_of_us: int) -> Subject:
    """One tenant without timeline and terms; ``missed`` are the targets that the report says were missed, and
    ``period`` is in seconds. Raises Difference."""
    told, tenant_id = detail["report"], detail["tenant_id"]
    whole = _evaluation(told, _terms(missed, tenant_id), period.in_units(UNITS), as_of_us)
    _agree(whole, detail)
    proved = detail["proved"]
    verdicts = {name: Verdict(word) for name, word in proved["targets"].items()}
    truth = Truth(_share(proved["best_pct"]), _share(proved["worst_pct"]), verdicts)
    judged = Judged(whole, [whole], None, truth, [])
    return Subject(tenant_id, detail["tenant_name"], detail["tier"], judged)


def _terms(missed: Sequence[Any], tenant_id: str) -> Terms:
    """With those targets that are told because they were missed."""
    names = dict(zip(VIOLATIONS, Targets.__slots__, strict=True))
    known = {
        names[each["violation"]]: exact(each["target"]) for each in missed if each["tenant_id"] == tenant_id
    }
    return Terms((), (), Targets(**known), units_per_second=UNITS)


def _evaluation(told: Document, terms: Terms, period: Period, as_of_us: int) -> Evaluation:
    counted = Counted(_us(told["available_s"]), _us(told["downtime_s"]))
    total = exact(told["budget"]["total_s"]) * UNITS
    incidents = [outage_told(each, UNITS) for each in told["incidents"]]
    score, owed = told["health_score"], told["credit"]
    return Evaluation(
        terms=terms,
        period=period,
        eval_end=min(period.end, as_of_us),
        seconds={each: _us(told["seconds"][each.value]) for each in TimeClass},
        counted=counted,
        incidents=incidents,
        traffic=traffic_told(told),
        slices=slices_told(told),
        budget=Budget(total, total - counted.down),
        burn=[],
        violations=told["violations"],
        health_score=None if score is None else exact(score),
        credit=None if owed is None else Credit(owed["pct"], exact(owed["amount"])),
        stretches=[],
        over_target=frozenset(
            outage.start
            for outage, each in zip(incidents, told["incidents"], strict=True)
            if each["over_target"]
        ),
    )


def _agree(whole: Evaluation, detail: Document) -> None:
    """Raise Difference where the numbers contradict one another, whatever the terms were."""
    seconds, counted, tenant_id = whole.seconds, whole.counted, detail["tenant_id"]
    up, down, degraded = (seconds[e] for e in (TimeClass.UP, TimeClass.DOWN, TimeClass.DEGRADED))
    either = degraded + seconds[TimeClass.UNKNOWN]
    passed = max(0, whole.eval_end - whole.period.start)
    inside = sum(outage.downtime_in_period for outage in whole.incidents)
    missed = set(whole.violations)
    told = {name: Verdict(word) for name, word in detail["proved"]["targets"].items()}
    not_met = {name for name, verdict in told.items() if verdict in (Verdict.BREACHED, Verdict.NOT_SO_FAR)}
    found = {
        "seconds": sum(seconds.values()) == passed,
        "available_s": up <= counted.available <= up + either + seconds[TimeClass.MAINTENANCE],
        "downtime_s": down <= counted.down <= down + either,
        "incidents": down <= inside <= down + degraded and _in_order(whole.incidents),
        "violations": ("recovery_time" in missed) == bool(whole.over_target)
        and all((name in missed) == (name in not_met) for name in COUNTED)
        and all(told.get(name) is not Verdict.MET for name in missed),
    }
    for name, agrees in found.items():
        if not agrees:
            raise Difference(f"{tenant_id}: report.{name}: contradicts the rest of the report")


def _in_order(outages: Sequence[Incident]) -> bool:
    """One after the other, each with the down time that its own time has room for."""
    return all(
        0 < each.downtime_in_period <= each.downtime <= each.last_end - each.start for each in outages
    ) and all(one.last_end <= other.start for one, other in pairwise(outages))


def _share(percent: str | None) -> Counted:
    """A share that is written so: its digits are all that is told of it."""
    if percent is None:
        return Counted(0, 0)
    parts = int(exact(percent) * 10**4)
    return Counted(parts, 10**6 - parts)


def _us(seconds: int | str) -> int:
    return int(exact(seconds) * UNITS)
