"""What is kept of an alert and of its group, and what the machine says about them: plain data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import NamedTuple

from tenantwatch_collector.alerts.flapping import FlapHistory
from tenantwatch_collector.alerts.member import MemberState, Phase
from tenantwatch_collector.alerts.rule import Severity


class Status(StrEnum):
    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(slots=True)
class AlertState:
    """One alert. Every timer is a stored instant, so a restart reconstructs nothing."""

    alert_id: str
    tenant: str
    alert_type: str
    severity: Severity
    opened: int
    last_occurred: int
    status: Status = Status.ACTIVE
    level: int = 0
    occurrences: int = 1
    resolved: int | None = None
    # When `firing`, or `severity_raised` once told, is to be said; None when nothing is owed.
    due: int | None = None
    next_escalation: int | None = None
    next_repeat: int | None = None
    # When an acknowledgement runs out; None unless acknowledged with a time limit.
    ack_expires: int | None = None
    last_notified: int | None = None
    # How many messages of each kind were made: their `n`.
    message_counts: dict[str, int] = field(default_factory=dict)
    # Every channel that was ever addressed; the outbox knows which ones really heard it.
    addressed: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.status is not Status.RESOLVED

    @property
    def was_told(self) -> bool:
        return self.last_notified is not None


@dataclass(slots=True)
class GroupState:
    """Everything of one (tenant, alert_type): its members, its newest alert, its flapping."""

    tenant: str
    alert_type: str
    members: dict[str, MemberState] = field(default_factory=dict)
    # The newest alert, open or resolved: so there can never be two open ones.
    alert: AlertState | None = None
    flapping: FlapHistory = field(default_factory=FlapHistory)

    @property
    def open_alert(self) -> AlertState | None:
        return self.alert if self.alert is not None and self.alert.is_open else None

    @property
    def is_firing(self) -> bool:
        return any(member.phase is Phase.FIRING for member in self.members.values())

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> GroupState:
        """The very state that to_json was called on."""
        raw = json.loads(text)
        members = {k: MemberState(**(m | {"phase": Phase(m["phase"])})) for k, m in raw["members"].items()}
        alert = None if raw["alert"] is None else alert_from_dict(raw["alert"])
        return cls(raw["tenant"], raw["alert_type"], members, alert, FlapHistory(**raw["flapping"]))


def alert_from_dict(raw: dict[str, object]) -> AlertState:
    typed = {"severity": Severity(str(raw["severity"])), "status": Status(str(raw["status"]))}
    return AlertState(**(raw | typed))  # type: ignore[arg-type]  # exactly what asdict() made of one


@dataclass(frozen=True, slots=True)
class Transition:
    """One thing that happened to an alert: opened, occurred, acknowledged, or a message's kind."""

    alert_id: str
    kind: str
    time: int
    status: Status
    severity: Severity
    level: int


@dataclass(frozen=True, slots=True)
class Notification:
    """One message for some channels. The same dedup_key is the same message, however often it is sent."""

    alert_id: str
    kind: str
    n: int
    level: int
    severity: Severity
    channels: tuple[str, ...]
    dedup_key: str
    # The alert's status at that moment; `flapping_stop` carries it as news.
    status: Status


class Outcome(NamedTuple):
    """The group (changed in place) with what happened and what is to be said, in order."""

    group: GroupState
    transitions: list[Transition]
    notifications: list[Notification]


def new_alert_id(group: GroupState, opened: int) -> str:
    """The same id on every collector, for it is made of the key and the first firing evaluation."""
    parts = [group.tenant, group.alert_type, opened]
    if group.alert is not None and group.alert.opened == opened:
        # Opened and resolved by hand at one instant, and again a late result of that instant.
        parts.append(group.alert.alert_id)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
