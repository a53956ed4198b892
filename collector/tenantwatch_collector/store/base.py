"""The store's contract: the facts that are kept, and every question and command that rooms may put.

Times are Unix microseconds. ``received_at_us`` is the commit's instant; it never falls from one
commit to the next. Methods raise :class:`StoreUnavailable` when the database cannot serve now; then
nothing of the call was kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tenantwatch_collector.errors import RetryLater


class StoreUnavailable(RetryLater):
    """The database is busy, full or away. It says nothing about any tenant."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """``tenant_key`` is the store's own short key and never leaves the collector."""

    tenant_key: int
    tenant_id: str
    tenant_name: str
    tier: str
    created_at_us: int


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as kept: never the secret, only its hash. ``tenant`` is None for an admin's."""

    token_id: str
    role: str
    name: str
    tenant: Tenant | None
    created_at_us: int
    revoked_at_us: int | None
    last_used_at_us: int | None


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A check of one agent of one tenant. Its identity is (tenant, agent, check_id)."""

    check_key: int
    tenant_key: int
    agent_id: str
    definition: CheckDefinition
    active: bool


@dataclass(frozen=True, slots=True)
class AgentPosition:
    """Whose sequence it is, and up to where. Keyed by (tenant, agent, spool generation, lane)."""

    tenant_key: int
    agent_id: str
    generation: str
    lane: Lane
    sequence: int


@dataclass(frozen=True, slots=True)
class ResultColumns:
    """Results of one tenant as columns, in the order of arrival; ``latency_us`` -1 is none."""

    check_key: npt.NDArray[np.int64]
    time_us: npt.NDArray[np.int64]
    status: npt.NDArray[np.uint8]
    latency_us: npt.NDArray[np.int64]
    texts: dict[int, str] = field(default_factory=dict)
    metrics: dict[int, dict[str, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.status)

    def tail(self, skip: int) -> ResultColumns:
        """Without the first ``skip`` rows."""
        return ResultColumns(
            self.check_key[skip:],
            self.time_us[skip:],
            self.status[skip:],
            self.latency_us[skip:],
            {row - skip: text for row, text in self.texts.items() if row >= skip},
            {row - skip: values for row, values in self.metrics.items() if row >= skip},
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an agent sent in one message, to be committed: results, a gap, or a refused batch.

    ``last`` is the position after it. Exactly one of the three is set.
    """

    first_sequence: int
    last: AgentPosition
    results: ResultColumns | None = None
    gap: Gap | None = None
    refused: RefusedBatch | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Results that never came, with the agent's reason."""

    from_us: int
    to_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class RefusedBatch:
    """A batch that breaks the wire's rules, kept as it came."""

    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class TenantResults:
    """The part of a commit that belongs to one tenant."""

    tenant_key: int
    columns: ResultColumns


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of results. ``commit_id`` rises in commit order."""

    commit_id: int
    received_at_us: int
    parts: Sequence[TenantResults]


@dataclass(frozen=True, slots=True)
class CheckState:
    """The judged state of one check. ``through_commit`` names the last commit that it includes."""

    tenant_key: int
    check_key: int
    level: Status
    since_us: int
    through_commit: int
    timeline: str
    """The engine's own memory, JSON."""


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A confirmed change of a check: from ``time_us`` on it was in ``level``, known at ``known_at_us``."""

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


@dataclass(slots=True)
class Judgement:
    """What the engines found, to be written in one transaction."""

    cursor: int
    checks: list[CheckState] = field(default_factory=list)
    changes: list[CheckChange] = field(default_factory=list)
    tenants: list[TenantState] = field(default_factory=list)
    alert_keys: list[AlertKeyState] = field(default_factory=list)
    alerts: list[AlertRecord] = field(default_factory=list)
    messages: list[OutboxMessage] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.checks or self.changes or self.tenants or self.alert_keys or self.alerts)


@dataclass(frozen=True, slots=True)
class JudgedState:
    """What an engine needs to go on after a restart."""

    cursor: int
    checks: Sequence[CheckState]
    tenants: Sequence[TenantState]
    alert_keys: Sequence[AlertKeyState]


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result with its origin, as queries answer it."""

    row_id: int
    tenant_id: str
    agent_id: str
    check_id: str
    kind: str
    time_us: int
    status: Status
    latency_us: int | None
    text: str
    metrics: dict[str, float]
    received_at_us: int


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


class Store(Protocol):
    """What every database behind the collector does alike. One contract suite runs over all of them."""

    async def close(self) -> None:
        """Finish what was begun; safe to call twice."""

    async def ping(self) -> None:
        """Return if the database can be read and written; else raise StoreUnavailable."""

    # -- tenants and access
    async def create_tenant(self, tenant_id: str, tenant_name: str, tier: str) -> Tenant: ...
    async def tenant(self, tenant_id: str) -> Tenant | None: ...
    async def tenants(self) -> Sequence[Tenant]: ...
    async def create_token(
        self, token_id: str, secret_sha256: bytes, role: str, tenant_key: int | None, name: str
    ) -> None: ...
    async def token_by_hash(self, secret_sha256: bytes) -> Token | None: ...
    async def token_is_valid(self, token_id: str) -> bool: ...
    async def touch_token(self, token_id: str, used_at_us: int) -> None: ...
    async def tokens(self) -> Sequence[Token]: ...
    async def revoke_token(self, token_id: str) -> bool: ...

    # -- ingest
    async def agent_arrived(
        self, tenant_key: int, agent_id: str, generation: str, version: str, hostname: str, digest: str
    ) -> Sequence[AgentPosition]:
        """Note the agent and answer the committed position of each of its lanes."""

    async def register_checks(
        self, tenant_key: int, agent_id: str, checks: Sequence[tuple[CheckDefinition, bool]], complete: bool
    ) -> Sequence[StoredCheck]:
        """Create or update the agent's checks (definition, active), in the order given.

        ``complete`` says that the agent has no others: those it had before are active no more.
        """

    async def commit(self, deliveries: Sequence[Delivery]) -> Commit:
        """Keep all of it in one transaction, less what the store has already (by position)."""

    # -- engines
    async def judged_state(self) -> JudgedState: ...
    async def checks(self) -> Sequence[StoredCheck]: ...
    async def commits_after(self, commit_id: int, limit: int) -> Sequence[Commit]:
        """Commits in order, with their results read again."""

    async def results_of_check(
        self, tenant_key: int, check_key: int, from_us: int, limit: int
    ) -> Sequence[tuple[int, int, int | None, int]]:
        """(time_us, status, latency_us, received_at_us) of one check from that time on, by time."""

    async def write_judgement(self, judgement: Judgement) -> None:
        """Write it all in one transaction. A message owed already stays as it is."""

    # -- notify
    async def claim_messages(self, now_us: int, lease_us: int, limit: int) -> Sequence[OutboxMessage]: ...
    async def message_sent(self, message_id: int, now_us: int) -> None: ...
    async def message_failed(self, message_id: int, error: str, next_attempt_us: int | None) -> None:
        """Note the failure; None means that no attempt will ever work."""

    async def next_message_due_us(self) -> int | None: ...

    # -- questions; tenant_key None means all tenants and is for platform callers only
    async def tenant_health(self, tenant_key: int | None) -> Sequence[TenantHealth]: ...
    async def check_health(self, tenant_key: int) -> Sequence[CheckHealth]: ...
    async def recent_results(self, tenant_key: int | None, limit: int) -> Sequence[StoredResult]:
        """The results received last, newest first."""

    async def results(
        self,
        tenant_key: int,
        from_us: int,
        to_us: int,
        limit: int,
        check_id: str,
        before: tuple[int, int] | None,
    ) -> Sequence[StoredResult]:
        """One tenant's results in [from_us, to_us), newest first; ``before`` is (time_us, row_id)."""

    async def alerts(
        self, tenant_key: int | None, severity: str, status: str, limit: int
    ) -> Sequence[tuple[AlertRecord, str]]:
        """(alert, tenant_id), newest first; an empty severity or status means any."""

    async def count_open_alerts(self, tenant_key: int | None) -> int: ...
