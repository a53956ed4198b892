"""What an operator's tools ask of a store: exporting, importing, taking stock, checking. It may take long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.columns import ResultColumns
from tenantwatch_collector.store.results import StoredResult


@dataclass(frozen=True, slots=True)
class Lost:
    """What never became results, of all tenants and for one reason (the numbers in it left out)."""

    reason: str
    rows: int
    sequences: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a store is and holds. ``sizes`` are bytes by name; counts of results may be estimates."""

    database: str
    flavour: str
    schema_version: int
    raw_since_us: int
    """Raw results before it are given up; 0 if none ever were."""
    tenants: int
    agents: int
    checks: int
    results: int
    results_estimated: bool
    oldest_us: int | None
    newest_us: int | None
    commits: int
    newest_commit: int
    judged_through: int
    rolled_up_through: int
    spans_due: int
    rollups: int
    sizes: Mapping[str, int]
    gaps: Sequence[Lost]
    dead_letters: Sequence[Lost]


@dataclass(frozen=True, slots=True)
class Account:
    """One agent's books: sequences acknowledged, and what became of them."""

    tenant_id: str
    agent_id: str
    acknowledged: int
    results: int
    lost: int
    refused: int


class StoreTools(Protocol):
    """The part of the contract that only tools use."""

    async def results_from(
        self, tenant_key: int, from_us: int, to_us: int, limit: int
    ) -> Sequence[StoredResult]:
        """One tenant's results in [from_us, to_us), oldest first."""

    async def kept_already(self, results: ResultColumns) -> npt.NDArray[np.bool_]:
        """Which of them the store has: the same check, instant, status and latency."""

    async def reach(self, tenant_key: int) -> tuple[int, int] | None:
        """The instants of the tenant's oldest and newest result; None if there is none."""

    async def inventory(self) -> Inventory: ...
    async def accounts(self) -> Sequence[Account]:
        """Of each agent that ever sent something or has a check."""

    async def orphans(self) -> int:
        """How many results name a commit that is not in the log."""
