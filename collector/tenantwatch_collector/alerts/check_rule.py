"""The alert state machine of one key (tenant, alert_type).

Members are the rules (here: checks) that can hold the key's one alert open. A member fires after
``failure_threshold`` true evaluations, and stops after ``success_threshold`` false ones. The first firing
member opens the alert; when none fires any more it is resolved. No data never opens, advances or resolves.
Times are integer microseconds; timers are stored instants, so a restart needs no reconstruction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

SECOND = 1_000_000
NOTIFICATION_DELAY_US: dict[str, int] = {
    "info": 0,
    "warning": 60 * SECOND,
    "error": 0,
    "critical": 0,
}

Kind = Literal["firing", "resolved"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a rule said of its member at one instant; ``value`` None is no data."""

    member: str
    time_us: int
    value: bool | None
    severity: str
    failure_threshold: int
    success_threshold: int
    context: Mapping[str, str] = field(default_factory=dict)
    """For people: where it was seen and what was seen."""


@dataclass(slots=True)
class Member:
    """``bad`` and ``good`` count evaluations in a row."""

    state: Literal["inactive", "pending", "firing"] = "inactive"
    bad: int = 0
    good: int = 0

    def apply(self, evaluation: Evaluation) -> None:
        if evaluation.value is None:
            return
        if evaluation.value:
            self.bad, self.good = self.bad + 1, 0
            if self.state == "inactive":
                self.state = "pending"
            if self.bad >= evaluation.failure_threshold:
                self.state = "firing"
            return
        self.good += 1
        if self.state == "pending" or self.good >= evaluation.success_threshold:
            self.state, self.bad, self.good = "inactive", 0, 0


@dataclass(slots=True)
class Alert:
    """The key's open alert. ``due_us`` is when people are told; None once they were."""

    alert_id: str
    severity: str
    opened_us: int
    last_occurred_us: int
    occurrences: int
    due_us: int | None
    context: dict[str, str]
    """Of the newest occurrence."""
    told: bool = False
    resolved_us: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A message owed because of a transition. ``dedup_key`` is ``alert_id/kind/n``."""

    alert_id: str
    kind: Kind
    dedup_key: str


@dataclass(slots=True)
class KeyState:
    """Everything the machine remembers of one (tenant, alert_type)."""

    tenant_id: str
    alert_type: str
    members: dict[str, Member] = field(default_factory=dict)
    alert: Alert | None = None

    def is_idle(self, member: str) -> bool:
        """Whether a false evaluation of this member would change nothing."""
        return member not in self.members

    def next_due_us(self) -> int | None:
        return None if self.alert is None else self.alert.due_us

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> KeyState:
        members = {name: Member(**values) for name, values in kept["members"].items()}
        alert = None if kept["alert"] is None else Alert(**kept["alert"])
        return cls(kept["tenant_id"], kept["alert_type"], members, alert)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What changed: the alert as it is now (resolved ones too) and the messages owed."""

    alert: Alert | None
    notifications: tuple[Notification, ...] = ()


def evaluate(key: KeyState, evaluation: Evaluation) -> Outcome:
    """Take one evaluation, newer than all before it of its member. Changes ``key``."""
    if evaluation.value is False and key.is_idle(evaluation.member):
        return Outcome(None)
    member = key.members.setdefault(evaluation.member, Member())
    member.apply(evaluation)
    if member.state == "inactive":
        del key.members[evaluation.member]
    if member.state == "firing" and evaluation.value:
        return _occurred(key, evaluation)
    return _resolve_if_quiet(key, evaluation.time_us)


def drop_member(key: KeyState, member: str, now_us: int) -> Outcome:
    """The member is watched no more: it holds nothing open."""
    key.members.pop(member, None)
    return _resolve_if_quiet(key, now_us)


def tick(key: KeyState, now_us: int) -> Outcome:
    """Tell people of an alert whose notification delay is over."""
    alert = key.alert
    if alert is None or alert.due_us is None or alert.due_us > now_us:
        return Outcome(None)
    alert.due_us, alert.told = None, True
    return Outcome(alert, (_notification(alert, "firing"),))


def alert_id(tenant_id: str, alert_type: str, opened_us: int) -> str:
    """The same on every collector, and after every restart."""
    return hashlib.sha256(f"{tenant_id}\n{alert_type}\n{opened_us}".encode()).hexdigest()[:24]


def _occurred(key: KeyState, evaluation: Evaluation) -> Outcome:
    if key.alert is None:
        key.alert = Alert(
            alert_id(key.tenant_id, key.alert_type, evaluation.time_us),
            evaluation.severity,
            evaluation.time_us,
            evaluation.time_us,
            1,
            evaluation.time_us + NOTIFICATION_DELAY_US[evaluation.severity],
            dict(evaluation.context),
        )
    else:
        key.alert.occurrences += 1
        key.alert.context = dict(evaluation.context)
        key.alert.last_occurred_us = max(key.alert.last_occurred_us, evaluation.time_us)
    return Outcome(key.alert)


def _resolve_if_quiet(key: KeyState, time_us: int) -> Outcome:
    if key.alert is None or any(member.state == "firing" for member in key.members.values()):
        return Outcome(None)
    alert, key.alert = key.alert, None
    alert.resolved_us = max(time_us, alert.opened_us)
    alert.due_us = None
    return Outcome(alert, (_notification(alert, "resolved"),) if alert.told else ())


def _notification(alert: Alert, kind: Kind) -> Notification:
    return Notification(alert.alert_id, kind, f"{alert.alert_id}/{kind}/0")
