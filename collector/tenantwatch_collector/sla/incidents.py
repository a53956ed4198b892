"""Outages as a customer counts them: from the first down instant to the last before service really came back.

Neither unknown time nor maintenance ends an incident, because nothing shows that service was back. A
recovery that happened under maintenance or out of hours does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenantwatch_wire.records import Status

from tenantwatch_collector.sla.classes import Stretch, TimeClass
from tenantwatch_collector.sla.spans import Span, overlap


@dataclass(slots=True)
class Incident:
    """``last_end`` is the end of the last down time so far. All down time counts, also of earlier periods."""

    start: int
    last_end: int
    downtime: int = 0
    downtime_in_period: int = 0
    resolved: bool = False

    @property
    def end(self) -> int | None:
        """The first instant after the incident; None while it is open."""
        return self.last_end if self.resolved else None


def find_incidents(stretches: Iterable[Stretch], period: Span) -> list[Incident]:
    """The incidents with down time in the period (its end being where the evaluation ends), in order."""
    found: list[Incident] = []
    for stretch in stretches:
        end = min(stretch.end, period[1])
        if end <= stretch.start:
            break
        is_open = found and not found[-1].resolved
        if _is_down(stretch):
            if not is_open:
                found.append(Incident(stretch.start, end))
            incident = found[-1]
            incident.last_end = end
            incident.downtime += end - stretch.start
            incident.downtime_in_period += overlap(stretch.start, end, *period)
        elif is_open and _is_back(stretch):
            found[-1].resolved = True
    return [incident for incident in found if incident.downtime_in_period > 0]


def mean_time_to_recover(incidents: Sequence[Incident]) -> Fraction | None:
    """Mean down time of the resolved ones."""
    resolved = [incident.downtime for incident in incidents if incident.resolved]
    return Fraction(sum(resolved), len(resolved)) if resolved else None


def started_within(incidents: Iterable[Incident], period: Span) -> int:
    return sum(period[0] <= incident.start < period[1] for incident in incidents)


def _is_down(stretch: Stretch) -> bool:
    if stretch.time_class is TimeClass.DEGRADED:
        return stretch.policies.degraded == "down"
    return stretch.time_class is TimeClass.DOWN


def _is_back(stretch: Stretch) -> bool:
    """Whether service is really available, under a mask or not."""
    if stretch.real is Status.DEGRADED:
        return stretch.policies.degraded == "up"
    return stretch.real is Status.HEALTHY
