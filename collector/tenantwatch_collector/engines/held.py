"""Every key's machine, and which of them the clock brings something about for, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tenantwatch_collector.alerts.alert import GroupState
from tenantwatch_collector.alerts.machine import next_due
from tenantwatch_collector.alerts.suppression import (
    NOT_SUPPRESSED,
    Silence,
    Suppression,
    suppression_at,
)
from tenantwatch_collector.engines.surge import PLATFORM_KEY, suppressed_by
from tenantwatch_collector.store.base import AlertKeyState

Key = tuple[int, str]
"""(tenant_key, alert_type): what has at most one open alert."""


@dataclass(slots=True)
class Held:
    """One key's machine, and what its alert's newest occurrence looked like, for people."""

    group: GroupState
    context: dict[str, str] = field(default_factory=dict)
    opened_at_us: int = 0
    """When this engine opened the alert; the alert itself began with what it saw, which may be earlier."""

    def to_json(self) -> str:
        kept = {"group": self.group.to_json(), "context": self.context, "opened_at_us": self.opened_at_us}
        return json.dumps(kept)

    @classmethod
    def from_json(cls, text: str) -> Held:
        kept = json.loads(text)
        group = GroupState.from_json(kept["group"])
        return cls(group, kept["context"], kept.get("opened_at_us", 0))


class HeldGroups:
    """All groups by key. Whoever changes one says so with ``heed``."""

    def __init__(self) -> None:
        self._groups: dict[Key, Held] = {}
        self._quiet: Sequence[Silence] = ()
        self._now_us = 0
        # Groups with a timer, and when the first of them is due, once that was asked.
        self._restless: set[Key] = set()
        self._due_us: int | None = None
        self._is_due_known = False

    def get(self, key: Key) -> Held | None:
        return self._groups.get(key)

    def of(self, key: Key, tenant: str) -> Held:
        """The key's group, a new one if there was none."""
        return self._groups.setdefault(key, Held(GroupState(tenant, key[1])))

    def items(self) -> Iterator[tuple[Key, Held]]:
        return iter(self._groups.items())

    def __contains__(self, key: Key) -> bool:
        return key in self._groups

    def load(self, kept: AlertKeyState) -> Held:
        key = kept.tenant_key, kept.alert_type
        held = self._groups[key] = Held.from_json(kept.state)
        self.heed(key, held)
        return held

    def state(self, key: Key) -> AlertKeyState:
        """The group as it is kept."""
        held = self._groups[key]
        return AlertKeyState(*key, held.to_json(), next_due(held.group, self._suppression(key, held)))

    def keep_quiet(self, silences: Sequence[Silence]) -> None:
        """In these times nobody is told, but for ends."""
        self._quiet = silences
        self._is_due_known = False

    def heed(self, key: Key, held: Held) -> None:
        """The group has changed: look at it when the clock brings it about, and only then."""
        self._is_due_known = False
        if next_due(held.group) is None:
            self._restless.discard(key)
        else:
            self._restless.add(key)

    def take_due(self, now_us: int) -> Iterator[tuple[Key, Held, Suppression]]:
        """Those whose time has come, in the order of their keys, so that it is the same everywhere."""
        self._now_us = now_us
        due_us = self.next_due_us()
        if due_us is None or due_us > now_us:
            return
        # What was due may have come under a silence since it was asked: ask again.
        self._is_due_known = False
        for key in sorted(self._restless):
            held = self._groups[key]
            suppression = self._suppression(key, held)
            due = next_due(held.group, suppression)
            if due is not None and due <= now_us:
                yield key, held, suppression

    def next_due_us(self) -> int | None:
        """When the clock alone brings something about."""
        if not self._is_due_known:
            held = ((key, self._groups[key]) for key in self._restless)
            dues = (next_due(each.group, self._suppression(key, each)) for key, each in held)
            self._due_us = min((due for due in dues if due is not None), default=None)
            self._is_due_known = True
        return self._due_us

    def opened_since(self, alert_type: str, since_us: int) -> list[int]:
        """The tenants whose alert of the type is open and was opened since."""
        return [
            tenant_key
            for (tenant_key, of_type), each in self._groups.items()
            if of_type == alert_type
            and tenant_key != PLATFORM_KEY
            and each.group.open_alert is not None
            and each.opened_at_us >= since_us
        ]

    def _suppression(self, key: Key, held: Held) -> Suppression:
        """An alert waits for the end of a silence, or of the platform incident that it is part of."""
        group = held.group
        quiet = NOT_SUPPRESSED
        if self._quiet:
            quiet = suppression_at(self._now_us, group.tenant, group.alert_type, self._quiet)
        platform = self._groups.get((PLATFORM_KEY, key[1]))
        if platform is None or platform is held or platform.group.alert is None:
            return quiet
        incident = suppressed_by(platform.group.alert, held.opened_at_us)
        if incident.active or quiet.active:
            return Suppression(active=True, until=None if incident.active else quiet.until)
        ends = [end for end in (incident.last_end, quiet.last_end) if end is not None]
        return Suppression(last_end=max(ends, default=None))
