"""All tenants together: how many keep their terms, and the averages, by tenant and by time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.terms import HUNDRED


@dataclass(frozen=True, slots=True)
class PlatformCompliance:
    """Exact; a percentage or mean is None where no tenant has data for it."""

    tenants: int
    tenants_with_data: int
    compliant_tenants: int
    average_availability: Fraction | None
    """Every tenant weighs the same."""
    weighted_availability: Fraction | None
    """Every eligible second weighs the same."""
    average_response_ms: Fraction | None
    average_error_rate: Fraction | None

    @property
    def compliance_percentage(self) -> Fraction | None:
        if not self.tenants_with_data:
            return None
        return HUNDRED * self.compliant_tenants / self.tenants_with_data


def platform_compliance(evaluations: Iterable[Evaluation]) -> PlatformCompliance:
    """One period's evaluations of all tenants as the platform's."""
    tenants = list(evaluations)
    eligible = sum(tenant.counted.eligible for tenant in tenants)
    available = sum(tenant.counted.available for tenant in tenants)
    return PlatformCompliance(
        tenants=len(tenants),
        tenants_with_data=sum(tenant.compliant is not None for tenant in tenants),
        compliant_tenants=sum(tenant.compliant is True for tenant in tenants),
        average_availability=_mean(tenant.counted.availability for tenant in tenants),
        weighted_availability=HUNDRED * available / eligible if eligible else None,
        average_response_ms=_mean(tenant.traffic.latency.mean_ms() for tenant in tenants),
        average_error_rate=_mean(tenant.traffic.error_rate for tenant in tenants),
    )


def _mean(values: Iterable[Fraction | None]) -> Fraction | None:
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) / len(known) if known else None
