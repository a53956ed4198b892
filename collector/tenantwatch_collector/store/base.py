"""The store's contract: every question and command that rooms may put, and the facts they are about.

Each part of it stands with its facts in a file of its own beside this one; rooms import all of it from here.

Times are Unix microseconds. ``received_at_us`` is the commit's instant; it rises from one commit to the
next. Methods raise :class:`StoreUnavailable` when the database cannot serve now; then nothing of the call
was kept, or, where a connection broke in the middle, the next call finds out what was. Where a
``tenant_key`` may be None, that means all tenants, and is for platform callers only.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from tenantwatch_collector.errors import RefusedForEver, RetryLater
from tenantwatch_collector.store.access import (
    PLATFORM,
    PLATFORM_KEY,
    AccessStore,
    AuditEntry,
    KeptAnswer,
    Tenant,
    Token,
)
from tenantwatch_collector.store.agreements import (
    AgreementStore,
    ContractRecord,
    CorrectionRecord,
    KnownChange,
    TenantCheck,
    WindowRecord,
)
from tenantwatch_collector.store.alerts import (
    AlertCommand,
    AlertEvent,
    AlertKeyState,
    AlertRecord,
    AlertStore,
    StoredRoute,
    StoredRule,
    StoredSilence,
)
from tenantwatch_collector.store.assignments import (
    AgentRecord,
    AssignedCheck,
    Assignment,
    AssignmentStore,
)
from tenantwatch_collector.store.collectors import CollectorBeat, CollectorStore, Pulse
from tenantwatch_collector.store.columns import BUCKET_US, ResultColumns, Touched
from tenantwatch_collector.store.issued import IssuedReport, IssuedStore, LateFact
from tenantwatch_collector.store.judgements import (
    CheckChange,
    CheckHealth,
    CheckState,
    JudgedState,
    Judgement,
    JudgementStore,
    TenantHealth,
    TenantState,
)
from tenantwatch_collector.store.outbox import OutboxMessage, OutboxStore
from tenantwatch_collector.store.results import (
    MAX_SKEW_US,
    AgentPosition,
    Commit,
    CommitTouch,
    Delivery,
    Gap,
    Place,
    RefusedBatch,
    ResultStore,
    StoredCheck,
    StoredResult,
)
from tenantwatch_collector.store.rollups import (
    Retained,
    Retention,
    RolledUp,
    Rollup,
    RollupSpan,
    RollupState,
    RollupStore,
)
from tenantwatch_collector.store.sums import (
    CounterReading,
    RequestRollup,
    RollupSum,
    SumStore,
    TenantFacts,
)
from tenantwatch_collector.store.tools import Account, Inventory, Lost, StoreTools

__all__ = [
    "BUCKET_US",
    "MAX_SKEW_US",
    "PLATFORM",
    "PLATFORM_KEY",
    "Account",
    "AgentPosition",
    "AgentRecord",
    "AgreementStore",
    "AlertCommand",
    "AlertEvent",
    "AlertKeyState",
    "AlertRecord",
    "AssignedCheck",
    "Assignment",
    "AssignmentStore",
    "AuditEntry",
    "CheckChange",
    "CheckHealth",
    "CheckState",
    "CollectorBeat",
    "Commit",
    "CommitTouch",
    "ContractRecord",
    "CorrectionRecord",
    "CounterReading",
    "Delivery",
    "Gap",
    "Inventory",
    "IssuedReport",
    "IssuedStore",
    "JudgedState",
    "Judgement",
    "KeptAnswer",
    "KnownChange",
    "LateFact",
    "LeaseLost",
    "Lost",
    "OutboxMessage",
    "Place",
    "Pulse",
    "RefusedBatch",
    "RequestRollup",
    "ResultColumns",
    "Retained",
    "Retention",
    "RolledUp",
    "Rollup",
    "RollupSpan",
    "RollupState",
    "RollupSum",
    "Store",
    "StoreUnavailable",
    "StoredCheck",
    "StoredResult",
    "StoredRoute",
    "StoredRule",
    "StoredSilence",
    "Tenant",
    "TenantCheck",
    "TenantFacts",
    "TenantHealth",
    "TenantState",
    "Token",
    "Touched",
    "UnfitDelivery",
    "WindowRecord",
]


class StoreUnavailable(RetryLater):
    """The database is busy, full or away. It says nothing about any tenant."""


class LeaseLost(StoreUnavailable):
    """Another collector drives the engines by now; nothing of the call was kept."""


class UnfitDelivery(RefusedForEver):
    """The database can never keep what was delivered; nothing of the call was kept."""


class Store(
    AccessStore,
    AssignmentStore,
    ResultStore,
    CollectorStore,
    JudgementStore,
    RollupStore,
    SumStore,
    AlertStore,
    OutboxStore,
    AgreementStore,
    IssuedStore,
    StoreTools,
    Protocol,
):
    """What every database behind the collector does alike. One contract suite runs over all of them."""

    async def close(self) -> None:
        """Finish what was begun; safe to call twice."""

    async def abandon(self) -> None:
        """Wait for the database no more: calls under way, and later ones, raise StoreUnavailable at once."""

    async def ping(self) -> None:
        """Return if the database can be read and written; else raise StoreUnavailable."""

    def together(self) -> AbstractAsyncContextManager[Store]:
        """The same store, whose commands take effect together at the end, or none of them on a failure.

        It is for a few short commands: other writers may have to wait meanwhile.
        """
