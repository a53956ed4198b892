"""Reports as they were issued, and what became known so late that it may change some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class IssuedReport:
    """A report as it was issued. ``sequence`` counts the issues of one tenant and period from 1."""

    tenant_key: int
    period_type: str
    label: str
    sequence: int
    stage: str
    revision: int
    as_of_us: int
    issued_at_us: int
    digest: str
    reason: str
    document: str


@dataclass(frozen=True, slots=True)
class LateFact:
    """Something about a tenant's time in [from_us, to_us) that became known long after it."""

    tenant_key: int
    from_us: int
    to_us: int


class IssuedStore(Protocol):
    """The part of the store's contract that issuing rests on."""

    async def add_issued(self, report: IssuedReport) -> bool:
        """Keep it; False if its period has an issue of that sequence already, which then stays."""

    async def issued(self, tenant_key: int, period_type: str, label: str) -> Sequence[IssuedReport]:
        """All issues of that period, the oldest first."""

    async def issued_to(self, tenant_key: int) -> Sequence[IssuedReport]:
        """All issues of all periods, without their documents."""

    async def not_issued(self, period_type: str, label: str, created_before_us: int) -> Sequence[int]:
        """The tenants, created before that and not deleted, of which that period was never issued."""

    async def late_results(self, after_us: int, until_us: int) -> Sequence[LateFact]:
        """Of what is rolled up: results that arrived in (after_us, until_us], more than 72 hours late."""

    async def approved_corrections(self, after_us: int, until_us: int) -> Sequence[LateFact]:
        """The times that corrections approved in (after_us, until_us] are of."""

    async def issuing_state(self) -> int:
        """Up to when late facts have been heeded; 0 at first."""

    async def note_issuing(self, until_us: int) -> None:
        """From now on ``issuing_state`` answers this."""
