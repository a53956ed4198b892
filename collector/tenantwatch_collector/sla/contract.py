"""A tenant's contract as it is written down: tier, overrides, zone, hours, policies, credits; in versions.

What comes from outside is checked here, with a limit on every list and number. A version is in force from an
instant on and never changes; a new one begins now or later, so the past stays what it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from tenantwatch_collector.health import Group
from tenantwatch_collector.sla.grouping import MAX_GROUPS, GroupChoice, GroupName
from tenantwatch_collector.sla.masks import ServiceHours
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.terms import (
    TIERS,
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

DAY_SECONDS = 86_400
_BURN = (
    ("critical", 2, 3600, 300),
    ("critical", 5, 21_600, 1800),
    ("warning", 10, DAY_SECONDS, 7200),
    ("warning", 10, 3 * DAY_SECONDS, 21_600),
)
"""Severity, percent of the 30-day budget, long and short window: the usual pages and tickets."""


Tier = Literal["basic", "professional", "enterprise"]


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    """Read once: it is a walk over hundreds of files."""
    return frozenset(available_timezones())


_UNSETTLED_ZONES = frozenset({"localtime", "Factory", "posixrules"})
"""Files among those of the zones: what they say is how a machine was set up, or that it was not."""


def _known_zone(name: str) -> str:
    if name not in _zone_names():
        raise ValueError(f"{name!r} is no time zone: write an IANA name such as Europe/Berlin")
    return name


def settled_zone(name: str) -> str:
    """The name of a zone that is the same on every machine. Raises ValueError."""
    if name in _UNSETTLED_ZONES:
        raise ValueError(f"{name!r} is no place's time: write an IANA name such as Europe/Berlin")
    return _known_zone(name)


def _not_taken_for_a_number(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise ValueError("must be a whole number")
    return value


def _in_digits(value: Decimal) -> Decimal:
    """As people write it, whatever way it came: 1E+2 is 100, and -0 is 0."""
    return Decimal(f"{value:f}") if value else Decimal(0)


WHOLE = BeforeValidator(_not_taken_for_a_number)
"""``true`` is 1 and "5" is 5 to a lenient reader, but nobody meant that."""
_DIGITS = AfterValidator(_in_digits)
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=4, allow_inf_nan=False), _DIGITS]
Money = Annotated[Decimal, Field(ge=0, le=10**12, decimal_places=2, allow_inf_nan=False), _DIGITS]
Milliseconds = Annotated[Decimal, Field(gt=0, le=3_600_000, decimal_places=3, allow_inf_nan=False), _DIGITS]
Minutes = Annotated[Decimal, Field(ge=0, le=525_600, decimal_places=3, allow_inf_nan=False), _DIGITS]
Minute = Annotated[int, Field(ge=0, le=1440), WHOLE]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TargetOverrides(_Strict):
    """Targets that differ from the tier's."""

    availability_percentage: Percent | None = None
    response_time_ms: Milliseconds | None = None
    error_rate_percentage: Percent | None = None
    recovery_time_minutes: Minutes | None = None


class Hours(_Strict):
    """Local wall-clock minutes of one weekday (0 is Monday)."""

    weekday: Annotated[int, Field(ge=0, le=6), WHOLE]
    from_minute: Minute
    to_minute: Minute

    @model_validator(mode="after")
    def _in_order(self) -> Hours:
        if self.from_minute >= self.to_minute:
            raise ValueError("from_minute must lie before to_minute; split hours that pass midnight")
        return self


class PolicyChoice(_Strict):
    maintenance: Literal["exclude", "up", "ignore"] = "exclude"
    unknown: Literal["exclude", "up", "down"] = "exclude"
    degraded: Literal["up", "down"] = "up"


class CreditLine(_Strict):
    below: Percent
    credit_pct: Percent


class CreditTable(_Strict):
    """What is owed below which availability, out of the period's fee."""

    fee: Money
    table: Annotated[tuple[CreditLine, ...], Field(min_length=1, max_length=20)]


class SliceChoice(_Strict):
    slice_s: Literal[60, 300] = 60
    bad_above_pct: Percent = Decimal(10)
    min_requests: Annotated[int, Field(ge=0, le=10**9), WHOLE] = 1
    empty: Literal["good", "exclude"] = "good"


class Contract(_Strict):
    """Everything about a tenant's terms but its checks, which agents define."""

    tier: Tier = "professional"
    targets: TargetOverrides = TargetOverrides()
    effective_from: AwareDatetime | None = None
    """When the contract began; without it the first that was known of the tenant counts."""
    timezone: Annotated[str, Field(max_length=64), AfterValidator(_known_zone)] = "UTC"
    service_hours: Annotated[tuple[Hours, ...], Field(min_length=1, max_length=70)] | None = None
    policies: PolicyChoice = PolicyChoice()
    maintenance_min_notice_s: Annotated[int, Field(ge=0, le=366 * DAY_SECONDS), WHOLE] = 0
    maintenance_cap_s: Annotated[int, Field(ge=0, le=366 * DAY_SECONDS), WHOLE] | None = None
    slices: SliceChoice | None = None
    credits: CreditTable | None = None
    groups: Annotated[dict[GroupName, GroupChoice], Field(max_length=MAX_GROUPS)] = {}
    """By name; one that has no check is none. Groups that are not named are as without terms."""

    def targets_in_force(self) -> Targets:
        """The tier's targets under the overrides."""
        return _targets(self.tier, self.targets)

    def on_tier(self, tier: Tier) -> Contract:
        """The same contract with that tier's own targets."""
        return self.model_copy(update={"tier": tier, "targets": TargetOverrides()})

    def to_terms(
        self,
        checks: Sequence[CheckTerms],
        groups: Sequence[Group],
        effective_from: int | None,
        units_per_second: int = 1,
    ) -> Terms:
        """The terms that the engine judges by, in its unit; ``effective_from`` is in that unit already."""
        units = units_per_second
        cap = self.maintenance_cap_s
        hours = self.service_hours
        return Terms(
            checks=tuple(checks),
            groups=tuple(groups),
            targets=self.targets_in_force(),
            policies=_policies(self.policies),
            zone=ZoneInfo(self.timezone),
            effective_from=effective_from,
            service_hours=None if hours is None else tuple(ServiceHours(*_hours(each)) for each in hours),
            maintenance_min_notice=self.maintenance_min_notice_s * units,
            maintenance_allowance=None if cap is None else cap * units,
            max_future_skew=30 * units,
            slices=self._slices(units),
            credits=self._credits(),
            burn=standard_burn(units),
            units_per_second=units,
        )

    def _slices(self, units: int) -> SliceTerms | None:
        slices = self.slices
        if slices is None:
            return None
        bad_above = Fraction(slices.bad_above_pct)
        return SliceTerms(slices.slice_s * units, bad_above, slices.min_requests, slices.empty)

    def _credits(self) -> Credits | None:
        if self.credits is None:
            return None
        rows = (CreditRow(Fraction(line.below), f"{line.credit_pct:f}") for line in self.credits.table)
        return Credits(Fraction(self.credits.fee), tuple(rows))


@dataclass(frozen=True, slots=True)
class ContractVersion:
    """``number`` counts a tenant's versions from 1; instants are in the caller's unit."""

    number: int
    in_force_from: int
    contract: Contract
    recorded_at: int
    author: str
    reason: str


class BackdatedTerms(ValueError):
    """Terms that would change the past."""


def refuse_backdating(in_force_from: int, now: int) -> None:
    """Raise BackdatedTerms unless new terms begin now or later."""
    if in_force_from < now:
        raise BackdatedTerms(
            "new terms must begin now or later, for the past was agreed on other ones;"
            " what was measured wrongly is mended by a correction"
        )


def versions_known(versions: Iterable[ContractVersion], as_of: int) -> list[ContractVersion]:
    """In order of beginning, those recorded by ``as_of``; of two for one instant the newer."""
    by_start: dict[int, ContractVersion] = {}
    for version in sorted(versions, key=lambda version: version.number):
        if version.recorded_at <= as_of:
            by_start[version.in_force_from] = version
    return [by_start[start] for start in sorted(by_start)]


def contract_in_force(known: Sequence[ContractVersion], at: int) -> Contract:
    """Out of ``versions_known``; before the first one that one."""
    position = bisect_right(known, at, key=lambda version: version.in_force_from)
    return known[max(0, position - 1)].contract


Members = tuple[Sequence[CheckTerms], Sequence[Group]]


def terms_of(
    versions: Sequence[ContractVersion],
    members: Sequence[Members],
    effective_from: int | None,
    units_per_second: int,
) -> list[Version]:
    """The same versions as terms, each with its members, for ``split_period``."""
    return [
        Version(v.in_force_from, v.contract.to_terms(*its, effective_from, units_per_second))
        for v, its in zip(versions, members, strict=True)
    ]


# Most tenants have agreed on the same: what is equal is one object, which costs to make, and is found equal
# to itself at once.


@lru_cache(maxsize=1024)
def _targets(tier: Tier, overrides: TargetOverrides) -> Targets:
    given = {name: Fraction(value) for name, value in overrides if value is not None}
    return replace(TIERS[tier], **given)


@lru_cache(maxsize=1024)
def _policies(choice: PolicyChoice) -> Policies:
    return Policies(**choice.model_dump())


@lru_cache(maxsize=8)
def standard_burn(units_per_second: int) -> Burn:
    """The four burn rules over 30 days."""
    rules = (
        BurnRule(severity, Fraction(pct), long * units_per_second, short * units_per_second)
        for severity, pct, long, short in _BURN
    )
    return Burn(30 * DAY_SECONDS * units_per_second, tuple(rules))


def _hours(hours: Hours) -> tuple[int, int, int]:
    return hours.weekday, hours.from_minute, hours.to_minute
