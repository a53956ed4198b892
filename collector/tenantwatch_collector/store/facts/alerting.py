"""Alerts, their messages, and what bounds them: rules, routes, silences, commands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as kept; ``alert_data`` is its context, JSON."""

    alert_id: str
    tenant_key: int
    alert_type: str
    alert_name: str
    alert_description: str
    severity: str
    status: str
    first_occurred_us: int
    last_occurred_us: int
    occurrence_count: int
    resolved_at_us: int | None
    alert_data: str


@dataclass(frozen=True, slots=True)
class AlertKeyState:
    """The engine's memory of one (tenant, alert_type): members, flapping, the open alert. JSON."""

    tenant_key: int
    alert_type: str
    state: str
    next_due_us: int | None


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message owed to one channel. (dedup_key, channel) is unique: owing it twice is owing it once."""

    message_id: int
    tenant_key: int
    alert_id: str
    kind: str
    dedup_key: str
    channel: str
    payload: str
    created_at_us: int
    attempts: int = 0
    configured: bool = True
    """False is only recorded: nobody can be told on this channel."""
    progress: str = ""
    """Whom of several it has reached already, as its sender writes it."""


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One line of an alert's record: what happened to it, by whom, or to whom it was told and how that went.

    ``who`` is empty where the engine did it by itself. ``channel`` is set where a message was attempted;
    ``outcome`` is then sent, retry or dead.
    """

    tenant_key: int
    alert_id: str
    time_us: int
    kind: str
    who: str = ""
    channel: str = ""
    outcome: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StoredSilence:
    """Nobody is told in [start_us, end_us): of one tenant or type, or of anything where neither is named."""

    silence_id: int
    tenant_id: str | None
    alert_type: str | None
    start_us: int
    end_us: int
    who: str
    notes: str


@dataclass(frozen=True, slots=True)
class CollectorBeat:
    """A sign of life of a collector: ``beat`` rises with each. ``beat_at_us`` is by its own clock."""

    collector_id: str
    beat: int
    beat_at_us: int


@dataclass(frozen=True, slots=True)
class StoredRoute:
    """One version of a route: who is told of which alerts. ``definition`` is JSON; empty: it was removed.

    Routes are asked in the order of ``priority`` and name.
    """

    name: str
    version: int
    priority: int
    definition: str
    recorded_at_us: int
    recorded_by: str


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A custom rule as kept: ``tenant_id`` or ``tier`` say for whom, neither is for everybody.

    ``definition`` is JSON: the rest is the alert engine's business.
    """

    rule_id: str
    tenant_id: str | None
    tier: str | None
    definition: str
    created_at_us: int
    created_by: str


@dataclass(frozen=True, slots=True)
class AlertCommand:
    """What somebody wants done: ``action`` is acknowledge, resolve, or create an alert.

    ``detail`` is JSON of the alert to be created.
    """

    command_id: int
    tenant_key: int
    alert_id: str
    action: str
    who: str
    notes: str
    created_at_us: int
    detail: str = ""
