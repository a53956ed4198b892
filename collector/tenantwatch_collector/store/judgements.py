"""What engines judged: states of checks and tenants, and a judgement as it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tenantwatch_wire.records import Status

from tenantwatch_collector.store.access import Tenant
from tenantwatch_collector.store.alerts import AlertEvent, AlertKeyState, AlertRecord
from tenantwatch_collector.store.outbox import OutboxMessage
from tenantwatch_collector.store.results import StoredCheck, StoredResult


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


class JudgementStore(Protocol):
    """The part of the store's contract that keeps what was judged, for the engines and for whoever asks."""

    async def judged_state(self) -> JudgedState: ...
    async def write_judgement(self, judgement: Judgement) -> None:
        """Write it all in one transaction. A message owed already stays as it is."""

    async def changes(self, tenant_key: int, from_us: int, to_us: int) -> Sequence[CheckChange]:
        """What is known of the tenant's checks in [from_us, to_us), in order of time.

        Of each check first the change that was in force at ``from_us``, if there was one. Only what holds
        today: nothing that later knowledge has replaced.
        """

    async def changed_since(self, known_after_us: int) -> Sequence[tuple[int, int, int]]:
        """(tenant_key, first time_us, last known_at_us) of the changes that became known after that."""

    async def tenant_health(self, tenant_key: int | None) -> Sequence[TenantHealth]: ...
    async def check_health(self, tenant_key: int) -> Sequence[CheckHealth]: ...
