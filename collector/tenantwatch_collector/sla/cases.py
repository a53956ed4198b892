"""Worked cases: what would this contract, this window, this rule have done?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.sla.evaluate import Evaluation, evaluate, known_facts
from tenantwatch_collector.sla.masks import Maintenance, ServiceHours
from tenantwatch_collector.sla.periods import Period, calendar_period, rolling_period
from tenantwatch_collector.sla.report import report
from tenantwatch_collector.sla.rounding import exact
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
from tenantwatch_collector.sla.traffic import RequestCount

SCHEMA = "sla-cases/1"
MAX_RESULTS = 5_000_000
"""Of one case, with its runs written out."""


class CaseError(ValueError):
    """A case that cannot be evaluated; the message names it and what is wrong."""


def cases_of(file: Any) -> list[Mapping[str, Any]]:
    """The cases of a parsed file. Raises CaseError if it is none of this schema."""
    if not isinstance(file, dict) or file.get("schema") != SCHEMA:
        raise CaseError(f'the file must be an object with "schema": "{SCHEMA}"')
    cases = file.get("cases")
    if not isinstance(cases, list):
        raise CaseError('"cases" must be a list')
    for number, case in enumerate(cases, 1):
        if not isinstance(case, dict) or not isinstance(case.get("id"), str):
            raise CaseError(f'case {number} must be an object with an "id"')
    return cases


def evaluate_file(cases: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One answer per case, as each is ready."""
    for case in cases:
        yield {"id": case["id"], "report": report(evaluate_named(case))}


def evaluate_named(case: Mapping[str, Any]) -> Evaluation:
    """One case of a file. Raises CaseError with the case's id."""
    try:
        return evaluate_case(case["input"])
    except KeyError as error:
        raise CaseError(f"case {case['id']}: {error.args[0]!r} is missing or unknown") from error
    except (TypeError, ValueError, IndexError, AttributeError, OverflowError, ArithmeticError) as error:
        raise CaseError(f"case {case['id']}: {error}") from error


def evaluate_case(case: Mapping[str, Any]) -> Evaluation:
    """One case; all its times are whole Unix seconds."""
    terms, as_of = _terms(case), case["as_of"]
    facts = known_facts(terms, _results(case), as_of, _maintenance(case), _requests(case))
    return evaluate(terms, facts, _period(case), as_of)


def _period(case: Mapping[str, Any]) -> Period:
    period = case["period"]
    if period["type"] == "rolling":
        return rolling_period(period["seconds"], case["as_of"])
    day = date.fromisoformat(period["date"])
    return calendar_period(period["type"], day, ZoneInfo(case["timezone"]))


def _terms(case: Mapping[str, Any]) -> Terms:
    hours = case.get("service_hours")
    return Terms(
        checks=tuple(_check(raw) for raw in case["checks"]),
        groups=tuple(Group(raw["id"], raw["role"], raw["rule"]) for raw in case["groups"]),
        targets=Targets.of(case["targets"]),
        policies=Policies(**case["policy"]),
        zone=ZoneInfo(case["timezone"]),
        effective_from=case.get("effective_from"),
        service_hours=None if hours is None else tuple(ServiceHours(*each) for each in hours),
        maintenance_min_notice=case.get("maintenance_min_notice_s") or 0,
        maintenance_allowance=case.get("maintenance_cap_s"),
        max_future_skew=case.get("max_future_skew_s", 30),
        slices=_slices(case.get("slices")),
        credits=_credits(case.get("credits")),
        burn=_burn(case.get("burn")),
    )


def _check(raw: Mapping[str, Any]) -> CheckTerms:
    return CheckTerms(
        raw["id"],
        raw["group"],
        raw["confirm_failures"],
        raw["confirm_successes"],
        raw["stale_after_s"],
        raw.get("active_from"),
        raw.get("active_to"),
    )


def _slices(raw: Mapping[str, Any] | None) -> SliceTerms | None:
    if raw is None:
        return None
    return SliceTerms(raw["slice_s"], exact(raw["bad_above_pct"]), raw["min_requests"], raw["empty"])


def _credits(raw: Mapping[str, Any] | None) -> Credits | None:
    if raw is None:
        return None
    rows = tuple(CreditRow(exact(row["below"]), str(row["credit_pct"])) for row in raw["table"])
    return Credits(exact(raw["fee"]), rows)


def _burn(raw: Mapping[str, Any] | None) -> Burn | None:
    if raw is None:
        return None
    rules = (BurnRule(r["severity"], exact(r["budget_pct"]), r["long_s"], r["short_s"]) for r in raw["rules"])
    return Burn(raw["slo_period_s"], tuple(rules))


def _maintenance(case: Mapping[str, Any]) -> list[Maintenance]:
    return [
        Maintenance(
            raw["from"],
            raw["to"],
            None if raw.get("checks") is None else frozenset(raw["checks"]),
            raw.get("announced_at"),
            raw.get("cancelled_at"),
        )
        for raw in case.get("maintenance") or ()
    ]


def _requests(case: Mapping[str, Any]) -> list[RequestCount] | None:
    raw = case.get("requests")
    return None if raw is None else [RequestCount(*bucket) for bucket in raw]


def _results(case: Mapping[str, Any]) -> dict[str, list[CheckResult]]:
    results: defaultdict[str, list[CheckResult]] = defaultdict(list)
    for check_id, time, status, latency_us, received_at in case.get("results") or ():
        if latency_us is not None and latency_us < 0:
            raise ValueError(f"a latency of {latency_us} µs")
        results[check_id].append(CheckResult(time, _status(status), latency_us, received_at))
    for run in case.get("runs") or ():
        status, latency_us = _status(run["status"]), run.get("latency_us")
        times = range(run["from"], run["to"], run["every"])
        if sum(map(len, results.values())) + len(times) > MAX_RESULTS:
            raise ValueError(f"more than {MAX_RESULTS} results: write fewer or longer steps")
        results[run["check"]] += [CheckResult(time, status, latency_us) for time in times]
    return results


def _status(word: str) -> Status:
    try:
        return Status[word.upper()]
    except KeyError:
        raise ValueError(f"unknown status {word!r}") from None
