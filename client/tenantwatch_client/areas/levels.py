"""Service levels: the numbers, how they come about, what was agreed, and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypedDict

from tenantwatch_client.connection import Connection

Format = Literal["json", "csv", "pdf"]


class ServiceLevel(TypedDict):
    tenant_id: str
    tenant_name: str
    tier: str
    period: str
    label: str
    availability: float | None
    availability_best: float | None
    availability_worst: float | None
    coverage: float | None
    avg_response_time: float | None
    error_rate: float | None
    sla_compliance: bool | None
    verdict: str
    violations: list[str]
    health_score: float | None
    downtime_minutes: float | None
    incident_count: int
    time_to_breach_s: float | None
    as_of: str
    detail: dict[str, Any]


WindowView = TypedDict(
    "WindowView",
    {
        "window_id": int,
        "from": str | None,
        "to": str | None,
        "recurrence": dict[str, Any] | None,
        "checks": list[str] | None,
        "reason": str,
        "author": str,
        "announced_at": str,
        "cancelled_at": str | None,
        "counts": bool,
        "why": str,
        "next": str | None,
    },
)


CorrectionView = TypedDict(
    "CorrectionView",
    {
        "number": int,
        "from": str,
        "to": str,
        "counts_as": str,
        "reason": str,
        "author": str,
        "entered_at": str,
        "approver": str | None,
        "approved_at": str | None,
    },
)


class TermsVersion(TypedDict):
    number: int
    in_force_from: str | None
    recorded_at: str | None
    author: str
    reason: str
    contract: dict[str, Any]
    targets: dict[str, str]


class ResolutionView(TypedDict):
    coarsest_interval_s: float
    shortest_outage_s: float
    step_pct: float
    warnings: list[str]


class TermsView(TypedDict):
    tenant_id: str
    versions: list[TermsVersion]
    resolution: ResolutionView | None
    notes: list[str]


class IssuedView(TypedDict):
    period_type: str
    label: str
    sequence: int
    stage: str
    revision: int
    as_of: str
    issued_at: str
    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Period:
    """``period`` is daily, weekly, monthly, quarterly, yearly, or rolling of so many ``days``; ``date`` lies
    in it (YYYY-MM-DD, today if left out); ``as_of`` asks what was known then (RFC 3339)."""

    period: str = "monthly"
    date: str | None = None
    days: int | None = None
    as_of: str | None = None


class Levels:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, tenant_id: str, period: Period) -> ServiceLevel:
        found: ServiceLevel = self._connection.get("sla", tenant_id, query=asdict(period))
        return found

    def what_if(self, tenant_id: str, tier: str, period: Period) -> ServiceLevel:
        """The same history under another tier's terms."""
        query = asdict(period) | {"tier": tier}
        found: ServiceLevel = self._connection.get("sla", tenant_id, "what-if", query=query)
        return found

    def explain(self, tenant_id: str, period: Period) -> str:
        """The arithmetic, step by step."""
        return self._connection.text("sla", tenant_id, "explain", query=asdict(period))

    def report(self, tenant_id: str | None, form: Format, period: Period) -> bytes:
        """A signed report as the file itself; of the whole platform without a tenant."""
        query = asdict(period) | {"tenant_id": tenant_id, "format": form}
        return self._connection.file("reports", "sla", query=query)

    def issued(self, tenant_id: str) -> list[IssuedView]:
        """The reports that were issued, which stay as they were."""
        return [*self._connection.pages("reports", "issued", tenant_id, key="reports")]

    def issued_report(self, tenant_id: str, period_type: str, label: str, sequence: int) -> dict[str, Any]:
        """One of them, as it was issued."""
        path = ("reports", "issued", tenant_id, period_type, label, str(sequence))
        found: dict[str, Any] = self._connection.get(*path)
        return found

    def terms(self, tenant_id: str) -> TermsView:
        found: TermsView = self._connection.get("sla", tenant_id, "terms")
        return found

    def set_terms(self, tenant_id: str, terms: Mapping[str, Any]) -> TermsView:
        """``terms``: contract, reason, and in_force_from if not now (docs/service-levels.md)."""
        made: TermsView = self._connection.put("sla", tenant_id, "terms", body=terms)
        return made

    def maintenance(self, tenant_id: str) -> list[WindowView]:
        found: list[WindowView] = [*self._connection.pages("sla", tenant_id, "maintenance", key="windows")]
        return found

    def announce(self, tenant_id: str, window: Mapping[str, Any]) -> WindowView:
        """Announced now: the collector's clock counts for the notice."""
        made: WindowView = self._connection.post("sla", tenant_id, "maintenance", body=window)
        return made

    def cancel(self, tenant_id: str, window_id: int) -> None:
        self._connection.delete("sla", tenant_id, "maintenance", str(window_id))

    def corrections(self, tenant_id: str) -> list[CorrectionView]:
        found: list[CorrectionView] = [
            *self._connection.pages("sla", tenant_id, "corrections", key="corrections")
        ]
        return found

    def correct(self, tenant_id: str, correction: Mapping[str, Any]) -> CorrectionView:
        """Counts once somebody else approves it."""
        made: CorrectionView = self._connection.post("sla", tenant_id, "corrections", body=correction)
        return made

    def approve(self, tenant_id: str, number: int) -> CorrectionView:
        made: CorrectionView = self._connection.post("sla", tenant_id, "corrections", str(number), "approve")
        return made
