"""What callers send and are told about alerts, custom rules and silences."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tenantwatch_collector.alerts.condition import Condition
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.alerts.window import Aggregation
from tenantwatch_collector.api.models import Instant
from tenantwatch_collector.sla.contract import Tier

MAX_NOTES = 2_000
SOURCE_SERVICE = "saas_monitoring"
Name = Annotated[str, Field(min_length=1, max_length=128)]
Notes = Annotated[str, Field(max_length=MAX_NOTES)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAlert(_Strict):
    """The same name at the same tenant is the same alert while it is open: it counts once more."""

    tenant_id: Name
    alert_name: Name
    severity: Severity
    description: Annotated[str, Field(min_length=1, max_length=MAX_NOTES)]
    source_service: Name = SOURCE_SERVICE
    alert_data: Annotated[dict[Name, Notes], Field(max_length=50)] = Field(default_factory=dict)


class Acknowledge(_Strict):
    notes: Notes = ""


class Resolve(_Strict):
    resolution_notes: Notes = ""


class Deed(BaseModel):
    """Who did it, when, and why. ``who`` is empty where the trouble ended by itself."""

    who: str
    at: datetime
    notes: str


class AlertView(BaseModel):
    alert_id: str
    alert_name: str
    alert_description: str
    tenant_id: str
    severity: str
    status: str
    source_service: str
    metric_name: str
    first_occurred: datetime
    last_occurred: datetime
    occurrence_count: int
    resolved_at: datetime | None
    alert_data: dict[str, str]
    notifications_sent: int
    last_notification_at: datetime | None
    notification_channels: list[str]
    acknowledgement: Deed | None
    resolution: Deed | None


class AlertList(BaseModel):
    alerts: list[AlertView]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")


class TimelineEntry(BaseModel):
    """One line of the record. ``outcome`` is sent, retry or dead where a channel was tried."""

    time: datetime
    kind: str
    who: str
    channel: str
    outcome: str
    detail: str


class AlertTimeline(BaseModel):
    """The record of one alert, oldest first."""

    alert: AlertView
    timeline: list[TimelineEntry]


class RuleBody(_Strict):
    """For a tenant, for all of a tier, or, where neither is named, for everybody."""

    tenant_id: Name | None = None
    tier: Tier | None = None
    metric: Annotated[str, Field(min_length=1, max_length=200)]
    condition: Condition
    threshold: Annotated[float | None, Field(allow_inf_nan=False, description="required, but for absent")] = (
        None
    )
    severity: Severity
    for_seconds: int = Field(0, description="how long it must hold")
    keep_firing_seconds: int = Field(0, description="before it is over")
    failure_threshold: int = Field(1, description="times in a row")
    success_threshold: int = Field(1, description="times in a row, to end")
    window_seconds: int = Field(0, description="how far back to aggregate; for absent how long without any")
    aggregation: Aggregation | None = Field(None, description="over the window; avg if nothing is said")
    enabled: bool = True


class NewRule(RuleBody):
    """``rule_id`` is made up where none is given."""

    rule_id: Annotated[str, Field(max_length=63)] | None = None


class RuleView(RuleBody):
    rule_id: str
    built_in: bool
    created_at: datetime | None
    """None of a built-in rule that nobody has changed."""
    created_by: str


class RuleList(BaseModel):
    rules: list[RuleView]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")


class NewSilence(_Strict):
    """Of a tenant, of a type of alert, of both, or of everything. It begins now if nothing else is said."""

    tenant_id: Name | None = None
    alert_type: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    start: Instant | None = None
    end: Instant
    notes: Notes = ""


class SilenceView(BaseModel):
    silence_id: int
    tenant_id: str | None
    alert_type: str | None
    start: datetime
    end: datetime
    who: str
    notes: str


class SilenceList(BaseModel):
    silences: list[SilenceView]
    next_cursor: str | None = Field(description="give it as ?cursor= for the next page; null on the last")
