"""What callers send and are told about contracts, maintenance windows and corrections."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    field_validator,
    model_validator,
)

from tenantwatch_collector.api.models import Instant, near
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.sla.contract import WHOLE, Contract, settled_zone
from tenantwatch_collector.sla.corrections import MAX_REASON
from tenantwatch_collector.sla.recurrence import MAX_DURATION_SECONDS
from tenantwatch_collector.sla.recurrence_rule import MAX_RULE_LENGTH


def _says_something(text: str) -> str:
    """A reason is printed in reports for years: it must hold what can be printed."""
    kinds = [unicodedata.category(one) for one in text if one not in "\n\t"]
    if "Cc" in kinds or "Cs" in kinds:
        raise ValueError("must hold no control characters")
    if not any(kind[0] in "LNPS" for kind in kinds):
        raise ValueError("must say something: it is blank")
    return text


Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON), AfterValidator(_says_something)]
Checks = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=500)]


MAX_EXCLUDED = 500


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewTerms(_Strict):
    """``in_force_from`` lies now or later; without it the terms are in force at once."""

    contract: Contract
    in_force_from: Instant | None = None
    reason: Reason

    @field_validator("contract")
    @classmethod
    def _is_settled(cls, contract: Contract) -> Contract:
        if contract.effective_from is not None:
            near(contract.effective_from)
        try:
            settled_zone(contract.timezone)
        except ValueError as error:
            raise ValueError(f"timezone: {error}") from error
        return contract


class NewWindow(_Strict):
    """A window once (``from``, ``to``) or again (``rule``, ``first``, ``duration_s``, ``timezone``)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")
    rule: Annotated[str, Field(max_length=MAX_RULE_LENGTH)] | None = None
    first: NaiveDatetime | None = Field(None, description="local time of the first window, without an offset")
    duration_s: Annotated[int, Field(gt=0, le=MAX_DURATION_SECONDS), WHOLE] | None = None
    exdates: Annotated[tuple[NaiveDatetime, ...], Field(max_length=MAX_EXCLUDED)] = Field(
        (), description="local starts of the rule that do not happen; a midnight stands for the whole day"
    )
    timezone: Annotated[str, Field(max_length=64)] | None = Field(None, description="the tenant's by default")
    checks: Checks | None = Field(None, description="AGENT/CHECK names; without it the whole tenant")
    reason: Reason

    @model_validator(mode="after")
    def _once_or_again(self) -> NewWindow:
        once = self.start is not None and self.end is not None
        again = self.rule is not None and self.first is not None and self.duration_s is not None
        given = sum(
            value is not None for value in (self.start, self.end, self.rule, self.first, self.duration_s)
        )
        if once == again or given != (2 if once else 3):
            raise ValueError("write either from and to, or rule, first and duration_s")
        if once and (self.exdates or self.timezone is not None):
            raise ValueError("exdates and timezone belong to a rule: from and to have their own")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("from must lie before to")
        return self


class NewCorrection(_Strict):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    counts_as: Literal["up", "degraded", "down", "unknown", "maintenance", "out_of_scope"]
    reason: Reason


class TermsVersion(BaseModel):
    """One version of a tenant's terms; number 0 is the tier that it was created with."""

    number: int
    in_force_from: datetime | None
    recorded_at: datetime | None
    author: str
    reason: str
    contract: Contract
    targets: dict[str, str] = Field(
        description="as they are in force: those of the contract, else those of its tier, as decimal texts"
    )


class ResolutionView(BaseModel):
    """What the checks can prove at their intervals, and where a target is finer than that."""

    coarsest_interval_s: float
    shortest_outage_s: float
    step_pct: float
    warnings: list[str]


class TermsView(BaseModel):
    tenant_id: str
    versions: list[TermsVersion]
    resolution: ResolutionView | None
    notes: list[str] = Field(description="what of the newest terms is other than one may expect")


class WindowView(BaseModel):
    window_id: int
    start: datetime | None = Field(serialization_alias="from")
    end: datetime | None = Field(serialization_alias="to")
    recurrence: dict[str, Any] | None
    checks: tuple[str, ...] | None
    reason: str
    author: str
    announced_at: datetime
    cancelled_at: datetime | None
    counts: bool = Field(description="whether it, or any of its series, has an effect on reports and alerts")
    why: str = Field(description="what of it does not count, and why; empty if all of it does")
    next: datetime | None = Field(
        description="when the next window of a series begins; null where none comes, and for one window"
    )


class WindowList(BaseModel):
    tenant_id: str
    windows: list[WindowView]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")


class CorrectionView(BaseModel):
    number: int
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    counts_as: str
    reason: str
    author: str
    entered_at: datetime
    approver: str | None
    approved_at: datetime | None


class CorrectionList(BaseModel):
    tenant_id: str
    corrections: list[CorrectionView]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")


def microseconds(moment: datetime) -> int:
    """Unix microseconds of an aware instant, exactly."""
    return int(moment.timestamp()) * UNITS + moment.microsecond
