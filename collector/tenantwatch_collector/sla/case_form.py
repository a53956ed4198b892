"""What a case file may say: every name known, every number of its kind and within bounds."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tenantwatch_collector.sla.contract import settled_zone
from tenantwatch_collector.sla.rounding import exact

_FIRST, _LAST = -62_135_596_800, 253_370_764_799
"""The years 1 to 9998: what lies outside no calendar tells."""
_LONGEST_S = 10**10
_COUNT = 2**53


def _amount(most: int) -> Callable[[Any], Fraction]:
    def check(value: Any) -> Fraction:
        if not isinstance(value, str | int | float):
            raise ValueError('must be a number, or a decimal as text such as "99.95"')
        amount = exact(value)
        if not 0 <= amount <= most:
            raise ValueError(f"must lie between 0 and {most}")
        return amount

    return check


def _calendar_date(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(text).isoformat()
    raise ValueError("must be a date such as 2026-03-15")


def _hours_in_order(hours: tuple[int, int, int]) -> tuple[int, int, int]:
    if hours[1] > hours[2]:
        raise ValueError("from_minute must not lie after to_minute; split hours that pass midnight")
    return hours


Instant = Annotated[int, Field(ge=_FIRST, le=_LAST)]
Seconds = Annotated[int, Field(ge=0, le=_LONGEST_S)]
Length = Annotated[int, Field(ge=1, le=_LONGEST_S)]
Count = Annotated[int, Field(ge=0, le=_COUNT)]
Streak = Annotated[int, Field(ge=1, le=10**6)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Percent = Annotated[Fraction, BeforeValidator(_amount(100))]
Amount = Annotated[Fraction, BeforeValidator(_amount(10**12))]
Word = Literal["healthy", "degraded", "unhealthy", "unknown"]
Result = Annotated[tuple[Name, Instant, Word, Count | None, Instant | None], Field(strict=False)]
Requests = Annotated[tuple[Instant, Count, Count], Field(strict=False)]
Hours = Annotated[
    tuple[
        Annotated[int, Field(ge=0, le=6)],
        Annotated[int, Field(ge=0, le=1440)],
        Annotated[int, Field(ge=0, le=1440)],
    ],
    Field(strict=False),
    AfterValidator(_hours_in_order),
]
LocalDate = Annotated[str, AfterValidator(_calendar_date)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class CalendarForm(_Form):
    type: Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
    date: LocalDate


class RollingForm(_Form):
    type: Literal["rolling"]
    seconds: Length


class CheckForm(_Form):
    id: Name
    group: Name
    confirm_failures: Streak
    confirm_successes: Streak
    stale_after_s: Length
    active_from: Instant | None = None
    active_to: Instant | None = None


class GroupForm(_Form):
    id: Name
    role: Literal["critical", "degrading", "informational"]
    rule: Literal["any", "all", "quorum"]


class _Span(_Form):
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> _Span:
        if self.start > self.end:
            raise ValueError("from must not lie after to")
        return self


class RunForm(_Span):
    check: Name
    every: Length
    status: Word
    latency_us: Count | None = None


class WindowForm(_Span):
    checks: Annotated[list[Name], Field(min_length=1)] | None = None
    announced_at: Instant | None = None
    cancelled_at: Instant | None = None


class PolicyForm(_Form):
    maintenance: Literal["exclude", "up", "ignore"] = "exclude"
    unknown: Literal["exclude", "up", "down"] = "exclude"
    degraded: Literal["up", "down"] = "up"


class TargetForm(_Form):
    availability_percentage: Percent | None = None
    response_time_ms: Amount | None = None
    error_rate_percentage: Percent | None = None
    recovery_time_minutes: Amount | None = None


class SliceForm(_Form):
    slice_s: Length
    bad_above_pct: Percent
    min_requests: Count
    empty: Literal["good", "exclude"]


class CreditRowForm(_Form):
    below: Percent
    credit_pct: str | int | float

    @model_validator(mode="after")
    def _is_a_percentage(self) -> CreditRowForm:
        if not 0 <= exact(self.credit_pct) <= 100:
            raise ValueError("credit_pct must lie between 0 and 100")
        return self


class CreditForm(_Form):
    fee: Amount
    table: list[CreditRowForm]


class BurnRuleForm(_Form):
    severity: Name
    budget_pct: Percent
    long_s: Length
    short_s: Length


class BurnForm(_Form):
    slo_period_s: Length
    rules: list[BurnRuleForm]


class CaseForm(_Form):
    """The ``input`` of a case."""

    timezone: Annotated[str, Field(max_length=64), AfterValidator(settled_zone)]
    period: Annotated[CalendarForm | RollingForm, Field(discriminator="type")]
    as_of: Instant
    effective_from: Instant | None = None
    service_hours: Annotated[list[Hours], Field(min_length=1, max_length=1000)] | None = None
    checks: list[CheckForm]
    groups: list[GroupForm]
    results: list[Result] | None = None
    runs: list[RunForm] | None = None
    max_future_skew_s: Seconds | None = None
    maintenance: list[WindowForm] | None = None
    maintenance_min_notice_s: Seconds | None = None
    maintenance_cap_s: Seconds | None = None
    requests: list[Requests] | None = None
    slices: SliceForm | None = None
    policy: PolicyForm
    targets: TargetForm
    credits: CreditForm | None = None
    burn: BurnForm | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @model_validator(mode="after")
    def _names_are_known(self) -> CaseForm:
        checks, groups = [each.id for each in self.checks], [each.id for each in self.groups]
        for what, names in (("checks", checks), ("groups", groups)):
            twice = sorted(name for name, count in Counter(names).items() if count > 1)
            if twice:
                raise ValueError(f"{what}: {', '.join(twice)} stands there more than once")
        _refuse_unknown("checks", "group", [each.group for each in self.checks], groups)
        _refuse_unknown("results", "check", (each[0] for each in self.results or ()), checks)
        _refuse_unknown("runs", "check", (each.check for each in self.runs or ()), checks)
        windows = (name for each in self.maintenance or () for name in each.checks or ())
        _refuse_unknown("maintenance", "check", windows, checks)
        return self

    @model_validator(mode="after")
    def _errors_are_requests(self) -> CaseForm:
        for number, (_, total, errors) in enumerate(self.requests or ()):
            if errors > total:
                raise ValueError(f"requests[{number}]: {errors} errors of {total} requests")
        return self


def _refuse_unknown(where: str, what: str, names: Any, known: list[str]) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"{where}: there is no {what} {', '.join(unknown[:5])}")
