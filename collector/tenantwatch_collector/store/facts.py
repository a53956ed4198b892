"""The facts that are kept: plain values, one a row of some table, in the words of the whole house."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tenantwatch_collector.store.columns import ResultColumns, Touched
from tenantwatch_collector.store.sums import RequestRollup, RollupSum

MAX_SKEW_US = 30_000_000
"""A time further ahead of its commit than this is read as the commit's (docs/semantics.md)."""

PLATFORM = "platform"
PLATFORM_KEY = 0
"""Stand where a tenant's id and key stand, for what is the whole platform's; no tenant has them."""

Place = tuple[int, int, int]
"""(time_us, check_key, commit_key): the order of history, for paging."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """``tenant_key`` is the store's own short key and never leaves the collector."""

    tenant_key: int
    tenant_id: str
    tenant_name: str
    tier: str
    created_at_us: int
    resource_tier: str = ""
    suspended_at_us: int | None = None
    deleted_at_us: int | None = None
    """Since then it does not exist for any caller; engines close what was open."""

    @property
    def is_watched(self) -> bool:
        return self.suspended_at_us is None and self.deleted_at_us is None


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as kept: never the secret, only its hash. ``tenant`` is None for the platform's own.

    ``scopes`` are the permissions that it has of its role's; empty means all of them.
    """

    token_id: str
    role: str
    name: str
    tenant: Tenant | None
    created_at_us: int
    revoked_at_us: int | None
    last_used_at_us: int | None
    subject: str
    scopes: tuple[str, ...]
    expires_at_us: int | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One command that was carried out: by whom, from where, what, on what. ``before``, ``after`` are JSON.

    ``tenant_id`` is None where it was about the platform as a whole.
    """

    subject: str
    roles: str
    address: str
    request_id: str
    action: str
    target: str
    before: str = ""
    after: str = ""
    tenant_id: str | None = None
    entry_id: int = 0
    time_us: int = 0


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A command that was begun: what was asked, and its sealed answer where it has one (``status``)."""

    request_sha256: bytes
    status: int | None
    answer: bytes
    done: bool
    begun_at_us: int


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A check of one agent of one tenant. Its identity is (tenant, agent, check_id)."""

    check_key: int
    tenant_key: int
    agent_id: str
    definition: CheckDefinition
    active: bool
    labels: tuple[tuple[str, str], ...] = ()
    """What its agent says of itself: names with values, by name."""


@dataclass(frozen=True, slots=True)
class AgentPosition:
    """Whose sequence it is, and up to where. Keyed by (tenant, agent, spool generation, lane)."""

    tenant_key: int
    agent_id: str
    generation: str
    lane: Lane
    sequence: int


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
    size_bytes: int = 0
    """What it takes in memory, about."""
    payload: Callable[[], bytes] | None = None
    """The message it came in, should it have to be set aside after all."""

    def __len__(self) -> int:
        return 1 if self.results is None else len(self.results)


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
class Commit:
    """One commit of results; ``commit_id`` is dense and in commit order, ``received_at_us`` rises with it.

    A time further ahead than :data:`MAX_SKEW_US` stands here as ``received_at_us``.
    """

    commit_id: int
    received_at_us: int
    columns: ResultColumns


@dataclass(frozen=True, slots=True)
class CommitTouch:
    """What a commit touched, read back from its row in the log."""

    commit_id: int
    received_at_us: int
    touched: Touched
    result_count: int


@dataclass(frozen=True, slots=True)
class Retention:
    """What may be deleted: raw results before the one instant, everything made of them before the other."""

    raw_before_us: int
    history_before_us: int


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


@dataclass(frozen=True, slots=True)
class Retained:
    """What was deleted, in rows; whole partitions count by what the database estimates."""

    results: int = 0
    history: int = 0


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
class Rollup:
    """One check's results in ``[start_us, start_us + width_s)``, one an instant, and its time in each level.

    Latencies are those of results that did not fail; ``histogram`` is sparse and belongs to the SLA room.
    ``known_at_us`` is when the newest of the results arrived. The milliseconds add up to the width.
    """

    tenant_key: int
    check_key: int
    width_s: int
    start_us: int
    healthy: int
    degraded: int
    unhealthy: int
    unknown: int
    latency_count: int
    latency_sum_us: int
    latency_max_us: int | None
    histogram: bytes
    healthy_ms: int
    degraded_ms: int
    unhealthy_ms: int
    unknown_ms: int
    known_at_us: int


@dataclass(frozen=True, slots=True, order=True)
class RollupSpan:
    """All checks of a tenant in one span of time."""

    tenant_key: int
    width_s: int
    start_us: int


@dataclass(slots=True)
class RolledUp:
    """A flush of rollups, to be written in one transaction: whole spans, replaced by what is given here.

    ``due`` are wider spans that must be made of these once they are over; ``cursor`` and ``changes_until_us``
    say up to which commit and which confirmed change all that is over has been rolled up.
    """

    cursor: int
    changes_until_us: int
    spans: list[RollupSpan] = field(default_factory=list)
    rollups: list[Rollup] = field(default_factory=list)
    due: list[RollupSpan] = field(default_factory=list)
    sums: list[RollupSum] = field(default_factory=list)
    requests: list[RequestRollup] = field(default_factory=list)
    """Of the narrowest spans alone."""


@dataclass(frozen=True, slots=True)
class RollupState:
    """Where the rollups stand: see :class:`RolledUp`."""

    cursor: int
    changes_until_us: int
    due: Sequence[RollupSpan]
    deleted_before_us: int
    """Raw results before this are deleted, or about to be: what was made of them stays as it is."""


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
class StoredResult:
    """A result with its origin, as queries answer it."""

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
    check_key: int
    commit_key: int
    sent_time_us: int | None = None
    """What the agent had sent, where that was too far ahead to be believed."""

    @property
    def place(self) -> Place:
        """Where it stands in the order of history."""
        return self.time_us, self.check_key, self.commit_key


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
