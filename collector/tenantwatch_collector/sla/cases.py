"""Worked cases: what would this contract, this window, this rule have done?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from pydantic import ValidationError
from tenantwatch_wire.records import Status

from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.sla.case_form import BurnForm, CaseForm, CheckForm, CreditForm, SliceForm
from tenantwatch_collector.sla.evaluate import Evaluation, evaluate
from tenantwatch_collector.sla.facts import Facts, known_facts
from tenantwatch_collector.sla.judged import Judged, judge
from tenantwatch_collector.sla.masks import Maintenance, ServiceHours
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.periods import Period, calendar_period, rolling_period
from tenantwatch_collector.sla.report import report
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
from tenantwatch_collector.wording import bracketed, told

Answer = TypeVar("Answer")
SCHEMA = "sla-cases/1"
_AROUND = ("id", "title", "why", "input", "expected")
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
    seen: set[str] = set()
    for number, case in enumerate(cases, 1):
        if not isinstance(case, dict) or not isinstance(case.get("id"), str):
            raise CaseError(f'case {number} must be an object with an "id"')
        if case["id"] in seen:
            raise CaseError(f"case {number} has the id of an earlier one: {case['id']}")
        seen.add(case["id"])
    return cases


def unread(file: Mapping[str, Any]) -> Iterator[str]:
    """The names around the cases that mean nothing here, each with its place; those inside are refused."""
    yield from (f'"{name}"' for name in file if name not in ("schema", "cases"))
    for case in file["cases"]:
        yield from (f'"{name}" of case {case["id"]}' for name in case if name not in _AROUND)


def evaluate_file(cases: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """One answer per case, as each is ready."""
    for case in cases:
        yield {"id": case["id"], "report": report(evaluate_named(case))}


def evaluate_named(case: Mapping[str, Any]) -> Evaluation:
    """One case of a file. Raises CaseError with the case's id and the place in it."""
    return _named(case, evaluate_case)


def judge_named(case: Mapping[str, Any]) -> Judged:
    """The same with what is proved of it."""
    return _named(case, lambda written: _judge(*_asked(written)))


def evaluate_case(case: Mapping[str, Any]) -> Evaluation:
    """One case; all its times are whole Unix seconds. Raises ValueError, of which pydantic's is one."""
    return evaluate(*_asked(case))


def _named(case: Mapping[str, Any], work: Callable[[Mapping[str, Any]], Answer]) -> Answer:
    if "input" not in case:
        raise CaseError(f"case {case['id']}: input is missing")
    try:
        return work(case["input"])
    except ValidationError as error:
        words = told(error.errors(include_url=False), lambda where: bracketed(("input", *_told_place(where))))
        raise CaseError(f"case {case['id']}: {words}") from error
    except (ValueError, OverflowError, ArithmeticError) as error:
        raise CaseError(f"case {case['id']}: {error}") from error


def _judge(terms: Terms, facts: Facts, period: Period, as_of: int) -> Judged:
    return judge([Version(period.start, terms)], facts, period, as_of)


def _asked(case: Mapping[str, Any]) -> tuple[Terms, Facts, Period, int]:
    form = CaseForm.model_validate(case)
    terms, period = _terms(form), _period(form)
    _refuse_many_slices(form, period)
    facts = known_facts(terms, _results(form), form.as_of, _maintenance(form), _requests(form))
    return terms, facts, period, form.as_of


def _told_place(where: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Without the kind of period, which pydantic puts in between."""
    return where[:1] + where[2:] if where[:1] == ("period",) and len(where) > 2 else where


def _period(form: CaseForm) -> Period:
    period = form.period
    if period.type == "rolling":
        return rolling_period(period.seconds, form.as_of)
    try:
        return calendar_period(period.type, date.fromisoformat(period.date), form.zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"input.period.date: {period.date} lies at an end of the calendar") from error


def _terms(form: CaseForm) -> Terms:
    targets = {name: value for name, value in form.targets if value is not None}
    skew = form.max_future_skew_s
    return Terms(
        checks=tuple(_check(each) for each in form.checks),
        groups=tuple(Group(each.id, each.role, each.rule) for each in form.groups),
        targets=Targets(**targets),
        policies=Policies(**dict(form.policy)),
        zone=form.zone,
        effective_from=form.effective_from,
        service_hours=None
        if form.service_hours is None
        else tuple(ServiceHours(*each) for each in form.service_hours),
        maintenance_min_notice=form.maintenance_min_notice_s or 0,
        maintenance_allowance=form.maintenance_cap_s,
        max_future_skew=30 if skew is None else skew,
        slices=_slices(form.slices),
        credits=_credits(form.credits),
        burn=_burn(form.burn),
    )


def _check(form: CheckForm) -> CheckTerms:
    return CheckTerms(
        form.id,
        form.group,
        form.confirm_failures,
        form.confirm_successes,
        form.stale_after_s,
        form.active_from,
        form.active_to,
    )


def _slices(form: SliceForm | None) -> SliceTerms | None:
    if form is None:
        return None
    return SliceTerms(form.slice_s, form.bad_above_pct, form.min_requests, form.empty)


def _refuse_many_slices(form: CaseForm, period: Period) -> None:
    if form.slices is not None and (period.end - period.start) // form.slices.slice_s > MAX_RESULTS:
        raise ValueError(f"input.slices.slice_s: gives more than {MAX_RESULTS} slices: write longer ones")


def _credits(form: CreditForm | None) -> Credits | None:
    if form is None:
        return None
    rows = tuple(CreditRow(row.below, str(row.credit_pct)) for row in form.table)
    return Credits(form.fee, rows)


def _burn(form: BurnForm | None) -> Burn | None:
    if form is None:
        return None
    rules = (BurnRule(r.severity, r.budget_pct, r.long_s, r.short_s) for r in form.rules)
    return Burn(form.slo_period_s, tuple(rules))


def _maintenance(form: CaseForm) -> list[Maintenance]:
    return [
        Maintenance(
            each.start,
            each.end,
            None if each.checks is None else frozenset(each.checks),
            each.announced_at,
            each.cancelled_at,
        )
        for each in form.maintenance or ()
    ]


def _requests(form: CaseForm) -> list[RequestCount] | None:
    return None if form.requests is None else [RequestCount(*each) for each in form.requests]


def _results(form: CaseForm) -> dict[str, list[CheckResult]]:
    results: defaultdict[str, list[CheckResult]] = defaultdict(list)
    for check_id, time, status, latency_us, received_at in form.results or ():
        results[check_id].append(CheckResult(time, Status[status.upper()], latency_us, received_at))
    count = len(form.results or ())
    for number, run in enumerate(form.runs or ()):
        times = range(run.start, run.end, run.every)
        count += len(times)
        if count > MAX_RESULTS:
            raise ValueError(
                f"input.runs[{number}]: more than {MAX_RESULTS} results: write fewer or longer steps"
            )
        level = Status[run.status.upper()]
        results[run.check] += [CheckResult(time, level, run.latency_us) for time in times]
    return results
