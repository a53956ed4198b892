"""What callers send and are told about routes: who is told of which alerts, when, and who joins later."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.alerts.written import Day
from tenantwatch_collector.sla.contract import Tier

Name = Annotated[str, Field(min_length=1, max_length=128)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RouteHours(_Strict):
    """Local hours in which a route is in force; ``end`` before ``start`` passes midnight."""

    timezone: Annotated[str, Field(min_length=1, max_length=64)]
    days: Annotated[list[Day], Field(max_length=7)] = Field(default_factory=list)
    start: Annotated[str, Field(max_length=5)] = "00:00"
    end: Annotated[str, Field(max_length=5)] = "24:00"


class RouteStep(_Strict):
    """Who is told at once, for the first, and who joins at an escalation."""

    channels: Annotated[list[Name], Field(min_length=1, max_length=50)]


class RouteBody(_Strict):
    """For which alerts, each condition empty for all; with ``steps`` it is an escalation policy."""

    priority: Annotated[int, Field(ge=0, le=10_000)] = 100
    tenants: Annotated[list[Name], Field(max_length=1000)] = Field(default_factory=list)
    tiers: Annotated[list[Tier], Field(max_length=3)] = Field(default_factory=list)
    severities: Annotated[list[Severity], Field(max_length=4)] = Field(default_factory=list)
    alert_types: Annotated[list[Name], Field(max_length=100)] = Field(default_factory=list)
    hours: RouteHours | None = None
    steps: Annotated[list[RouteStep], Field(max_length=10)] = Field(default_factory=list)
    delay_seconds: Annotated[int, Field(ge=0, le=604_800)] | None = None
    escalation_seconds: Annotated[int, Field(ge=0, le=604_800)] | None = None
    repeat_seconds: Annotated[int, Field(ge=0, le=604_800)] | None = None


class RouteView(RouteBody):
    """``source`` is api, or file for a route of the collector's configuration, which has no version."""

    name: str
    source: str
    version: int
    recorded_at: datetime | None
    recorded_by: str


class RouteList(BaseModel):
    """In the order in which they are asked. ``problems``: what is wrong with them by now."""

    routes: list[RouteView]
    problems: list[str]


class RouteVersion(BaseModel):
    """What was set, when and by whom; ``removed`` where that ended the route."""

    version: int
    removed: bool
    route: RouteBody | None
    recorded_at: datetime
    recorded_by: str


class RouteHistory(BaseModel):
    """All versions of a route, newest first."""

    name: str
    versions: list[RouteVersion]
