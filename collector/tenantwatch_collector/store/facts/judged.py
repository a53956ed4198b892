"""What engines judged: states of checks and tenants, and a judgement as it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tenantwatch_wire.records import Status

from tenantwatch_collector.store.facts.alerting import AlertEvent, AlertKeyState, AlertRecord, OutboxMessage
from tenantwatch_collector.store.facts.people import Tenant
from tenantwatch_collector.store.facts.received import StoredCheck, StoredResult


@dataclass(frozen=True, slots=True)
class CheckState:
    """The judged state of one check. ``through_commit`` names the last commit that it includes."""

    tenant_key: int
    check_key: int
    level: Status
    since_us: int
    through_commit: int
    last_us: int
    """The newest result that measured something; 0 if none did."""
    timeline: str
    """The engine's own memory, JSON."""


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A confirmed change of a check: from ``time_us`` on it was in ``level``, known at ``known_at_us``.

    The changes of a check that became known at one instant belong together: from the first of them on
    they replace all that was known before.
    """

    tenant_key: int
    check_key: int
    time_us: int
    level: Status
    known_at_us: int


@dataclass(frozen=True, slots=True)
class TenantState:
    """``state`` is healthy, degraded, unhealthy or unknown; ``groups`` is JSON for people and the API."""

    tenant_key: int
    state: str
    since_us: int
    groups: str


@dataclass(slots=True)
class Judgement:
    """What the engines found, to be written in one transaction."""

    cursor: int
    checks: list[CheckState] = field(default_factory=list)
    changes: list[CheckChange] = field(default_factory=list)
    tenants: list[TenantState] = field(default_factory=list)
    alert_keys: list[AlertKeyState] = field(default_factory=list)
    alerts: list[AlertRecord] = field(default_factory=list)
    events: list[AlertEvent] = field(default_factory=list)
    messages: list[OutboxMessage] = field(default_factory=list)
    obeyed: list[int] = field(default_factory=list)
    """The commands that were carried out, or that had nothing left to do."""

    def __bool__(self) -> bool:
        return bool(
            self.checks or self.changes or self.tenants or self.alert_keys or self.alerts or self.obeyed
        )


@dataclass(frozen=True, slots=True)
class JudgedState:
    """What an engine needs to go on after a restart."""

    cursor: int
    known_until_us: int
    """When the newest confirmed change became known."""
    checks: Sequence[CheckState]
    tenants: Sequence[TenantState]
    alert_keys: Sequence[AlertKeyState]


@dataclass(frozen=True, slots=True)
class CheckHealth:
    """A check with its judged level and its newest result."""

    check: StoredCheck
    level: Status
    since_us: int
    last_result: StoredResult | None


@dataclass(frozen=True, slots=True)
class TenantHealth:
    """A tenant with its judged state; the counts are over its active checks."""

    tenant: Tenant
    state: str
    since_us: int
    groups: str
    checks_total: int
    checks_failing: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What collectors on one store see of one another's work: each number rises with something new."""

    newest_commit: int
    newest_change_us: int
    newest_event: int
    commands: int
    """How many commands about alerts wait to be done."""
    definitions: int
    judged_through: int
    """The last commit that whoever holds the lease has said to be judged."""
    raw_since_us: int
    """Older results are taken no more."""
