"""One key's machine, and what an alert of it may have in common with those of other tenants."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from tenantwatch_collector.alerts.alert import GroupState
from tenantwatch_collector.alerts.member import Phase

Key = tuple[int, str]
"""(tenant_key, alert_type): what has at most one open alert."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The checks that a member of the group speaks of; none where it is about something else."""

    check_ids: tuple[str, ...]
    traits: tuple[str, ...]


@dataclass(slots=True)
class Held:
    """One key's machine, and what its alert's newest occurrence looked like, for people."""

    group: GroupState
    context: dict[str, str] = field(default_factory=dict)
    opened_at_us: int = 0
    """When this engine opened the alert; the alert itself began with what it saw, which may be earlier."""
    origins: dict[str, Origin] = field(default_factory=dict)
    """By member. What fires and has none is no check, such as a service level."""
    withheld: str = ""
    """Why what is due is not told, as far as it is on record."""
    causes: tuple[str, ...] = ()
    """Of an incident of the platform: the traits and types that alerts must have to be part of it."""
    ended_at_us: int = 0
    """When the incident of the platform was over."""

    def firing(self) -> list[str]:
        """The members that fire."""
        return [name for name, member in self.group.members.items() if member.phase is Phase.FIRING]

    def checks(self) -> list[str | None]:
        """The checks that fire; None for what fires and is no check."""
        named = (self.origins[m].check_ids if m in self.origins else () for m in self.firing())
        return [check for checks in named for check in checks or (None,)]

    def shared(self) -> set[str]:
        """What all that fires has in common: the type, and the traits that no firing check lacks."""
        traits = [set(self.origins[m].traits) if m in self.origins else set[str]() for m in self.firing()]
        return {self.group.alert_type} | (set.intersection(*traits) if traits else set())

    def to_json(self) -> str:
        members = self.group.members
        alive = {
            m: o for m, o in self.origins.items() if m in members and members[m].phase is not Phase.INACTIVE
        }
        self.origins = alive
        kept = {
            "group": self.group.to_json(),
            "context": self.context,
            "opened_at_us": self.opened_at_us,
            "origins": {member: asdict(origin) for member, origin in alive.items()},
            "withheld": self.withheld,
            "causes": self.causes,
            "ended_at_us": self.ended_at_us,
        }
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str) -> Held:
        kept = json.loads(text)
        origins = kept.get("origins", {}).items()
        return cls(
            GroupState.from_json(kept["group"]),
            kept["context"],
            kept.get("opened_at_us", 0),
            {member: Origin(tuple(one["check_ids"]), tuple(one["traits"])) for member, one in origins},
            kept.get("withheld", ""),
            tuple(kept.get("causes", ())),
            kept.get("ended_at_us", 0),
        )
