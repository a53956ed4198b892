"""One cause over many tenants: one platform incident instead of a thousand pages.

When alerts of one type open at many tenants within a minute, an incident of the platform opens, and what
is part of it is not told one by one: each tenant's alert is opened, counted and resolved as ever, but its
messages wait. When few of them are left the incident ends, and those that are still open are told after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tenantwatch_collector.alerts.alert import AlertState
from tenantwatch_collector.alerts.suppression import NOT_SUPPRESSED, Suppression

PLATFORM = "platform"
PLATFORM_KEY = 0
"""Stands where a tenant's key stands; no tenant has it."""
WINDOW_US = 60_000_000
_FEWEST = 5
_SHARE = 100
_NAMED = 200


def threshold(tenants: int) -> int:
    """At how many tenants at once it is the platform's trouble: one in a hundred, and five at least."""
    return max(_FEWEST, -(-tenants // _SHARE))


@dataclass(slots=True)
class Surges:
    """Which tenants' alerts opened lately, by type."""

    incidents: set[str] = field(default_factory=set)
    """The types of the incidents that are open."""
    _opened: dict[str, dict[int, int]] = field(default_factory=dict)

    def opened(self, tenant_key: int, alert_type: str, now_us: int) -> None:
        self._opened.setdefault(alert_type, {})[tenant_key] = now_us

    def types(self, now_us: int) -> list[str]:
        """What has to be looked at: what opened within the minute, and the incidents."""
        for alert_type, opened in list(self._opened.items()):
            for tenant_key in [key for key, at_us in opened.items() if at_us <= now_us - WINDOW_US]:
                del opened[tenant_key]
            if not opened:
                del self._opened[alert_type]
        return sorted(self.incidents | self._opened.keys())

    def is_one(self, alert_type: str, tenants: int) -> bool:
        """Whether so many opened within the minute that it has one cause."""
        return len(self._opened.get(alert_type, ())) >= threshold(tenants)


def suppressed_by(incident: AlertState, opened_at_us: int) -> Suppression:
    """What the incident, open or over, means for an alert that the engine opened at that instant."""
    if opened_at_us < incident.opened - WINDOW_US:
        return NOT_SUPPRESSED
    if incident.is_open:
        return Suppression(active=True)
    if incident.resolved is None or opened_at_us > incident.resolved:
        return NOT_SUPPRESSED
    return Suppression(last_end=incident.resolved)


def surge_context(tenant_ids: Sequence[str]) -> dict[str, str]:
    """The tenants, named as far as people would read."""
    named = ", ".join(sorted(tenant_ids)[:_NAMED])
    more = len(tenant_ids) - _NAMED
    return {
        "tenant_count": str(len(tenant_ids)),
        "tenants": f"{named} and {more} more" if more > 0 else named,
    }
