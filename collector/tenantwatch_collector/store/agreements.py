"""What was agreed with a tenant, announced and corrected: facts that are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tenantwatch_wire.records import Status


@dataclass(frozen=True, slots=True)
class ContractRecord:
    """One version of a tenant's terms. ``number`` counts from 1; ``contract`` is JSON of the SLA room."""

    tenant_key: int
    number: int
    in_force_from_us: int
    recorded_at_us: int
    author: str
    reason: str
    contract: str


@dataclass(frozen=True, slots=True)
class WindowRecord:
    """Announced maintenance: once, from ``from_us`` to ``to_us``, or by ``recurrence`` (JSON, else empty).

    ``checks`` None means the whole tenant.
    """

    tenant_key: int
    window_id: int
    from_us: int | None
    to_us: int | None
    recurrence: str
    checks: tuple[str, ...] | None
    reason: str
    author: str
    announced_at_us: int
    cancelled_at_us: int | None = None


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """A correction of the past; it counts once ``approver``, somebody else than the author, approved it."""

    tenant_key: int
    number: int
    from_us: int
    to_us: int
    counts_as: str
    reason: str
    author: str
    entered_at_us: int
    approver: str | None = None
    approved_at_us: int | None = None


@dataclass(frozen=True, slots=True)
class TenantCheck:
    """A check as it was defined once: a member from ``active_since_us`` on, up to ``active_until_us``.

    One that was defined anew, or stopped and came back, is several. ``active_since_us`` None: nobody knows.
    """

    check_key: int
    agent_id: str
    check_id: str
    kind: str
    group: str
    interval_ms: int
    timeout_ms: int
    confirm_failures: int
    confirm_successes: int
    stale_after_ms: int
    active_since_us: int | None
    active_until_us: int | None


class KnownChange(NamedTuple):
    """One row of the change log, as it became known."""

    check_key: int
    time_us: int
    level: Status
    known_at_us: int


class AgreementStore(Protocol):
    """The part of the store's contract that service levels rest on."""

    async def add_contract(
        self, tenant_key: int, in_force_from_us: int | None, author: str, reason: str, contract: str
    ) -> ContractRecord:
        """Keep a new version, recorded now, and in force from then on where nothing else is said."""

    async def contracts(self, tenant_key: int) -> Sequence[ContractRecord]:
        """All versions, in their order."""

    async def contract_count(self) -> int:
        """How many versions of all tenants there are: they are only ever added."""

    async def contracts_of_announcers(self) -> Sequence[ContractRecord]:
        """All versions of those tenants that have windows which are not cancelled, each tenant's in order."""

    async def contracts_since(self, recorded_us: int) -> Sequence[ContractRecord]:
        """All tenants' versions that were recorded then or later."""

    async def add_window(self, window: WindowRecord) -> WindowRecord:
        """Keep it, announced now; its id and ``announced_at_us`` are the store's."""

    async def windows(self, tenant_key: int) -> Sequence[WindowRecord]: ...

    async def cancel_window(self, tenant_key: int, window_id: int, cancelled_at_us: int) -> bool:
        """False if there is none of that id that is not cancelled yet."""

    async def add_correction(self, correction: CorrectionRecord) -> CorrectionRecord:
        """Keep it, entered now; its number and ``entered_at_us`` are the store's."""

    async def corrections(self, tenant_key: int) -> Sequence[CorrectionRecord]: ...

    async def approve_correction(
        self, tenant_key: int, number: int, approver: str
    ) -> CorrectionRecord | None:
        """Note the approval; None if there is none such, it has one, or it is the author's own."""

    async def tenant_checks(self, tenant_key: int, check_key: int | None = None) -> Sequence[TenantCheck]:
        """Every check that the tenant ever had, or one of them, as it was from when to when: by check and
        time."""

    async def raw_since_us(self) -> int:
        """Results before this have been deleted; what was made of them is kept."""
