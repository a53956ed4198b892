"""What agents sent, and how far of it is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
import numpy.typing as npt
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


class ResultStore(Protocol):
    """The part of the store's contract that takes results in, once each, and gives them out again."""

    writers: int
    """How many commits may run at once. All deliveries of a tenant belong to one of them, in their order."""

    async def agent_arrived(
        self,
        tenant_key: int,
        agent_id: str,
        generation: str,
        version: str,
        hostname: str,
        digest: str,
        labels: Mapping[str, str] = MappingProxyType({}),
        backlog_until: int = 0,
    ) -> Sequence[AgentPosition]:
        """Note the agent and answer the committed position of each of its lanes.

        ``backlog_until`` is the last sequence that it has in its backlog, 0 where there never was one.
        """

    async def agents_behind(self, tenant_key: int) -> frozenset[str]:
        """Agents of whose backlog something is not here that they had when they came last."""

    async def register_checks(
        self,
        tenant_key: int,
        agent_id: str,
        checks: Sequence[tuple[CheckDefinition, bool]],
        complete: bool,
        since_us: int | None = None,
    ) -> Sequence[StoredCheck]:
        """Create or update the agent's checks (definition, active), in the order given; what they were until
        now stays known.

        ``complete`` says that the agent has no others: those it had before are active no more. ``since_us``
        is given where they were defined so at another time than now, as imported ones were; of a check that
        an agent has ever defined that changes nothing. Raises RefusedForEver where one is defined anew
        hundreds of times a day.
        """

    async def checks(self) -> Sequence[StoredCheck]:
        """All of all tenants, with their agents' labels; of a tenant that is not watched none is active."""

    async def commit(self, deliveries: Sequence[Delivery]) -> Commit:
        """Keep all of it in one transaction, less what the store has already (by position).

        Results older than what is kept raw become a gap that says so. Raises UnfitDelivery for values that
        no attempt will ever put into the database; whoever calls finds out which delivery it is.
        """

    async def settled(self, until_us: int) -> None:
        """Return once no commit is open any more that may yet be received by then, which is not to come."""

    async def newest_commit(self) -> int:
        """The id of the newest commit; 0 if there is none."""

    async def commits_after(self, commit_id: int, max_results: int) -> Sequence[Commit]:
        """The next commits, at least one if there is any; the results of each come in no particular order."""

    async def touched_after(self, commit_id: int, limit: int) -> Sequence[CommitTouch]:
        """The next commits in order, by what they touched alone."""

    async def results_of_check(
        self, tenant_key: int, check_key: int, from_us: int, limit: int
    ) -> Sequence[tuple[int, int, int | None, int]]:
        """(time_us, status, latency_us, received_at_us) of one check from that time on, by time."""

    async def results_between(
        self, tenant_key: int, from_us: int, to_us: int
    ) -> tuple[ResultColumns, npt.NDArray[np.int64]]:
        """One tenant's results in [from_us, to_us), without texts and metrics, and when each was received."""

    async def results(
        self,
        tenant_key: int,
        from_us: int,
        to_us: int,
        limit: int,
        check_id: str,
        before: Place | None,
    ) -> Sequence[StoredResult]:
        """One tenant's results in [from_us, to_us), newest first, from ``before``, a page's last, on."""

    async def recent_results(self, tenant_key: int | None, limit: int) -> Sequence[StoredResult]:
        """The results received last, newest first."""
