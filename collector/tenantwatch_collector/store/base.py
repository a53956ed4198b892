"""The store's contract: every question and command that rooms may put, and the facts they are about.

Times are Unix microseconds. ``received_at_us`` is the commit's instant; it rises from one commit to the
next. Methods raise :class:`StoreUnavailable` when the database cannot serve now; then nothing of the call
was kept, or, where a connection broke in the middle, the next call finds out what was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tenantwatch_wire.records import CheckDefinition

from tenantwatch_collector.errors import RefusedForEver, RetryLater
from tenantwatch_collector.store.agreements import (
    AgreementStore,
    ContractRecord,
    CorrectionRecord,
    KnownChange,
    TenantCheck,
    WindowRecord,
)
from tenantwatch_collector.store.assignments import (
    AgentRecord,
    AssignedCheck,
    Assignment,
    AssignmentStore,
)
from tenantwatch_collector.store.columns import BUCKET_US, ResultColumns, Touched
from tenantwatch_collector.store.facts import (
    MAX_SKEW_US,
    PLATFORM,
    PLATFORM_KEY,
    AgentPosition,
    AlertCommand,
    AlertEvent,
    AlertKeyState,
    AlertRecord,
    AuditEntry,
    CheckChange,
    CheckHealth,
    CheckState,
    CollectorBeat,
    Commit,
    CommitTouch,
    Delivery,
    Gap,
    JudgedState,
    Judgement,
    KeptAnswer,
    OutboxMessage,
    Place,
    Pulse,
    RefusedBatch,
    Retained,
    Retention,
    RolledUp,
    Rollup,
    RollupSpan,
    RollupState,
    StoredCheck,
    StoredResult,
    StoredRoute,
    StoredRule,
    StoredSilence,
    Tenant,
    TenantHealth,
    TenantState,
    Token,
)
from tenantwatch_collector.store.issued import IssuedReport, IssuedStore, LateFact
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


class Store(AgreementStore, AssignmentStore, IssuedStore, SumStore, StoreTools, Protocol):
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

    # -- tenants and access
    async def create_tenant(self, tenant_id: str, tenant_name: str, tier: str) -> Tenant: ...
    async def add_tenant(
        self, tenant_id: str, tenant_name: str, tier: str, resource_tier: str
    ) -> Tenant | None:
        """Create it; None if there is one of that id already."""

    async def tenant(self, tenant_id: str) -> Tenant | None:
        """The tenant, if it was not deleted."""

    async def tenants(self) -> Sequence[Tenant]:
        """All there ever were, those too that were deleted."""

    async def change_tenant(self, tenant_key: int, tenant_name: str, resource_tier: str) -> None: ...
    async def suspend_tenant(self, tenant_key: int, since_us: int | None) -> bool:
        """Suspend it, or with None resume it; False if it is so already. Meanwhile it has no active check."""

    async def delete_tenant(self, tenant_key: int) -> None:
        """It is there no more and its tokens are revoked; its facts stay as long as retention keeps them."""

    async def create_token(
        self,
        token_id: str,
        secret_sha256: bytes,
        role: str,
        tenant_key: int | None,
        name: str,
        *,
        subject: str,
        scopes: Sequence[str] = (),
        expires_at_us: int | None = None,
    ) -> None: ...
    async def token_by_hash(self, secret_sha256: bytes) -> Token | None: ...
    async def token_is_valid(self, token_id: str) -> bool: ...
    async def touch_token(self, token_id: str, used_at_us: int) -> None: ...
    async def tokens(self) -> Sequence[Token]: ...
    async def revoke_token(self, token_id: str) -> bool: ...
    async def tokens_revoked_since(self, since_us: int) -> Sequence[str]:
        """The ids of tokens that were revoked, or ended, then or later."""

    async def add_audit(self, tenant_key: int | None, entry: AuditEntry) -> None:
        """Enter it into the audit log, now; its id, time and tenant_id are the store's."""

    async def audit_entries(
        self, tenant_key: int | None, subject: str, action: str, before_id: int | None, limit: int
    ) -> Sequence[AuditEntry]:
        """Newest first, from ``before_id``, a page's last, on; empty texts mean any."""

    async def begin_once(
        self, key: bytes, request: bytes, now_us: int, kept_since_us: int, alive_since_us: int
    ) -> KeptAnswer | None:
        """Begin the command of that key, or answer what is known of it.

        What began before ``kept_since_us`` is forgotten; what began before ``alive_since_us`` and was not
        done is begun again.
        """

    async def done_once(self, key: bytes) -> None:
        """Note that the command was carried out: together with what it did."""

    async def finish_once(self, key: bytes, status: int, answer: bytes) -> None:
        """Keep what it answered."""

    async def forget_once(self, key: bytes) -> None:
        """It may be sent again, unless it was carried out."""

    # -- ingest
    async def agent_arrived(
        self,
        tenant_key: int,
        agent_id: str,
        generation: str,
        version: str,
        hostname: str,
        digest: str,
        labels: Mapping[str, str] = MappingProxyType({}),
    ) -> Sequence[AgentPosition]:
        """Note the agent and answer the committed position of each of its lanes."""

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

    writers: int
    """How many commits may run at once. All deliveries of a tenant belong to one of them, in their order."""

    async def commit(self, deliveries: Sequence[Delivery]) -> Commit:
        """Keep all of it in one transaction, less what the store has already (by position).

        Results older than what is kept raw become a gap that says so. Raises UnfitDelivery for values that
        no attempt will ever put into the database; whoever calls finds out which delivery it is.
        """

    async def settled(self, until_us: int) -> None:
        """Return once no commit is open any more that may yet be received by then, which is not to come."""

    # -- engines
    async def judged_state(self) -> JudgedState: ...
    async def checks(self) -> Sequence[StoredCheck]: ...
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

    async def changes(self, tenant_key: int, from_us: int, to_us: int) -> Sequence[CheckChange]:
        """What is known of the tenant's checks in [from_us, to_us), in order of time.

        Of each check first the change that was in force at ``from_us``, if there was one. Only what holds
        today: nothing that later knowledge has replaced.
        """

    async def changed_since(self, known_after_us: int) -> Sequence[tuple[int, int, int]]:
        """(tenant_key, first time_us, last known_at_us) of the changes that became known after that."""

    async def take_lease(self, holder: str, seconds: float, judged_through: int) -> int | None:
        """Take the lease on the engines, or hold it that much longer; returns its term.

        None while another collector holds it. The term is a new one whenever it changed hands. A store that
        serves one collector raises ConfigurationError where there is one already.
        """

    async def release_lease(self, holder: str) -> None:
        """Let another collector take it at once."""

    def judge_under(self, term: int) -> None:
        """From now on judgements and rollups are written under that term, or LeaseLost is raised."""

    async def pulse(self) -> Pulse:
        """What others have done on this store; from then on the store itself heeds it, too."""

    async def note_definitions(self) -> None:
        """Count that checks are new, changed or retired, for whoever judges elsewhere."""

    async def write_judgement(self, judgement: Judgement) -> None:
        """Write it all in one transaction. A message owed already stays as it is."""

    async def rollup_state(self) -> RollupState: ...
    async def write_rollups(self, flush: RolledUp) -> None:
        """Replace the spans with what the flush holds, in one transaction. Twice is the same as once."""

    async def rollups(self, tenant_key: int, width_s: int, from_us: int, to_us: int) -> Sequence[Rollup]:
        """One tenant's rollups of that width that begin in [from_us, to_us), by check and time."""

    async def keep_raw_since(self, since_us: int) -> None:
        """From now on results older than that are not kept; it is remembered, and it only rises."""

    async def retain(self, retention: Retention) -> Retained:
        """Delete what is older than that, in steps that delay no commit, and do the store's housekeeping."""

    async def alert_rules(self, tenant_key: int | None = None) -> Sequence[StoredRule]:
        """Custom rules by rule_id; with a tenant only those that name it."""

    async def put_alert_rule(self, rule: StoredRule) -> None:
        """Keep it in place of the one of its id, whose time and author of creation stay."""

    async def remove_alert_rule(self, rule_id: str) -> bool: ...
    async def alert_routes(self) -> Sequence[StoredRoute]:
        """The newest version of each route that was not removed, in the order in which they are asked."""

    async def alert_route_versions(self, name: str) -> Sequence[StoredRoute]:
        """All versions of a route, newest first."""

    async def put_alert_route(self, route: StoredRoute) -> int:
        """Keep it as the route's newest version, whose number is the store's, and answered."""

    async def add_silence(self, silence: StoredSilence) -> int:
        """Keep it; its id is the store's, and answered."""

    async def silences(self, ending_after_us: int, tenant_key: int | None = None) -> Sequence[StoredSilence]:
        """Those that end later, by silence_id; with a tenant only those that name it."""

    async def end_silence(self, silence_id: int, now_us: int) -> bool:
        """End it now; False if there is none of that id that is not over."""

    async def windows_ending_after(self, time_us: int) -> Sequence[WindowRecord]:
        """Maintenance windows of all tenants that are not over or recur, and are not cancelled."""

    async def metric_names(self, tenant_id: str | None) -> Sequence[str]:
        """What metrics there are, of one tenant or of all, by name."""

    serves_one_collector: bool
    """Whether no other collector can work on it at the same time."""

    async def beat(self, collector_id: str, now_us: int) -> None:
        """A sign of life of this collector, for the others."""

    async def end_beats(self, collector_id: str) -> None:
        """It ends as it should: nobody is to miss it."""

    async def collector_beats(self) -> Sequence[CollectorBeat]:
        """The newest sign of life of each collector that has not ended."""

    async def pending_alert_commands(self) -> Sequence[AlertCommand]:
        """What callers want done to alerts and no engine has done yet, oldest first."""

    async def newest_commit(self) -> int:
        """The id of the newest commit; 0 if there is none."""

    async def newest_alert_event(self) -> int:
        """The id of the newest line in the record of any alert; 0 if there is none."""

    async def alert_events_after(
        self, event_id: int, tenant_key: int | None, limit: int
    ) -> Sequence[tuple[int, AlertEvent]]:
        """The lines after that one with their ids, oldest first; with a tenant only that tenant's."""

    # -- notify
    async def sender_started(self, channels: Sequence[str]) -> None:
        """What is owed to a channel that is not among these is owed to nobody.

        A store that serves one collector alone takes back what a dead one had claimed; in one that serves
        several the lease decides.
        """

    async def claim_messages(
        self, channel: str, now_us: int, lease_us: int, limit: int
    ) -> Sequence[OutboxMessage]: ...
    async def message_progress(self, message_id: int, progress: str) -> None:
        """Note whom it has reached so far: who sends it again goes on from there."""

    async def message_sent(self, message_id: int, now_us: int, detail: str = "", report: str = "") -> None:
        """It has arrived; ``detail`` says at how many not. ``report`` as in ``message_failed``."""

    async def message_failed(
        self, message_id: int, error: str, next_attempt_us: int | None, report: str = ""
    ) -> None:
        """Note the failure; None means that no attempt will ever work.

        ``report`` is the alert of the platform, JSON as in ``report_alert``, that there is to be of it.
        """

    async def next_message_due_us(self, channel: str) -> int | None: ...

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
        before: Place | None,
    ) -> Sequence[StoredResult]:
        """One tenant's results in [from_us, to_us), newest first, from ``before``, a page's last, on."""

    async def alerts(
        self,
        tenant_key: int | None,
        severity: str,
        status: str,
        limit: int,
        before: tuple[int, str] | None = None,
    ) -> Sequence[tuple[AlertRecord, str]]:
        """(alert, tenant_id), newest first; an empty severity or status means any.

        ``before`` is (first_occurred_us, alert_id) of an earlier page's last one.
        """

    async def open_alerts(self, tenant_key: int | None, limit: int) -> Sequence[tuple[AlertRecord, str]]:
        """(alert, tenant_id) of those that are not resolved, the most severe first, then the newest."""

    async def command_alert(
        self, alert_id: str, tenant_key: int | None, action: str, who: str, notes: str
    ) -> bool:
        """Ask the engine to acknowledge or resolve it. False: there is no such alert, or it is over.

        With a tenant only if the alert is that tenant's. What came of it stands in the alert's record.
        """

    async def report_alert(self, tenant_key: int, who: str, notes: str, detail: str) -> AlertCommand:
        """Ask the engine to open the alert that ``detail``, JSON, describes."""

    async def alert(self, alert_id: str, tenant_key: int | None) -> tuple[AlertRecord, str] | None:
        """(alert, tenant_id); with a tenant only if the alert is that tenant's."""

    async def newest_alert(self, tenant_key: int, alert_type: str) -> AlertRecord | None: ...

    async def alert_notes(self, alert_ids: Sequence[str]) -> Sequence[AlertEvent]:
        """Who acknowledged or resolved these alerts, and what was told to whom, oldest first."""

    async def alert_events(self, alert_id: str, tenant_key: int | None, limit: int) -> Sequence[AlertEvent]:
        """The alert's record, oldest first: what happened, by whom, and each attempt to tell somebody."""

    async def count_open_alerts(self, tenant_key: int | None) -> int: ...
