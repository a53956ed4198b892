"""Routes and inhibitions as an operator writes them, in a file or through the API."""

from __future__ import annotations

import json
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from tenantwatch_collector.alerts.routing import Hours, Route
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.alerts.suppression import Inhibition
from tenantwatch_collector.settings import Section

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
_WEEK_SECONDS = 7 * 86_400

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Tier = Literal["basic", "professional", "enterprise"]
Seconds = Annotated[int, Field(ge=0, le=_WEEK_SECONDS)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=1000)]


class HoursSection(Section):
    """When a route is in force; ``end`` before ``start`` passes midnight."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = _DAYS  # type: ignore[assignment]
    start: Annotated[str, Field(pattern=_CLOCK)] = "00:00"
    end: Annotated[str, Field(pattern=_CLOCK)] = "24:00"
    timezone: str

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is no time zone; write one as in Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _not_empty(self) -> HoursSection:
        if self.start == self.end:
            raise ValueError("start and end are the same: such a route would never be in force")
        return self

    @classmethod
    def of(cls, hours: Hours) -> HoursSection:
        """The section that would make these hours."""
        days = tuple(day for number, day in enumerate(_DAYS) if number in hours.days)
        start, end = (f"{m // 60:02}:{m % 60:02}" for m in (hours.start_minute, hours.end_minute))
        return cls(days=days, start=start, end=end, timezone=hours.zone.key)  # type: ignore[arg-type]

    def hours(self) -> Hours:
        days = frozenset(_DAYS.index(day) for day in self.days)
        return Hours(days, _minute(self.start), _minute(self.end), ZoneInfo(self.timezone))


class RouteSection(Section):
    """Which alerts it is for; who is told at once, and who joins at each escalation."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    tenants: Words = ()
    tiers: tuple[Tier, ...] = ()
    severities: tuple[Severity, ...] = ()
    alert_types: Words = ()
    hours: HoursSection | None = None
    steps: tuple[tuple[str, ...], ...] | None = None
    delay_seconds: Seconds | None = None
    escalation_seconds: Seconds | None = None
    repeat_seconds: Seconds | None = None

    @classmethod
    def defined(cls, name: str, definition: str) -> RouteSection:
        """The section of a route made through the API, where steps are objects. Raises ValueError."""
        written = json.loads(definition)
        if written.get("steps"):
            written["steps"] = [step["channels"] for step in written["steps"]]
        if not (written.get("hours") or {"days": True}).get("days", True):
            del written["hours"]["days"]
        return cls.model_validate({**written, "name": name})

    @classmethod
    def of(cls, route: Route) -> RouteSection:
        """The section that would make this route."""
        return cls(
            name=route.name,
            tenants=route.tenants,
            tiers=tuple(sorted(route.tiers)),  # type: ignore[arg-type]  # they were read as such
            severities=tuple(sorted(route.severities, key=lambda one: one.rank)),
            alert_types=tuple(sorted(route.alert_types)),
            hours=None if route.hours is None else HoursSection.of(route.hours),
            steps=route.steps,
            delay_seconds=route.delay_seconds,
            escalation_seconds=route.escalation_seconds,
            repeat_seconds=route.repeat_seconds,
        )

    def route(self) -> Route:
        return Route(
            self.name,
            self.tenants,
            frozenset(self.tiers),
            frozenset(self.severities),
            frozenset(self.alert_types),
            None if self.hours is None else self.hours.hours(),
            self.steps,
            self.delay_seconds,
            self.escalation_seconds,
            self.repeat_seconds,
        )


class InhibitionSection(Section):
    """While an alert of ``source`` is open, and a little longer, the tenant's ``targets`` wait."""

    source: Annotated[str, Field(min_length=1, max_length=200)]
    targets: Annotated[Words, Field(min_length=1)]
    linger_seconds: Seconds = 60

    def inhibition(self, ticks_per_second: int) -> Inhibition:
        return Inhibition(self.source, frozenset(self.targets), self.linger_seconds * ticks_per_second)


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
