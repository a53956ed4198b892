"""One cause over many tenants: one platform incident instead of a thousand pages.

When alerts that have something in common open at many tenants within a minute, an incident of the platform
opens, and what is part of it is not told one by one: each tenant's alert is opened, counted and resolved as
ever, but its messages wait. When few of them are left the incident ends, and those that are still open are
told after all. The cause is the most particular thing that nearly all of them have in common, so that who
fails for a reason of his own is told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tenantwatch_collector.engines.alerting.groups import BEFORE_US, HeldGroups
from tenantwatch_collector.engines.alerting.held import Held, Key
from tenantwatch_collector.engines.alerting.traits import DEPENDENCY, traits_of
from tenantwatch_collector.engines.rebuild import WatchedCheck

FEWEST = 5
"""Tenants; fewer are never an incident of the platform."""
_OF_A_DEPENDENCY, _OF_A_LABEL, _OF_ALL = 100, 10, 100
_NEARLY_ALL = 0.9
_NAMED, _READ = 1000, 200
_SETTLED_US = 1_000_000
"""The list of tenants is brought up to date so often."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """That an incident goes on, with which causes and at which tenants, or that it is over."""

    alert_type: str
    goes_on: bool
    causes: tuple[str, ...]
    tenant_keys: Sequence[int]


@dataclass(slots=True)
class Surges:
    """Looks for what befalls many tenants at once. All that it knows it reads from the groups."""

    tenant_count: int = 0
    _sharing: Mapping[str, int] = field(default_factory=dict)

    def know(self, checks: Iterable[WatchedCheck]) -> None:
        """How many tenants have each trait."""
        sharing: dict[str, set[int]] = {}
        for watched in checks:
            if watched.check.active:
                for trait in traits_of(watched.check):
                    sharing.setdefault(trait, set()).add(watched.check.tenant_key)
        self._sharing = {trait: len(tenants) for trait, tenants in sharing.items()}

    def judge(self, groups: HeldGroups, now_us: int) -> Iterator[Verdict]:
        """First what became of the incidents there are, then new ones. Apply each before the next."""
        for alert_type, held in groups.incidents().items():
            verdict = self._of_incident(alert_type, held, groups, now_us)
            if verdict is not None:
                yield verdict
        found: set[str] = set()
        while (
            cause := self._cause(groups.opened_alone(now_us - BEFORE_US))
        ) is not None and cause not in found:
            found.add(cause)
            yield self._opening(cause, groups, now_us)

    def many(self, trait: str) -> int:
        """At how many tenants at once it is the platform's trouble."""
        if trait.startswith(DEPENDENCY):
            return max(FEWEST, -(-self._sharing.get(trait, 0) // _OF_A_DEPENDENCY))
        if trait in self._sharing:
            return max(FEWEST, -(-self._sharing[trait] // _OF_A_LABEL))
        return max(FEWEST, -(-self.tenant_count // _OF_ALL))

    def _of_incident(self, alert_type: str, held: Held, groups: HeldGroups, now_us: int) -> Verdict | None:
        alert = held.group.alert
        if alert is not None and now_us < alert.last_occurred + _SETTLED_US:
            return None
        affected = groups.opened_since(held.opened_at_us - BEFORE_US, held.causes)
        goes_on = len(affected) >= min(self.many(cause) for cause in held.causes) // 2
        if (
            goes_on
            and held.group.open_alert is not None
            and held.context["tenant_count"] == str(len(affected))
        ):
            return None
        return Verdict(alert_type, goes_on, held.causes, affected)

    def _cause(self, opened: Sequence[tuple[Key, set[str]]]) -> str | None:
        """What nearly all of those have in common of which there are too many at once, if there are such."""
        tenants: dict[str, set[int]] = {}
        for (tenant_key, _), shared in opened:
            for trait in shared:
                tenants.setdefault(trait, set()).add(tenant_key)
        many = [trait for trait, found in tenants.items() if len(found) >= self.many(trait)]
        if not many:
            return None
        widest = max(many, key=lambda trait: (len(tenants[trait]), trait))
        enough = max(FEWEST, _NEARLY_ALL * len(tenants[widest]))
        fitting = [
            trait
            for trait, found in tenants.items()
            if len(found & tenants[widest]) >= enough and not self._is_everywhere(trait)
        ]
        return min(
            fitting, key=lambda trait: (self._rank(trait), -len(tenants[trait]), trait), default=widest
        )

    def _rank(self, trait: str) -> int:
        """The more particular, the lower."""
        return 0 if trait.startswith(DEPENDENCY) else 1 if trait in self._sharing else 2

    def _is_everywhere(self, trait: str) -> bool:
        """Whether nearly all tenants have it: such a label explains nothing."""
        label = trait in self._sharing and not trait.startswith(DEPENDENCY)
        return label and self._sharing[trait] >= _NEARLY_ALL * self.tenant_count

    def _opening(self, cause: str, groups: HeldGroups, now_us: int) -> Verdict:
        """Open an incident for the cause, or widen the one that has just opened at the same tenants."""
        affected = groups.opened_since(now_us - BEFORE_US, (cause,))
        for alert_type, held in groups.incidents().items():
            if held.opened_at_us >= now_us - BEFORE_US:
                known = groups.opened_since(held.opened_at_us - BEFORE_US, held.causes)
                if 2 * len(set(known) & set(affected)) >= min(len(known), len(affected)):
                    causes = (*held.causes, cause)
                    together = groups.opened_since(held.opened_at_us - BEFORE_US, causes)
                    return Verdict(alert_type, True, causes, together)
        return Verdict(cause, True, (cause,), affected)


def surge_context(causes: Sequence[str], tenant_ids: Sequence[str]) -> dict[str, str]:
    """The causes and the tenants, named as far as that can be of use."""
    return {
        "causes": ", ".join(causes),
        "tenant_count": str(len(tenant_ids)),
        "tenants": _listed(tenant_ids, _NAMED),
        "description": "One cause, it seems, for all of these: "
        f"{_listed(tenant_ids, _READ)}. They are not told one by one.",
    }


def _listed(tenant_ids: Sequence[str], most: int) -> str:
    more = len(tenant_ids) - most
    return ", ".join(sorted(tenant_ids)[:most]) + (f" and {more} more" if more > 0 else "")
