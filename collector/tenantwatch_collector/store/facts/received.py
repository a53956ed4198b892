"""What agents sent, and how far of it is committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tenantwatch_collector.store.columns import ResultColumns, Touched

MAX_SKEW_US = 30_000_000
"""A time further ahead of its commit than this is read as the commit's (docs/semantics.md)."""

Place = tuple[int, int, int]
"""(time_us, check_key, commit_key): the order of history, for paging."""


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
    since_us: int = 0
    """When the newest of several definitions begins: results of before are judged by the earlier ones."""


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
